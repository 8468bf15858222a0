package structure

import "github.com/cfcheck/cfcheck/channelfile"

// operandForm is CF1022.
var operandForm = readable("CF1022", "operand-form", channelfile.ErrOperandForm, `each value has the form that its operator wants

A sensor reads 8 bytes for an integer, 16 for a range of integers, 32 for a
range of addresses, whatever the length of the value says; and what follows
a backslash in a pattern, even at its end.

The encoder is at fault. (FORMAT.md, requirement 35)`)
