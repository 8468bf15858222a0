//mutation:missed: the tests of sigma, types and suite detect it

package types

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// inputDefined is CF2005.
var inputDefined = &validate.Check{
	ID:   "CF2005",
	Name: "input-defined",
	Doc: `the template type has each input that the content reads

A rule that reads a field which its template type does not have can never
work: no sensor supplies the field. Often the name is misspelt, or the field
belongs to another log source. Needs from another compiler state a name or a
type for each input. If the definition has another name or type at that
index, the content was compiled against another definition.

Use a field of the type. The finding names the most similar fields, and the
types that have the field. Compile against the definition that the gate has,
or give the gate the other one (--types).`,
	Uses:     validate.UsesNeeds | validate.UsesDefinition,
	Requires: []string{"CF2001", "CF2002", "CF2004"},
	Run: func(p *validate.Pass) {
		for _, in := range p.Needs.Inputs {
			if n := len(p.Definition.Inputs); in.Index < 0 || in.Index >= n {
				reportNeed(p, in, "use an input of the type",
					"the content reads input %d (index %d); version %d of template type %s has %d inputs",
					in.Index+1, in.Index, p.Definition.Version, p.Definition.Name, n)
				continue
			}
			const fix = "compile against the definition that the gate has, or give the gate the other one with --types"
			switch def := &p.Definition.Inputs[in.Index]; {
			case in.Name != "" && in.Name != def.Name:
				reportNeed(p, in, fix, "the content reads %s, of type %s as %q", field(p, in.Index), p.Definition.Name, in.Name)
			case in.TypeKnown && in.Type != def.Type:
				reportNeed(p, in, fix, "the content reads %s, of type %s as %v; the definition declares it as %v", field(p, in.Index), p.Definition.Name, in.Type, def.Type)
			}
		}
	},
}

// reportNeed reports a need of an input at the first rule that has it. A channel file
// never has such a finding: its needs take the names from the definition, and a
// criterion cannot name an input that is not declared.
func reportNeed(p *validate.Pass, need sensor.InputNeed, fix, format string, args ...any) {
	p.Report(func() validate.Finding {
		f := p.At(channelfile.Range{}, fmt.Sprintf("inputs[%d]", need.Index), fix, format, args...)
		if len(need.First) > 0 {
			f.Where, f.Instance = p.LocateCause(need.First[0], need.Index)
		}
		f.Input = p.InputAt(need.Index)
		return f
	})
}
