package structure

import "github.com/cfcheck/cfcheck/channelfile"

// operatorKnown is CF1015.
var operatorKnown = readable("CF1015", "operator-known", channelfile.ErrOperator, `each operator is defined by the format

A sensor that looks up an unknown operator in a table of functions jumps to
a wrong address.

The encoder is at fault, or it writes a newer version of the format than the
header says. (FORMAT.md, requirement 23)`)
