package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// everyBuildAddressed is CF3019.
var everyBuildAddressed = &validate.Check{
	ID:   "CF3019",
	Name: "every-build-addressed",
	Doc: `each build has the type version, or is known to lack it

The contract of a build does not have the version of the template type. The
build refuses such content safely, so nothing breaks. But cfcheck did not
judge the content for its hosts, and they do not get it. Often the contract
is incomplete: somebody forgot a supply, or removed one by mistake.

Give the contract the supply if the build has the type version. If it does
not, state that in the contract (lacks). The report then lists the build,
without a warning.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		var silent []*validate.Cohort
		for i := range p.Cohorts {
			if g := &p.Cohorts[i]; !g.Addressed && !g.Lacks {
				silent = append(silent, g)
			}
		}
		if len(silent) == 0 {
			return
		}
		p.Report(func() validate.Finding {
			all := builds(silent)
			verb, whose := "do", "their"
			if len(all) == 1 {
				verb, whose = "does", "its"
			}
			f := p.At(channelfile.TypeVersionRange, "header.type_version",
				"add the supply to the contract of each build that has it; let the others state that they lack the type (lacks)",
				"%s %s not have version %d of template type %s by contract, so the content was not judged for %s hosts", buildNames(all...), verb, p.Definition.Version, p.Definition.Name, whose)
			f.Builds = all
			f.Details = []string{fmt.Sprintf("not addressed: %s", hosts(p, silent))}
			return f
		})
	},
}
