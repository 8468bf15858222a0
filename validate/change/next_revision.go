package change

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// nextRevision is CF6011.
var nextRevision = &validate.Check{
	ID:   "CF6011",
	Name: "next-revision",
	Doc: `the revision after this one fits every reader

A revision that a reader cannot hold becomes a negative or a small number. The
reader then takes the new content for an old one, and refuses it. On 1 January
2022 mail servers stopped because the version of their signatures, a date with
a number, had outgrown 31 bits. This check speaks before the last revision is
used up: no higher revision can take that one back.

Use another numbering while there is room. The next revision is the next
integer; with --previous, it is expected at the distance of the last two.`,
	Severity: validate.Warning,
	Uses:     validate.UsesBytes | validate.UsesFile | validate.UsesNeeds | validate.UsesFleet,
	Run: func(p *validate.Pass) {
		now := uint64(p.File.Header.Revision)
		next := now + 1
		if p.Previous != nil {
			if old, ok := p.Previous.Revision(); ok && uint64(old) < now {
				next = now + (now - uint64(old))
			}
		}
		report := func(g *validate.Cohort, who string, most uint64) {
			p.Report(func() validate.Finding {
				f := p.At(channelfile.RevisionRange, "header.revision", "choose a numbering that leaves room before this revision ships",
					"the next revision is %s if it grows as before, and %s ends at %s", numeral.Thousands(next), who, numeral.Thousands(most))
				if g != nil {
					f.Builds = g.Builds
				}
				return f
			})
		}
		if next > channelfile.MaxNumber {
			report(nil, "the format", channelfile.MaxNumber)
		}
		for i := range p.Cohorts {
			g := &p.Cohorts[i]
			most := g.Contract.Reader.Limits.Revision
			// CF3008 reports a revision that is beyond the limit itself.
			if g.Addressed && most > 0 && now <= most && next > most {
				who := "the integer of build " + g.Builds[0].Name
				//mutation:equivalent: only report texts depend on it
				if n := len(g.Builds); n > 1 {
					who += fmt.Sprintf(" and of %d more", n-1)
				}
				report(g, who, most)
			}
		}
	},
}
