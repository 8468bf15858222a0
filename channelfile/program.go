package channelfile

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"

	"github.com/cfcheck/cfcheck/channelfile/internal/rexprog"
)

// A Program is a compiled regular expression, as FORMAT.md, section 5,
// specifies it. It consists of instructions and of the classes of runes that
// they refer to. Execution starts at instruction 0. A Program never changes.
// [CompileRegexp] compiles one, and [File.Program] returns one of a file.
//
// The methods do not allocate and cannot fail, except that those that return a
// string allocate it. A method that takes an index panics if the index is not
// less than the number of entries, as a slice does. Instructions refer only to
// instructions and classes that exist.
type Program struct {
	source  []byte
	insts   []byte
	classes []byte
	ranges  []byte
}

// Size returns the number of instructions, and the number of bytes that the
// program takes in a file with its classes and its source.
//
//mutation:missed width: TestProgramSize detects it
func (p *Program) Size() (instructions, bytes int) {
	return len(p.insts) / instSize, len(p.source) + len(p.insts) + len(p.classes) + len(p.ranges)
}

// An InstOp is the operation of an instruction.
type InstOp uint16

// The operations of FORMAT.md, section 5. Zero is not an operation.
const (
	InstMatch  InstOp = 1 // the expression matches
	InstSplit  InstOp = 2 // continue at Out and at Arg
	InstRunes  InstOp = 3 // consume a rune of class Arg and continue at Out
	InstAssert InstOp = 4 // continue at Out if assertion Arg holds here
)

var instNames = [...]string{InstMatch: "match", InstSplit: "split", InstRunes: "runes", InstAssert: "assert"}

// Known reports whether this version of the format has the operation.
func (op InstOp) Known() bool { return InstMatch <= op && op <= InstAssert }

//mutation:equivalent: only report texts depend on it
func (op InstOp) String() string {
	if op.Known() {
		return instNames[op]
	}
	return "unknown"
}

// An Assertion is the condition of an [InstAssert] on the place between two
// runes.
type Assertion uint32

// The assertions of FORMAT.md, section 5. Zero is not an assertion.
const (
	AssertBeginText  Assertion = 1 // no rune precedes
	AssertEndText    Assertion = 2 // no rune follows
	AssertBeginLine  Assertion = 3 // no rune or a newline precedes
	AssertEndLine    Assertion = 4 // no rune or a newline follows
	AssertBoundary   Assertion = 5 // either the preceding or the following rune is part of a word
	AssertNoBoundary Assertion = 6 // not a boundary
)

var assertionNames = [...]string{
	AssertBeginText: "begin text", AssertEndText: "end text", AssertBeginLine: "begin line", AssertEndLine: "end line",
	AssertBoundary: "word boundary", AssertNoBoundary: "no word boundary",
}

// Known reports whether this version of the format has the assertion.
func (a Assertion) Known() bool { return AssertBeginText <= a && a <= AssertNoBoundary }

//mutation:equivalent: only report texts depend on it
func (a Assertion) String() string {
	if a.Known() {
		return assertionNames[a]
	}
	return "unknown"
}

// An Inst is one instruction of a program.
type Inst struct {
	Op  InstOp
	Out uint32 // index of the next instruction; 0 for InstMatch
	Arg uint32 // index of the other next instruction or a class, or an Assertion; or 0
}

// Source returns a copy of the expression that the program was compiled from.
func (p Program) Source() string { return string(p.source) }

// Len returns the number of instructions, which is at least 1.
func (p Program) Len() int { return len(p.insts) / instSize }

// Inst returns instruction i.
func (p Program) Inst(i int) Inst {
	b := p.insts[i*instSize:][:instSize]
	return Inst{InstOp(le.Uint16(b)), uint32(le.Uint16(b[2:])), le.Uint32(b[4:])}
}

