package structure

import "github.com/cfcheck/cfcheck/channelfile"

// operandForm is CF1022.
var operandForm = readable("CF1022", "operand-form", channelfile.ErrOperandForm, `each value has the form that its operator needs

A sensor reads 8 bytes for an integer, 16 for a range of integers and 32 for
a range of addresses, whatever the length of the value is. It also reads the
byte after a backslash in a pattern, even at the end of the pattern.

The encoder is at fault. (FORMAT.md, requirement 35)`)
