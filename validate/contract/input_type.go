package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// InputType is CF3003.
var InputType = &validate.Check{
	ID:   "CF3003",
	Name: "input-type",
	Doc: `each input is supplied with the type that it is declared with

A criterion on a string input reads a pointer and a length; one on an
integer a number. A build that supplies another type than the definition
declares makes the interpreter take a number for a pointer.

Correct the definition or the sensor, whichever is wrong, and give the type
a new version.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		for index, def := range p.Definition.Inputs {
			var bad []feed
			for _, f := range feeds(p) {
				if in := f.input(p, index); in.State != sensor.NotSupplied && in.Type != def.Type {
					bad = append(bad, f)
				}
			}
			if len(bad) == 0 {
				continue
			}
			var details []string
			for _, f := range bad {
				details = append(details, fmt.Sprintf("declared as %v, %s supplies type %v: %s", def.Type, f, f.input(p, index).Type, hosts(p, groupsOf([]feed{f}))))
			}
			const fix = "correct the definition or the sensor, whichever is wrong, and give the type a new version"
			if need := p.Needs.Input(index); need != nil {
				reportInput(p, need, bad, func(rule string) string {
					return fmt.Sprintf("%s reads %s of type %s, which is supplied with another type than declared", rule, field(p, index), p.Definition.Name)
				}, details, fix)
				continue
			}
			all := builds(p, groupsOf(bad))
			p.Report(func() validate.Finding {
				return validate.Finding{
					Where: whole(p, channelfile.TypeVersionRange, "header.type_version"), Input: p.InputAt(index), Builds: all,
					Message: fmt.Sprintf("%s of template type %s is supplied with another type than declared", field(p, index), p.Definition.Name),
					Details: details, Fix: fix,
					Group: p.Check.ID,
				}
			})
		}
	},
}
