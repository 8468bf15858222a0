package channelfile

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// programFile is a file with programs that share a class.
func programFile(t *testing.T) *File {
	t.Helper()
	b := NewBuilder(Header{InputsDeclared: 3})
	for i, e := range []Expr{
		Regexp(0, "[0-9]x", "(?i)k"),
		And(Regexp(1, "^[0-9]+$", "(?i)k").All(), Equals(2, "a")),
		Not(Regexp(2, "(?i)k").Fold().From(1, "Field|re: '(?i)k'")),
	} {
		if err := b.Add(testID(i+1), e, nil); err != nil {
			t.Fatal(err)
		}
	}
	return encoded(t, b)
}

// instructionsOf returns the instructions of a program, one in a line.
func instructionsOf(p Program) string {
	var b strings.Builder
	for i := range p.Len() {
		fmt.Fprintln(&b, i, p.InstString(i))
	}
	return b.String()
}

func TestProgramsOfFile(t *testing.T) {
	f := programFile(t)
	var sources []string
	for i := range f.Programs() {
		p := f.Program(i)
		sources = append(sources, p.Source())
		compiled, err := CompileRegexp(p.Source())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := instructionsOf(p), instructionsOf(*compiled); got != want {
			t.Errorf("program %d is\n%sits source compiles to\n%s", i, got, want)
		}
		if text := string(f.Data()[f.SourceRange(i).Start:f.SourceRange(i).End]); text != p.Source() {
			t.Errorf("the source of program %d is at %q", i, text)
		}
	}
	if want := []string{"(?i)k", "[0-9]x", "^[0-9]+$"}; !slices.Equal(sources, want) {
		t.Errorf("the programs are of %q; want %q, each once and sorted", sources, want)
	}
	var classes []string
	for i := range f.Classes() {
		classes = append(classes, f.ClassString(i))
		if i > 0 && f.CompareClasses(i-1, i) >= 0 {
			t.Errorf("class %d does not come after the one before", i)
		}
	}
	if want := []string{"[0-9]", `[Kk\x{212A}]`, "[x]"}; !slices.Equal(classes, want) {
		t.Errorf("the classes are %q; want %q, each once and sorted", classes, want)
	}
	if n := 2 + 3 + 5; f.Instructions() != n {
		t.Errorf("%d instructions; want %d", f.Instructions(), n)
	}
	if at := f.FirstInstruction(2); at != 5 || f.InstructionRange(at).Len() != instSize {
		t.Errorf("program 2 starts at instruction %d, %v", at, f.InstructionRange(at))
	}
	if f.ProgramRange(1).Len() != programSize || f.ClassRange(1).Start != f.ClassRange(0).End {
		t.Errorf("program 1 is at %v, class 1 at %v", f.ProgramRange(1), f.ClassRange(1))
	}
	var all []string // of each criterion
	for i := range f.Criteria() {
		var own []string
		c := f.Criterion(i)
		for p := range f.OperandPrograms(c) {
			own = append(own, p.Source())
		}
		for range f.OperandPrograms(c) {
			break
		}
		for range f.OperandValues(c) {
			own = append(own, "value")
		}
		all = append(all, strings.Join(own, " "))
	}
	if want := []string{"(?i)k [0-9]x", "(?i)k ^[0-9]+$", "value", "(?i)k"}; !slices.Equal(all, want) {
		t.Errorf("the operands of the criteria are %q; want %q", all, want)
	}
}

// Every byte of the sections of programs has a name.
func TestProgramLayout(t *testing.T) {
	f := programFile(t)
	end := 0
	var names []string
	for path, r := range f.Layout() {
		if r.Start != end {
			t.Errorf("%s starts at %d; the part before ends at %d", path, r.Start, end)
		}
		end = r.End
		names = append(names, path)
	}
	if end != len(f.Data()) {
		t.Errorf("the layout ends at %d of %d", end, len(f.Data()))
	}
	for _, want := range []string{
		"program[2].source", "program[2].length", "program[2].first_instruction", "program[2].instructions", "source[2]",
		"instruction[9].op", "instruction[9].out", "instruction[9].arg", "class[2].first_range", "class[2].ranges", "range[4].lo", "range[4].hi",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("the layout has no %s", want)
		}
	}
}

// Size tells how much a program adds to a file: a file with it alone has sections of that size.
func TestProgramSize(t *testing.T) {
	for _, expression := range []string{"a", "[a-z]+", strings.Repeat(`\w`, 300)} {
		p, err := CompileRegexp(expression)
		if err != nil {
			t.Fatal(err)
		}
		b := NewBuilder(Header{Channel: 291, Revision: 1, Type: 1, TypeVersion: 1, InputsDeclared: 1, InputsRead: 1})
		if err := b.Add(ID{1}, Regexp(0, expression), nil); err != nil {
			t.Fatal(err)
		}
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		insts, bytes := 0, len(expression)
		for path, r := range f.Layout() {
			switch {
			case strings.HasPrefix(path, "instruction["):
				bytes += r.Len()
				if strings.HasSuffix(path, ".op") {
					insts++
				}
			case strings.HasPrefix(path, "class["), strings.HasPrefix(path, "range["):
				bytes += r.Len()
			}
		}
		if i, b := p.Size(); i != insts || b != bytes {
			t.Errorf("%.10s: %d instructions in %d bytes, expected %d in %d as in the file", expression, i, b, insts, bytes)
		}
	}
}

