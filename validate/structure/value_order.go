package structure

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// valueOrder is CF1043.
var valueOrder = conforming("CF1043", "value-order", channelfile.RequirementValueOrder, `values ascend

Each distinct value is stored once, sorted by its bytes. The order of
operands and criteria then follows from their meaning, and one content has
one encoding.

The encoder is at fault. (FORMAT.md, requirement 63)`, func(p *validate.Pass) {
	for i := 1; i < p.File.Values(); i++ {
		reportOrder(p, "value", i, p.File.Value(i-1), p.File.Value(i), p.File.ValueRange(i))
	}
})
