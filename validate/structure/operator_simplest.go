package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// operatorSimplest is CF1046.
var operatorSimplest = conforming("CF1046", "operator-simplest", channelfile.RequirementOperatorSimplest, `each criterion uses the simplest operator with its meaning

An empty prefix, a pattern without a wildcard and a range of one number have
the meaning of a simpler operator, at a higher cost, and one criterion would
have many encodings. A range whose end is before its start never holds.
FORMAT.md, section 5, has the list.

The encoder is at fault. The Builder of package channelfile chooses the
simplest operator by itself. (FORMAT.md, requirement 66)`, func(p *validate.Pass) {
	s := simplest{p.File, make([]uint8, p.File.Values())}
	for i := range p.File.Criteria() {
		c := p.File.Criterion(i)
		if c.Flags&channelfile.FlagAll != 0 && c.Count == 1 {
			reportCriterion(p, i, func() string {
				return fmt.Sprintf("%v: it wants all of its operands, and has one", c.Operator)
			})
		}
		if k := s.first(c); k >= 0 {
			reportCriterion(p, i, func() string {
				return fmt.Sprintf("%v: %s", c.Operator, s.why(c, p.File.Operand(c.First+k)))
			})
		}
	}
})
