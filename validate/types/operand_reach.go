package types

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// operandReach is CF2007.
var operandReach = &validate.Check{
	ID:   "CF2007",
	Name: "operand-reach",
	Doc: `each operand is a possible value of its input

An operand that is longer than the longest value of the input never matches,
nor does a number that the input cannot have. The rule seems to watch, but it
is silent. In March 2013 a rule against packets of 99,971 bytes, which no
network has, made routers that loaded it fail.

Correct the operand, or the definition if the input can have this value.`,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition,
	Requires: []string{"CF2001", "CF2002", "CF2004", "CF2006"},
	Run: func(p *validate.Pass) {
		reach := sensor.NewReach(p.File)
		bounded := boundedInputs(p)
		bound := func(c channelfile.Criterion) bool { return c.Flags&channelfile.FlagInputs == 0 && bounded[c.Input] }
		for i, c := range criteria(p.File, bound) {
			def := &p.Definition.Inputs[c.Input]
			if c.Operator == channelfile.OpRegexp {
				for k := c.First; k < c.First+c.Count; k++ {
					n := p.File.Operand(k)
					//mutation:equivalent `def.MaxLength > 0`: both branches give the same result
					if def.MaxLength > 0 && reach.Exceeds(c, n, def.MaxLength) {
						//mutation:equivalent: only report texts depend on it
						reportCriterion(p, i, int(c.Input), correctOperand, func() string {
							return fmt.Sprintf("%v on %s, can never hold: a match of %.80q has at least %d runes, the value at most %d bytes",
								//mutation:equivalent: only report texts depend on it
								c.Operator, field(p, int(c.Input)), p.File.Program(n).Source(), reach.Shortest(n), def.MaxLength)
						})
					}
				}
				continue
			}
			for k := c.First; k < c.First+c.Count; k++ {
				n := p.File.Operand(k)
				v := p.File.Value(n)
				if outOfReach(reach, c, def, n, v) {
					//mutation:equivalent: only report texts depend on it
					reportCriterion(p, i, int(c.Input), correctOperand, func() string {
						//mutation:equivalent: only report texts depend on it
						return fmt.Sprintf("%v on %s, can never hold: %s", c.Operator, field(p, int(c.Input)), beyond(c, def, v))
					})
				}
			}
		}
	},
}

const correctOperand = "correct the operand, or the definition if the input can have this value"

// boundedInputs returns for each input whether the content can have a value that the
// input cannot have. Most inputs need no further look, and looking up the operands of
// all criteria takes as long as hashing the file.
func boundedInputs(p *validate.Pass) []bool {
	bounded := make([]bool, len(p.Definition.Inputs))
	for i := range bounded {
		def := &p.Definition.Inputs[i]
		// An instruction takes at most one rune.
		longest := max(p.Needs.Sizes.ValueLength, p.Needs.Sizes.ProgramInstructions)
		//mutation:equivalent: the slow path gives the same result
		tooLong := def.MaxLength > 0 && longest > uint64(def.MaxLength)
		bounded[i] = tooLong || def.Least != nil || def.Greatest != nil
	}
	return bounded
}