// A file without regular expressions has no sections for them.
func TestNoPrograms(t *testing.T) {
	b := NewBuilder(Header{InputsDeclared: 1})
	if err := b.Add(testID(1), And(Exists(0), Regexp(0, "(")), nil); err == nil {
		t.Fatal("no error for a malformed expression")
	}
	if err := b.Add(testID(1), Or(Exists(0), Regexp(0, "refused"), Regexp(3, "beyond")), nil); err == nil {
		t.Fatal("no error for an input that is not declared")
	}
	if err := b.Add(testID(1), Exists(0), nil); err != nil {
		t.Fatal(err)
	}
	f := encoded(t, b)
	if f.HasPrograms() || f.Programs() != 0 || f.Classes() != 0 || f.Instructions() != 0 || len(f.Sections) != 6 {
		t.Errorf("%d sections and %d programs in a file without regular expressions", len(f.Sections), f.Programs())
	}
}

// What is wrong with an expression is said with the instance and the line.
func TestBuilderRegexpErrors(t *testing.T) {
	for _, tt := range []struct {
		expression, want string
		err              error
	}{
		{`a(b`, "instance 01000000-0000-0000-0000-000000000001: line 12: regular expression `a(b`: at byte 1: malformed: this ( has no ): close it, or write \\( for the character", ErrRegexpMalformed},
		{`(?<=a)b`, "at byte 0: not expressible: (?<= starts a look-behind, which RE2 does not have; write a criterion of its own for the text that must or must not be there, or let the expression match that text", ErrRegexpNotExpressible},
		{`a{2000}`, "at byte 1: limit of the format exceeded: {2000} repeats more than 1000 times, the limit of a counted repetition; lower the count", ErrRegexpNotExpressible},
		{"a\n(", `regular expression "a\n(": at byte 2: malformed`, ErrRegexpMalformed},
		{"`(", "regular expression \"`(\": at byte 1: malformed", ErrRegexpMalformed},
		{strings.Repeat("é", 150) + "(", "éé` ...: at byte 300: malformed", ErrRegexpMalformed},
	} {
		b := NewBuilder(Header{InputsDeclared: 1})
		err := b.Add(testID(1), Regexp(0, "x", tt.expression).From(12, "x"), nil)
		var e *RegexpError
		if !errors.As(err, &e) || e.Expression != tt.expression || !errors.Is(err, tt.err) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v\nwant ...%s", tt.expression, err, tt.want)
		}
	}
}

// CompareProgram finds what a changed byte changes, and does not make what a
// small file has no instructions for.
func TestCompareProgram(t *testing.T) {
	f := programFile(t)
	at := func(i, off int) int { return f.InstructionRange(f.FirstInstruction(i)).Start + off }
	for _, tt := range []struct {
		program, at int
		b           byte
		want        string
	}{
		{0, 0, 0, ""},
		{1, at(1, 4), 2, "its instruction 0 is [x] to 1, its source compiles to [0-9] to 1"},
		{1, at(1, 2), 2, "its instruction 0 is [0-9] to 2, its source compiles to [0-9] to 1"},
		{2, at(2, 4), 3, "its instruction 0 is begin line to 1, its source compiles to begin text to 1"},
		{1, f.SourceRange(1).Start, '(', "its source does not compile: regular expression `(0-9]x`: at byte 0: malformed"},
		{1, f.SourceRange(1).End - 1, '.', "its instruction 1 is [x] to 2, its source compiles to [\\x00-\\x09\\x0B-\\x{10FFFF}] to 2"},
		{1, f.SourceRange(1).End - 1, '+', "its instruction 1 is [x] to 2, its source compiles to split to 0 and 2"},
		{2, f.SourceRange(2).End - 1, '+', "its source does not compile"},
		{1, f.SourceRange(1).Start, 'a', "it has 3 instructions, its source compiles to 7"},
	} {
		data := bytes.Clone(f.Data())
		if tt.b != 0 {
			data[tt.at] = tt.b
		}
		g, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		got := g.CompareProgram(tt.program)
		if !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("0x%02x at 0x%x: %q; want %q", tt.b, tt.at, got, tt.want)
		}
	}
}

func TestStringsOfPrograms(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{InstOp(9).String(), "unknown"}, {InstRunes.String(), "runes"}, {Assertion(9).String(), "unknown"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q; want %q", tt.got, tt.want)
		}
	}
	for expression, want := range map[string]string{
		`[\]^[\\-]`:          `[\-\[-\^]`, // [ \ ] ^ are neighbours
		`[a-cx\x7f\x{3a3}]`:  `[a-cx\x7F\x{03A3}]`,
		`\pL`:                "[A-Za-z\\xAA\\xB5\\xBA\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\x{02C1} ... 659 ranges]",
		`[^\x00-\x{10FFFF}]`: "[]",
		`\P{Any}`:            "[]",
		`\p{Any}`:            `[\x00-\x{10FFFF}]`,
		`\P{ASCII}`:          `[\x80-\x{10FFFF}]`,
		`(?i)\p{ASCII}`:      `[\x00-\x7F\x{017F}\x{212A}]`,
		`\p{old-italic}`:     `[\x{10300}-\x{10323}\x{1032D}-\x{1032F}]`,
		`[[:^ascii:]\x{0}]`:  `[\x00\x80-\x{10FFFF}]`,
		`[\d\d\D]`:           `[\x00-\x{10FFFF}]`,
		`(?i)[^[:^alpha:]ſ]`: "[A-RT-Za-rt-z\\x{212A}]",
		`\p{Zs}`:             `[ \xA0\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]`,
	} {
		p, err := CompileRegexp(expression)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := p.ClassString(p.Inst(0).Arg); got != want {
			t.Errorf("%s is %s; want %s", expression, got, want)
		}
	}
}
