package match

import (
	"encoding/binary"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A rarity estimates how often literals occur in events. It assumes that what many instances look
// for is frequent in events too. It counts the grams of two, four and eight bytes in all operands,
// each as often as conditions refer to it.
type rarity struct {
	one   [1 << 8]uint32 // the grams of two bytes, by their first one
	two   [1 << 16]uint32
	four  [1 << 16]uint32 // by hash
	eight [1 << 17]uint32 // by hash
}

// gram4 returns the place of a gram in four.
func gram4(s []byte) uint32 { return binary.LittleEndian.Uint32(s) * 0x9E3779B1 >> 16 }

// gram8 returns the place of a gram in eight.
func gram8(s []byte) uint64 { return binary.LittleEndian.Uint64(s) * mix >> (64 - 17) }

func gram2(s []byte) int { return int(s[0]) | int(s[1])<<8 }

// mostCount bounds a counter, so that it does not overflow.
const mostCount = 1 << 29

// In a file with more values than manyValues, one in four of those with at most fewUses is enough
// to count short grams.
const manyValues, fewUses = 1 << 16, 4

// count counts the grams of the values of a file. Uses is by criterion the number of words that
// refer to it. It returns by value whether folding leaves a text unchanged.
func (r *rarity) count(f *channelfile.File, uses []uint32) (folded []bool) {
	folded = make([]bool, f.Values())
	byValue := make([]uint32, f.Values())
	for i := range f.Criteria() {
		c := f.Criterion(i)
		if c.Flags&channelfile.FlagInputs != 0 || c.Operator < channelfile.OpEquals || c.Operator > channelfile.OpPattern {
			continue
		}
		for k := c.First; k < c.First+c.Count; k++ {
			n := &byValue[f.Operand(k)]
			*n = min(*n+uses[i], mostCount)
		}
	}
	sample := 1
	if len(byValue) > manyValues {
		sample = 4
	}
	var text []byte
	for i, n := range byValue {
		if n == 0 {
			continue
		}
		text = appendFold(text[:0], f.Value(i))
		folded[i] = string(text) == string(f.Value(i))
		for k := 0; k+8 <= len(text); k++ {
			add(&r.eight[gram8(text[k:])], n)
		}
		if n <= fewUses {
			if i%sample != 0 {
				continue
			}
			n *= uint32(sample)
		}
		for k := 0; k+2 <= len(text); k++ {
			add(&r.two[gram2(text[k:])], n)
		}
		for k := 0; k+4 <= len(text); k++ {
			add(&r.four[gram4(text[k:])], n)
		}
		if len(text) > 0 {
			add(&r.one[text[len(text)-1]], n) // its last byte is the first one of no gram
		}
	}
	return folded
}

// finish completes the counts when all files are counted.
func (r *rarity) finish() {
	for g, n := range r.two {
		add(&r.one[g&0xFF], n)
	}
}

func add(to *uint32, n uint32) { *to = min(*to+min(n, mostCount), mostCount) }

// of returns the weight of a literal: an estimate of its frequency in arbitrary units.
func (r *rarity) of(l literal) uint64 {
	s := l.text
	n := uint64(mostCount)
	switch {
	case len(s) == 0:
		n = 1 << 10
	case len(s) == 1:
		n = 4 * uint64(r.one[s[0]])
	case len(s) < 4:
		for k := range len(s) - 1 {
			n = min(n, 2*uint64(r.two[gram2(s[k:])]))
		}
	case len(s) >= 8:
		for k := range len(s) - 7 {
			n = min(n, uint64(r.eight[gram8(s[k:])]))
		}
	default:
		for k := range len(s) - 3 {
			n = min(n, uint64(r.four[gram4(s[k:])]))
		}
	}
	switch l.kind {
	case contains:
		n *= 4
	case prefix, suffix:
		n *= 2
	}
	return n + 1
}

// sum returns the weight of a list of literals.
func (r *rarity) sum(list []literal) (n uint64) {
	for _, l := range list {
		n += r.of(l)
	}
	return n
}

// rarest returns the place of the rarest gram of a width of 8, 4, 2 or 1 in a text.
func (r *rarity) rarest(s []byte, width int) (at int) {
	best := ^uint64(0)
	for k := 0; k+width <= len(s); k++ {
		n := uint64(0)
		switch width {
		case 8:
			n = uint64(r.eight[gram8(s[k:])])
		case 4:
			n = uint64(r.four[gram4(s[k:])])
		case 2:
			n = uint64(r.two[gram2(s[k:])])
		case 1:
			n = uint64(r.one[s[k]])
		}
		if n < best {
			best, at = n, k
		}
	}
	return at
}
