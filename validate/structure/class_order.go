package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// classOrder is CF1053.
var classOrder = conforming("CF1053", "class-order", channelfile.RequirementClassOrder, `classes ascend

Each distinct class of runes is stored once, sorted by its ranges, so that
one program has one encoding.

The encoder is at fault. (FORMAT.md, requirement 73)`, func(p *validate.Pass) {
	for i := 1; i < p.File.Classes(); i++ {
		c := p.File.CompareClasses(i-1, i)
		if c < 0 {
			continue
		}
		p.Report(func() validate.Finding {
			how := fmt.Sprintf("class %d, %s, stands after class %d, %s, which is greater", i, p.File.ClassString(i), i-1, p.File.ClassString(i-1))
			//mutation:equivalent: only report texts depend on it
			if c == 0 {
				how = fmt.Sprintf("class %d, %s, is the same as class %d", i, p.File.ClassString(i), i-1)
			}
			return p.At(p.File.ClassRange(i), fmt.Sprintf("class[%d]", i), encodeAgain, "%s", how)
		})
	}
})
