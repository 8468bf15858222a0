package meaning

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A symbol is one unit of a text: a code point, or a byte that is not part of valid UTF-8. Every
// such byte is the same symbol. Tests read it as U+FFFD if they read runes at all, and no test
// that the solver turns into an automaton tells two of them apart.
type symbol = rune

const (
	badByte  symbol = utf8.MaxRune + 1 // any byte that is not part of valid UTF-8
	noSymbol symbol = -1               // before the first symbol and after the last
)

// nextSymbol returns the first symbol of a text that is not empty, and its size in bytes.
func nextSymbol(s []byte) (symbol, int) {
	r, size := utf8.DecodeRune(s)
	if r == utf8.RuneError && size == 1 {
		return badByte, 1
	}
	return r, size
}

// appendSymbol appends a symbol to a text. The byte 0xFF is never part of valid UTF-8, whatever
// surrounds it.
func appendSymbol(s []byte, c symbol) []byte {
	if c == badByte {
		return append(s, 0xFF)
	}
	return utf8.AppendRune(s, c)
}

// A kindOfSymbol is all that assertions see of a symbol.
type kindOfSymbol uint8

const (
	isNothing kindOfSymbol = iota // the start or the end of the text
	isNewline
	isWord
	isOther
)

func kindOf(c symbol) kindOfSymbol {
	switch {
	case c == noSymbol:
		return isNothing
	case c == '\n':
		return isNewline
	case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_':
		return isWord
	}
	return isOther
}

// asserts reports whether an assertion holds between two symbols.
func asserts(a channelfile.Assertion, before, after kindOfSymbol) bool {
	switch a {
	case channelfile.AssertBeginText:
		return before == isNothing
	case channelfile.AssertEndText:
		return after == isNothing
	case channelfile.AssertBeginLine:
		return before == isNothing || before == isNewline
	case channelfile.AssertEndLine:
		return after == isNothing || after == isNewline
	case channelfile.AssertBoundary:
		return (before == isWord) != (after == isWord)
	}
	return (before == isWord) == (after == isWord)
}

// A walk is the state of the machine of a regular expression between two symbols: the instructions
// that the symbols so far lead to, ascending, and the kind of the last symbol.
type walk struct {
	before  kindOfSymbol
	reached []uint32
}

// follow returns the instructions that take a symbol, and that the walk reaches before a symbol
// of the kind after. Matched is true if it reaches a match. A match may start anywhere, so the
// walk is always at instruction 0 too.
func (w *walk) follow(p channelfile.Program, after kindOfSymbol) (takes []uint32, matched bool) {
	seen := make(map[uint32]bool, len(w.reached)+1)
	pending := append([]uint32{0}, w.reached...)
	for len(pending) > 0 {
		i := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if seen[i] {
			continue
		}
		seen[i] = true
		switch in := p.Inst(int(i)); in.Op {
		case channelfile.InstMatch:
			return nil, true
		case channelfile.InstSplit:
			pending = append(pending, in.Out, in.Arg)
		case channelfile.InstAssert:
			if asserts(channelfile.Assertion(in.Arg), w.before, after) {
				pending = append(pending, in.Out)
			}
		case channelfile.InstRunes:
			takes = append(takes, i)
		}
	}
	return takes, false
}

// step returns the walk after a symbol of kind k that is taken by the instructions of takes for
// which has returns true.
func step(p channelfile.Program, takes []uint32, k kindOfSymbol, has func(class uint32) bool) walk {
	next := walk{before: k}
	for _, i := range takes {
		if in := p.Inst(int(i)); has(in.Arg) {
			next.reached = append(next.reached, in.Out)
		}
	}
	slices.Sort(next.reached)
	next.reached = slices.Compact(next.reached)
	return next
}

// searches reports whether a program matches anywhere in a text.
func searches(p channelfile.Program, text []byte) bool {
	w := walk{before: isNothing}
	for len(text) > 0 {
		c, size := nextSymbol(text)
		takes, matched := w.follow(p, kindOf(c))
		if matched {
			return true
		}
		r := c
		if c == badByte {
			r = utf8.RuneError
		}
		w = step(p, takes, kindOf(c), func(class uint32) bool { return p.Holds(class, r) })
		text = text[size:]
	}
	_, matched := w.follow(p, isNothing)
	return matched
}

// key returns the walk as a key, and walkOf returns it back.
func (w *walk) key() string {
	b := make([]byte, 1, 1+2*len(w.reached))
	b[0] = byte(w.before)
	for _, i := range w.reached {
		b = binary.LittleEndian.AppendUint16(b, uint16(i)) // a program has at most MaxInstructions
	}
	return string(b)
}

func walkOf(key string) walk {
	w := walk{before: kindOfSymbol(key[0])}
	for b := []byte(key[1:]); len(b) > 0; b = b[2:] {
		w.reached = append(w.reached, uint32(binary.LittleEndian.Uint16(b)))
	}
	return w
}
