package structure

import "github.com/cfcheck/cfcheck/channelfile"

// entryCount is CF1010.
var entryCount = readable("CF1010", "entry-count", channelfile.ErrEntryCount, `a section has as many entries as it has room for

A sensor trusts the count of a section's entries when it checks an index. If
the count does not agree with the length, either the last entries are
outside the section, or bytes are there that no entry has. Sections that go
together have the same count, and a file without regular expressions has no
sections for them.

The encoder is at fault. (FORMAT.md, requirements 14, 15 and 16)`)
