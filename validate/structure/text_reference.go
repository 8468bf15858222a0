package structure

import "github.com/cfcheck/cfcheck/channelfile"

// textReference is CF1023.
var textReference = readable("CF1023", "text-reference", channelfile.ErrTextReference, `the provenance names existing texts

Sensors do not read the provenance. People and tools read it to learn which
rule a finding is about. An index past the last text names nothing.

The encoder is at fault. (FORMAT.md, requirement 46)`)
