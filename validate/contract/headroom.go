package contract

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/cost"
	"github.com/cfcheck/cfcheck/validate"
)

// headroom is CF3020.
//
//mutation:missed: the oracle does not judge this warning; TestHeadroom detects it
var headroom = &validate.Check{
	ID:   "CF3020",
	Name: "headroom",
	Doc: `the content leaves room for growth on every build

Content grows from release to release. Without a warning, a limit is noticed
when it is exceeded, and the release that no longer fits may be an urgent one.
The check looks at the limits that each new rule uses up: the size of the
file, its instances, its distinct criteria, its memory, and the steps of its
most expensive event. Limits of a single rule do not count here. There is too
little room if less than a tenth of a limit is left. With earlier revisions
(--history), there is also too little if the limit would be exceeded within
three releases that grow like the last ones.

Drop rules that are no longer needed, split the content, or give the builds
more room. The command cfcheck cost shows the costliest rules.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: slices.Concat(known, []string{"CF3008", "CF3009", "CF3010"}),
	Run: func(p *validate.Pass) {
		var earlier []*sensor.Needs
		if p.History != nil {
			earlier = p.History(p.Needs)
		}
		for i := range p.Cohorts {
			g := &p.Cohorts[i]
			if !g.Addressed {
				continue
			}
			for u := range cost.Sizes(p.Needs, &g.Contract.Reader) {
				reportScarce(p, g, u, "", cost.TrendOf(earlier, p.Needs, u.Limit.Size))
			}
			memory := cost.MemoryUse(p.Needs, &g.Contract.Reader)
			reportScarce(p, g, memory, "", cost.TrendOf(earlier, p.Needs, memory.Limit.Size))
			u, ok := cost.StepsUse(p.Needs, p.Definition, &g.Contract.Reader, slices.Values(g.Supplies))
			if ok && len(u.Unbounded) == 0 { // lengthKnown reports the others
				of := ""
				if u.Supply.Feed != "" {
					of = " of feed " + u.Supply.Feed
				}
				reportScarce(p, g, u.Use, of, cost.TrendOf(earlier, p.Needs, u.Of))
			}
		}
	},
}

// minReleases is the smallest number of further releases that is enough.
const minReleases = 3

// reportScarce reports a limit of the whole file if too little of it is left: less than a tenth,
// or less than minReleases releases take. Event names the event for messages.
//
//mutation:missed: the oracle does not judge this warning; TestHeadroom detects it
func reportScarce(p *validate.Pass, g *validate.Cohort, u cost.Use, event string, trend cost.Trend) {
	left, grows := trend.Left(u.Room())
	if u.Most == 0 || !u.Limit.Total() || !u.Scarce() && !(grows && left < minReleases) {
		return
	}
	reportBuilds(p, g, func() validate.Finding {
		room := "no room is left"
		if u.Room() > 0 {
			room = fmt.Sprintf("room for %s more", numeral.Thousands(u.Room()))
		}
		if outlook := u.Outlook(trend); outlook != "" {
			room += "; " + outlook
		}
		f := p.At(channelfile.HeaderRange, "header", "drop rules, split the content, or give the build more room",
			"%s of %s %s%s (%d %%), %s", numeral.Thousands(u.Used), numeral.Thousands(u.Most), u.Limit.Unit(), event, u.Percent(), room)
		f.Extent, f.Identity.Path = u.Used, u.Limit.Unit()
		return f
	})
}
