//mutation:missed: TestWaivers detects it

package provenance

import (
	"github.com/cfcheck/cfcheck/validate"
)

// waiverUsed is CF7003.
var waiverUsed = &validate.Check{
	ID:   "CF7003",
	Name: "waiver-used",
	Doc: `each waiver accepts a finding

The run judged the rule or the content that a waiver names, and has no such
finding. The cause was fixed, or the waiver never had an effect because it
names something else. If it stays, it accepts a later finding that nobody
looks at.

Remove the waiver, or correct the rule, the subject or the path that it names.
A JSON report states them for each finding (identity).`,
	Severity: validate.Warning,
	Uses:     validate.UsesWaivers,
	Run: func(p *validate.Pass) {
		each(p, func(u *validate.WaiverUse) {
			if u.Found == 0 && u.Judged && u.Holds(p.Now) {
				report(p, u, "remove the waiver, or correct it", "the waiver of %v accepts no finding", u.Waiver)
			}
		})
	},
}
