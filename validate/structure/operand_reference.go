package structure

import "github.com/cfcheck/cfcheck/channelfile"

// operandReference is CF1020.
var operandReference = readable("CF1020", "operand-reference", channelfile.ErrOperandReference, `each operand names a value or program that is there

A sensor takes the index of a value, or of the program of a regular
expression, from an operand, and reads the place of it there. An index past
the last makes it read past the section.

The encoder is at fault. (FORMAT.md, requirement 31)`)
