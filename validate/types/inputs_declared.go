package types

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// inputsDeclared is CF2004.
var inputsDeclared = &validate.Check{
	ID:   "CF2004",
	Name: "inputs-declared",
	Doc: `the content declares as many inputs as its type

The number of inputs that a file declares is the number that its authors
wrote against. If the definition of the same version says another, one of
the two is not what it says it is; in July 2024 such a difference, between a
definition and a sensor, took 8.5 million machines down.

Find out which is right, and give the other a new version.`,
	Uses:     validate.UsesNeeds | validate.UsesDefinition,
	Requires: []string{"CF2001", "CF2002"},
	Run: func(p *validate.Pass) {
		if have, want := p.Needs.InputsDeclared, len(p.Definition.Inputs); have != want {
			p.ReportAt(channelfile.InputsDeclaredRange, "header.inputs_declared", "find out which of the two is right, and give the other a new version of the type",
				"the content declares %d inputs; version %d of template type %s has %d", have, p.Definition.Version, p.Definition.Name, want)
		}
	},
}
