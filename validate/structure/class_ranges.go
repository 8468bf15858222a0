package structure

import "github.com/cfcheck/cfcheck/channelfile"

// classRanges is CF1029.
var classRanges = readable("CF1029", "class-ranges", channelfile.ErrClassRanges, `the ranges of a class ascend

A sensor bisects the ranges of a class. If they do not ascend, it finds a
rune or does not, as it happens to look: two sensors do not agree on what
the rule says. Ranges that touch each other are one range.

The encoder is at fault. (FORMAT.md, requirement 45)`)
