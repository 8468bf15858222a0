package structure

import "github.com/cfcheck/cfcheck/channelfile"

// operandReference is CF1020.
var operandReference = readable("CF1020", "operand-reference", channelfile.ErrOperandReference, `each operand names an existing value or program

A sensor takes the index of a value, or of the program of a regular
expression, from an operand, and looks up its place. An index past the last
one makes the sensor read past the section.

The encoder is at fault. (FORMAT.md, requirement 31)`)
