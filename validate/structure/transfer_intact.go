package structure

import "github.com/cfcheck/cfcheck/channelfile"

// transferIntact is CF1001.
var transferIntact = readable("CF1001", "transfer-intact", channelfile.ErrTransfer, `the file was not changed by a transfer in text mode

A transfer that treats a binary file as text changes line ends, the highest
bits or the encoding of bytes everywhere in the file. Each of these changes
also changes the magic bytes at the start, so that it is noticed. A sensor
would read noise from such a file.

Transfer channel files as binary data. Take the file from its source again
and compare digests. (FORMAT.md, requirement 1)`)
