package structure

import "github.com/cfcheck/cfcheck/channelfile"

// inputDeclared is CF1017.
var inputDeclared = readable("CF1017", "input-declared", channelfile.ErrInput, `each input that the content names is declared

The header declares how many inputs the template type has. A larger index
reads past the array of inputs, even on a sensor that supplies all declared
inputs.

The encoder is at fault: the number of inputs declared, or the index, is
wrong. (FORMAT.md, requirements 25 and 30)`)
