package structure

import "github.com/cfcheck/cfcheck/channelfile"

// textReference is CF1023.
var textReference = readable("CF1023", "text-reference", channelfile.ErrTextReference, `the provenance names texts that are there

Sensors do not read the provenance, but people and tools do, when they want
to know which rule a finding speaks of. An index past the last text names
nothing.

The encoder is at fault. (FORMAT.md, requirement 46)`)
