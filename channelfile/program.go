package channelfile

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"

	"github.com/cfcheck/cfcheck/channelfile/internal/rexprog"
)

// A Program is a compiled regular expression, as FORMAT.md, section 5, has it:
// instructions, of which the first is where it starts, and the classes of runes
// that they name. [CompileRegexp] makes one, [File.Program] shows one of a file.
// It never changes.
//
// Its methods do not allocate and cannot fail; those that take an index panic,
// as a slice does, when it is not below the count that goes with it. Whatever
// the instructions of a Program refer to is there.
type Program struct {
	source  []byte
	insts   []byte
	classes []byte
	ranges  []byte
}

// Size returns the number of instructions of the program, and the bytes that it
// takes in a file with its classes and its source.
func (p *Program) Size() (instructions, bytes int) {
	return len(p.insts) / instSize, len(p.source) + len(p.insts) + len(p.classes) + len(p.ranges)
}

// An InstOp says what an instruction of a program does.
type InstOp uint16

// The instructions of FORMAT.md, section 5. Zero is none.
const (
	InstMatch  InstOp = 1 // the expression matches
	InstSplit  InstOp = 2 // go on at Out and at Arg
	InstRunes  InstOp = 3 // take a rune of class Arg, and go on at Out
	InstAssert InstOp = 4 // go on at Out if assertion Arg holds here
)

var instNames = [...]string{InstMatch: "match", InstSplit: "split", InstRunes: "runes", InstAssert: "assert"}

// Known reports whether this version of the format has the instruction.
func (op InstOp) Known() bool { return InstMatch <= op && op <= InstAssert }

func (op InstOp) String() string {
	if op.Known() {
		return instNames[op]
	}
	return "unknown"
}

// An Assertion is what [InstAssert] asks about a place between two runes.
type Assertion uint32

// The assertions of FORMAT.md, section 5. Zero is none.
const (
	AssertBeginText  Assertion = 1 // nothing is before it
	AssertEndText    Assertion = 2 // nothing follows
	AssertBeginLine  Assertion = 3 // nothing, or a newline, is before it
	AssertEndLine    Assertion = 4 // nothing, or a newline, follows
	AssertBoundary   Assertion = 5 // of the runes before and after it, one is a word's and one is not
	AssertNoBoundary Assertion = 6 // the opposite
)

var assertionNames = [...]string{
	AssertBeginText: "begin text", AssertEndText: "end text", AssertBeginLine: "begin line", AssertEndLine: "end line",
	AssertBoundary: "word boundary", AssertNoBoundary: "no word boundary",
}

// Known reports whether this version of the format has the assertion.
func (a Assertion) Known() bool { return AssertBeginText <= a && a <= AssertNoBoundary }

func (a Assertion) String() string {
	if a.Known() {
		return assertionNames[a]
	}
	return "unknown"
}

// An Inst is one instruction of a program.
type Inst struct {
	Op  InstOp
	Out uint32 // the instruction that follows, less than Len; 0 of InstMatch
	Arg uint32 // the other instruction that follows, a class, or an Assertion; 0 of InstMatch
}

// Source returns the expression that the program was compiled from. It is a
// copy.
func (p Program) Source() string { return string(p.source) }

// Len returns the number of instructions, at least 1. The program starts at
// instruction 0.
func (p Program) Len() int { return len(p.insts) / instSize }

// Inst returns instruction i.
func (p Program) Inst(i int) Inst {
	b := p.insts[i*instSize:][:instSize]
	return Inst{InstOp(le.Uint16(b)), uint32(le.Uint16(b[2:])), le.Uint32(b[4:])}
}

// Ranges returns the number of ranges of a class that an instruction of the
// program names. None is a class that no rune is of.
func (p Program) Ranges(class uint32) int {
	return int(le.Uint32(p.classes[int(class)*classSize+4:]))
}

// Range returns range k of a class: the runes from lo to hi, both included. The
// ranges of a class ascend and do not touch each other.
func (p Program) Range(class uint32, k int) (lo, hi rune) {
	c := p.classes[int(class)*classSize:][:classSize]
	b := p.ranges[(int(le.Uint32(c))+k)*rangeSize:][:rangeSize]
	return rune(le.Uint32(b)), rune(le.Uint32(b[4:]))
}

// Holds reports whether rune r is of a class. It bisects.
func (p Program) Holds(class uint32, r rune) bool {
	ranges := p.rangesOf(class)
	for len(ranges) > 0 {
		half := len(ranges) / rangeSize / 2 * rangeSize
		lo, hi := rune(le.Uint32(ranges[half:])), rune(le.Uint32(ranges[half+4:]))
		switch {
		case r < lo:
			ranges = ranges[:half]
		case r > hi:
			ranges = ranges[half+rangeSize:]
		default:
			return true
		}
	}
	return false
}

// CompareProgram compares program i with what its source compiles to. It
// returns "" if they are the same, or what differs: then the file says one thing
// to a person and another to a sensor.
func (f *File) CompareProgram(i int) string {
	var c programComparer
	return c.compare(f.Program(i))
}

