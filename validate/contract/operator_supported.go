package contract

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// operatorSupported is CF3006.
var operatorSupported = &validate.Check{
	ID:   "CF3006",
	Name: "operator-supported",
	Doc: `every build knows the operators that the content uses

An interpreter that does not know an operator skips the criterion, refuses
the file, or jumps through a table past its end. In February 2017 a rule set
with keywords that older engines did not know failed to load on all of them.

Write the rule with operators that all builds know, or hold the content back
from the other builds.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		for i := range p.Needs.Operators {
			need := &p.Needs.Operators[i]
			for k := range p.Cohorts {
				g := &p.Cohorts[k]
				if !g.Addressed || slices.Contains(g.Contract.Reader.Operators, need.Operator) {
					continue
				}
				reportBuilds(p, g, func() validate.Finding {
					where, in := first(p, need.First, -1)
					return validate.Finding{
						Where: where, Instance: in, Identity: validate.Identity{Path: need.Operator.String()},
						Message: fmt.Sprintf("%s uses the operator %v, which the build does not have; %s of %s rules use it",
							//mutation:equivalent: only report texts depend on it
							rule(in), need.Operator, numeral.Thousands(uint64(max(need.Instances, 0))), numeral.Thousands(p.Needs.Sizes.Instances)),
						Fix: "write the rule with another operator, or " + holdBack(g),
					}
				})
			}
		}
	},
}
