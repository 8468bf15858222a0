package structure

import "github.com/cfcheck/cfcheck/channelfile"

// oneFile is CF1006.
var oneFile = readable("CF1006", "one-file", channelfile.ErrConcatenated, `one file is one channel file

After the end of the channel file another one starts: two files were joined.
A sensor that reads the first would miss the second, one that searches for
the last magic would read the other.

A file size of 0 is reported here too: by it the file ends before its first
byte, and what follows is the file itself. Its encoder did not fill it in.

Ship one channel file a file. (FORMAT.md, requirement 7)`)
