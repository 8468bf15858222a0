package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// lengthKnown is CF3011.
var lengthKnown = &validate.Check{
	ID:   "CF3011",
	Name: "length-known",
	Doc: `a contract with a step budget states the lengths that the cost depends on

The contract of the build states a budget of steps, and the cost of the
content depends on the length of an input. But the contract does not state
its maximum length, so the cost has no bound. Such content is blocked.

State the maximum length of the input in the contract.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		for _, f := range feeds(p) {
			if f.cohort.Contract.Reader.Budget.Steps == 0 {
				continue
			}
			_, unknown := p.Needs.Steps(f.maxLength(p))
			for _, index := range unknown {
				reportBuilds(p, f.cohort, func() validate.Finding {
					where, in := first(p, p.Needs.Input(index).First, index)
					return validate.Finding{
						Where: where, Instance: in, Input: p.InputAt(index), Identity: ofInput(p, index),
						Message: fmt.Sprintf("the cost of %s depends on the length of %s; the contract of %s does not state its maximum, but a budget of %s steps",
							rule(in), field(p, index), f, numeral.Thousands(f.cohort.Contract.Reader.Budget.Steps)),
						Fix: "state maxLength of the input in the contract",
					}
				})
			}
		}
	},
}
