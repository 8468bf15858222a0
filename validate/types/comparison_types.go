package types

import (
	"github.com/cfcheck/cfcheck/validate"
)

// ComparisonTypes is CF2008.
var ComparisonTypes = &validate.Check{
	ID:   "CF2008",
	Name: "comparison-types",
	Doc: `inputs that are compared have the same type

A comparison of a string with an integer compares a pointer with a number.

Compare inputs of one type.`,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition,
	Requires: []*validate.Check{TypeKnown, TypeVersionKnown, InputsDeclared, OperatorForType},
	Run: func(p *validate.Pass) {
		for i := range p.File.Criteria() {
			c := p.File.Criterion(i)
			a := p.InputAt(int(c.Input))
			for other := range p.File.OperandInputs(c) {
				if b := p.InputAt(other); a.Type != b.Type {
					reportCriterion(p, i, a.Index, "compare inputs of one type",
						"input %d (index %d), %s, is of type %v, input %d (index %d), %s, of type %v",
						a.Index+1, a.Index, a.Name, a.Type, b.Index+1, b.Index, b.Name, b.Type)
				}
			}
		}
	},
}
