package types

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// operatorForType is CF2006.
var operatorForType = &validate.Check{
	ID:   "CF2006",
	Name: "operator-for-type",
	Doc: `each operator suits the type of its input

A sensor hands over an integer as a number, and a string as a pointer and a
length. A string operator on an integer input takes the number for a
pointer, and reads memory there.

Use an operator that suits the input. FORMAT.md, section 5, has the table.`,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition,
	Requires: []string{"CF2001", "CF2002", "CF2004"},
	Run: func(p *validate.Pass) {
		unsuited := func(c channelfile.Criterion) bool { return !suits(c.Operator, p.Definition.Inputs[c.Input].Type) }
		for i, c := range criteria(p.File, unsuited) {
			t := p.Definition.Inputs[c.Input].Type
			//mutation:equivalent: only report texts depend on it
			reportCriterion(p, i, int(c.Input), fmt.Sprintf("use an operator for inputs of type %v: %s", t, operatorsFor(t)), func() string {
				//mutation:equivalent: only report texts depend on it
				return fmt.Sprintf("%v on %s, which is of type %v", c.Operator, field(p, int(c.Input)), t)
			})
		}
	},
}
