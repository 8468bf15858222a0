package change

import (
	"github.com/cfcheck/cfcheck/sensor/delta"
	"github.com/cfcheck/cfcheck/validate"
)

// rulesChanged is CF6008.
var rulesChanged = &validate.Check{
	ID:   "CF6008",
	Name: "rules-changed",
	Doc: `the rules that shipped have the same conditions as before

A changed rule can match more events than before, and disturb good programs.
Or it can match fewer events, and miss an attack. cfcheck compares conditions
as they are written, and cannot tell these cases apart. It never blocks.

Read the list before you ship.`,
	Severity: validate.Note,
	Uses:     compared,
	Run: func(p *validate.Pass) {
		const one = "has another condition than before"
		reportEach(p, "changed", changed(instances.Get(p)), one, "have other conditions than before", "check that it matches the events that it is meant to match")
	},
}

// changed returns the instances of the subject whose conditions changed.
func changed(d *delta.Instances) []int {
	list := make([]int, 0, len(d.Changed))
	for _, pair := range d.Changed {
		list = append(list, pair.New)
	}
	return list
}
