package meaning

import (
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A span is a range of symbols, both ends included.
type span struct{ lo, hi symbol }

// An alphabet divides all symbols into classes, so that each of the sets that tests name is a union
// of classes.
type alphabet struct {
	sets  [][]span
	named map[setName]int

	// The fields below are valid after divide.
	example []symbol // by class
	has     [][]bool // by set and class
}

// A setName identifies a set of symbols: the runes with one fold, one rune, a class of a program,
// or the symbols of a kind.
type setName struct {
	kind    setKind
	rune    rune
	program *channelfile.Program
	class   uint32
}

type setKind uint8

const (
	setRune setKind = iota
	setFold
	setClass
	setKindOf
)

// set returns the number of a set, which it adds if it is new.
func (a *alphabet) set(name setName) int {
	n, ok := a.named[name]
	if !ok {
		n = len(a.sets)
		if a.named == nil {
			a.named = map[setName]int{}
		}
		a.named[name] = n
		a.sets = append(a.sets, name.spans())
	}
	return n
}

// spans returns the symbols of a set, ascending.
func (n setName) spans() []span {
	switch n.kind {
	case setRune:
		return []span{{n.rune, n.rune}}
	case setFold:
		var list []span
		for _, r := range foldsTo(n.rune) {
			list = append(list, span{r, r})
		}
		if n.rune == utf8.RuneError {
			list = append(list, span{badByte, badByte})
		}
		return list
	case setKindOf:
		if kindOfSymbol(n.class) == isNewline {
			return []span{{'\n', '\n'}}
		}
		return []span{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}
	}
	var list []span
	for k := range n.program.Ranges(n.class) {
		lo, hi := n.program.Range(n.class, k)
		list = append(list, span{lo, hi})
	}
	if n.program.Holds(n.class, utf8.RuneError) {
		list = append(list, span{badByte, badByte})
	}
	return list
}

// lastFolded is the last rune whose fold is another rune, or a greater one. A test compares it
// with the table.
const lastFolded = 0x1FFFF

var unfold = sync.OnceValue(func() map[rune][]rune {
	m := map[rune][]rune{}
	//mutation:equivalent: the last rune has no other fold
	for r := rune(0); r <= lastFolded; r++ {
		if f := channelfile.Fold(r); f != r {
			m[f] = append(m[f], r)
		}
	}
	return m
})

// foldsTo returns the runes whose fold is r, ascending.
func foldsTo(r rune) []rune {
	list := append([]rune(nil), unfold()[r]...)
	if channelfile.Fold(r) == r {
		list = append(list, r)
	}
	slices.Sort(list)
	return list
}

// firstSurrogate and lastSurrogate are the code points that no text has.
const firstSurrogate, lastSurrogate = 0xD800, 0xDFFF

// divide computes the classes. There is at least one class.
func (a *alphabet) divide() {
	cuts := []symbol{0, firstSurrogate, lastSurrogate + 1, badByte, badByte + 1}
	for _, set := range a.sets {
		for _, s := range set {
			cuts = append(cuts, s.lo, s.hi+1)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	at := make([]int, len(a.sets)) // by set, the first span that does not end before the cut
	classOf := map[string]int{}
	signature := make([]byte, len(a.sets))
	a.has = make([][]bool, len(a.sets))
	for i := range len(cuts) - 1 {
		//mutation:equivalent width: only the example of a class depends on it
		s := span{cuts[i], cuts[i+1] - 1}
		//mutation:equivalent `firstSurrogate < s.lo`: the first one is compared before
		if s.lo == firstSurrogate || firstSurrogate < s.lo && s.lo <= lastSurrogate {
			continue
		}
		for k, set := range a.sets {
			for at[k] < len(set) && set[at[k]].hi < s.lo {
				at[k]++
			}
			signature[k] = 0
			if at[k] < len(set) && set[at[k]].lo <= s.lo {
				signature[k] = 1
			}
		}
		class, ok := classOf[string(signature)]
		if !ok {
			class = len(a.example)
			classOf[string(signature)] = class
			a.example = append(a.example, badByte)
			for k, in := range signature {
				a.has[k] = append(a.has[k], in == 1)
			}
		}
		//mutation:equivalent comparison: both are in the class
		if c := s.example(); rank(c) < rank(a.example[class]) {
			a.example[class] = c
		}
	}
}

// classOf returns the class of a symbol. It is valid after divide.
func (a *alphabet) classOf(c symbol) int {
	for class := range a.example {
		same := true
		for k, set := range a.sets {
			in := slices.ContainsFunc(set, func(s span) bool { return s.lo <= c && c <= s.hi })
			same = same && in == a.has[k][class]
		}
		if same {
			return class
		}
	}
	return 0 // a surrogate, which no text has
}

// example returns the symbol of a span that people read best.
//
//mutation:equivalent condition, comparison: each symbol of the span would do
func (s span) example() symbol {
	best := s.lo
	for _, c := range [...]symbol{'a', 'x', '0', ' ', '!', ':', '[', '{', 0xA1, 0x100} {
		if s.lo <= c && c <= s.hi && rank(c) < rank(best) {
			best = c
		}
	}
	return best
}

// rank orders symbols by how well people read them.
//
//mutation:equivalent condition, comparison: each symbol of a class would do
func rank(c symbol) int {
	switch {
	case 'a' <= c && c <= 'z':
		return 0
	case '0' <= c && c <= '9':
		return 1
	case 'A' <= c && c <= 'Z':
		return 2
	case '!' <= c && c <= '~':
		return 3
	case c == ' ':
		return 4
	case c == badByte:
		return 7
	case c > 0xA0:
		return 5
	}
	return 6
}
