package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// criterionUsed is CF1041.
var criterionUsed = conforming("CF1041", "criterion-used", channelfile.RequirementCriterionUsed, `each criterion is used by a condition

A criterion that no condition uses has a cost and no effect. Its operands
take space, and a sensor that evaluates all criteria of an input reads the
input for nothing, even if the sensor does not supply it.

The encoder is at fault. (FORMAT.md, requirement 61)`, func(p *validate.Pass) {
	used := make([]bool, p.File.Criteria())
	for i := range p.File.Words() {
		if w := p.File.Word(i); w.IsReference() {
			used[w.Criterion()] = true
		}
	}
	for i, u := range used {
		if !u {
			reportCriterion(p, i, func() string {
				c := p.File.Criterion(i)
				//mutation:equivalent: only report texts depend on it
				return fmt.Sprintf("no condition refers to criterion %d, %v on input %d (index %d)", i, c.Operator, c.Input+1, c.Input)
			})
		}
	}
})
