package structure

import "github.com/cfcheck/cfcheck/channelfile"

// byteOrder is CF1004.
var byteOrder = readable("CF1004", "byte-order", channelfile.ErrByteOrder, `integers are little-endian

With its bytes swapped, the file size in the header is the real size: the
encoder wrote integers in big-endian order. A sensor would read a small
count as billions.

Encode in little-endian order. (FORMAT.md, requirement 4)`)
