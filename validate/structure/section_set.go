package structure

import "github.com/cfcheck/cfcheck/channelfile"

// sectionSet is CF1008.
var sectionSet = readable("CF1008", "section-set", channelfile.ErrSectionSet, `the sections are those of the format, in its order

A file has six sections, then the five of regular expressions or none of
these, then the four of the provenance or none, each at its place in the
table. An unknown, missing or doubled section has no meaning that the gate
could judge.

The encoder is at fault, or the file is of a version that calls itself
otherwise. (FORMAT.md, requirements 10 and 12)`)
