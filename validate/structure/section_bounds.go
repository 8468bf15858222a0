package structure

import "github.com/cfcheck/cfcheck/channelfile"

// sectionBounds is CF1009.
var sectionBounds = readable("CF1009", "section-bounds", channelfile.ErrSectionBounds, `each section lies inside the file

A sensor adds a section's offset to the address of the file, and reads
there. A section that ends beyond the file makes it read memory that is not
the file's.

The encoder is at fault. (FORMAT.md, requirement 13)`)
