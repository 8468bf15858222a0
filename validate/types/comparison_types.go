package types

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// comparisonTypes is CF2008.
var comparisonTypes = &validate.Check{
	ID:   "CF2008",
	Name: "comparison-types",
	Doc: `a criterion compares inputs of one type

A comparison of a string with an integer compares a pointer with a number.

Compare inputs of the same type.`,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition,
	Requires: []string{"CF2001", "CF2002", "CF2004", "CF2006"},
	Run: func(p *validate.Pass) {
		compares := func(c channelfile.Criterion) bool { return c.Flags&channelfile.FlagInputs != 0 }
		for i, c := range criteria(p.File, compares) {
			a := p.Definition.Inputs[c.Input].Type
			for other := range p.File.OperandInputs(c) {
				if b := p.Definition.Inputs[other].Type; a != b {
					//mutation:equivalent: only report texts depend on it
					reportCriterion(p, i, int(c.Input), "compare inputs of one type", func() string {
						return fmt.Sprintf("%v compares %s, of type %v, with %s, of type %v",
							//mutation:equivalent: only report texts depend on it
							c.Operator, field(p, int(c.Input)), a, field(p, other), b)
					})
				}
			}
		}
	},
}
