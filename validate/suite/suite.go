// Package suite lists all checks of the gate, in the order in which they run, and tests
// the gate on content with known verdicts.
package suite

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/internal/mandatory"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/behaviour"
	"github.com/cfcheck/cfcheck/validate/change"
	"github.com/cfcheck/cfcheck/validate/contract"
	"github.com/cfcheck/cfcheck/validate/file"
	"github.com/cfcheck/cfcheck/validate/foreign"
	"github.com/cfcheck/cfcheck/validate/meaning"
	"github.com/cfcheck/cfcheck/validate/provenance"
	"github.com/cfcheck/cfcheck/validate/structure"
	"github.com/cfcheck/cfcheck/validate/types"
)

// Checks are all checks, in the order of their IDs, which is the order of
// [validate.Families]. Do not change the list.
var Checks = slices.Concat(file.Checks, structure.Checks, types.Checks, contract.Checks, meaning.Checks, behaviour.Checks, change.Checks, provenance.Checks, foreign.Checks)

func init() {
	for _, c := range Checks {
		mandatory.Checks = append(mandatory.Checks, c)
	}
}

// ByID returns the check with an ID or name, or nil.
func ByID(s string) *validate.Check {
	for _, c := range Checks {
		if c.ID == s || c.Name == s {
			return c
		}
	}
	return nil
}

// Select returns the checks of the IDs or names, and those that they require, in
// the order of [Checks]. It is for tests and experiments: a report of fewer checks
// than all is never accepted.
func Select(ids ...string) ([]*validate.Check, error) {
	chosen := make(map[string]bool)
	for _, id := range ids {
		c := ByID(id)
		if c == nil {
			return nil, fmt.Errorf("no check has the ID or name %q", id)
		}
		chosen[c.ID] = true
	}
	// A check requires only checks before it.
	for _, c := range slices.Backward(Checks) {
		if chosen[c.ID] {
			for _, id := range c.Requires {
				chosen[id] = true
			}
		}
	}
	var list []*validate.Check
	for _, c := range Checks {
		if chosen[c.ID] {
			list = append(list, c)
		}
	}
	return list, nil
}
