package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// lengthKnown is CF3011.
var lengthKnown = &validate.Check{
	ID:   "CF3011",
	Name: "length-known",
	Doc: `where a step budget is stated, so are the lengths that it depends on

The build states a budget of steps, and the cost of the content depends on
how long an input can be; but its contract does not say how long. So there
is no bound. Unsure means blocked.

State the maximum length of the input in the contract.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		for _, f := range feeds(p) {
			if f.group.Contract.Reader.Budget.Steps == 0 {
				continue
			}
			_, unknown := p.Needs.Steps(f.maxLength(p))
			for _, index := range unknown {
				reportBuilds(p, f.group, func() validate.Finding {
					where, in := first(p, p.Needs.Input(index).First, index)
					return validate.Finding{
						Where: where, Instance: in, Input: p.InputAt(index),
						Message: fmt.Sprintf("what %s costs depends on how long %s, can be, which %s does not state; it has a budget of %s steps",
							rule(in), field(p, index), f, thousands(f.group.Contract.Reader.Budget.Steps)),
						Fix: "state maxLength of the input in the contract",
					}
				})
			}
		}
	},
}
