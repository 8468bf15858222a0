package structure

import "github.com/cfcheck/cfcheck/channelfile"

// operatorKnown is CF1015.
var operatorKnown = readable("CF1015", "operator-known", channelfile.ErrOperator, `each operator is one of the format

A sensor that looks up an unknown operator in a table of functions jumps to
an address that is none.

The encoder is at fault, or writes a newer version of the format than it
says. (FORMAT.md, requirement 23)`)
