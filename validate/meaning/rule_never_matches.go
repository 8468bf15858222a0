package meaning

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// ruleNeverMatches is CF4001.
var ruleNeverMatches = &validate.Check{
	ID:   "CF4001",
	Name: "rule-never-matches",
	Doc: `each rule can match some event

The tests of this rule contradict each other: whatever an event has, one of
them fails. The rule ships, costs time for every event and counts as coverage,
but it detects nothing. Usual causes are two values or two endings of one
field that must hold at once, and a filter that covers the selection. The
details list tests that exclude each other. No value of an event was left out,
so the finding does not depend on what builds supply.

Correct one of the tests, or join them by "or" if one of them is enough.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		each(p, neverMatches, func(j *judge, v verdict) validate.Finding {
			f, _ := j.instances.Formula(v.instance)
			word, details := j.conflict(f.Parts())
			where, in := p.LocateInstance(v.instance)
			if word >= 0 {
				where, in = p.LocateWord(v.instance, word, -1)
			}
			return validate.Finding{
				Where: where, Instance: in, Details: details,
				Message: fmt.Sprintf("%s can never match: its tests contradict each other", rule(in)),
				Fix:     "correct one of the tests; if one of them is enough, join them by or",
			}
		})
	},
}
