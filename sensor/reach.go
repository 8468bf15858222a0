package sensor

import (
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A Reach compares the operands of a file with the lengths of values. It remembers what it
// counted, because many criteria can share one long operand. The zero Reach is not ready for
// use.
type Reach struct {
	file     *channelfile.File
	runes    []int32 // by value: 1 + number of runes; 0 means not counted
	shortest []int32 // by program: 1 + number of runes of the shortest match; 0 means not computed
}

// NewReach returns a Reach for the operands of f.
func NewReach(f *channelfile.File) *Reach { return &Reach{file: f} }

// Exceeds reports whether a criterion fails for operand n, an index of [channelfile.File.Value]
// or [channelfile.File.Program], on every string of at most length bytes. It returns false for
// operators about which it knows nothing, and for a criterion that compares inputs.
func (r *Reach) Exceeds(c channelfile.Criterion, n, length int) bool {
	if c.Flags&channelfile.FlagInputs != 0 {
		return false
	}
	switch c.Operator {
	case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains:
		v := r.file.Value(n)
		if len(v) <= length {
			return false
		}
		// Folding changes the length of a rune, but not the number of runes.
		return c.Flags&channelfile.FlagFold == 0 || r.runesOf(n, v) > length
	case channelfile.OpRegexp:
		return r.Shortest(n) > length
	}
	return false
}

func (r *Reach) runesOf(n int, v channelfile.Value) int {
	if r.runes == nil {
		r.runes = make([]int32, r.file.Values())
	}
	if r.runes[n] == 0 {
		r.runes[n] = int32(utf8.RuneCount(v)) + 1
	}
	return int(r.runes[n]) - 1
}

// Shortest returns the number of runes of the shortest match of a program, or 0 if it never
// matches.
func (r *Reach) Shortest(program int) int {
	if r.shortest == nil {
		r.shortest = make([]int32, r.file.Programs())
	}
	if r.shortest[program] == 0 {
		r.shortest[program] = int32(shortestMatch(r.file.Program(program))) + 1
	}
	return int(r.shortest[program]) - 1
}

// Fails reports whether a criterion fails on every string of at most length bytes, as
// [Reach.Exceeds] does for its operands.
func (r *Reach) Fails(c channelfile.Criterion, length int) bool {
	all := c.Flags&channelfile.FlagAll != 0
	for k := c.First; k < c.First+c.Count; k++ {
		if r.Exceeds(c, r.file.Operand(k), length) == all {
			return all
		}
	}
	return !all && c.Count > 0
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
