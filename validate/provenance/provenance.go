// Package provenance holds the checks of family CF7: who vouches for it?
package provenance

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// Checks are the checks of family CF7, in the order of their IDs. Do not change the list.
var Checks = []*validate.Check{
	waiverWellFormed,
	waiverCurrent,
	waiverUsed,
	waiverOfContent,
	policyReviewed,
}

// each calls visit for each waiver of the subject.
func each(p *validate.Pass, visit func(*validate.WaiverUse)) {
	for i := range p.Subject.WaiverUses {
		//mutation:missed: TestWaivers detects it
		if u := &p.Subject.WaiverUses[i]; u.Waiver != nil { // else the verdict is undecided
			visit(u)
		}
	}
}

// report reports a finding about a waiver.
func report(p *validate.Pass, u *validate.WaiverUse, fix, format string, args ...any) {
	p.Report(func() validate.Finding {
		return validate.Finding{
			Where:    validate.Location{Source: u.From},
			Identity: validate.Identity{Rule: u.Rule, Path: u.Check + " " + u.Path},
			Message:  fmt.Sprintf(format, args...),
			Fix:      fix,
		}
	})
}
