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

A file declares the number of inputs that its authors wrote for. If the
definition of the same version has another number, one of the two has the
wrong version. In July 2024 such a difference, between a definition and a
sensor, stopped 8.5 million machines.

Find out which of the two is right, and give the other a new version.`,
	Uses:     validate.UsesNeeds | validate.UsesDefinition,
	Requires: []string{"CF2001", "CF2002"},
	Run: func(p *validate.Pass) {
		if have, want := p.Needs.InputsDeclared, len(p.Definition.Inputs); have != want {
			p.ReportAt(channelfile.InputsDeclaredRange, "header.inputs_declared", "find out which of the two is right, and give the other a new version of the type",
				"the content declares %d inputs; version %d of template type %s has %d", have, p.Definition.Version, p.Definition.Name, want)
		}
	},
}
