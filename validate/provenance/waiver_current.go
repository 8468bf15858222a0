//mutation:missed: TestWaivers detects it

package provenance

import (
	"time"

	"github.com/cfcheck/cfcheck/validate"
)

// waiverCurrent is CF7002.
var waiverCurrent = &validate.Check{
	ID:   "CF7002",
	Name: "waiver-current",
	Doc: `no waiver has expired

Somebody accepted a finding until a date, and the date has passed. The waiver
no longer accepts anything, so the finding counts again.

Remove the waiver when the cause of the finding is fixed. If it cannot be
fixed yet, give the waiver a new date, under review.`,
	Severity: validate.Warning,
	Uses:     validate.UsesWaivers,
	Run: func(p *validate.Pass) {
		each(p, func(u *validate.WaiverUse) {
			if u.Holds(p.Now) {
				return
			}
			now := "it is " + p.Now.UTC().Format(time.DateOnly)
			if p.Now.IsZero() {
				now = "no date was given"
			}
			report(p, u, "remove the waiver when the cause is fixed, or give it a new date",
				"the waiver of %v, by %s, held until %v, and %s", u.Waiver, u.By, u.Until, now)
		})
	},
}
