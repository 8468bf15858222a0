package contract

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// stepBudget is CF3009.
var stepBudget = &validate.Check{
	ID:   "CF3009",
	Name: "step-budget",
	Doc: `the most expensive event costs no more steps than any build allows

Each criterion is charged the cost of its most expensive value. FORMAT.md,
section 9, defines the charge. With the maximum lengths of a build's inputs
the total is a number of steps, and the build has a budget for it. In July
2019 one regular expression used up the processors of a whole network,
because nothing limited its cost.

Shorten the lists of contains and pattern criteria on long inputs first. The
command cfcheck needs shows the cost of each input.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		for _, f := range feeds(p) {
			budget := f.cohort.Contract.Reader.Budget.Steps
			if budget == 0 {
				continue
			}
			steps, unknown := p.Needs.Steps(f.maxLength(p))
			if len(unknown) > 0 || !p.Needs.Exceed(budget, f.maxLength(p)) {
				continue // lengthKnown reports the unknown
			}
			reportBuilds(p, f.cohort, func() validate.Finding {
				atMost := numeral.Thousands(steps)
				if p.Needs.Exceed(math.MaxUint64, f.maxLength(p)) {
					atMost = "more than " + atMost
				}
				says := fmt.Sprintf("an event can cost %s steps, %s allows %s", atMost, f, numeral.Thousands(budget))
				worst, cost := costliest(p, f)
				//mutation:equivalent condition, comparison#2: only report texts depend on it
				if worst == nil || cost < p.Needs.Constant {
					return p.At(channelfile.HeaderRange, "header", "split the content, or "+holdBack(f.cohort),
						"%s; %s of them are for the number of rules and criteria, whatever the event", says, numeral.Thousands(p.Needs.Constant))
				}
				where, in := first(p, worst.First, worst.Index)
				return validate.Finding{
					Where: where, Instance: in, Input: p.InputAt(worst.Index), Identity: validate.Identity{Path: "header"},
					Message: fmt.Sprintf("%s; %s of them are for criteria on %s", says, numeral.Thousands(cost), field(p, worst.Index)),
					Fix:     fmt.Sprintf("shorten the lists of contains and pattern criteria on %s", field(p, worst.Index)),
				}
			})
		}
	},
}

// maxLength returns a function that returns the maximum length of an input's value in
// the feed, in bytes, and whether it is known. An input that is not supplied has length
// 0, and an integer or an address has a fixed length.
func (f feed) maxLength(p *validate.Pass) func(int) (int, bool) {
	return func(index int) (int, bool) { return f.input(p, index).Longest() }
}

// costliest returns the input whose length costs most steps, and their number. It
// returns nil if the content reads no input.
//
//mutation:equivalent: only report texts depend on it
func costliest(p *validate.Pass, f feed) (worst *sensor.InputNeed, most uint64) {
	length := f.maxLength(p)
	for i := range p.Needs.Inputs {
		in := &p.Needs.Inputs[i]
		n, _ := length(in.Index)
		high, cost := bits.Mul64(in.Coefficient, uint64(n))
		if high > 0 {
			cost = math.MaxUint64
		}
		if worst == nil || cost > most {
			worst, most = in, cost
		}
	}
	return worst, most
}
