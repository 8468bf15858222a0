package file

import (
	"github.com/cfcheck/cfcheck/validate"
)

// metadataSpelled is CF0014.
var metadataSpelled = &validate.Check{
	//mutation:missed: the tests of sigma, types and suite detect it
	ID:   "CF0014",
	Name: "metadata-spelled",
	Doc: `the metadata of each rule has the form that Sigma requires

The id, the title, the status, the level and the dates of a rule do not change
the events that it matches. But a tool that compares them exactly misses the
rule. For example, a filter for the level "high" does not find "High". Sigma
spells a status and a level in lower case, a date as 2024-07-19, and an id as
a UUID. A rule whose id is not a UUID counts as one without an id.

Write the value as Sigma has it.`,
	Severity: validate.Warning,
	Uses:     validate.UsesSource,
	Run: func(*validate.Pass) {
		// The compiler of the rules makes the findings.
	},
}