// Ranges returns the number of ranges of a class that an instruction refers to.
// A class without ranges contains no rune.
func (p Program) Ranges(class uint32) int {
	return int(le.Uint32(p.classes[int(class)*classSize+4:]))
}

// Range returns range k of a class, with both ends included. The ranges of a
// class are in ascending order and do not touch.
func (p Program) Range(class uint32, k int) (lo, hi rune) {
	c := p.classes[int(class)*classSize:][:classSize]
	b := p.ranges[(int(le.Uint32(c))+k)*rangeSize:][:rangeSize]
	return rune(le.Uint32(b)), rune(le.Uint32(b[4:]))
}

// Holds reports whether a class contains rune r, by binary search.
func (p Program) Holds(class uint32, r rune) bool {
	ranges := p.rangesOf(class)
	for len(ranges) > 0 {
		//mutation:equivalent: the slow path gives the same result
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

// CompareProgram compares program i with the program that its source compiles
// to. It returns "" if they are the same, and otherwise the first difference.
// If they differ, a sensor matches another expression than the one that people
// read. For all programs of a file, use [File.DifferentPrograms], or
// [File.ComparePrograms] if the work must be limited.
func (f *File) CompareProgram(i int) string {
	var c programComparer
	return c.compare(f.Program(i))
}

// DifferentPrograms compares all programs without a limit of work. It returns
// the indices of the programs that do not match their sources, each with the
// difference as in [File.CompareProgram]. It reuses memory, so it is faster than
// a call of CompareProgram for each program.
func (f *File) DifferentPrograms() iter.Seq2[int, string] {
	return f.ComparePrograms(func(int, uint64) bool { return true })
}

// ComparePrograms is [File.DifferentPrograms] with a limit of work. After each
// comparison it calls spend with the index of the program and the work that it
// took. If spend returns false, ComparePrograms stops. A unit of work takes
// about 3 nanoseconds. Even a short source can take much work if it names large
// sets of runes.
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

// work returns the work of all comparisons up to now.
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
	//mutation:missed: TestBudget or budget.txtar detects it
	c.compared += 8*uint64(p.Len()) + uint64(len(want.ranges))
	for k := range p.Len() {
		got, in := p.Inst(k), want.Inst(k)
		same := got == in
		if got.Op == InstRunes && in.Op == InstRunes { // the programs number classes differently
			same = got.Out == in.Out && bytes.Equal(p.rangesOf(got.Arg), want.rangesOf(in.Arg))
		}
		if !same {
			return fmt.Sprintf("its instruction %d is %s, its source compiles to %s", k, p.InstString(k), want.InstString(k))
		}
	}
	return ""
}

// InstString returns a description of instruction i.
//
//mutation:equivalent: only report texts depend on it
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

// ClassString returns the runes of a class between brackets, as in an
// expression. If a class has many ranges, it returns the first of them and
// their number.
//
//mutation:equivalent: only report texts depend on it
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

// appendRune appends a rune in the form that it has between brackets.
//
//mutation:equivalent: only report texts depend on it
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

// ClassString returns class i of the file in the form of [Program.ClassString].
//
//mutation:equivalent: only report texts depend on it
func (f *File) ClassString(i int) string {
	return Program{classes: f.sec[secClasses], ranges: f.sec[secRanges]}.ClassString(uint32(i))
}

// CompareClasses compares two classes of the file in the sort order of
// FORMAT.md.
//
//mutation:equivalent: only the text or the range of a finding depends on it
func (f *File) CompareClasses(i, j int) int {
	p := Program{classes: f.sec[secClasses], ranges: f.sec[secRanges]}
	return compareRanges(p.rangesOf(uint32(i)), p.rangesOf(uint32(j)))
}

// compareRanges compares the ranges of two classes as lists of numbers. A
// proper prefix comes first.
func compareRanges(a, b []byte) int {
	for i := 0; i < min(len(a), len(b)); i += 4 {
		if c := cmp.Compare(le.Uint32(a[i:]), le.Uint32(b[i:])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}
