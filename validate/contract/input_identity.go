package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// InputIdentity is CF3018.
var InputIdentity = &validate.Check{
	ID:   "CF3018",
	Name: "input-identity",
	Doc: `each place of a positional build has the input that is declared there

A positional build takes an input by its place. If another input stands at
that place than the definition declares, rules compare, say, the user with
the name of a pipe: nothing breaks, and nothing matches, or all of it.

Correct the order in the definition or in the sensor, and give the type a
new version.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		for index, def := range p.Definition.Inputs {
			var bad []feed
			var details []string
			for _, f := range feeds(p) {
				if in := f.input(p, index); f.positional() && in.State != sensor.NotSupplied && in.Name != def.Name {
					bad = append(bad, f)
					details = append(details, fmt.Sprintf("declared as %s, %s has %s there: %s", def.Name, f, in.Name, hosts(p, groupsOf([]feed{f}))))
				}
			}
			if len(bad) == 0 {
				continue
			}
			all := builds(p, groupsOf(bad))
			p.Report(func() validate.Finding {
				return validate.Finding{
					Where: whole(p, channelfile.TypeVersionRange, "header.type_version"), Input: p.InputAt(index), Builds: all,
					Message: fmt.Sprintf("at %s of type %s another input is supplied than declared", number(index), p.Definition.Name),
					Details: details,
					Fix:     "correct the order in the definition or in the sensor, and give the type a new version",
					Group:   p.Check.ID,
				}
			})
		}
	},
}
