package structure

import "github.com/cfcheck/cfcheck/channelfile"

// operandCount is CF1018.
var operandCount = readable("CF1018", "operand-count", channelfile.ErrOperandCount, `each operator has operands, and exists has none

A comparison without an operand has no meaning. A sensor that reads the
first operand without looking at the count reads the operand of another
criterion.

The encoder is at fault. (FORMAT.md, requirement 26)`)
