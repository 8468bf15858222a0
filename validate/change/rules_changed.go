package change

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sensor/delta"
	"github.com/cfcheck/cfcheck/validate"
)

// rulesChanged is CF6008.
var rulesChanged = &validate.Check{
	ID:   "CF6008",
	Name: "rules-changed",
	Doc: `the rules that shipped have the same conditions as before

A changed rule can match more events than before, and disturb good programs.
Or it can match fewer events, and miss an attack. cfcheck states which of the
two is the case where it can prove it, and otherwise that it is unclear. It
never blocks.

Read the list before you ship.`,
	Severity: validate.Note,
	Uses:     compared,
	Run: func(p *validate.Pass) {
		pairs := instances.Get(p).Changed
		if len(pairs) == 0 { //mutation:equivalent: the slow path gives the same result
			return
		}
		d := delta.NewDirections(p.Previous.File, p.File, p.Definition.Types(), inputs(p))
		for _, pair := range pairs {
			before := d.Work()
			direction := d.Of(pair)
			//mutation:missed: TestBudget or budget.txtar detects it
			if !p.Spend((d.Work() - before) / workPerStep) {
				return
			}
			group := p.FindingGroup(direction.String(), func(found int) validate.Summary {
				return validate.Summary{Message: fmt.Sprintf("%s: %s", rules(found), changes[direction]), Fix: checkMatches}
			})
			group.Report(func() validate.Finding {
				where, in := p.LocateInstance(pair.New)
				return validate.Finding{
					Where: where, Instance: in, Identity: validate.Identity{Rule: in.ID.String(), Path: direction.String()},
					Message: fmt.Sprintf("%v %s", in, direction.Says()), Fix: checkMatches,
				}
			})
		}
	},
}

const checkMatches = "check that it matches the events that it is meant to match"

// workPerStep is the number of units of work of package delta that take as long as a step.
const workPerStep = 2

// changes are the messages of the summaries.
var changes = map[delta.Direction]string{
	delta.Unclear:  "they changed; whether they match more or fewer events is unclear",
	delta.Reworded: "they match the same events as before, in other words",
	delta.Widened:  "they match more events than before",
	delta.Narrowed: "they match fewer events than before",
	delta.Shifted:  "they match other events than before",
}
