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

// A walker runs the machine of regular expressions. Its memory is reused.
type walker struct {
	run     uint32
	seen    []uint32 // by instruction: the last run that followed it
	queued  []uint32 // by instruction: the last run that reached it by a symbol
	pending []uint32
	takes   []uint32
}

// follow returns the instructions that take a symbol, and that are reached between a symbol of the
// kind before and one of the kind after. From are the instructions that the symbols so far lead to.
// Matched is true if a match is reached. A match may start anywhere, so instruction 0 is always
// reached too. The result is valid until the next call.
func (w *walker) follow(p channelfile.Program, from []uint32, before, after kindOfSymbol) (takes []uint32, matched bool) {
	if len(w.seen) < p.Len() {
		w.seen, w.queued = make([]uint32, p.Len()), make([]uint32, p.Len())
		w.run = 0
	}
	if w.run++; w.run == 0 { // the counter has wrapped
		clear(w.seen)
		clear(w.queued)
		w.run = 1
	}
	w.takes = w.takes[:0]
	w.pending = append(append(w.pending[:0], 0), from...)
	for len(w.pending) > 0 {
		i := w.pending[len(w.pending)-1]
		w.pending = w.pending[:len(w.pending)-1]
		if w.seen[i] == w.run {
			continue
		}
		w.seen[i] = w.run
		switch in := p.Inst(int(i)); in.Op {
		case channelfile.InstMatch:
			return nil, true
		case channelfile.InstSplit:
			w.pending = append(w.pending, in.Out, in.Arg)
		case channelfile.InstAssert:
			if asserts(channelfile.Assertion(in.Arg), before, after) {
				w.pending = append(w.pending, in.Out)
			}
		case channelfile.InstRunes:
			w.takes = append(w.takes, i)
		}
	}
	return w.takes, false
}

// step appends the instructions to which takes, a result of follow, lead by a symbol. Has reports
// whether a class has the symbol.
func (w *walker) step(p channelfile.Program, to, takes []uint32, has func(class uint32) bool) []uint32 {
	for _, i := range takes {
		if in := p.Inst(int(i)); w.queued[in.Out] != w.run && has(in.Arg) {
			w.queued[in.Out] = w.run
			to = append(to, in.Out)
		}
	}
	return to
}

// searches reports whether a program matches anywhere in a text.
func searches(p channelfile.Program, text []byte) bool {
	var w walker
	var reached []uint32
	before := isNothing
	for len(text) > 0 {
		c, size := nextSymbol(text)
		takes, matched := w.follow(p, reached, before, kindOf(c))
		if matched {
			return true
		}
		r := c
		if c == badByte {
			r = utf8.RuneError
		}
		reached = w.step(p, reached[:0], takes, func(class uint32) bool { return p.Holds(class, r) })
		before, text = kindOf(c), text[size:]
	}
	_, matched := w.follow(p, reached, before, isNothing)
	return matched
}

// shortest returns a shortest text on a way from instruction 0 to a match. Assertions may still
// reject it. It returns nil if no text leads to a match.
func shortest(p channelfile.Program) []byte {
	type way struct {
		from int
		by   symbol
	}
	ways := make([]way, p.Len())
	for i := range ways {
		ways[i].from = -1
	}
	ways[0] = way{0, noSymbol}
	here, next := []int{0}, []int(nil)
	for len(here) > 0 || len(next) > 0 {
		if len(here) == 0 {
			here, next = next, here
		}
		i := here[0]
		here = here[1:]
		in := p.Inst(i)
		reach := func(list *[]int, to uint32, by symbol) {
			if ways[to].from < 0 {
				ways[to] = way{i, by}
				*list = append(*list, int(to))
			}
		}
		switch in.Op {
		case channelfile.InstMatch:
			text := []byte{}
			var symbols []symbol
			for ; i != 0; i = ways[i].from {
				if ways[i].by != noSymbol {
					symbols = append(symbols, ways[i].by)
				}
			}
			for _, c := range slices.Backward(symbols) {
				text = appendSymbol(text, c)
			}
			return text
		case channelfile.InstSplit:
			reach(&here, in.Out, noSymbol)
			reach(&here, in.Arg, noSymbol)
		case channelfile.InstAssert:
			reach(&here, in.Out, noSymbol)
		case channelfile.InstRunes:
			best := noSymbol
			for k := range p.Ranges(in.Arg) {
				lo, hi := p.Range(in.Arg, k)
				if c := (span{lo, hi}).example(); best == noSymbol || rank(c) < rank(best) {
					best = c
				}
			}
			if best != noSymbol {
				reach(&next, in.Out, best)
			}
		}
	}
	return nil
}

// key encodes the state of the machine between two symbols: the kind of the last symbol, and the
// instructions that the symbols lead to. It sorts them.
func key(before kindOfSymbol, reached []uint32) string {
	slices.Sort(reached)
	b := make([]byte, 1, 1+2*len(reached))
	b[0] = byte(before)
	for _, i := range reached {
		b = binary.LittleEndian.AppendUint16(b, uint16(i)) // a program has at most MaxInstructions
	}
	return string(b)
}

// state returns the parts of a key. It appends the instructions to reached.
func state(key string, reached []uint32) (kindOfSymbol, []uint32) {
	for i := 1; i < len(key); i += 2 {
		reached = append(reached, uint32(key[i])|uint32(key[i+1])<<8)
	}
	return kindOfSymbol(key[0]), reached
}
