package structure

import "github.com/cfcheck/cfcheck/channelfile"

// classRanges is CF1029.
var classRanges = readable("CF1029", "class-ranges", channelfile.ErrClassRanges, `the ranges of a class ascend

A sensor finds a rune by binary search in the ranges of a class. If they do
not ascend, two sensors can disagree on whether the class has a rune, and so
on what the rule matches. Adjacent ranges must be one range.

The encoder is at fault. (FORMAT.md, requirement 45)`)
