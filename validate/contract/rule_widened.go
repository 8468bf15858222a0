package contract

import (
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// ruleWidened is CF3013.
var ruleWidened = &validate.Check{
	ID:   "CF3013",
	Name: "rule-widened",
	Doc: `no rule matches more on a build than it should

A negated criterion holds when its input is absent, and so does a criterion
that asks for an absent input. On a build that never supplies the input the
restriction is gone, and the rule matches events that its author excluded.
If each of several inputs widens the rule, there is a finding for each.

The same happens if the rule excludes events by a value in a form that the
source never writes, such as C:\ where events have \device\harddiskvolume, or
by a longer text than the build keeps of a string.

A host counts only if no feed of the type leaves the rule unaffected. CF3021
reports the feeds of other hosts.

Read an input that the builds supply, or require that the input exists. A rule
that asks for an absent input is for sources that supply it: restrict it to
them. If the value has another form, exclude it in the form of the events too.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: known,
	Run: outcomeReport{
		outcome: outcome.Widened,
		texts:   textsOf{outcome.Widened: widenedTexts},
	}.run,
}

var widenedTexts = &outcomeTexts{
	one:     "%s matches %s that it should not: it excludes by the value or the presence of %s, which they do not have",
	several: "%s match %s that they should not: they exclude by the value or the presence of %s, which the events do not have",
	fix:     "read another field, or add a criterion that the field exists",
	absent: &outcomeTexts{
		one:     "%s matches %s that it should not: it asks for the absence of %s, which is always absent there",
		several: "%s match %s that they should not: they ask for the absence of %s, which is always absent there",
		fix:     "restrict the rule to sources that supply the field",
	},
	cut: &outcomeTexts{
		one:     "%s matches %s that it should not: it excludes by %s, with a longer text than the %s to which the build cuts it",
		several: "%s match %s that they should not: they exclude by %s, with a longer text than the %s to which the build cuts it",
		fix:     "exclude by a part of the text that the build keeps",
	},
}
