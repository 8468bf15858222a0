package structure

import "github.com/cfcheck/cfcheck/channelfile"

// inputDeclared is CF1017.
var inputDeclared = readable("CF1017", "input-declared", channelfile.ErrInput, `each input that is named is one of those declared

The header declares how many inputs the template type has. An index past
that reads past the array of inputs, even on a sensor that supplies all that
are declared.

The encoder is at fault: the number of inputs declared, or the index, is
wrong. (FORMAT.md, requirements 25 and 30)`)
