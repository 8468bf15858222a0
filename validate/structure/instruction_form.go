package structure

import "github.com/cfcheck/cfcheck/channelfile"

// instructionForm is CF1026.
var instructionForm = readable("CF1026", "instruction-form", channelfile.ErrInstruction, `each instruction of a program is defined by the format

A sensor that looks up an unknown instruction or assertion in a table of
functions jumps to a wrong address.

The encoder is at fault, or it writes a newer version of the format than the
header says. (FORMAT.md, requirement 40)`)
