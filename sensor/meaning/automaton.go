package meaning

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A machine is the automaton of a test. Its states are strings.
type machine interface {
	start() string
	next(state string, class int) string // class is a class of the alphabet
	accepts(state string) bool           // whether the test holds for a text that ends in the state
	settled(state string) bool           // whether all continuations have the same result
}

// machineOf returns the machine of a test on strings, or nil if it has no automaton. It adds the
// sets of the test to the alphabet.
func machineOf(t *Test, a *alphabet) machine {
	if t.With > 0 {
		return nil
	}
	switch t.Operator {
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		return newDecimal(t, a)
	case channelfile.OpRegexp:
		return newSearch(t, a)
	case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains, channelfile.OpPattern:
		return newGlob(t, a)
	}
	return nil
}

// A glob is the machine of a literal or a wildcard pattern. A state is the set of places that the
// text so far leads to, as bytes of bits. It leaves out the places before the last star that was
// reached, because the star takes all that they take.
type glob struct {
	alphabet *alphabet
	elements []int // by place: a set of the alphabet, or one of the constants below
	stars    []int // places with a star
	state    []byte
}

const (
	anySymbol = -1
	star      = -2
)

func newGlob(t *Test, a *alphabet) machine {
	if !utf8.Valid(t.Operand) || t.Operator == channelfile.OpPattern && channelfile.SimplerPattern(t.Operand) != "" {
		return nil
	}
	g := &glob{alphabet: a}
	if t.Operator == channelfile.OpSuffix || t.Operator == channelfile.OpContains {
		g.elements = append(g.elements, star)
	}
	escaped := false
	for _, r := range string(t.Operand) {
		switch {
		case t.Operator != channelfile.OpPattern || escaped:
		case r == '*':
			g.elements = append(g.elements, star)
			continue
		case r == '?':
			g.elements = append(g.elements, anySymbol)
			continue
		case r == '\\':
			escaped = true
			continue
		}
		escaped = false
		kind := setRune
		if t.Fold {
			kind = setFold
		}
		g.elements = append(g.elements, a.set(setName{kind: kind, rune: r}))
	}
	if t.Operator == channelfile.OpPrefix || t.Operator == channelfile.OpContains {
		g.elements = append(g.elements, star)
	}
	for place, e := range g.elements {
		if e == star { //mutation:equivalent condition: only the number of states depends on it
			g.stars = append(g.stars, place)
		}
	}
	return g
}

func (g *glob) start() string {
	state := make([]byte, len(g.elements)/8+1)
	g.add(state, 0)
	return g.reduce(state)
}

// add adds a place, and the place after it if a star is there.
func (g *glob) add(state []byte, place int) {
	state[place/8] |= 1 << (place % 8)
	if place < len(g.elements) && g.elements[place] == star {
		g.add(state, place+1) // two stars are never neighbours
	}
}

// reduce removes the places before the last star. If the last star ends the pattern, all
// continuations match, and only its places are left.
func (g *glob) reduce(state []byte) string {
	for _, place := range slices.Backward(g.stars) {
		if state[place/8]>>(place%8)&1 == 0 {
			continue
		}
		clear(state[:place/8])
		state[place/8] &^= 1<<(place%8) - 1
		//mutation:equivalent condition: only the number of states depends on it
		if place == len(g.elements)-1 {
			clear(state[place/8:])
			g.add(state, place)
		}
		break
	}
	return string(state)
}

func (g *glob) next(from string, class int) string {
	g.state = append(g.state[:0], make([]byte, len(from))...)
	for n := range len(from) {
		for left := from[n]; left != 0; left &= left - 1 {
			place := 8*n + bits.TrailingZeros8(left)
			if place == len(g.elements) {
				break
			}
			switch e := g.elements[place]; {
			case e == star:
				g.add(g.state, place)
			case e == anySymbol || g.alphabet.has[e][class]:
				g.add(g.state, place+1)
			}
		}
	}
	return g.reduce(g.state)
}

func (g *glob) accepts(state string) bool {
	end := len(g.elements)
	return state[end/8]>>(end%8)&1 != 0
}

func (g *glob) settled(state string) bool {
	end := len(g.elements)
	//mutation:equivalent condition: the search is only longer
	if strings.Trim(state, "\x00") == "" {
		return true
	}
	return end > 0 && g.elements[end-1] == star && g.accepts(state)
}

// A search is the machine of a regular expression. A state is a key, or found.
type search struct {
	alphabet   *alphabet
	program    *channelfile.Program
	walker     walker
	reached    []uint32
	class      map[uint32]int // set of the alphabet, by class of the program
	line, word int            // sets of the alphabet, if the program has assertions
}

const found = "found"

func newSearch(t *Test, a *alphabet) machine {
	s := &search{alphabet: a, program: t.Program, class: map[uint32]int{}, line: -1, word: -1}
	for i := range t.Program.Len() {
		switch in := t.Program.Inst(i); in.Op {
		case channelfile.InstRunes:
			s.class[in.Arg] = a.set(setName{kind: setClass, program: t.Program, class: in.Arg})
		case channelfile.InstAssert:
			s.line = a.set(setName{kind: setKindOf, class: uint32(isNewline)})
			s.word = a.set(setName{kind: setKindOf, class: uint32(isWord)})
		}
	}
	return s
}

