package interp

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// An automaton remembers the steps of a machine. A machine that has reached the same instructions
// behind a rune of the same kind does the same with the next rune. So the automaton has a state
// for each set of instructions that was reached, and the next state for each ASCII character. It
// finds states while it runs.
//
// An automaton changes neither the results of the machine nor its work, only its speed.
type automaton struct {
	searched int  // bytes of the texts that were searched without states
	off      bool // it takes too many states
	list     []state
	byKey    map[string]int16
}

// A state is a set of reached instructions.
type state struct {
	reached []uint32
	before  rune // a rune of the kind that was taken last, or noRune
	next    [ends + 1]int16
}

// ends is the index in next for the end of the text.
const ends = utf8.RuneSelf

// The entries of next that are not the number of a state, plus 1.
const (
	nextUnknown = 0
	nextMatch   = -1
	nextFail    = -2
)

// Limits of automata. A machine takes about 10 MiB for them at most.
const (
	//mutation:equivalent: only the speed depends on it
	fewSearched = 1 << 10 // bytes that a program searches before it gets states
	//mutation:equivalent: only the speed depends on it
	mostStates = 1 << 11 // for a program
	//mutation:equivalent: only the speed depends on it
	mostStatesAll = 1 << 14 // for all programs
	//mutation:equivalent: only the speed depends on it
	mostEntriesAll = 1 << 20
)

// automaton returns the automaton for a search of a text, or nil if the program has too many
// states or has not searched much.
//
//mutation:equivalent: only the speed depends on it
func (m *machine) automaton(number, length int) *automaton {
	if number < 0 {
		return nil
	}
	if number >= len(m.automata) {
		m.automata = append(m.automata, make([]automaton, number+1-len(m.automata))...)
	}
	a := &m.automata[number]
	if a.off {
		return nil
	}
	if a.searched < fewSearched {
		a.searched += 1 + length
		return nil
	}
	return a
}

// walk searches a text with an automaton. It returns false for known if it did not come to an
// end. The machine must then go on with the rest of the text, behind the rune before.
func (m *machine) walk(a *automaton, p channelfile.Program, text []byte) (rest []byte, before rune, known, found bool) {
	m.size(p.Len())
	at, ok := m.enter(a, nil, noRune)
	before = noRune
	for i := 0; ok && at < len(a.list); i++ {
		s := &a.list[at]
		c := ends
		if i < len(text) {
			if c = int(text[i]); c >= utf8.RuneSelf {
				return m.leave(s, text[i:], before)
			}
		}
		next := s.next[c]
		if next == nextUnknown {
			if next, ok = m.step(a, p, at, c); !ok {
				return m.leave(&a.list[at], text[i:], before)
			}
			s = &a.list[at]
		}
		//mutation:equivalent: generated files never reach this limit of work
		m.work += 1 + uint64(len(s.reached))
		if next < 0 {
			return nil, 0, true, next == nextMatch
		}
		at, before = int(next)-1, rune(c)
	}
	return text, before, false, false
}

// leave hands the state of an automaton over to the machine.
func (m *machine) leave(s *state, text []byte, before rune) (rest []byte, _ rune, known, found bool) {
	m.next.list = m.next.list[:0]
	for _, i := range s.reached {
		m.next.add(i)
	}
	return text, before, false, false
}

// step finds the next state after an ASCII character or the end. It returns false if the automaton
// has too many states.
func (m *machine) step(a *automaton, p channelfile.Program, at, c int) (next int16, ok bool) {
	m.load(p)
	after := rune(c)
	if c == ends {
		after = noRune
	}
	m.here.list = m.here.list[:0]
	for _, i := range a.list[at].reached {
		m.here.add(i)
	}
	switch {
	case m.follow(a.list[at].before, after):
		next = nextMatch
	case c == ends:
		next = nextFail
	default:
		m.next.list = m.next.list[:0]
		for _, i := range m.here.list {
			in := &m.code[i]
			if in.Op == channelfile.InstRunes && in.takes(p, after) {
				m.next.add(in.Out)
			}
		}
		to, ok := m.enter(a, m.next.list, after)
		if !ok {
			return 0, false
		}
		next = int16(to) + 1
	}
	a.list[at].next[c] = next
	return next, true
}

// enter returns the number of the state of a set of instructions behind a rune. It returns false
// if there would be too many states.
func (m *machine) enter(a *automaton, reached []uint32, before rune) (number int, ok bool) {
	if before == noRune && len(a.list) > 0 {
		return 0, true // the first state is the one at the start of a text
	}
	sorted := slices.Sorted(slices.Values(reached))
	before = kindOf(before)
	key := binary.AppendVarint(make([]byte, 0, 2+2*len(sorted)), int64(before))
	for _, i := range sorted {
		key = binary.AppendUvarint(key, uint64(i))
	}
	if n, ok := a.byKey[string(key)]; ok {
		return int(n), true
	}
	//mutation:equivalent: only the speed depends on it
	if len(a.list) == mostStates || m.states >= mostStatesAll || m.entries+len(sorted) > mostEntriesAll {
		a.off = true
		return 0, false
	}
	if a.byKey == nil {
		a.byKey = map[string]int16{}
	}
	n := len(a.list)
	a.byKey[string(key)] = int16(n)
	a.list = append(a.list, state{reached: sorted, before: before})
	m.states++
	m.entries += len(sorted)
	return n, true
}

// kindOf returns a rune that all assertions treat like r.
func kindOf(r rune) rune {
	switch {
	case r == noRune || r == '\n':
		return r
	case isWord(r):
		return 'a'
	}
	return ' '
}
