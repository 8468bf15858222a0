package structure

import "github.com/cfcheck/cfcheck/channelfile"

// instructionForm is CF1026.
var instructionForm = readable("CF1026", "instruction-form", channelfile.ErrInstruction, `each instruction of a program is one of the format

A sensor that looks up an unknown instruction, or an unknown assertion, in a
table of functions jumps to an address that is none.

The encoder is at fault, or writes a newer version of the format than it
says. (FORMAT.md, requirement 40)`)