func (s *search) kind(class int) kindOfSymbol {
	switch {
	case s.line < 0:
		return isOther // without assertions the kind does not matter
	case s.alphabet.has[s.line][class]:
		return isNewline
	case s.alphabet.has[s.word][class]:
		return isWord
	}
	return isOther
}

func (s *search) start() string { return string([]byte{byte(isNothing)}) }

func (s *search) next(from string, class int) string {
	if from == found {
		return found
	}
	var before kindOfSymbol
	before, s.reached = state(from, s.reached[:0])
	takes, matched := s.walker.follow(*s.program, s.reached, before, s.kind(class))
	if matched {
		return found
	}
	s.reached = s.walker.step(*s.program, s.reached[:0], takes, func(c uint32) bool { return s.alphabet.has[s.class[c]][class] })
	return key(s.kind(class), s.reached)
}

func (s *search) accepts(at string) bool {
	if at == found {
		return true
	}
	var before kindOfSymbol
	before, s.reached = state(at, s.reached[:0])
	_, matched := s.walker.follow(*s.program, s.reached, before, isNothing)
	return matched
}

func (s *search) settled(at string) bool { return at == found }

// A decimal is the machine of a range of integers. A state has four bytes: a decimalState, the
// number of digits, and the comparison of the digits with the same number of digits of the lowest
// and the greatest magnitude with this sign.
type decimal struct {
	alphabet *alphabet
	digit    [10]int // sets of the alphabet
	minus    int
	zero     bool         // whether 0 is in the range
	ends     [2][2]string // lowest and greatest magnitude, by sign; "" if no number has it
}

type decimalState = byte

const (
	decimalStart decimalState = iota
	decimalMinus
	decimalZero
	decimalPositive
	decimalNegative
	decimalNone // no number
)

func newDecimal(t *Test, a *alphabet) machine {
	d := &decimal{alphabet: a, minus: a.set(setName{kind: setRune, rune: '-'})}
	for k := range d.digit {
		//mutation:equivalent width: below 256
		d.digit[k] = a.set(setName{kind: setRune, rune: rune('0' + k)})
	}
	least, greatest := t.integers()
	d.zero = least <= 0 && 0 <= greatest
	//mutation:equivalent `greatest > 0`: no number is from 1 to 0
	if greatest > 0 && least <= greatest {
		d.ends[0] = [2]string{strconv.FormatInt(max(least, 1), 10), strconv.FormatInt(greatest, 10)}
	}
	//mutation:equivalent `least < 0`: no number is from -1 to 0
	if least < 0 && least <= greatest {
		// The magnitude of the least integer is not an int64.
		d.ends[1] = [2]string{strconv.FormatUint(-uint64(min(greatest, -1)), 10), strconv.FormatUint(-uint64(least), 10)}
	}
	return d
}

func (d *decimal) start() string { return string([]byte{decimalStart, 0, 0, 0}) }

var noDecimal = string([]byte{decimalNone, 0, 0, 0})

//mutation:equivalent width: all values are below 256
func (d *decimal) next(state string, class int) string {
	digit := -1
	for k, set := range d.digit {
		if d.alphabet.has[set][class] {
			digit = k
		}
	}
	kind := state[0]
	switch {
	case kind == decimalStart && d.alphabet.has[d.minus][class]:
		return string([]byte{decimalMinus, 0, 0, 0})
	case digit < 0 || kind == decimalZero || kind == decimalNone:
		return noDecimal
	case kind == decimalStart && digit == 0:
		return string([]byte{decimalZero, 0, 0, 0})
	case kind == decimalMinus && digit == 0:
		return noDecimal
	case kind == decimalStart:
		kind = decimalPositive
	case kind == decimalMinus:
		kind = decimalNegative
	}
	ends := d.ends[kind-decimalPositive]
	n := int(state[1])
	if n >= len(ends[1]) { // longer than the greatest
		return noDecimal
	}
	next := [4]byte{kind, byte(n + 1), state[2], state[3]}
	for k, end := range ends {
		if next[2+k] == same && n < len(end) {
			switch c := byte('0' + digit); {
			case c < end[n]:
				next[2+k] = below
			case c > end[n]:
				next[2+k] = above
			}
		}
	}
	return string(next[:])
}

// The comparison of the digits so far with those of an end.
const (
	same byte = iota
	below
	above
)

func (d *decimal) accepts(state string) bool {
	switch state[0] {
	case decimalZero:
		return d.zero
	case decimalPositive, decimalNegative:
		ends, n := d.ends[state[0]-decimalPositive], int(state[1])
		return n >= len(ends[0]) && (n > len(ends[0]) || state[2] != below) && (n < len(ends[1]) || state[3] != above)
	}
	return false
}

func (d *decimal) settled(state string) bool { return state[0] == decimalNone }
