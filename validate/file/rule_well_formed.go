package file

import (
	"github.com/cfcheck/cfcheck/validate"
)

// ruleWellFormed is CF0007.
var ruleWellFormed = &validate.Check{
	ID:   "CF0007",
	Name: "rule-well-formed",
	Doc: `each rule can be read

A rule that is not well formed means nothing, whatever its author meant. A
gate that left it out would ship less than was asked for, and nobody would
know which attack is not seen.

Mend the rule at the line that the finding names.`,
	Uses: validate.UsesSource,
	Run: func(*validate.Pass) {
		// Compiling the rules found what there is to find.
	},
}
