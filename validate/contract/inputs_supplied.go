package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// inputsSupplied is CF3001.
var inputsSupplied = &validate.Check{
	ID:   "CF3001",
	Name: "inputs-supplied",
	Doc: `every positional build supplies each input that is read

A positional build hands its interpreter an array of inputs. A criterion on
an input past its end makes the interpreter read memory that is not an
input, and take it for a pointer. This happened on 19 July 2024. The template
type of channel 291 declared 21 inputs, the sensor supplied 20, and the first
rule with a criterion on the 21st input stopped 8.5 million machines.

Drop the criterion, or hold the content back from the builds that the
finding names until all of them supply the input. An acknowledged shortfall
does not help, because it covers only content that does not read the input.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		all := feeds(p)
		for i := range p.Needs.Inputs {
			need := &p.Needs.Inputs[i]
			var bad []feed
			for _, f := range all {
				if f.positional() && f.input(p, need.Index).State == sensor.StateNotSupplied {
					bad = append(bad, f)
				}
			}
			if len(bad) == 0 {
				continue
			}
			cohorts := cohortsOf(bad)
			reportInput(p, need, bad,
				func(rules, read string) string {
					//mutation:equivalent: only report texts depend on it
					if read == "read" {
						return fmt.Sprintf("%s read %s", rules, ofType(p, need.Index))
					}
					return fmt.Sprintf("%s %s %s of type %s", rules, read, sensor.InputNumber(need.Index), p.Definition.Name)
				},
				append(shortfalls(p, need.Index, bad), origins(p, need.Index, bad)...),
				instead(p, need.Index, fmt.Sprintf("drop the criterion on field %q, or %s", p.Definition.Inputs[need.Index].Name, holdBack(cohorts...))))
		}
	},
}

// shortfalls returns the details for feeds that may not supply an input in every event:
// the numbers of inputs that the content declares and that the feeds supply. Feeds with
// the same number have one line.
//
//mutation:equivalent: only report texts depend on it
func shortfalls(p *validate.Pass, index int, bad []feed) []string {
	var order []shortfall
	same := map[shortfall][]feed{}
	for _, f := range bad {
		s := f.shortfall(p, index)
		if same[s] == nil {
			order = append(order, s)
		}
		same[s] = append(same[s], f)
	}
	var lines []string
	for i, s := range order {
		if i == maxDetails {
			return append(lines, fmt.Sprintf("and other numbers, %d in all", len(order)))
		}
		feeds := same[s]
		var names []string
		for _, f := range feeds {
			names = append(names, f.String())
		}
		verb := "supply"
		if len(feeds) == 1 && len(feeds[0].cohort.Builds) == 1 {
			verb = "supplies"
		}
		lines = append(lines, fmt.Sprintf("declared %d, %s %s %d%s: %s",
			p.Needs.InputsDeclared, list(names, "contracts or feeds"), verb, s.supplied, s.but, hosts(p, cohortsOf(feeds))))
	}
	return lines
}

// A shortfall describes a feed that may not supply an input in every event.
type shortfall struct {
	supplied int    // number of inputs that it supplies in every event
	but      string // remark; "" means no remark
}

//mutation:equivalent: only report texts depend on it
func (f feed) shortfall(p *validate.Pass, index int) shortfall {
	var s shortfall
	last := -1 // last input that is supplied
	for i := range f.supply.Inputs {
		in := &f.supply.Inputs[i]
		if in.State.Certain() {
			s.supplied++
			last = i
		}
	}
	switch {
	case f.input(p, index).State == sensor.StateUnknown:
		s.but = ", and the supply of this one is unknown"
	case f.input(p, index).State == sensor.StateConditional:
		s.but = ", and this one only in some events"
	case last > index:
		s.but = ", but not this one, which stands between them"
	}
	return s
}
