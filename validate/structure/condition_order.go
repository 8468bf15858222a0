package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// conditionOrder is CF1039.
var conditionOrder = conforming("CF1039", "condition-order", channelfile.RequirementConditionOrder, `operands of conditions ascend

The order of the operands of an and or an or has no meaning. Because the
order is fixed and no operand occurs twice, one condition has one encoding.

The encoder is at fault. (FORMAT.md, requirement 59)`, func(p *validate.Pass) {
	walkConditions(p, func(instance int, operands []operand, _ channelfile.Word, _ bool) {
		for k := 1; k < len(operands); k++ {
			a, b := operands[k-1], operands[k]
			switch c := compareWords(p.File, a, b); {
			case c == 0:
				reportWord(p, instance, b.end-1, func() string { return fmt.Sprintf("%v is there twice", b.word) })
			//mutation:equivalent comparison: only report texts depend on it
			case c > 0:
				reportWord(p, instance, b.end-1, func() string {
					return fmt.Sprintf("%v stands after %v; the shorter operand comes first, and of equal length that with the smaller words", b.word, a.word)
				})
			}
		}
	})
})
