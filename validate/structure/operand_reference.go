package structure

import "github.com/cfcheck/cfcheck/channelfile"

// OperandReference is CF1020.
var OperandReference = readable("CF1020", "operand-reference", channelfile.ErrOperandReference, `each operand names a value that is there

A sensor takes the index of a value from an operand, and reads the value's
place there. An index past the last makes it read past the section.

The encoder is at fault. (FORMAT.md, requirement 30)`)
