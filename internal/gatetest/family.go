package gatetest

import (
	"github.com/cfcheck/cfcheck/internal/mandatory"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// Family returns the checks of a family and the checks that they require, and
// makes them the mandatory ones. The tests of the family then reach verdicts, and
// checks of other families do not affect them. Call it once in a test binary, to
// initialise a package variable.
func Family(digit int) []*validate.Check {
	var ids []string
	for _, c := range suite.Checks {
		if c.Family() == digit {
			ids = append(ids, c.ID)
		}
	}
	list, err := suite.Select(ids...)
	if err != nil {
		panic(err)
	}
	mandatory.Checks = nil
	for _, c := range list {
		mandatory.Checks = append(mandatory.Checks, c)
	}
	return list
}
