package sensor

import (
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A machine runs compiled regular expressions as FORMAT.md, section 8, says: it
// follows all ways through the program at once, so each instruction is visited
// at most once at each place of the text, and time is linear in its length.
type machine struct {
	here, next set
	pending    []uint32 // instructions that are still to be visited at this place
}

// A set is a set of instructions, in the order in which they were added. What
// position has for one that is not in the set means nothing.
type set struct {
	list     []uint32
	position []uint32
}

func (s *set) has(i uint32) bool {
	p := s.position[i]
	return int(p) < len(s.list) && s.list[p] == i
}

func (s *set) add(i uint32) {
	if !s.has(i) {
		s.position[i] = uint32(len(s.list))
		s.list = append(s.list, i)
	}
}

// size makes room for programs of so many instructions.
func (m *machine) size(instructions int) {
	if len(m.here.position) >= instructions {
		return
	}
	for _, s := range []*set{&m.here, &m.next} {
		s.list, s.position = make([]uint32, 0, instructions), make([]uint32, instructions)
	}
	m.pending = make([]uint32, 0, 2*instructions)
}

// noRune stands for the rune before the first and after the last.
const noRune = -1

// search reports whether the expression of a program is found anywhere in text.
func (m *machine) search(p channelfile.Program, text []byte) bool {
	m.size(p.Len())
	m.next.list = m.next.list[:0]
	before := rune(noRune)
	for {
		after, size := rune(noRune), 0
		if len(text) > 0 {
			after, size = rune(text[0]), 1
			if after >= utf8.RuneSelf {
				after, size = utf8.DecodeRune(text)
			}
		}
		m.here, m.next = m.next, m.here
		if m.follow(p, before, after) {
			return true
		}
		if size == 0 {
			return false
		}
		m.next.list = m.next.list[:0]
		for _, i := range m.here.list {
			if inst := p.Inst(int(i)); inst.Op == channelfile.InstRunes && p.Holds(inst.Arg, after) {
				m.next.add(inst.Out)
			}
		}
		before, text = after, text[size:]
	}
}

// follow adds to the instructions that are reached here those that follow
// without taking a rune, and the first one: the expression may start at any
// place. It reports whether the match is among them.
func (m *machine) follow(p channelfile.Program, before, after rune) bool {
	m.here.add(0)
	m.pending = append(m.pending[:0], m.here.list...)
	reach := func(i uint32) {
		if !m.here.has(i) {
			m.here.add(i)
			m.pending = append(m.pending, i)
		}
	}
	for len(m.pending) > 0 {
		last := len(m.pending) - 1
		inst := p.Inst(int(m.pending[last]))
		m.pending = m.pending[:last]
		switch inst.Op {
		case channelfile.InstMatch:
			return true
		case channelfile.InstSplit:
			reach(inst.Out)
			reach(inst.Arg)
		case channelfile.InstAssert:
			if asserts(channelfile.Assertion(inst.Arg), before, after) {
				reach(inst.Out)
			}
		}
	}
	return false
}

// asserts reports whether an assertion holds between two runes.
func asserts(a channelfile.Assertion, before, after rune) bool {
	switch a {
	case channelfile.AssertBeginText:
		return before == noRune
	case channelfile.AssertEndText:
		return after == noRune
	case channelfile.AssertBeginLine:
		return before == noRune || before == '\n'
	case channelfile.AssertEndLine:
		return after == noRune || after == '\n'
	case channelfile.AssertBoundary:
		return isWord(before) != isWord(after)
	case channelfile.AssertNoBoundary:
		return isWord(before) == isWord(after)
	}
	return false // Parse knows no other
}

// isWord reports whether a rune is a letter or digit of ASCII, or an underscore.
func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
}
