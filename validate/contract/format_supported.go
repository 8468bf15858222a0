package contract

import (
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// formatSupported is CF3007.
var formatSupported = &validate.Check{
	ID:   "CF3007",
	Name: "format-supported",
	Doc: `every build reads the version of the format

In the best case, a build that does not read the version of the format
refuses the content. In the worst case it misreads it.

Encode the content in a version that all builds read, or hold it back from
the other builds.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		//mutation:equivalent condition: only report texts depend on it
		if p.Subject.Kind == validate.KindDefinition {
			return // a definition has no format
		}
		for i := range p.Cohorts {
			g := &p.Cohorts[i]
			if formats := g.Contract.Reader.Formats; g.Addressed && !slices.Contains(formats, p.Needs.Format) {
				reportBuilds(p, g, func() validate.Finding {
					return p.At(channelfile.VersionRange, "header.version", "encode the content in a version that the build reads, or "+holdBack(g),
						"the content is of format version %s, the build reads %s", p.Needs.Format, strings.Join(formats, ", "))
				})
			}
		}
	},
}
