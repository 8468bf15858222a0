package contract

import (
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// ruleBlind is CF3012.
var ruleBlind = &validate.Check{
	ID:   "CF3012",
	Name: "rule-blind",
	Doc: `no rule is blind on a build

A named reader treats an input that it never gets as absent, and an absent
input fails every criterion. The condition of this rule can then never hold.
The rule ships and counts as coverage, but it detects nothing. If each of
several inputs makes the rule blind, there is a finding for each of them.

Definitions state the fields of some events. A rule is also blind if no event
that it selects has the fields that it needs, or if the type does not have the
events. They also state how a source writes values. A rule is blind if it
compares a field with a value in a form that the source never writes: a
process identifier in decimal where events have it in hexadecimal, or null
where the source writes "-".

A rule is blind too if it compares a constant input with another value, if it
compares a string with a longer text than the build keeps of it, or if the
hosts do not record the events that it selects. This concerns positional
readers as well.

A host counts only if the rule is blind on each of its feeds of the type.
CF3021 reports rules that are blind on some feeds of a host.

Read an input that the builds supply, or write a rule of its own for them. If
an event lacks the field, select an event that has it. If the value has
another form, list it in the form of the events too.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: known,
	Run: outcomeReport{
		outcome: outcome.Blind,
		texts:   textsOf{outcome.Blind: blindTexts},
	}.run,
}

var blindTexts = &outcomeTexts{
	one:     "%s can never match %s, which do not have %s",
	several: "%s can never match %s, which do not have %s",
	fix:     "read another field, or write a rule of its own for these events",
	cut: &outcomeTexts{
		one:     "%s can never match %s: it compares %s, with a longer text than the %s to which the build cuts it",
		several: "%s can never match %s: they compare %s, with a longer text than the %s to which the build cuts it",
		fix:     "compare with a part of the text that the build keeps",
	},
	constant: &outcomeTexts{
		one:     "%s can never match %s, where %s, %s",
		several: "%s can never match %s, where %s, %s",
		fix:     "select events that these hosts have, or hold the rule back from them",
	},
}
