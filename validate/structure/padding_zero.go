package structure

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// paddingZero is CF1033.
var paddingZero = conforming("CF1033", "padding-zero", channelfile.RequirementPaddingZero, `padding is zero

No digest covers the padding between sections, up to seven bytes. If it were
not zero, one content would have many files, and data could hide in it.

The encoder is at fault. (FORMAT.md, requirement 53)`, func(p *validate.Pass) {
	data := p.File.Data()
	for i, s := range p.File.Sections {
		for at := s.Range.End; at < min(align(s.Range.End), len(data)); at++ {
			if data[at] != 0 {
				p.ReportAt(channelfile.Range{Start: at, End: at + 1}, "padding", encodeAgain,
					"0x%02x (%d) after section %d, %v; padding is 0", data[at], data[at], i, s.Type)
			}
		}
	}
})
