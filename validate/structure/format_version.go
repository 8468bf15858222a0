package structure

import "github.com/cfcheck/cfcheck/channelfile"

// formatVersion is CF1005.
var formatVersion = readable("CF1005", "format-version", channelfile.ErrVersion, `the gate knows the version of the format

The gate cannot judge content in a version of the format that it does not
know, and it accepts only content that it can judge. In January 2022 mail
stopped worldwide because a scanner could not read the version number of its
own signatures.

Use a release of the gate that knows the version, or encode in one that it
knows. (FORMAT.md, requirement 5)`)
