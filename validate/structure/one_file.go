package structure

import "github.com/cfcheck/cfcheck/channelfile"

// oneFile is CF1006.
var oneFile = readable("CF1006", "one-file", channelfile.ErrConcatenated, `the file has one channel file

After the end of the channel file another one starts: two files were joined.
A sensor that reads the first would miss the second. A sensor that searches
for the last magic would read only the second.

This check also reports a file size of 0 in the header. By that size the
file ends before its first byte, and another file starts there. The encoder
did not fill in the size.

Ship each channel file in a file of its own. (FORMAT.md, requirement 7)`)
