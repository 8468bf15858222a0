package file

import (
	"github.com/cfcheck/cfcheck/validate"
)

// ruleWellFormed is CF0007.
var ruleWellFormed = &validate.Check{
	//mutation:missed: the tests of sigma, types and suite detect it
	ID:   "CF0007",
	Name: "rule-well-formed",
	Doc: `each rule can be read

A rule that is not well formed has no meaning. If the gate left it out, the
release would have fewer rules than its author expects, and nobody would
know which attack is not detected.

Correct the rule at the line that the finding names.`,
	Uses: validate.UsesSource,
	Run: func(*validate.Pass) {
		// The compiler of the rules makes the findings.
	},
}
