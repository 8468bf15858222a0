package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// SupplyKnown is CF3004.
var SupplyKnown = &validate.Check{
	ID:   "CF3004",
	Name: "supply-known",
	Doc: `whether a positional build supplies what is read is known

The contract of a positional build does not say whether it supplies an input
that the content reads. If it does not, the interpreter reads past its
inputs. Unsure means blocked.

Extract the contract from the build, or count the inputs in events that it
produced.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportUnknown(p, func(f feed) bool { return f.positional() },
			"extract the contract from the build, or hold the content back from it")
	},
}

// reportUnknown reports inputs that are read and of which the feeds of one
// kind do not say whether they supply them.
func reportUnknown(p *validate.Pass, kind func(feed) bool, fix string) {
	all := feeds(p)
	for i := range p.Needs.Inputs {
		need := &p.Needs.Inputs[i]
		var bad []feed
		for _, f := range all {
			if kind(f) && f.input(p, need.Index).State == sensor.Unknown {
				bad = append(bad, f)
			}
		}
		if len(bad) > 0 {
			reportInput(p, need, bad, func(rules, read string) string {
				return fmt.Sprintf("%s %s %s, of type %s, and it is not known whether that is supplied", rules, read, field(p, need.Index), p.Definition.Name)
			}, unsaid(p, need.Index, bad), instead(p, need.Index, fix))
		}
	}
}

// unsaid says of feeds that their contracts do not say whether they supply an
// input, on what evidence, and what is known of where it is to be had.
func unsaid(p *validate.Pass, index int, bad []feed) []string {
	lines := details(sides(bad, func(f feed) string { return f.supply.Evidence.String() }), func(s *side) string {
		says := "contract of %v does not say"
		if len(builds(groupsOf(s.feeds))) > 1 {
			says = "contracts of %v do not say"
		}
		evidence := "evidence: " + s.note
		if seen := s.observed(p, index); seen != "" {
			evidence = seen
		}
		return fmt.Sprintf("the "+says+" whether %s it (%s): %s",
			s, s.verb("it supplies", "they supply"), evidence, s.hosts(p))
	})
	return append(lines, origins(p, index, bad)...)
}
