package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// criterionOrder is CF1040.
var criterionOrder = conforming("CF1040", "criterion-order", channelfile.RequirementCriterionOrder, `criteria ascend

Each distinct criterion is stored once, in sorted order. A sensor would
evaluate and charge a second copy again. Another order would make another
file of the same content.

The encoder is at fault. (FORMAT.md, requirement 60)`, func(p *validate.Pass) {
	for i := 1; i < p.File.Criteria(); i++ {
		switch c := compareCriteria(p.File, i-1, i); {
		case c == 0:
			reportCriterion(p, i, func() string { return fmt.Sprintf("criterion %d is the same as criterion %d", i, i-1) })
		//mutation:equivalent comparison: only report texts depend on it
		case c > 0:
			reportCriterion(p, i, func() string {
				return fmt.Sprintf("criterion %d stands after criterion %d, which is greater; criteria are sorted by input, operator, flags, operands", i, i-1)
			})
		}
	}
})
