package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// operandOrder is CF1042.
var operandOrder = conforming("CF1042", "operand-order", channelfile.RequirementOperandOrder, `the operands of a criterion ascend

The order of the operands has no meaning. Because the order is fixed and no
operand occurs twice, one criterion has one encoding, and identical criteria
can be found.

The encoder is at fault. (FORMAT.md, requirement 62)`, func(p *validate.Pass) {
	for i := range p.File.Criteria() {
		c := p.File.Criterion(i)
		//mutation:equivalent width#1: reading found the fault before; this only locates it
		for k := c.First + 1; k < c.First+c.Count; k++ {
			if a, b := p.File.Operand(k-1), p.File.Operand(k); a >= b {
				reportOperand(p, k, func() string {
					//mutation:equivalent: only report texts depend on it
					if a == b {
						return fmt.Sprintf("criterion %d has operand %d (0x%x) twice", i, a, a)
					}
					return fmt.Sprintf("criterion %d: operand %d (0x%x) stands after %d (0x%x); operands ascend", i, b, b, a, a)
				})
			}
		}
	}
})
