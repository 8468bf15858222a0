package file

import (
	"github.com/cfcheck/cfcheck/validate"
)

// quantifierOfSeveral is CF0015.
var quantifierOfSeveral = &validate.Check{
	//mutation:missed: the tests of sigma, types and suite detect it
	ID:   "CF0015",
	Name: "quantifier-of-several",
	Doc: `"all of" counts several searches

"all of selection" names one search, so it means the same as "selection". It
does not count the values in the search: one value of a list is enough. Its
author probably wanted all of them, and the rule matches too much.

Write the modifier "all" at the field, or the name of the search alone.`,
	Severity: validate.Warning,
	Uses:     validate.UsesSource,
	Run: func(*validate.Pass) {
		// The compiler of the rules makes the findings.
	},
}
