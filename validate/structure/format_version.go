package structure

import "github.com/cfcheck/cfcheck/channelfile"

// formatVersion is CF1005.
var formatVersion = readable("CF1005", "format-version", channelfile.ErrVersion, `the gate knows the version of the format

What a version of the format that the gate does not know may mean, it cannot
judge; and what it cannot judge it does not accept. In January 2022 mail
stopped worldwide because a scanner could not read the version number of its
own signatures.

Use a release of the gate that knows the version, or encode in one that it
knows. (FORMAT.md, requirement 5)`)
