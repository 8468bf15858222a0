package structure

import "github.com/cfcheck/cfcheck/channelfile"

// sectionBounds is CF1009.
var sectionBounds = readable("CF1009", "section-bounds", channelfile.ErrSectionBounds, `each section lies inside the file

A sensor adds the offset of a section to the address of the file, and reads
there. A section that ends beyond the file makes it read other memory.

The encoder is at fault. (FORMAT.md, requirement 13)`)
