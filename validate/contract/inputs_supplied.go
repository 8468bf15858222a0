package contract

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// InputsSupplied is CF3001.
var InputsSupplied = &validate.Check{
	ID:   "CF3001",
	Name: "inputs-supplied",
	Doc: `each input that is read is supplied to every positional build

A positional build hands its interpreter an array of inputs. A criterion on
an input past its end makes the interpreter read memory that is not an
input, and take what is there for a pointer. That is what happened on 19
July 2024: the template type of channel 291 declared 21 inputs, the sensor
supplied 20, and the first rule with a criterion on the 21st stopped 8.5
million machines.

Drop the criterion, or hold the content back from the builds that the
finding names until all of them supply the input. An acknowledged shortfall
does not help: it is for content that does not read the input.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		for i := range p.Needs.Inputs {
			need := &p.Needs.Inputs[i]
			var bad []feed
			for _, f := range feeds(p) {
				if f.positional() && f.input(p, need.Index).State == sensor.NotSupplied {
					bad = append(bad, f)
				}
			}
			if len(bad) == 0 {
				continue
			}
			groups := groupsOf(bad)
			reportInput(p, need, bad,
				func(rule string) string {
					return fmt.Sprintf("%s reads %s of type %s", rule, number(need.Index), p.Definition.Name)
				},
				shortfalls(p, bad),
				fmt.Sprintf("drop the criterion on field %q, or %s", p.Definition.Inputs[need.Index].Name, holdBack(groups)))
		}
	},
}

// shortfalls says what the content declares and the feeds supply, a line for
// each number.
func shortfalls(p *validate.Pass, bad []feed) []string {
	var lines []string
	for len(bad) > 0 {
		n := bad[0].supplied()
		var same, rest []feed
		for _, f := range bad {
			if f.supplied() == n {
				same = append(same, f)
			} else {
				rest = append(rest, f)
			}
		}
		var names []string
		for _, f := range same {
			names = append(names, f.String())
		}
		verb := "supply"
		if len(same) == 1 && len(same[0].group.Builds) == 1 {
			verb = "supplies"
		}
		lines = append(lines, fmt.Sprintf("declared %d, %s %s %d: %s",
			p.Needs.InputsDeclared, strings.Join(names, ", "), verb, n, hosts(p, groupsOf(same))))
		bad = rest
	}
	return lines
}
