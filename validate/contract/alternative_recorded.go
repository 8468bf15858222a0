package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// alternativeRecorded is CF3025.
var alternativeRecorded = &validate.Check{
	ID:   "CF3025",
	Name: "alternative-recorded",
	Doc: `the filters of each host record an event for each alternative of a rule

The configuration of Sysmon on these hosts drops every event that satisfies
one of the alternatives of this rule, such as one value of a list. The rule
still works there, but it detects less than its author expects.

A host with another feed of the type does not count if that feed has an event
for the alternative.

Make the hosts record such events if the rule must match them: narrow the
exclude that the finding names, or add an include.`,
	Severity: validate.Note,
	Uses:     usesRules,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportRecordings(p, partRecorded, recordingTexts{
			one: func(rule string, dead, all int, on string) string {
				return fmt.Sprintf("%s matches only in part on %s: %d of %d alternatives can never match", rule, on, dead, all)
			},
			several: func(rules, on string) string {
				return fmt.Sprintf("%s match only in part on %s: some of their alternatives can never match", rules, on)
			},
			fix: "%s if the rule must match these events",
		})
	},
}
