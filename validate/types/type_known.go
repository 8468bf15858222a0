package types

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// typeKnown is CF2001.
var typeKnown = &validate.Check{
	ID:   "CF2001",
	Name: "type-known",
	Doc: `the gate knows the template type

The definition of the template type gives each input a number, a name and a
type. Without it neither the gate nor an author can know what a criterion on
input 21 reads.

Give the gate the definition (--types), or check the number that the encoder
writes.`,
	Uses: validate.UsesNeeds,
	Run: func(p *validate.Pass) {
		n := p.Needs.Type
		name := p.Known.TypeName(n)
		//mutation:equivalent condition: another check detects the same, on purpose
		if p.Definition != nil {
			name = p.Definition.Name
		}
		const fix = "give the gate the definition with --types, or check the number that the encoder writes"
		switch claimed := p.Needs.TypeName; {
		case name == "" && p.Subject.Kind == validate.KindNeeds:
			// The compiler that wrote the needs knows the type, so the run is undecided.
		case name == "":
			p.ReportAt(channelfile.TypeRange, "header.type", fix, "template type %d (0x%x) is not known; the gate knows %s", n, n, names(p.Known))
		//mutation:missed condition, comparison#1: the tests of sigma, types and suite detect it
		case claimed != "" && claimed != name:
			p.ReportAt(channelfile.TypeRange, "header.type", fix, "template type %d (0x%x) is called %q; the gate knows it as %q", n, n, claimed, name)
		}
	},
}
