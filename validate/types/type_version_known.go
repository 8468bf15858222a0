package types

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// typeVersionKnown is CF2002.
var typeVersionKnown = &validate.Check{
	ID:   "CF2002",
	Name: "type-version-known",
	Doc: `the gate knows the version of the template type

Each version of a template type has its own list of inputs. With the list of
another version, the gate would take a criterion for one on another input.

Give the gate the definition of that version (--types), or check the version
that the encoder writes.`,
	Uses:     validate.UsesNeeds,
	Requires: []string{"CF2001"},
	Run: func(p *validate.Pass) {
		if p.Definition == nil && p.Subject.Kind != validate.KindNeeds {
			p.ReportAt(channelfile.TypeVersionRange, "header.type_version", "give the gate the definition of that version with --types, or check the version that the encoder writes",
				"version %d of template type %d is not known; the gate knows %s", p.Needs.TypeVersion, p.Needs.Type, versions(p.Known.Versions(p.Needs.Type)))
		}
	},
}
