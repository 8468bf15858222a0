package structure

import "github.com/cfcheck/cfcheck/channelfile"

// byteOrder is CF1004.
var byteOrder = readable("CF1004", "byte-order", channelfile.ErrByteOrder, `integers are little-endian

The file size, read with its bytes swapped, is the real one: the encoder
wrote integers in big-endian order. A sensor would take a small count for
one of billions.

Encode in little-endian order. (FORMAT.md, requirement 4)`)
