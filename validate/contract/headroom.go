package contract

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor/cost"
	"github.com/cfcheck/cfcheck/validate"
)

// headroom is CF3020.
//
//mutation:missed: the oracle does not judge this warning; TestHeadroom detects it
var headroom = &validate.Check{
	ID:   "CF3020",
	Name: "headroom",
	Doc: `the content leaves a tenth of each limit and budget of a build unused

Content grows from release to release. Without a warning, a limit is noticed
when it is exceeded, and the release that no longer fits may be an urgent one.
The check looks at the limits that each new rule uses up: the size of the
file, its instances, its distinct criteria, its memory, and the steps of its
most expensive event. Limits of a single rule do not count here.

Drop rules that are no longer needed, split the content, or give the builds
more room. The command cfcheck cost shows the costliest rules and, with
--history, the number of releases that still fit.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: slices.Concat(known, []string{"CF3008", "CF3009", "CF3010"}),
	Run: func(p *validate.Pass) {
		for i := range p.Cohorts {
			g := &p.Cohorts[i]
			if !g.Addressed {
				continue
			}
			report := func(u cost.Use, event string) {
				if u.Most == 0 || !u.Limit.Total() || !u.Scarce() {
					return
				}
				reportBuilds(p, g, func() validate.Finding {
					room := "no room is left"
					if u.Room() > 0 {
						room = fmt.Sprintf("room for %s more", numeral.Thousands(u.Room()))
					}
					f := p.At(channelfile.HeaderRange, "header", "drop rules, split the content, or give the build more room",
						"%s of %s %s%s (%d %%), %s", numeral.Thousands(u.Used), numeral.Thousands(u.Most), u.Limit.Unit(), event, u.Percent(), room)
					f.Identity.Path = u.Limit.Unit()
					return f
				})
			}
			for u := range cost.Sizes(p.Needs, &g.Contract.Reader) {
				report(u, "")
			}
			report(cost.MemoryUse(p.Needs, &g.Contract.Reader), "")
			u, ok := cost.StepsUse(p.Needs, p.Definition, &g.Contract.Reader, slices.Values(g.Supplies))
			if ok && len(u.Unbounded) == 0 { // lengthKnown reports the others
				of := ""
				if u.Supply.Feed != "" {
					of = " of feed " + u.Supply.Feed
				}
				report(u.Use, of)
			}
		}
	},
}
