package contract

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// inputIdentity is CF3018.
var inputIdentity = &validate.Check{
	ID:   "CF3018",
	Name: "input-identity",
	Doc: `a positional build has each input at its declared place

A positional build takes an input by its place. If it has another input
there than the definition declares, rules compare, for example, the user
with the name of a pipe. Nothing breaks, but a rule matches nothing, or
everything.

Correct the order in the definition or in the sensor, and give the type a
new version.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		all := feeds(p)
		for index, def := range p.Definition.Inputs {
			var bad []feed
			for _, f := range all {
				if in := f.input(p, index); f.positional() && in.State != sensor.StateNotSupplied && in.Name != def.Name {
					bad = append(bad, f)
				}
			}
			if len(bad) == 0 {
				continue
			}
			there := sides(bad, func(f feed) string { return f.input(p, index).Name })
			lines := details(there, func(s *side) string {
				return fmt.Sprintf("declared %s, %v %s %s there: %s", def.Name, s, s.verb("has", "have"), s.note, s.hosts(p))
			})
			found := there[0].note
			//mutation:equivalent: only report texts depend on it
			if slices.ContainsFunc(there, func(s *side) bool { return s.note != found }) {
				found = "another input"
			}
			reportDeclared(p, index, bad, channelfile.TypeVersionRange, "header.type_version", lines,
				"correct the order in the definition or in the sensor, whichever is wrong, and give the type a new version",
				"%s of type %s is declared as %s, but %s is supplied there", sensor.InputNumber(index), p.Definition.Name, def.Name, found)
		}
	},
}
