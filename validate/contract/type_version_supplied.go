package contract

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// typeVersionSupplied is CF3005.
var typeVersionSupplied = &validate.Check{
	ID:   "CF3005",
	Name: "type-version-supplied",
	Doc: `every build that gets the content has its type version

A build that does not have the version of the template type either refuses
the content, which its contract can say, or takes it for content of another
version: criteria then compare inputs that their authors did not mean, or
read past them.

Hold the content back from these builds; or, if they refuse it safely, say
so in their contract.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		for i := range p.Groups {
			if g := &p.Groups[i]; g.Addressed && len(g.Supplies) == 0 {
				reportBuilds(p, g, func() validate.Finding {
					return p.At(channelfile.TypeVersionRange, "header.type_version",
						holdBack(g)+", or state in the contract that it refuses unknown versions safely",
						"version %d of template type %s is not in the contract, and the build does not refuse it safely as far as is known", p.Definition.Version, p.Definition.Name)
				})
			}
		}
	},
}
