package types

import (
	"fmt"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// OperandReach is CF2007.
var OperandReach = &validate.Check{
	ID:   "CF2007",
	Name: "operand-reach",
	Doc: `each operand is one that the input can have

An operand that is longer than the longest value of the input, or a number
that the input never is, can never match: the rule is silent, and looks as
if it watched. In March 2013 a rule against packets of 99,971 bytes, which
no network has, made routers that loaded it fail.

Correct the operand, or the definition if the input can have it.`,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition,
	Requires: []*validate.Check{TypeKnown, TypeVersionKnown, InputsDeclared, OperatorForType},
	Run: func(p *validate.Pass) {
		// Many criteria may have one long value: its runes are counted once.
		// Folding makes a rune longer or shorter, but there are no more.
		var runes []int32 // of each value, plus one
		bounded := boundedInputs(p)
		for i := range p.File.Criteria() {
			c := p.File.Criterion(i)
			if c.Flags&channelfile.FlagInputs != 0 || c.Operator == channelfile.OpRegexp || !bounded[c.Input] {
				continue
			}
			def := &p.Definition.Inputs[c.Input]
			for k := c.First; k < c.First+c.Count; k++ {
				n := p.File.Operand(k)
				v := p.File.Value(n)
				length := func() int {
					if runes == nil {
						runes = make([]int32, p.File.Values())
					}
					if runes[n] == 0 {
						runes[n] = int32(utf8.RuneCount(v)) + 1
					}
					return int(runes[n]) - 1
				}
				if !reaches(c, def, v, length) {
					reportCriterion(p, i, int(c.Input), "correct the operand, or the definition if the input can have it", func() string {
						return fmt.Sprintf("%v on %s, can never hold: %s", c.Operator, field(p, int(c.Input)), beyond(c, def, v))
					})
				}
			}
		}
	},
}

// boundedInputs returns for each input whether some value of the content may be
// one that the input cannot have. Of most inputs none is, and looking up the
// operands of all criteria takes as long as hashing the file.
func boundedInputs(p *validate.Pass) []bool {
	bounded := make([]bool, len(p.Definition.Inputs))
	for i := range bounded {
		def := &p.Definition.Inputs[i]
		tooLong := def.MaxLength > 0 && p.Needs.Sizes.ValueLength > uint64(def.MaxLength)
		bounded[i] = tooLong || def.Least != nil || def.Greatest != nil
	}
	return bounded
}
