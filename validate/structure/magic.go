package structure

import "github.com/cfcheck/cfcheck/channelfile"

// magic is CF1002.
var magic = readable("CF1002", "magic", channelfile.ErrMagic, `the file starts as a channel file does

A reader that does not check the type of a file takes any bytes for offsets
and counts. Every channel file starts with the eight bytes
89 43 46 43 0D 0A 1A 0A.

Check that this is the intended file. (FORMAT.md, requirement 2)`)
