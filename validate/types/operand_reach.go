package types

import (
	"github.com/cfcheck/cfcheck/validate"
)

// OperandReach is CF2007.
var OperandReach = &validate.Check{
	ID:   "CF2007",
	Name: "operand-reach",
	Doc: `each operand is one that the input can have

An operand that is longer than the longest value of the input, or a number
that the input never is, can never match: the rule is silent, and looks as
if it watched. In March 2013 a rule against packets of 99,971 bytes, which
no network has, made routers that loaded it fail.

Correct the operand, or the definition if the input can have it.`,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition,
	Requires: []*validate.Check{TypeKnown, TypeVersionKnown, InputsDeclared, OperatorForType},
	Run: func(p *validate.Pass) {
		for i := range p.File.Criteria() {
			c := p.File.Criterion(i)
			def := &p.Definition.Inputs[c.Input]
			for v := range p.File.OperandValues(c) {
				if why := unreachable(c, def, v); why != "" {
					reportCriterion(p, i, int(c.Input), "correct the operand, or the definition if the input can have it",
						"%v on input %d (index %d), %s: %s", c.Operator, c.Input+1, c.Input, def.Name, why)
				}
			}
		}
	},
}
