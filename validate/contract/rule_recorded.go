package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// ruleRecorded is CF3024.
var ruleRecorded = &validate.Check{
	ID:   "CF3024",
	Name: "rule-recorded",
	Doc: `the filters of each host record an event for each rule

The configuration of Sysmon on these hosts drops every event that this rule
can match: an exclude matches each of them, or no include can match one. The
rule ships to the hosts and counts as coverage, but it never fires there.

A host with another feed of the type does not count if that feed has an event
for the rule. The check reports only rules of which this is certain.

Make the hosts record such events: narrow the exclude that the finding names,
or add an include. Otherwise hold the rule back from them.`,
	Severity: validate.Warning,
	Uses:     usesRules,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportRecordings(p, neverRecorded, recordingTexts{
			one: func(rule string, _, _ int, on string) string {
				return fmt.Sprintf("%s can never match on %s", rule, on)
			},
			several: func(rules, on string) string { return fmt.Sprintf("%s can never match on %s", rules, on) },
			fix:     "%s, or hold the rule back from these hosts",
		})
	},
}
