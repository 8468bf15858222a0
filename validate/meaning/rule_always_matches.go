package meaning

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// ruleAlwaysMatches is CF4002.
var ruleAlwaysMatches = &validate.Check{
	ID:   "CF4002",
	Name: "rule-always-matches",
	Doc: `no rule matches every event

This rule matches whatever comes, also an event in which all inputs are
absent. A sensor that blocks or quarantines then acts on every process and
every file of the machine, and in the past such rules have removed system
files from whole fleets. A sensor that only reports is flooded. Usual causes
are a test that is joined by "or" with its own negation, and filters joined
by "or" instead of "and".

Give the rule a test that holds only for the events that it is meant for.`,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		each(p, alwaysMatches, func(j *judge, v verdict) validate.Finding {
			where, in := p.LocateInstance(v.instance)
			return validate.Finding{
				Where: where, Instance: in,
				Message: fmt.Sprintf("%s matches every event, also one in which all inputs are absent", rule(in)),
				Fix:     "give the rule a test that holds only for the events that it is meant for",
			}
		})
	},
}
