package fuzz

import (
	"errors"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// parseErrors has the errors that channelfile lists, in the same order.
var parseErrors = []error{
	channelfile.ErrTransfer, channelfile.ErrMagic, channelfile.ErrTruncated, channelfile.ErrByteOrder,
	channelfile.ErrVersion, channelfile.ErrConcatenated, channelfile.ErrTrailing, channelfile.ErrLimit,
	channelfile.ErrSectionSet, channelfile.ErrSectionBounds, channelfile.ErrEntryCount,
	channelfile.ErrInstanceWords, channelfile.ErrConditionReference, channelfile.ErrConditionStack,
	channelfile.ErrOperator, channelfile.ErrFlags, channelfile.ErrInput, channelfile.ErrOperandCount,
	channelfile.ErrOperandBounds, channelfile.ErrOperandReference, channelfile.ErrValueBounds,
	channelfile.ErrOperandForm, channelfile.ErrProgramBounds, channelfile.ErrInstruction, channelfile.ErrInstructionTarget,
	channelfile.ErrClassBounds, channelfile.ErrClassRanges, channelfile.ErrTextReference, channelfile.ErrTextBounds,
}

func FuzzParse(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := slices.Clone(data)
		file, err := channelfile.Parse(data)
		if err != nil {
			checkParseError(t, data, file, err)
		} else {
			checkLayout(t, file)
			checkAccessors(t, file)
		}
		if !slices.Equal(before, data) {
			t.Error("the data was changed")
		}
	})
}

func checkParseError(t *testing.T, data []byte, file *channelfile.File, err error) {
	t.Helper()
	if file != nil {
		t.Error("Parse returned a File and an error")
	}
	var e *channelfile.ParseError
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v; want a *ParseError", err, err)
	}
	if !inside(e.Range, len(data)) {
		t.Errorf("%v is at %v, of %d bytes", err, e.Range, len(data))
	}
	if !slices.ContainsFunc(parseErrors, func(kind error) bool { return errors.Is(e, kind) }) {
		t.Errorf("%v is not a listed error", err)
	}
	if e.Path == "" || e.Detail == "" {
		t.Errorf("%#v lacks the path or the detail", e)
	}
}

func inside(r channelfile.Range, size int) bool {
	return 0 <= r.Start && r.Start <= r.End && r.End <= size
}

// checkLayout checks the promise of File.Layout.
func checkLayout(t *testing.T, f *channelfile.File) {
	t.Helper()
	tiles := !f.Conformance().Has(channelfile.RequirementSectionTiling)
	size, end := len(f.Data()), 0
	for path, r := range f.Layout() {
		if path == "" || r.Len() <= 0 || !inside(r, size) {
			t.Fatalf("part %q is at %v, of %d bytes", path, r, size)
		}
		if tiles && r.Start != end {
			t.Fatalf("part %q starts at %d; the one before ends at %d", path, r.Start, end)
		}
		end = r.End
	}
	if tiles && end != size {
		t.Fatalf("the layout ends at %d, of %d bytes", end, size)
	}
	for range f.Layout() { // the iterator can stop at any part
		break
	}
}

