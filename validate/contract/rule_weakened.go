package contract

import (
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// ruleWeakened is CF3014.
var ruleWeakened = &validate.Check{
	ID:   "CF3014",
	Name: "rule-weakened",
	Doc: `no rule loses an alternative on a build

One of the alternatives of this rule reads an input that the builds never
supply, or compares it with a value in a form that the source never writes. So
it can never hold there. The rule still works, but it detects less than its
author expects. If the rule loses alternatives by several inputs, there is a
finding for each of them.

An alternative is lost too if it compares a string with a longer text than the
build keeps of it, or a constant input with a value that it has on no feed of
the host.

A host counts only if the rule has lost an alternative or is blind on each of
its feeds of the type. CF3021 reports the feeds of other hosts.

Read an input that the builds supply in that alternative too. If the value has
another form, list it in the form of the events too.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: known,
	Run: outcomeReport{
		outcome: outcome.Weakened,
		texts:   textsOf{outcome.Weakened: weakenedTexts},
	}.run,
}

var weakenedTexts = &outcomeTexts{
	one:     "%s loses an alternative on %s: it reads %s, which they do not have",
	several: "%s lose an alternative on %s: it reads %s, which the events do not have",
	fix:     "read a field that these events have in that alternative too",
	cut: &outcomeTexts{
		one:     "%s loses an alternative on %s: it compares %s, with a longer text than the %s to which the build cuts it",
		several: "%s lose an alternative on %s: it compares %s, with a longer text than the %s to which the build cuts it",
		fix:     "compare with a part of the text that the build keeps",
	},
	constant: &outcomeTexts{
		one:     "%s loses an alternative on %s, where %s, %s",
		several: "%s lose an alternative on %s, where %s, %s",
		fix:     "select events that these hosts have in that alternative too, or drop the alternative",
	},
}
