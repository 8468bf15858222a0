package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// inputType is CF3003.
var inputType = &validate.Check{
	ID:   "CF3003",
	Name: "input-type",
	Doc: `each input is supplied with its declared type

A criterion on a string input reads a pointer and a length. A criterion on
an integer input reads a number. If a build supplies another type than the
definition declares, the interpreter can take a number for a pointer.

Correct the definition or the sensor, whichever is wrong, and give the type
a new version.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		all := feeds(p)
		for index, def := range p.Definition.Inputs {
			var bad []feed
			for _, f := range all {
				if in := f.input(p, index); in.State != sensor.StateNotSupplied && in.Type != def.Type {
					bad = append(bad, f)
				}
			}
			if len(bad) == 0 {
				continue
			}
			lines := details(sides(bad, func(f feed) string { return f.input(p, index).Type.String() }), func(s *side) string {
				return fmt.Sprintf("declared %v, %v %s %s: %s", def.Type, s, s.verb("supplies", "supply"), s.note, s.hosts(p))
			})
			const fix = "correct the definition or the sensor, whichever is wrong, and give the type a new version"
			//mutation:equivalent condition: only report texts depend on it
			if need := p.Needs.Input(index); need != nil {
				reportInput(p, need, bad, func(rules, read string) string {
					return fmt.Sprintf("%s %s %s, of type %s, which is not supplied as %v, its declared type", rules, read, field(p, index), p.Definition.Name, def.Type)
				}, lines, fix)
				continue
			}
			reportDeclared(p, index, bad, channelfile.TypeVersionRange, "header.type_version", lines, fix,
				"%s, of type %s is not supplied as %v, its declared type; nothing reads it yet", field(p, index), p.Definition.Name, def.Type)
		}
	},
}
