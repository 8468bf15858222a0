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

Read an input that the builds supply, or write a rule of its own for them.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: known,
	Run: outcomeReport{
		outcome: outcome.Blind,
		one:     "%s can never match %s, which do not have %s",
		several: "%s can never match %s, which do not have %s",
		fix:     "read another field, or write a rule of its own for these events",
	}.run,
}
