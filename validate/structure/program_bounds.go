package structure

import "github.com/cfcheck/cfcheck/channelfile"

// programBounds is CF1025.
var programBounds = readable("CF1025", "program-bounds", channelfile.ErrProgramBounds, `the programs tile their sources and instructions

A program says where its source and its instructions are, and how many. If
that points outside the section, the sensor runs other memory as a program.
Instructions that belong to no program, and bytes that belong to no source,
are hidden content.

The encoder is at fault. (FORMAT.md, requirements 37, 38 and 39)`)