// checkAccessors calls every method of a File for every index, and checks that the results can
// be used for other methods.
func checkAccessors(t *testing.T, f *channelfile.File) {
	t.Helper()
	size := len(f.Data())
	within := func(what string, i int, r channelfile.Range) {
		if !inside(r, size) {
			t.Fatalf("the range of %s %d is %v, of %d bytes", what, i, r, size)
		}
	}
	if int(f.Header.FileSize) != size || int(f.Header.SectionCount) != len(f.Sections) {
		t.Errorf("the header has %d bytes and %d sections; there are %d and %d", f.Header.FileSize, f.Header.SectionCount, size, len(f.Sections))
	}
	within("header digest", 0, f.HeaderDigestRange())
	f.HeaderDigest()
	f.ComputeHeaderDigest()
	f.ContentDigest()
	for i, s := range f.Sections {
		within("section", i, s.Range)
		within("section record", i, f.SectionRecordRange(i))
		f.SectionDigest(i)
		_ = s.Type.String()
	}
	word := 0
	for i := range f.Instances() {
		in := f.Instance(i)
		if in.First != word || in.Count < 1 || in.Count > channelfile.MaxWords {
			t.Fatalf("instance %d has %d words from %d on, the one before ends at %d", i, in.Count, in.First, word)
		}
		within("instance", i, f.InstanceRange(i))
		stack := 0
		for ; word < in.First+in.Count; word++ {
			w := f.Word(word)
			within("word", word, f.WordRange(word))
			line, text := f.Use(word)
			if !f.HasProvenance() && (line != 0 || text != "") {
				t.Fatalf("word %d has a use, but there is no provenance", word)
			}
			switch {
			case w.IsReference():
				f.Criterion(w.Criterion())
				stack++
			case w.Operands() < 2 || w.Operands() > stack || w.IsAnd() == w.IsOr():
				t.Fatalf("word %d is %v, and %d truths are there", word, w, stack)
			default:
				stack -= w.Operands() - 1
			}
		}
		if stack < 1 {
			t.Fatalf("instance %d leaves nothing on the stack", i)
		}
		if o := f.Origin(i); !f.HasProvenance() && o != (channelfile.Origin{}) {
			t.Fatalf("instance %d has an origin, but there is no provenance", i)
		}
		if f.HasProvenance() {
			within("origin", i, f.OriginRange(i))
		}
	}
	if word != f.Words() {
		t.Fatalf("the instances have %d words of %d", word, f.Words())
	}
	operand, inputs := 0, int(f.Header.InputsDeclared)
	for i := range f.Criteria() {
		c := f.Criterion(i)
		within("criterion", i, f.CriterionRange(i))
		if int(c.Input) >= inputs || !c.Operator.Known() || c.First != operand {
			t.Fatalf("criterion %d is %+v, with %d inputs; the one before ends at operand %d", i, c, inputs, operand)
		}
		n := 0
		for v := range f.OperandValues(c) {
			n++
			switch c.Operator {
			case channelfile.OpIntegerEquals:
				v.Integer()
			case channelfile.OpIntegerRange:
				v.IntegerRange()
			case channelfile.OpAddressRange:
				first, last := v.AddressRange()
				_ = first.String() + last.String()
			case channelfile.OpPattern:
				channelfile.SimplerPattern(v)
			}
		}
		for p := range f.OperandPrograms(c) {
			n++
			checkProgram(t, f, p)
		}
		for other := range f.OperandInputs(c) {
			n++
			if other < 0 || other >= inputs {
				t.Fatalf("criterion %d compares with input %d of %d", i, other, inputs)
			}
		}
		if n != c.Count {
			t.Fatalf("criterion %d has %d operands, but returns %d", i, n, c.Count)
		}
		operand += c.Count
	}
	if operand != f.Operands() {
		t.Fatalf("the criteria have %d operands of %d", operand, f.Operands())
	}
	for i := range f.Operands() {
		f.Operand(i)
		within("operand", i, f.OperandRange(i))
	}
	for i := range f.Values() {
		within("value", i, f.ValueRange(i))
		within("the bytes of value", i, f.PoolRange(i))
		if v := f.Value(i); len(v) != f.PoolRange(i).Len() {
			t.Fatalf("value %d has %d bytes at %v", i, len(v), f.PoolRange(i))
		}
	}
	instruction := 0
	for i := range f.Programs() {
		within("program", i, f.ProgramRange(i))
		within("the source of program", i, f.SourceRange(i))
		p := f.Program(i)
		checkProgram(t, f, p)
		if n := len(p.Source()); n != f.SourceRange(i).Len() || f.FirstInstruction(i) != instruction {
			t.Fatalf("program %d has a source of %d bytes at %v, and instructions from %d on; the one before ends at %d", i, n, f.SourceRange(i), f.FirstInstruction(i), instruction)
		}
		instruction += p.Len()
		f.CompareProgram(i)
	}
	if instruction != f.Instructions() {
		t.Fatalf("the programs have %d instructions of %d", instruction, f.Instructions())
	}
	for i := range f.Instructions() {
		within("instruction", i, f.InstructionRange(i))
	}
	for i := range f.Classes() {
		within("class", i, f.ClassRange(i))
		_ = f.ClassString(i)
		if c := f.CompareClasses(i, i); c != 0 {
			t.Fatalf("class %d compares with itself as %d", i, c)
		}
	}
	for i := range f.Texts() {
		within("text", i, f.TextRange(i))
		within("the bytes of text", i, f.TextPoolRange(i))
		if s := f.Text(i); len(s) != f.TextPoolRange(i).Len() {
			t.Fatalf("text %d has %d bytes at %v", i, len(s), f.TextPoolRange(i))
		}
	}
	f.TextsUsed()
}

// checkProgram checks that an interpreter without checks stays inside the program.
func checkProgram(t *testing.T, f *channelfile.File, p channelfile.Program) {
	t.Helper()
	if p.Len() < 1 || p.Len() > channelfile.MaxInstructions {
		t.Fatalf("a program has %d instructions", p.Len())
	}
	for k := range p.Len() {
		in := p.Inst(k)
		if !in.Op.Known() || int64(in.Out) >= int64(p.Len()) || in.Op == channelfile.InstSplit && int64(in.Arg) >= int64(p.Len()) {
			t.Fatalf("instruction %d of %d is %+v", k, p.Len(), in)
		}
		if in.Op == channelfile.InstRunes {
			least := rune(0)
			for r := range p.Ranges(in.Arg) {
				lo, hi := p.Range(in.Arg, r)
				if lo < least || hi < lo || hi > utf8.MaxRune || !p.Holds(in.Arg, lo) || !p.Holds(in.Arg, hi) || r > 0 && p.Holds(in.Arg, lo-1) {
					t.Fatalf("range %d of class %d is %X to %X, after a range that ends before %X", r, in.Arg, lo, hi, least)
				}
				least = hi + 2
			}
		}
	}
}

func FuzzReadersAgree(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { agree(t, data) })
}

// kindOf returns the listed error that an error of Parse is, or nil.
func kindOf(err error) error {
	var e *channelfile.ParseError
	if errors.As(err, &e) {
		if errors.Is(e.Err, channelfile.ErrConcatenated) {
			return channelfile.ErrConcatenated // ErrFileSizeZero counts as ErrConcatenated
		}
		return e.Err
	}
	return err
}
