package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// sectionDigest is CF1031.
var sectionDigest = conforming("CF1031", "section-digest", channelfile.RequirementSectionDigest, `the digest of each section agrees with its bytes

If the digest of one section does not agree, a byte of that section was
changed after the file was written: by a bad transfer, by a bad disk, or by
somebody. In April 2013 a corrupted signature file took thousands of
machines down within eight minutes, because the tool that packed it had not
noticed.

Take the file from its source again. (FORMAT.md, requirement 51)`, func(p *validate.Pass) {
	for i, s := range p.File.Sections {
		if have := p.File.SectionDigest(i); have != s.Digest {
			p.ReportAt(p.File.SectionRecordRange(i), fmt.Sprintf("section[%d].digest", i), takeAgain,
				"%v: the %d bytes at 0x%x have the SHA-256 %x, the table says %x", s.Type, s.Range.Len(), s.Range.Start, have, s.Digest)
		}
	}
})
