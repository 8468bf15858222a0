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
	Doc: `each input that is read is one of the template type

A rule that reads a field which its template type does not have can never
work: no sensor will ever supply the field. Often it is a misspelt name, or
the field of another log source. Needs that another compiler computed say
what they take each input for: if that is not what the definition has at its
index, the content was compiled against another definition.

Use a field of the type; the finding names the nearest, or all. Compile
against the definition that the gate has, or give the gate the other
(--types).`,
	Uses:     validate.UsesNeeds | validate.UsesDefinition,
	Requires: []string{"CF2001", "CF2002", "CF2004"},
	Run: func(p *validate.Pass) {
		for _, in := range p.Needs.Inputs {
			if n := len(p.Definition.Inputs); in.Index < 0 || in.Index >= n {
				reportNeed(p, in, "use an input of the type",
					"input %d (index %d) is read; version %d of template type %s has %d inputs",
					in.Index+1, in.Index, p.Definition.Version, p.Definition.Name, n)
				continue
			}
			const fix = "compile against the definition that the gate has, or give the gate the other one with --types"
			switch def := &p.Definition.Inputs[in.Index]; {
			case in.Name != "" && in.Name != def.Name:
				reportNeed(p, in, fix, "%s, of type %s is read as %q", field(p, in.Index), p.Definition.Name, in.Name)
			case in.TypeKnown && in.Type != def.Type:
				reportNeed(p, in, fix, "%s, of type %s is read as %v; it is declared as %v", field(p, in.Index), p.Definition.Name, in.Type, def.Type)
			}
		}
	},
}

// reportNeed reports a need of an input at the first rule that has it. In a
// channel file there is none: its needs take the names from the definition,
// and a criterion cannot name an input that is not declared.
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
