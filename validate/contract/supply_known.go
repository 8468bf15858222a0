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
	Doc: `each positional build is known to supply each input that is read

The contract of a positional build does not state whether it supplies an
input that the content reads, or states that only some events have it.
Without the input, the interpreter reads past its inputs. Content that may do
so is blocked.

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

// reportUnknown reports the inputs that the content reads and whose supply by some feed
// is unknown or conditional. It looks at feeds for which kind returns true. The fix is
// conditional if all these feeds supply the input only in some events, or else unknown.
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
			says, fix := "its supply is unknown", unknown
			if !slices.ContainsFunc(bad, func(f feed) bool { return f.input(p, need.Index).State != sensor.StateConditional }) {
				says, fix = "only some events have it", conditional
			}
			reportInput(p, need, bad, func(rules, read string) string {
				return fmt.Sprintf("%s %s %s, of type %s, and %s", rules, read, field(p, need.Index), p.Definition.Name, says)
			}, unsaid(p, need.Index, bad), instead(p, need.Index, fix))
		}
	}
}

// unsaid returns the details for feeds whose supply of an input is unknown or
// conditional: the evidence or the condition, and the feeds that have the input.
//
//mutation:equivalent: only report texts depend on it
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
		if len(s.builds()) > 1 {
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

// condition returns the condition under which events have an input, and their share.
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
