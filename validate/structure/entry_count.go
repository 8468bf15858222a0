package structure

import "github.com/cfcheck/cfcheck/channelfile"

// entryCount is CF1010.
var entryCount = readable("CF1010", "entry-count", channelfile.ErrEntryCount, `the entries of a section fill it exactly

A sensor trusts the count of a section's entries when it checks an index. If
the count and the length disagree, either the last entries lie outside the
section, or some bytes belong to no entry. Sections that go together have
the same count, and a file without regular expressions has no sections for
them.

The encoder is at fault. (FORMAT.md, requirements 14, 15 and 16)`)
