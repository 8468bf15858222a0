package structure

import "github.com/cfcheck/cfcheck/channelfile"

// sectionSet is CF1008.
var sectionSet = readable("CF1008", "section-set", channelfile.ErrSectionSet, `the sections are those of the format, in order

A file has six sections, then the five sections of regular expressions or no
such section, then the four sections of the provenance or no such section.
Each has its place in the table. The gate cannot judge a file in which a
section is unknown, missing or present twice.

The encoder is at fault, or the header states the wrong version of the
format. (FORMAT.md, requirements 10 and 12)`)
