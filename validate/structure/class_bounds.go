package structure

import "github.com/cfcheck/cfcheck/channelfile"

// classBounds is CF1028.
var classBounds = readable("CF1028", "class-bounds", channelfile.ErrClassBounds, `the classes of runes tile the ranges

A class says where its ranges start and how many there are. If that points
outside the section, the sensor compares runes with other memory. Ranges
that belong to no class are hidden content.

The encoder is at fault. (FORMAT.md, requirements 43 and 44)`)
