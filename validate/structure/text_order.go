package structure

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// textOrder is CF1047.
var textOrder = conforming("CF1047", "text-order", channelfile.RequirementTextOrder, `texts ascend

Each distinct text of the provenance is stored once, in sorted order, so
that the same provenance always has the same bytes.

The encoder is at fault. (FORMAT.md, requirement 67)`, func(p *validate.Pass) {
	for i := 1; i < p.File.Texts(); i++ {
		reportOrder(p, "text", i, text(p.File, i-1), text(p.File, i), p.File.TextRange(i))
	}
})
