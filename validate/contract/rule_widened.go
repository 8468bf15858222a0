package contract

import (
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// RuleWidened is CF3013.
var RuleWidened = &validate.Check{
	ID:   "CF3013",
	Name: "rule-widened",
	Doc: `no rule matches more on a build than it should

A criterion under negation holds when its input is absent. On a build that
never supplies the input the restriction is gone, and the rule matches what
its author took care to leave out.

Read an input that the builds supply, or require that the input exists.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportOutcome(p, sensor.Widened, "%s matches more than it should where %s is not supplied: it excludes by that",
			"read another field, or add a criterion that the field exists")
	},
}
