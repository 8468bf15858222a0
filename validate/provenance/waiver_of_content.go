//mutation:missed: TestWaivers detects it

package provenance

import (
	"github.com/cfcheck/cfcheck/validate"
)

// waiverOfContent is CF7004.
var waiverOfContent = &validate.Check{
	ID:   "CF7004",
	Name: "waiver-of-content",
	Doc: `each waiver names content that was judged

The check that a waiver names did not judge its rule or its subject. That is
usual in a run on a part of the content, or without the previous release or
the events that the check needs. In a run on all of it, the rule was removed
or its ID has changed, and the waiver is left over.

Remove the waiver if the rule is gone.`,
	Severity: validate.Note,
	Uses:     validate.UsesWaivers,
	Run: func(p *validate.Pass) {
		each(p, func(u *validate.WaiverUse) {
			if u.Found == 0 && !u.Judged && u.Holds(p.Now) {
				report(p, u, "remove the waiver if the rule is gone", "%s did not judge the rule or the subject of the waiver of %v", u.Check, u.Waiver)
			}
		})
	},
}
