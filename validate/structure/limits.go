package structure

import "github.com/cfcheck/cfcheck/channelfile"

// limits is CF1011.
var limits = readable("CF1011", "limits", channelfile.ErrLimit, `no size or number exceeds the limits of the format

A sensor has fixed room for a stack, for a value, or for the number in a
file name. FORMAT.md, section 10, lists the limits. In November 2025 a
feature file with more entries than its readers had room for stopped a large
part of the web for hours.

Split the rule or the value that is too large, which the finding names.
(FORMAT.md, requirements 9, 17, 22, 27, 32, 36, 42 and 47)`)
