package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// ruleWanted is CF3026.
var ruleWanted = &validate.Check{
	ID:   "CF3026",
	Name: "rule-wanted",
	Doc: `some filter of each host asks for the values of each rule

No include of Sysmon's configuration on these hosts is known to match the
values that this rule looks for. An event for the rule is recorded only by
luck: if an include matches it by another value, such as the path of its
process. About regular expressions nothing is known.

A host counts only if this is so for all of its feeds of the type.

Make the hosts record these events if the rule must not miss one: add an
include for its values.`,
	Severity: validate.Note,
	Uses:     usesRules,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportRecordings(p, luckRecorded, recordingTexts{
			one: func(rule string, _, _ int, on string) string {
				return fmt.Sprintf("%s matches only by luck on %s: no include is known to match its values", rule, on)
			},
			several: func(rules, on string) string {
				return fmt.Sprintf("%s match only by luck on %s: no include is known to match their values", rules, on)
			},
			fix: "%s if the rule must not miss an event",
		})
	},
}
