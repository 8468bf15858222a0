package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// conditionFlat is CF1038.
var conditionFlat = conforming("CF1038", "condition-flat", channelfile.RequirementConditionFlat, `conditions are flat

An and within an and means the same as one and; the same is true of or. The
outermost and is not written. Otherwise one condition would have many
encodings, and a comparison of two releases would show changes where nothing
changed.

The encoder is at fault. (FORMAT.md, requirement 58)`, func(p *validate.Pass) {
	walkConditions(p, func(instance int, operands []operand, op channelfile.Word, last bool) {
		for _, o := range operands {
			switch {
			case last && o.word.IsAnd():
				reportWord(p, instance, o.end-1, func() string { return "an and is left at the end; its operands stand there themselves" })
			//mutation:equivalent comparison: only report texts depend on it
			case !last && !o.word.IsReference() && o.word.IsOr() == op.IsOr():
				reportWord(p, instance, o.end-1, func() string {
					return fmt.Sprintf("%v is an operand of %v; its operands belong there", o.word, op)
				})
			}
		}
	})
})
