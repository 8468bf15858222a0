package suite_test

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate/suite"
)

func ExampleByID() {
	fmt.Println(suite.ByID("CF3001").Title())
	// Output: every positional build supplies each input that is read
}

// The selection has the checks that the chosen one requires.
func ExampleSelect() {
	checks, err := suite.Select("CF3009")
	if err != nil {
		fmt.Println(err)
	}
	for _, c := range checks {
		fmt.Println(c)
	}
	// Output:
	// CF2001 type-known
	// CF2002 type-version-known
	// CF2004 inputs-declared
	// CF2005 input-defined
	// CF3009 step-budget
}
