package file

import (
	"github.com/cfcheck/cfcheck/validate"
)

// metadataSpelled is CF0014.
var metadataSpelled = &validate.Check{
	//mutation:missed: the tests of sigma, types and suite detect it
	ID:   "CF0014",
	Name: "metadata-spelled",
	Doc: `the status and the level of each rule are spelled as Sigma does

Sigma spells these words in lower case: "experimental", "high". They do not
change the events that a rule matches. But a tool that compares them exactly,
such as a filter for the rules of level high, misses the rule.

Write the word in lower case.`,
	Severity: validate.Warning,
	Uses:     validate.UsesSource,
	Run: func(*validate.Pass) {
		// The compiler of the rules makes the findings.
	},
}
