package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// StepBudget is CF3009.
var StepBudget = &validate.Check{
	ID:   "CF3009",
	Name: "step-budget",
	Doc: `the worst event costs no more steps than every build allows

Each criterion is charged what its worst value can cost, FORMAT.md, section
9, says how much. With the longest values that a build supplies that is a
number, and the build has a budget for it. In July 2019 one regular
expression took the processors of a whole network, because nothing bounded
what it could cost.

Shorten the lists of contains and pattern criteria on long inputs first:
cfcheck needs shows what each input costs.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		for _, f := range feeds(p) {
			budget := f.group.Contract.Reader.Budget.Steps
			if budget == 0 {
				continue
			}
			steps, unknown := p.Needs.Steps(f.maxLength(p))
			if len(unknown) > 0 || steps <= budget {
				continue // LengthKnown reports the unknown
			}
			worst := costliest(p, f)
			where, in := first(p, worst.First, worst.Index)
			reportBuilds(p, f.group, where, in, fmt.Sprintf("shorten the lists of criteria on %s", field(p, worst.Index)),
				"an event can cost %s steps, %s allows %s; most of it for %s", thousands(steps), f, thousands(budget), number(worst.Index))
		}
	},
}

// maxLength returns how long the value of an input can be that the feed
// supplies. What is not supplied has no length, and what is no string a fixed
// one.
func (f feed) maxLength(p *validate.Pass) func(int) (int, bool) {
	return func(index int) (int, bool) {
		in := f.input(p, index)
		switch {
		case in.State == sensor.NotSupplied:
			return 0, true
		case in.Type == sensor.Integer:
			return 8, true
		case in.Type == sensor.Address:
			return 16, true
		}
		return in.MaxLength, in.MaxLength > 0
	}
}

// costliest returns the input that costs most steps. There is one, for the
// content reads inputs.
func costliest(p *validate.Pass, f feed) *sensor.InputNeed {
	var worst *sensor.InputNeed
	var most uint64
	for i := range p.Needs.Inputs {
		in := &p.Needs.Inputs[i]
		length, _ := f.maxLength(p)(in.Index)
		if cost := in.Coefficient * uint64(length); worst == nil || cost > most {
			worst, most = in, cost
		}
	}
	if worst == nil {
		return new(sensor.InputNeed)
	}
	return worst
}
