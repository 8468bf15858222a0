package structure

import "github.com/cfcheck/cfcheck/channelfile"

// instructionTarget is CF1027.
var instructionTarget = readable("CF1027", "instruction-target", channelfile.ErrInstructionTarget, `the targets and classes of instructions exist

A sensor marks the current instructions of a program in a set with one bit
for each instruction. A target past the last instruction sets a bit of other
memory, and the sensor then runs that memory. The index of a class past the
last makes the sensor read past the section.

The encoder is at fault. (FORMAT.md, requirement 41)`)
