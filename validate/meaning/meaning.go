// Package meaning holds the checks of family CF4:
// does each rule, and the set of rules, say something sensible?
//
// The checks report a rule only if package sensor/meaning has a proof. They are silent
// about conditions outside of its fragment, and beyond its budgets.
package meaning

import "github.com/cfcheck/cfcheck/validate"

// Checks are the checks of family CF4, in the order of their IDs. Do not change the list.
var Checks = []*validate.Check{
	ruleNeverMatches,
	ruleAlwaysMatches,
	deadAlternative,
	ruleMatchesAnyValue,
	operandSelects,
	rulesDiffer,
	ruleCovered,
	textVisible,
	starInPath,
	expressionNoPath,
	placeholderFilled,
	providerKnown,
}
