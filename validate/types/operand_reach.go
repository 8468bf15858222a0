package types

import (
	"fmt"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
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
		// Many criteria can share one long value, so its runes are counted once.
		// Folding changes the length of a rune, but not the number of runes.
		var runes []int32 // by value: 1 + number of runes; 0 means not counted
		var shortest shortestMatches
		bounded := boundedInputs(p)
		for i := range p.File.Criteria() {
			c := p.File.Criterion(i)
			if c.Flags&channelfile.FlagInputs != 0 || !bounded[c.Input] {
				continue
			}
			def := &p.Definition.Inputs[c.Input]
			if c.Operator == channelfile.OpRegexp {
				for k := c.First; k < c.First+c.Count; k++ {
					n := p.File.Operand(k)
					//mutation:equivalent `def.MaxLength > 0`: both branches give the same result
					if least := shortest.of(p.File, n); def.MaxLength > 0 && least > def.MaxLength {
						//mutation:equivalent: only report texts depend on it
						reportCriterion(p, i, int(c.Input), correctOperand, func() string {
							return fmt.Sprintf("%v on %s, can never hold: a match of %.80q has at least %d runes, the value at most %d bytes",
								//mutation:equivalent: only report texts depend on it
								c.Operator, field(p, int(c.Input)), p.File.Program(n).Source(), least, def.MaxLength)
						})
					}
				}
				continue
			}
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

// shortestMatches has the smallest number of runes of a match of each program, plus
// one; 0 means not computed. Many criteria can run one program.
type shortestMatches []int32

// of returns the smallest number of runes of a match of program i, 0 if it never matches.
func (s *shortestMatches) of(f *channelfile.File, i int) int {
	if *s == nil {
		*s = make(shortestMatches, f.Programs())
	}
	if (*s)[i] == 0 {
		(*s)[i] = int32(shortestMatch(f.Program(i))) + 1
	}
	return int((*s)[i]) - 1
}

// shortestMatch runs the program on every text at once, rune by rune, until it matches.
func shortestMatch(p channelfile.Program) int {
	seen := make([]bool, p.Len())
	here, next := []uint32{0}, []uint32(nil)
	for runes := 0; len(here) > 0; runes++ {
		for len(here) > 0 {
			i := here[len(here)-1]
			here = here[:len(here)-1]
			if seen[i] {
				continue
			}
			seen[i] = true
			switch in := p.Inst(int(i)); in.Op {
			case channelfile.InstMatch:
				return runes
			case channelfile.InstSplit:
				here = append(here, in.Out, in.Arg)
			case channelfile.InstAssert:
				here = append(here, in.Out)
			case channelfile.InstRunes:
				if p.Ranges(in.Arg) > 0 {
					next = append(next, in.Out)
				}
			}
		}
		here, next = next, here
	}
	return 0
}

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
