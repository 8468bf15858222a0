package contract

import (
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// ruleOnEachFeed is CF3021.
var ruleOnEachFeed = &validate.Check{
	ID:   "CF3021",
	Name: "rule-on-each-feed",
	Doc: `each rule works on every feed of a host

A host can have several feeds of one type, such as Sysmon and the Security
log, which record the same activity. On one of them this rule is blind,
matches too much or loses an alternative. A host with another feed on which
the rule works loses no match, and the finding counts these hosts. A rule that
matches too much still reports unwanted events of the feed.

Read an input that each feed supplies if the host can lose the other feed, or
if the rule matches too much.`,
	Severity: validate.Note,
	Uses:     uses,
	Requires: known,
	Run: outcomeReport{
		outcome: outcome.Unaffected,
		texts: textsOf{
			outcome.Blind:    blindTexts.with("read another field if the rule must match these events too"),
			outcome.Widened:  widenedTexts,
			outcome.Weakened: weakenedTexts.with("read a field that these events have in that alternative too, if the rule must match these events"),
		},
	}.run,
}
