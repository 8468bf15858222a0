// Package types holds the checks of family CF2: does the content fit the
// definition of its template type?
package types

import "github.com/cfcheck/cfcheck/validate"

// Checks are the checks of family CF2, in the order of their IDs. Do not change the list.
var Checks = []*validate.Check{
	typeKnown,
	typeVersionKnown,
	channelOfType,
	inputsDeclared,
	inputDefined,
	operatorForType,
	operandReach,
	comparisonTypes,
	programOfSource,
}
