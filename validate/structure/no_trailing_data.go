package structure

import "github.com/cfcheck/cfcheck/channelfile"

// noTrailingData is CF1007.
var noTrailingData = readable("CF1007", "no-trailing-data", channelfile.ErrTrailing, `nothing follows the end of the file

No reader checks the bytes after the end that the header states, and no
digest covers them. A failed overwrite of a longer file leaves such bytes,
and somebody can hide data there.

Take the file from its source again, and find the program that appends to
it.
(FORMAT.md, requirement 8)`)
