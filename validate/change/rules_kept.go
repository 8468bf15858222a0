package change

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// rulesKept is CF6006.
var rulesKept = &validate.Check{
	ID:   "CF6006",
	Name: "rules-kept",
	Doc: `the content has all rules that shipped

A rule that is gone detects nothing from the next update on. Removing one is
often right, and as often an accident: a file was renamed, an ID was typed
again, a merge lost a folder.

Check that each rule is meant to go. A rule that got another ID appears as
one that is gone and one that is new: give it back its ID.`,
	Severity: validate.Warning,
	Uses:     compared,
	Requires: []string{"CF6003", "CF6004"},
	Run: func(p *validate.Pass) {
		gone := instances.Get(p).Removed
		if len(gone) == 0 { //mutation:equivalent: the slow path gives the same result
			return
		}
		const fix = "restore the rule if it is not meant to go"
		group := p.FindingGroup("removed", func(found int) validate.Summary {
			return validate.Summary{Message: fmt.Sprintf("%s of %s are gone", rules(found), p.Previous), Fix: fix}
		})
		for _, i := range gone {
			if group.Full() { //mutation:equivalent: the slow path gives the same result
				break
			}
			group.Report(func() validate.Finding {
				in := p.Previous.Instance(i)
				return validate.Finding{
					Where: p.Locate(noRange, "instances"), Instance: in,
					Message: fmt.Sprintf("%v of %v is gone", in, p.Previous), Fix: fix,
				}
			})
		}
		group.ReportMore(len(gone) - p.Found())
	},
}
