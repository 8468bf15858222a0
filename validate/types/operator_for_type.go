package types

import (
	"github.com/cfcheck/cfcheck/validate"
)

// OperatorForType is CF2006.
var OperatorForType = &validate.Check{
	ID:   "CF2006",
	Name: "operator-for-type",
	Doc: `each operator suits the type of its input

A sensor hands over an integer as a number, and a string as a pointer and a
length. A string operator on an integer input takes the number for a
pointer, and reads what is there.

Use an operator that suits the input: FORMAT.md, section 5, has the table.`,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition,
	Requires: []*validate.Check{TypeKnown, TypeVersionKnown, InputsDeclared},
	Run: func(p *validate.Pass) {
		for i := range p.File.Criteria() {
			c := p.File.Criterion(i)
			in := p.InputAt(int(c.Input))
			if !suits(c.Operator, in.Type) {
				reportCriterion(p, i, in.Index, "use an operator for inputs of type "+in.Type.String(),
					"%v on input %d (index %d), %s, which is of type %v", c.Operator, in.Index+1, in.Index, in.Name, in.Type)
			}
		}
	},
}
