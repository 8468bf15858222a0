package structure

import (
	"fmt"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// operandFolded is CF1045.
var operandFolded = conforming("CF1045", "operand-folded", channelfile.RequirementOperandFolded, `operands of criteria that ignore case are stored folded

A sensor folds the runes of an event's value, but not those of the operand,
and compares them. An operand with a capital letter then never matches: the
rule is silent, and nobody notices.

The encoder is at fault. The author's spelling belongs in the provenance.
(FORMAT.md, requirement 65)`, func(p *validate.Pass) {
	// Many criteria can share one long value, so look at each value once.
	const looked = 1 << 31
	at := make([]uint32, p.File.Values()) // by value: 1 + position of the first unfolded rune
	for i := range p.File.Criteria() {
		c := p.File.Criterion(i)
		if c.Flags&channelfile.FlagFold == 0 || c.Flags&channelfile.FlagInputs != 0 {
			continue
		}
		for k := c.First; k < c.First+c.Count; k++ {
			n := p.File.Operand(k)
			if at[n] == 0 {
				at[n] = looked | uint32(firstUnfolded(p.File.Value(n))+1)
			}
			if first := int(at[n]&^looked) - 1; first >= 0 {
				reportOperand(p, k, func() string {
					v := p.File.Value(n)
					return fmt.Sprintf("criterion %d ignores case, and %s is not folded: %s", i, quote(v), unfolded(v, first))
				})
			}
		}
	}
})

// firstUnfolded returns the position of the first rune of v that folding would change,
// or -1 if there is no such rune.
func firstUnfolded(v []byte) int {
	for i := 0; i < len(v); {
		r, n := utf8.DecodeRune(v[i:])
		if r == utf8.RuneError && n == 1 || channelfile.Fold(r) != r {
			return i
		}
		i += n
	}
	return -1
}

// unfolded describes the rune of v at i, which is not folded.
//
//mutation:equivalent: only report texts depend on it
func unfolded(v []byte, i int) string {
	r, n := utf8.DecodeRune(v[i:])
	if n == 1 && r == utf8.RuneError {
		return fmt.Sprintf("0x%02x at byte %d is not UTF-8, and stands for U+FFFD", v[i], i)
	}
	return fmt.Sprintf("%#U at byte %d folds to %#U", r, i, channelfile.Fold(r))
}
