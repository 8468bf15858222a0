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
everywhere. A rule that looks only for a single character, such as a space, is
reported too, because many values have it.

Give the rule a test that some values fail.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		each(p, matchesAnyValue, func(j *judge, v verdict) validate.Finding {
			f, _ := j.instances.Formula(v.instance)
			where, in := p.LocateInstance(v.instance)
			message := "%s matches every event that has %s, whatever the values are"
			if v.nearly {
				message = "%s matches every event that has %s, if the values have a single character that it looks for"
			}
			return validate.Finding{
				Where: where, Instance: in,
				Message: fmt.Sprintf(message, rule(in), j.names(inputs(f))),
				Fix:     "give the rule a test that some values fail",
			}
		})
	},
}