// DifferentPrograms returns the programs that are not those of their sources,
// each with what differs, as CompareProgram says it. It is faster than calling
// that for each, and keeps less.
func (f *File) DifferentPrograms() iter.Seq2[int, string] {
	return f.ComparePrograms(func(int, uint64) bool { return true })
}

// ComparePrograms is DifferentPrograms with a limit: spend is called with each
// program and the work that comparing it took, and ends the rest by returning
// false. A unit of work takes about 3 nanoseconds. Compiling a source of a few
// bytes can take long, if it names large sets of runes.
func (f *File) ComparePrograms(spend func(program int, work uint64) bool) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		var c programComparer
		for i := range f.Programs() {
			before := c.work()
			differs := c.compare(f.Program(i))
			if differs != "" && !yield(i, differs) || !spend(i, c.work()-before) {
				return
			}
		}
	}
}

// A programComparer compares programs with those that their sources compile to.
// It reuses its memory from one program to the next.
type programComparer struct {
	compiler rexprog.Compiler
	code     rexprog.Code
	compared uint64 // work of comparing
}

// work returns the work that all comparisons took up to now.
func (c *programComparer) work() uint64 { return c.compiler.Work() + c.compared }

func (c *programComparer) compare(p Program) string {
	source := string(p.source)
	if err := c.compiler.Parse(source); err != nil {
		return "its source does not compile: " + regexpError(source, err).Error()
	}
	// Compare the sizes before the program is made. A small file must not cause
	// a large program to be made.
	if n := c.compiler.Size(); n != p.Len() {
		return fmt.Sprintf("it has %d instructions, its source compiles to %d", p.Len(), n)
	}
	c.compiler.Compile(&c.code)
	want := programOf(p.source, &c.code)
	c.compared += 8*uint64(p.Len()) + uint64(len(want.ranges))
	for k := range p.Len() {
		got, in := p.Inst(k), want.Inst(k)
		same := got == in
		if got.Op == InstRunes && in.Op == InstRunes { // classes have numbers of the file
			same = got.Out == in.Out && bytes.Equal(p.rangesOf(got.Arg), want.rangesOf(in.Arg))
		}
		if !same {
			return fmt.Sprintf("its instruction %d is %s, its source compiles to %s", k, p.InstString(k), want.InstString(k))
		}
	}
	return ""
}

// InstString says for a person what instruction i does.
func (p Program) InstString(i int) string {
	switch in := p.Inst(i); in.Op {
	case InstSplit:
		return fmt.Sprintf("split to %d and %d", in.Out, in.Arg)
	case InstRunes:
		return fmt.Sprintf("%s to %d", p.ClassString(in.Arg), in.Out)
	case InstAssert:
		return fmt.Sprintf("%v to %d", Assertion(in.Arg), in.Out)
	default:
		return in.Op.String()
	}
}

// ClassString returns a class for a person: the runes between brackets, as an
// expression has them. Of a class of many ranges it shows the first, and how
// many there are.
func (p Program) ClassString(class uint32) string {
	const most = 8
	var b []byte
	b = append(b, '[')
	n := p.Ranges(class)
	for k := range min(n, most) {
		lo, hi := p.Range(class, k)
		b = appendRune(b, lo)
		if hi > lo {
			if hi > lo+1 {
				b = append(b, '-')
			}
			b = appendRune(b, hi)
		}
	}
	if n > most {
		b = fmt.Appendf(b, " ... %d ranges", n)
	}
	return string(append(b, ']'))
}

// appendRune appends a rune as it may stand between brackets.
func appendRune(b []byte, r rune) []byte {
	switch {
	case r == '\\' || r == '[' || r == ']' || r == '^' || r == '-':
		return append(b, '\\', byte(r))
	case ' ' <= r && r <= '~':
		return append(b, byte(r))
	case r <= 0xFF:
		return fmt.Appendf(b, `\x%02X`, r)
	}
	return fmt.Appendf(b, `\x{%04X}`, r)
}

// ClassString returns class i of the file for a person, as
// [Program.ClassString] does.
func (f *File) ClassString(i int) string {
	return Program{classes: f.sec[secClasses], ranges: f.sec[secRanges]}.ClassString(uint32(i))
}

// CompareClasses compares two classes of the file as FORMAT.md sorts them.
func (f *File) CompareClasses(i, j int) int {
	p := Program{classes: f.sec[secClasses], ranges: f.sec[secRanges]}
	return compareRanges(p.rangesOf(uint32(i)), p.rangesOf(uint32(j)))
}

// compareRanges compares the ranges of two classes as lists of numbers, of
// which a proper prefix comes first.
func compareRanges(a, b []byte) int {
	for i := 0; i < min(len(a), len(b)); i += 4 {
		if c := cmp.Compare(le.Uint32(a[i:]), le.Uint32(b[i:])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}
