package structure

import "github.com/cfcheck/cfcheck/channelfile"

// textBounds is CF1024.
var textBounds = readable("CF1024", "text-bounds", channelfile.ErrTextBounds, `the texts tile the text pool

A text says where its bytes are and how many. There is no text outside the
pool, and bytes that belong to no text are hidden content.

The encoder is at fault. (FORMAT.md, requirements 48 and 49)`)
