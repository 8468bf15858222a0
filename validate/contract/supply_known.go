package contract

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// supplyKnown is CF3004.
var supplyKnown = &validate.Check{
	ID:   "CF3004",
	Name: "supply-known",
	Doc: `whether a positional build supplies what is read is known

The contract of a positional build does not say whether it supplies an input
that the content reads, or says that only some events have it. Without the
input, the interpreter reads past its inputs. Unsure means blocked.

Extract the contract from the build, or count the inputs in events that it
produced. If only some events have the input, read another one.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportUnknown(p, func(f feed) bool { return f.positional() },
			"extract the contract from the build, or hold the content back from it",
			"read a field that every event has, or hold the content back from the build")
	},
}

// reportUnknown reports inputs that are read and that the feeds of one kind may
// supply, but are not sure to: unknown and conditional ones. The advice is
// conditional if all feeds in question supply the input in some events alone.
func reportUnknown(p *validate.Pass, kind func(feed) bool, unknown, conditional string) {
	all := feeds(p)
	for i := range p.Needs.Inputs {
		need := &p.Needs.Inputs[i]
		var bad []feed
		for _, f := range all {
			if state := f.input(p, need.Index).State; kind(f) && state != sensor.StateNotSupplied && !state.Certain() {
				bad = append(bad, f)
			}
		}
		if len(bad) > 0 {
			says, fix := "it is not known whether that is supplied", unknown
			if !slices.ContainsFunc(bad, func(f feed) bool { return f.input(p, need.Index).State != sensor.StateConditional }) {
				says, fix = "only some events have that", conditional
			}
			reportInput(p, need, bad, func(rules, read string) string {
				return fmt.Sprintf("%s %s %s, of type %s, and %s", rules, read, field(p, need.Index), p.Definition.Name, says)
			}, unsaid(p, need.Index, bad), instead(p, need.Index, fix))
		}
	}
}

// unsaid says of feeds that their contracts do not say whether they supply an
// input, on what evidence, or under which condition they do, and what is known
// of where it is to be had.
func unsaid(p *validate.Pass, index int, bad []feed) []string {
	note := func(f feed) string {
		if in := f.input(p, index); in.State == sensor.StateConditional {
			return "conditional " + condition(in)
		}
		return f.supply.Evidence.String()
	}
	lines := details(sides(bad, note), func(s *side) string {
		if condition, ok := strings.CutPrefix(s.note, "conditional "); ok {
			return fmt.Sprintf("%v %s it only in some events (%s): %s", s, s.verb("supplies", "supply"), condition, s.hosts(p))
		}
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

// condition says when events have a conditional input, and how many do.
func condition(in *sensor.SuppliedInput) string {
	says := "no reason is stated"
	if in.Basis != nil && in.Basis.Reason != "" {
		says = in.Basis.Reason
	}
	if in.PerMillion > 0 {
		says += ", " + strconv.FormatFloat(float64(in.PerMillion)/10_000, 'f', -1, 64) + " % of events"
	}
	return says
}
