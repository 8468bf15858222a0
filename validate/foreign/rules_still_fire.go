package foreign

import "github.com/cfcheck/cfcheck/validate"

// rulesStillFire is CF8401.
var rulesStillFire = &validate.Check{
	ID:   "CF8401",
	Name: "rules-still-fire",
	Doc: `each rule that could fire with the previous configuration still can

A configuration, or the blob that Sysmon compiled from it, decides which
events a host records. A new exclude, or an include that is gone, can take
away every event that a rule asks for. The rule stays in the product and never
fires.

Remove the exclude that the finding names, or add an include. Remove the rule
if its events are not wanted any more.`,
	Severity: validate.Warning,
	Uses:     validate.UsesSysmonRules,
	Run: func(*validate.Pass) {
		// The findings are in Subject.Source: the checks do not know the rules.
	},
}
