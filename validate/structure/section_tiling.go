package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// sectionTiling is CF1032.
var sectionTiling = conforming("CF1032", "section-tiling", channelfile.RequirementSectionTiling, `the sections follow each other without gap or overlap

Bytes in a gap belong to no section: no digest covers them, and no reader
looks at them. Bytes in an overlap have two meanings, and two readers may see
different ones.

The encoder is at fault. (FORMAT.md, requirement 52)`, func(p *validate.Pass) {
	end := p.File.HeaderDigestRange().End
	for i, s := range p.File.Sections {
		path := fmt.Sprintf("section[%d].offset", i)
		switch start := s.Range.Start; {
		case start > end:
			p.ReportAt(channelfile.Range{Start: end, End: start}, path, encodeAgain,
				"%d bytes between 0x%x and %v at 0x%x belong to no section", start-end, end, s.Type, start)
		case start < end:
			p.ReportAt(p.File.SectionRecordRange(i), path, encodeAgain,
				"%v starts at 0x%x, %d bytes before 0x%x, where it should", s.Type, start, end-start, end)
		}
		end = align(s.Range.End)
	}
	if size := len(p.File.Data()); size != end {
		p.ReportAt(channelfile.Range{Start: min(end, size), End: size}, "file", encodeAgain,
			"the file has %d bytes (0x%x); its last section, padded, ends at %d (0x%x)", size, size, end, end)
	}
})
