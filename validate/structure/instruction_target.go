package structure

import "github.com/cfcheck/cfcheck/channelfile"

// instructionTarget is CF1027.
var instructionTarget = readable("CF1027", "instruction-target", channelfile.ErrInstructionTarget, `each instruction leads to one of its program, and names a class that is there

A sensor marks the instructions that a program is at in a set of as many
bits. One that leads past the last sets a bit of other memory, and then runs
what is there. A class past the last makes it read past the section.

The encoder is at fault. (FORMAT.md, requirement 41)`)
