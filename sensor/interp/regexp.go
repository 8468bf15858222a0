package interp

import (
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A machine runs compiled regular expressions as FORMAT.md, section 8, defines. It follows all
// paths through the program at the same time. So it visits each instruction at most once at each
// position of the text, and its time is linear in the length of the text.
type machine struct {
	here, next set
	work       uint64        // number of instructions reached, in all runs
	pending    []uint32      // instructions that are still to be visited at this position
	code       []instruction // code of the program that ran last
	program    int           // its index in the file, plus one; 0 means that it is not in a file
	loaded     bool          // code has its instructions

	automata []automaton // by index of a program in the file
	states   int         // number of states of all automata
	entries  int         // number of instructions in all states
}

// An instruction is an instruction of a program, with a copy of the ranges of its class if they
// are few.
type instruction struct {
	channelfile.Inst
	few    int // number of ranges; 0 means that the class has no range or too many for a copy
	ranges [fewRanges][2]rune
}

const fewRanges = 3

// start begins a search with a program. Number is its index in the file, or -1 if it is not in a
// file.
func (m *machine) start(p channelfile.Program, number int) {
	//mutation:equivalent condition, `number >= 0`: the slow path gives the same result
	if number >= 0 && m.program == number+1 {
		return
	}
	//mutation:missed: it takes two entries that are exactly 256 or 65,536 apart
	m.program = number + 1
	//mutation:equivalent: generated files never reach this limit of work
	m.work += uint64(p.Len())
	m.loaded = false
}

// load copies the instructions of the program that runs.
func (m *machine) load(p channelfile.Program) {
	//mutation:equivalent condition: the slow path gives the same result
	if m.loaded {
		return
	}
	m.loaded = true
	m.size(p.Len())
	m.code = m.code[:0]
	for i := range p.Len() {
		in := instruction{Inst: p.Inst(i)}
		//mutation:equivalent condition, comparison#2: the slow path gives the same result
		if in.Op == channelfile.InstRunes && p.Ranges(in.Arg) <= fewRanges {
			in.few = p.Ranges(in.Arg)
			for k := range in.few {
				in.ranges[k][0], in.ranges[k][1] = p.Range(in.Arg, k)
			}
		}
		m.code = append(m.code, in)
	}
}

// A set is a set of instructions, in the order of their addition. The position of an instruction
// that is not in the set is arbitrary.
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
		//mutation:equivalent: an instruction is then visited twice, with the same result
		s.position[i] = uint32(len(s.list))
		s.list = append(s.list, i)
	}
}

// size allocates memory for programs of up to the given number of instructions.
//
//mutation:equivalent: only the time of an allocation depends on it
func (m *machine) size(instructions int) {
	if len(m.here.position) >= instructions {
		return
	}
	for _, s := range []*set{&m.here, &m.next} {
		s.list, s.position = make([]uint32, 0, instructions), make([]uint32, instructions)
	}
	m.pending = make([]uint32, 0, 2*instructions)
	m.code = make([]instruction, 0, instructions)
}

// noRune stands for the rune before the first and after the last rune of the text.
const noRune = -1

// search reports whether the expression of a program matches anywhere in text. Number is the index
// of the program in the file, or -1 if it is not in a file.
func (m *machine) search(p channelfile.Program, number int, text []byte) bool {
	m.start(p, number)
	m.next.list = m.next.list[:0]
	before := rune(noRune)
	//mutation:equivalent condition: the slow path gives the same result
	if a := m.automaton(number, len(text)); a != nil {
		var known, found bool
		if text, before, known, found = m.walk(a, p, text); known {
			return found
		}
	}
	m.load(p)
	for {
		after, size := rune(noRune), 0
		if len(text) > 0 {
			after, size = rune(text[0]), 1
			if after >= utf8.RuneSelf {
				after, size = utf8.DecodeRune(text)
			}
		}
		m.here, m.next = m.next, m.here
		//mutation:equivalent: generated files never reach this limit of work
		m.work += 1 + uint64(len(m.here.list))
		if m.follow(before, after) {
			return true
		}
		if size == 0 {
			return false
		}
		m.next.list = m.next.list[:0]
		for _, i := range m.here.list {
			in := &m.code[i]
			if in.Op == channelfile.InstRunes && in.takes(p, after) {
				m.next.add(in.Out)
			}
		}
		before, text = after, text[size:]
	}
}

// takes reports whether the class of the instruction contains a rune.
func (in *instruction) takes(p channelfile.Program, r rune) bool {
	if in.few == 0 {
		return p.Holds(in.Arg, r)
	}
	for _, of := range in.ranges[:in.few] {
		if of[0] <= r && r <= of[1] {
			return true
		}
	}
	return false
}

// follow extends the set of instructions reached at this position. It adds the first instruction,
// since a match may start anywhere, and all that follow without consuming a rune. It reports
// whether a match was reached.
func (m *machine) follow(before, after rune) bool {
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
		inst := &m.code[m.pending[last]]
		m.pending = m.pending[:last]
		switch inst.Op {
		case channelfile.InstMatch:
			return true
		case channelfile.InstSplit:
			reach(inst.Out)
			reach(inst.Arg)
		case channelfile.InstAssert:
			//mutation:equivalent width: the value is always below 256
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
	return false // Parse accepts no other assertion
}

// isWord reports whether a rune is an ASCII letter, an ASCII digit or an underscore.
func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
}
