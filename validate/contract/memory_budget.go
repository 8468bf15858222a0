package contract

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// memoryBudget is CF3010.
var memoryBudget = &validate.Check{
	ID:   "CF3010",
	Name: "memory-budget",
	Doc: `the content needs no more memory than every build allows

A reader keeps the file, the result of each criterion and a small stack
(FORMAT.md, section 9). A build that runs in a kernel has a fixed amount of
memory for them.

Split the content.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		for i := range p.Cohorts {
			g := &p.Cohorts[i]
			if budget := g.Contract.Reader.Budget.Memory; g.Addressed && budget > 0 && p.Needs.Memory > budget {
				reportBuilds(p, g, func() validate.Finding {
					return p.At(channelfile.HeaderRange, "header", "split the content, or "+holdBack(g),
						"the content needs %s bytes of memory, the build allows %s", numeral.Thousands(p.Needs.Memory), numeral.Thousands(budget))
				})
			}
		}
	},
}
