package meaning

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// ruleMatchesAnyValue is CF4004.
var ruleMatchesAnyValue = &validate.Check{
	ID:   "CF4004",
	Name: "rule-matches-any-value",
	Doc: `no rule matches all values of its inputs

This rule matches every event that has the inputs that it reads, whatever
their values are. On a build that supplies these inputs with each event, it
matches everything. Usual causes are an empty text ("contains: ''"), a lone
"*", and a regular expression that matches the empty text: "(-enc)?" matches
everywhere.

Give the rule a test that some values fail.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		each(p, matchesAnyValue, func(j *judge, v verdict) validate.Finding {
			f, _ := j.instances.Formula(v.instance)
			where, in := p.LocateInstance(v.instance)
			return validate.Finding{
				Where: where, Instance: in,
				Message: fmt.Sprintf("%s matches every event that has %s, whatever the values are", rule(in), j.names(inputs(f))),
				Fix:     "give the rule a test that some values fail",
			}
		})
	},
}
