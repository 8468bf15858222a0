//mutation:missed: TestProtected detects it

package change

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// protectedKept is CF6010.
var protectedKept = &validate.Check{
	ID:   "CF6010",
	Name: "protected-kept",
	Doc: `the protected rules are neither gone nor changed

A protected rule detects something that must never pass, or keeps a known
false alarm away. Its owner wants to know before it is lost, whoever edits the
content. A rule whose condition changed counts too, because a small change of
a condition is the usual way to lose a rule.

Give the rule its old condition again. If the change is intended, remove its
ID from the protected rules of the policy, under review.`,
	Uses: compared | validate.UsesProtected,
	Run: func(p *validate.Pass) {
		d := instances.Get(p)
		protected := make(map[channelfile.ID]bool, len(p.Protected))
		for _, id := range p.Protected {
			protected[id] = true
		}
		const fix = "restore the rule, or remove it from the protected rules under review"
		for _, i := range d.Removed {
			if protected[p.Previous.File.Instance(i).ID] {
				p.Report(func() validate.Finding {
					in := p.Previous.Instance(i)
					return validate.Finding{
						Where: p.Locate(noRange, "instances"), Instance: in,
						Message: fmt.Sprintf("%v of %v is gone, and it is protected", in, p.Previous), Fix: fix,
					}
				})
			}
		}
		for _, pair := range d.Changed {
			if protected[p.File.Instance(pair.New).ID] {
				p.Report(func() validate.Finding {
					where, in := p.LocateInstance(pair.New)
					return validate.Finding{
						Where: where, Instance: in, Identity: validate.Identity{Rule: in.ID.String(), Path: "condition"},
						Message: fmt.Sprintf("%v has another condition than in %v, and it is protected", in, p.Previous), Fix: fix,
					}
				})
			}
		}
	},
}
