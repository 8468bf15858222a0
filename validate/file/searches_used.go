package file

import (
	"github.com/cfcheck/cfcheck/validate"
)

// SearchesUsed is CF0013.
var SearchesUsed = &validate.Check{
	ID:   "CF0013",
	Name: "searches-used",
	Doc: `each search of a rule is used by its condition

A search that no condition uses says nothing, although its author wrote it
down. A filter that was forgotten in the condition lets a rule match what it
was to leave alone; a selection that was forgotten makes it match too much.
The search is not looked at further: its fields may not even exist.

Use the search in the condition, or remove it.`,
	Severity: validate.Warning,
	Uses:     validate.UsesSource,
	Run: func(*validate.Pass) {
		// Compiling the rules found the searches.
	},
}
