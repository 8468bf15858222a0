package structure

import "github.com/cfcheck/cfcheck/channelfile"

// noTrailingData is CF1007.
var noTrailingData = readable("CF1007", "no-trailing-data", channelfile.ErrTrailing, `nothing follows the end of the file

Bytes after the end that the header names are checked by nobody, and covered
by no digest. They are what a failed overwrite of a longer file leaves, or a
place to hide something.

Take the file from its source again, and look for what appends to it.
(FORMAT.md, requirement 8)`)
