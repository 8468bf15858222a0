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

A build without this version of the template type either refuses the
content, which its contract can state, or takes it for content of another
version. Criteria then compare other inputs than their authors intended, or
read past the inputs.

Hold the content back from these builds. If they refuse it safely, state that
in their contract.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		for i := range p.Cohorts {
			if g := &p.Cohorts[i]; g.Addressed && len(g.Supplies) == 0 {
				reportBuilds(p, g, func() validate.Finding {
					return p.At(channelfile.TypeVersionRange, "header.type_version",
						holdBack(g)+", or state in the contract that it refuses unknown versions safely",
						"the contract does not have version %d of template type %s, and does not state that the build refuses it safely", p.Definition.Version, p.Definition.Name)
				})
			}
		}
	},
}
