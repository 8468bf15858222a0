package types

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// InputDefined is CF2005.
var InputDefined = &validate.Check{
	ID:   "CF2005",
	Name: "input-defined",
	Doc: `each input that is read is one of the template type

A rule that reads a field which its template type does not have can never
work: no sensor will ever supply the field. Often it is a misspelt name, or
the field of another log source.

Use a field of the type; the finding names the nearest. cfcheck inspect
shows them all.`,
	Uses:     validate.UsesNeeds | validate.UsesDefinition,
	Requires: []*validate.Check{TypeKnown, TypeVersionKnown, InputsDeclared},
	Run: func(p *validate.Pass) {
		for _, in := range p.Needs.Inputs {
			if n := len(p.Definition.Inputs); in.Index >= n {
				p.ReportAt(channelfile.Range{}, fmt.Sprintf("input[%d]", in.Index), "use an input of the type",
					"input %d (index %d) is read; template type %s has %d", in.Index+1, in.Index, p.Definition.Name, n)
			}
		}
	},
}
