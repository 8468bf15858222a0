package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// SupplyKnown is CF3004.
var SupplyKnown = &validate.Check{
	ID:   "CF3004",
	Name: "supply-known",
	Doc: `whether a positional build supplies what is read is known

The contract of a positional build does not say whether it supplies an input
that the content reads. If it does not, the interpreter reads past its
inputs. Unsure means blocked.

Extract the contract from the build, or count the inputs in events that it
produced.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportUnknown(p, func(f feed) bool { return f.positional() },
			"extract the contract from the build, or hold the content back from it")
	},
}

// reportUnknown reports inputs that are read and of which the feeds of one
// kind do not say whether they supply them.
func reportUnknown(p *validate.Pass, kind func(feed) bool, fix string) {
	all := feeds(p)
	for i := range p.Needs.Inputs {
		need := &p.Needs.Inputs[i]
		var bad []feed
		for _, f := range all {
			if kind(f) && f.input(p, need.Index).State == sensor.Unknown {
				bad = append(bad, f)
			}
		}
		if len(bad) > 0 {
			reportInput(p, need, bad, func(rule string) string {
				return fmt.Sprintf("%s reads %s, of type %s, and it is not known whether that is supplied", rule, field(p, need.Index), p.Definition.Name)
			}, details(bad, func(f feed) string {
				return fmt.Sprintf("the contract of %s does not say whether it supplies it (evidence: %v): %s", f, f.supply.Evidence, hostsOf(p, f))
			}), fix)
		}
	}
}
