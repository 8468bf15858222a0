package meaning

import (
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A Language is the set of texts that a regular expression matches, as one automaton. For a literal
// or a pattern it decides whether a text satisfies both, in time linear in the operand. [Solver]
// does so for all tests, but builds an automaton for each question. Several goroutines may use a
// Language.
type Language struct {
	starts []symbol     // of spans of symbols with the same class, ascending
	class  []uint8      // by span
	folded [128][]uint8 // by ASCII character: the classes of the symbols with this fold

	next   [][]uint8  // by state and class
	after  []stateSet // by state: the states that some text leads to, with the state itself
	some   stateSet   // states from which some text leads to a match
	accept stateSet
}

// A stateSet is a set of states of a [Language].
type stateSet [maxLanguage / 64]uint64

// maxLanguage is the maximum number of states, and of classes of symbols.
const maxLanguage = 128

func (s *stateSet) add(state uint8)      { s[state/64] |= 1 << (state % 64) }
func (s *stateSet) has(state uint8) bool { return s[state/64]>>(state%64)&1 != 0 }

func (s *stateSet) join(o *stateSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s *stateSet) meets(o *stateSet) bool {
	for i := range s {
		if s[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// each calls yield for each state of the set, ascending.
//
//mutation:equivalent width: the value is always below 128
func (s *stateSet) each(yield func(state uint8)) {
	for i, left := range s {
		for ; left != 0; left &= left - 1 {
			yield(uint8(64*i + bits.TrailingZeros64(left)))
		}
	}
}

// NewLanguage returns the texts that a program matches. It returns nil if the automaton has more
// than 128 states.
//
//mutation:equivalent width: the value is always below 129
func NewLanguage(program *channelfile.Program) *Language {
	var a alphabet
	d := &dfa{machine: newSearch(&Test{Operator: channelfile.OpRegexp, Program: program}, &a), numbers: map[string]uint32{}}
	a.divide()
	if d.classes = len(a.example); d.classes > maxLanguage {
		return nil
	}
	l := &Language{}
	d.number(d.start())
	for n := 0; n < len(d.states); n++ {
		row := make([]uint8, d.classes)
		for class := range row {
			to, _ := d.step(uint32(n), class)
			if to >= maxLanguage {
				return nil
			}
			row[class] = uint8(to)
		}
		l.next = append(l.next, row)
		if d.holds(uint32(n)) {
			l.accept.add(uint8(n))
		}
	}
	l.connect()
	l.divide(&a)
	for c := range l.folded {
		l.folded[c] = l.folds(rune(c))
	}
	return l
}

// connect computes the states that texts lead to.
func (l *Language) connect() {
	l.after = make([]stateSet, len(l.next))
	for i := range l.after {
		list := []uint8{uint8(i)}
		l.after[i].add(uint8(i))
		for len(list) > 0 {
			row := l.next[list[0]]
			list = list[1:]
			for _, to := range row {
				if !l.after[i].has(to) {
					l.after[i].add(to)
					list = append(list, to)
				}
			}
		}
		if l.after[i].meets(&l.accept) {
			l.some.add(uint8(i))
		}
	}
}

// divide computes the class of each symbol.
func (l *Language) divide(a *alphabet) {
	cuts := []symbol{0, badByte}
	for _, set := range a.sets {
		for _, s := range set {
			cuts = append(cuts, s.lo, s.hi+1)
		}
	}
	slices.Sort(cuts)
	for _, c := range slices.Compact(cuts) {
		l.starts = append(l.starts, c)
		l.class = append(l.class, uint8(a.classOf(c)))
	}
}

// of returns the class of a symbol.
func (l *Language) of(c symbol) uint8 {
	i, ok := slices.BinarySearch(l.starts, c)
	if !ok {
		i--
	}
	return l.class[i]
}

// folds returns the classes of the symbols whose fold is r.
func (l *Language) folds(r rune) []uint8 {
	if int(r) < len(l.folded) && l.folded[r] != nil {
		return l.folded[r]
	}
	var classes []uint8
	for _, c := range foldsTo(r) {
		classes = append(classes, l.of(c))
	}
	// Expressions do not tell U+FFFD and a bad byte apart, so these have one class.
	return classes
}

// Meets decides whether some text of the language satisfies a test. It answers Unknown if the test
// is not a literal or a pattern, or has an operand that is not valid UTF-8. Work is in the units of
// [Solver.Work].
func (l *Language) Meets(t *Test) (answer Answer, work uint64) {
	if t.With > 0 || len(t.Operand) > MaxOperand || !utf8.Valid(t.Operand) {
		return Unknown, 1
	}
	open, closed := false, false // whether any text may stand before, or after, the operand
	switch t.Operator {
	case channelfile.OpEquals, channelfile.OpPattern:
	case channelfile.OpPrefix:
		closed = true
	case channelfile.OpSuffix:
		open = true
	case channelfile.OpContains:
		open, closed = true, true
	default:
		return Unknown, 1
	}
	var at stateSet
	at.add(0)
	if open {
		at = l.after[0]
	}
	escaped := false
	work = 16
	for _, r := range string(t.Operand) {
		work += 16
		switch {
		case t.Operator != channelfile.OpPattern || escaped:
		case r == '*':
			at = l.any(&at)
			continue
		case r == '?':
			at = l.one(&at)
			continue
		case r == '\\':
			escaped = true
			continue
		}
		escaped = false
		at = l.step(&at, r, t.Fold)
	}
	if closed && at.meets(&l.some) || !closed && at.meets(&l.accept) {
		return Yes, work
	}
	return No, work
}

// step returns the states after a rune, or after any rune whose fold it is.
func (l *Language) step(from *stateSet, r rune, fold bool) (to stateSet) {
	only := [1]uint8{}
	classes := only[:]
	if fold {
		classes = l.folds(r)
	} else {
		only[0] = l.of(r)
	}
	from.each(func(state uint8) {
		for _, class := range classes {
			to.add(l.next[state][class])
		}
	})
	return to
}

// one returns the states after any symbol.
func (l *Language) one(from *stateSet) (to stateSet) {
	from.each(func(state uint8) {
		for _, next := range l.next[state] {
			to.add(next)
		}
	})
	return to
}

// any returns the states after any text.
func (l *Language) any(from *stateSet) (to stateSet) {
	from.each(func(state uint8) { to.join(&l.after[state]) })
	return to
}
