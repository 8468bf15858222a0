package structure

import "github.com/cfcheck/cfcheck/channelfile"

// operandBounds is CF1019.
var operandBounds = readable("CF1019", "operand-bounds", channelfile.ErrOperandBounds, `the operands of the criteria tile their section

A criterion says where its operands start and how many there are. If that
points outside the section, the sensor reads other memory. If two criteria
overlap, a change of one changes the other. Operands that belong to no
criterion are hidden content.

The encoder is at fault. (FORMAT.md, requirements 28 and 29)`)
