package file

import (
	"github.com/cfcheck/cfcheck/validate"
)

// searchesUsed is CF0013.
var searchesUsed = &validate.Check{
	//mutation:missed: the tests of sigma, types and suite detect it
	ID:   "CF0013",
	Name: "searches-used",
	Doc: `each search of a rule is used by its condition

A search that no condition uses has no effect, although its author wrote it.
If the condition forgets a filter, the rule matches too much. If it forgets a
selection, the rule can match too much or too little. cfcheck does not check
the search further: its fields may not even exist.

Use the search in the condition, or remove it.`,
	Severity: validate.Warning,
	Uses:     validate.UsesSource,
	Run: func(*validate.Pass) {
		// The compiler of the rules makes the findings.
	},
}
