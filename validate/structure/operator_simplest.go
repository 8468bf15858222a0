package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// operatorSimplest is CF1046.
var operatorSimplest = conforming("CF1046", "operator-simplest", channelfile.RuleOperatorSimplest, `each criterion uses the simplest operator that says it

A prefix that is empty, a pattern without a wildcard, a range of one number:
each says what a simpler operator says, at a higher cost, and one criterion
would have many encodings. A range whose end is before its start never holds
at all. FORMAT.md, section 5, has the list.

The encoder is at fault; channelfile's Builder chooses the simplest operator
by itself. (FORMAT.md, requirement 66)`, func(p *validate.Pass) {
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
