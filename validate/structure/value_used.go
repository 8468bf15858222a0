package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// valueUsed is CF1044.
var valueUsed = conforming("CF1044", "value-used", channelfile.RequirementValueUsed, `each value is an operand

A value that no criterion uses is hidden content: it ships, and no view of
the rules shows it.

The encoder is at fault. (FORMAT.md, requirement 64)`, func(p *validate.Pass) {
	used := make([]bool, p.File.Values())
	for i := range p.File.Criteria() {
		c := p.File.Criterion(i)
		if c.Flags&channelfile.FlagInputs != 0 || c.Operator == channelfile.OpRegexp {
			continue
		}
		for k := range c.Count {
			//mutation:equivalent: reading found the fault before; this only locates it
			used[p.File.Operand(c.First+k)] = true
		}
	}
	for i, u := range used {
		if !u {
			p.Report(func() validate.Finding {
				return p.At(p.File.ValueRange(i), fmt.Sprintf("value[%d]", i), encodeAgain,
					"no criterion has the operand %s", quote(p.File.Value(i)))
			})
		}
	}
})
