package channelfile

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/internal/longtest"
)

// readEntries reads the entries of a file with both readers, whatever the digests say.
// It returns nil if header and table cannot be read.
func readEntries(data []byte) (f *File, ok bool, err error) {
	f = &File{data: data}
	if f.readHeader() != nil || f.readTable() != nil {
		return nil, false, nil
	}
	return f, f.scan(), f.explain()
}

// holdReaders holds the fast reader against the slow one, which shares nothing
// with it but patternForm, and what it says of the form of a file against
// Encode, which knows the normal form and not the rules. It returns what the
// fast one found.
func holdReaders(t interface{ Fatalf(string, ...any) }, what string, data []byte) (readable, conforms bool) {
	f, ok, err := readEntries(data)
	if f == nil {
		return false, false
	}
	if ok != (err == nil) {
		t.Fatalf("%s: the fast reader says %v, the slow one: %v", what, ok, err)
	}
	if !ok {
		return false, false
	}
	f.texts = string(f.sec[secTextPool])
	normal := f.broken == 0 && ownPrograms(f)
	again, err := Encode(f)
	if err != nil {
		// A line of the provenance may be too large for an int of 32 bits.
		if normal && strconv.IntSize > 32 {
			t.Fatalf("%s: no rule is broken, but Encode fails: %v", what, err)
		}
		return true, false
	}
	same := len(again) == len(data) && bytes.Equal(withoutDigests(f, data), withoutDigests(f, again))
	if same != normal {
		t.Fatalf("%s: the broken rules are %b, that the programs are their sources' is %v; that Encode makes the same file of it is %v", what, f.broken, ownPrograms(f), same)
	}
	return true, normal
}

// ownPrograms reports whether all programs are those of their sources.
func ownPrograms(f *File) bool {
	for i := range f.Programs() {
		if f.CompareProgram(i) != "" {
			return false
		}
	}
	return true
}

// withoutDigests returns a copy of a file in which the digests are zero. The
// file has the length and the table of f.
func withoutDigests(f *File, data []byte) []byte {
	data = bytes.Clone(data)
	for i := range f.Sections {
		r := f.SectionRecordRange(i)
		clear(data[r.End-digestSize : min(r.End, len(data))])
	}
	r := f.HeaderDigestRange()
	clear(data[r.Start:min(r.End, len(data))])
	return data
}

// scanFiles are files with all that the readers look at in ways of their own.
func scanFiles(t *testing.T) map[string][]byte {
	t.Helper()
	conditions := []Expr{
		And(Equals(0, "a"), Not(Equals(1, "b")), Contains(2, "c").Fold()),
		And(Equals(0, "a"), Or(Equals(1, "b"), Prefix(1, `\x`), Suffix(2, "yy").Fold())),
		Or(And(Equals(0, "a"), Equals(1, "b")), And(Equals(0, "c"), Pattern(3, `a*b\\`, `x?*`).Fold())),
		Not(And(Equals(0, "a"), Or(Equals(1, "b"), And(Exists(2), IntegerEquals(3, 5))))),
		And(Equals(2, "a", "b", "c"), Contains(2, "a", "b").All(), IntegerRange(3, [2]int64{1, 9}), AddressPrefix(1, netip.MustParsePrefix("10.0.0.0/8"))),
		And(EqualsInput(0, 1, 2), PrefixInput(2, 0).Fold(), IntegerEqualsInput(1, 3)),
		And(Equals(2, "a"), Equals(2, "a", "b"), Equals(2, "a", "c")), // lists with one start
	}
	regexps := []Expr{
		And(Equals(0, "a"), Regexp(1, `^a[b-d]*|x{2}\b$`)),
		Or(Regexp(1, "[a-c]", "(?i)k", "[a-c]x").All(), Not(Regexp(2, "^", "[a-c]"))),
	}
	files := make(map[string][]byte)
	for _, kind := range []struct{ traced, programs bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		traced, conditions := kind.traced, conditions
		if kind.programs {
			conditions = regexps
		}
		b := NewBuilder(Header{Channel: 1, Type: 1, TypeVersion: 1, InputsDeclared: testInputs})
		for i, e := range conditions {
			var origin *Origin
			if traced {
				origin = &Origin{Rule: fmt.Sprint(i), Title: "t", Path: "é.yml", Line: i}
				e = e.From(i, "use")
			}
			if err := b.Add(testID(i+1), e, origin); err != nil {
				t.Fatal(err)
			}
		}
		files[fmt.Sprintf("provenance %v, programs %v", traced, kind.programs)] = encoded(t, b).Data()
	}
	// Values in several groups, of all lengths about those of keys, of which
	// neighbours differ early, late, and in length alone.
	b := NewBuilder(Header{Channel: 1, Type: 1, TypeVersion: 1, InputsDeclared: testInputs})
	for i, n := range []int{0, 1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 47, 48, 49, 64, 70, 0, 0, 0, 0, 0} {
		v := string(bytes.Repeat([]byte{'k'}, n))
		if n == 0 {
			v = fmt.Sprint(i)
		}
		e := And(Equals(0, v), Equals(1, v+"\x00").Fold(), Suffix(2, v+"x").Fold())
		if err := b.Add(testID(i+1), e, nil); err != nil {
			t.Fatal(err)
		}
	}
	files["values"] = encoded(t, b).Data()
	return files
}

// TestReadersAgree changes bytes of some files, one at a time: one byte in five, or
// each with -long.
func TestReadersAgree(t *testing.T) {
	for name, data := range scanFiles(t) {
		if readable, conforms := holdReaders(t, name, data); !readable || !conforms {
			t.Fatalf("%s: the file is not as it should be", name)
		}
		var refused, broken, fine int
		step := 5
		if longtest.Enabled() {
			step = 1
		}
		for at := 0; at < len(data); at += step {
			old := data[at]
			for _, c := range []byte{old + 1, old - 1, old ^ 0x20, old ^ 0x80, 0, '*'} {
				data[at] = c
				switch readable, conforms := holdReaders(t, fmt.Sprintf("%s, 0x%02x at 0x%x", name, c, at), data); {
				case !readable:
					refused++
				case !conforms:
					broken++
				default:
					fine++
				}
			}
			data[at] = old
		}
		if refused == 0 || broken == 0 || fine == 0 {
			t.Errorf("%s: %d files cannot be read, %d break rules, %d do not; some of each would show more", name, refused, broken, fine)
		}
	}
}

// TestReadersAgreeProperty changes a few bytes of a file of any model, or takes
// entries from one place of it to another.
func TestReadersAgreeProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := bytes.Clone(genModel().Draw(t, "model").build(t).Data())
		start := headerSize + len(sectionsBase)*recordSize + digestSize
		if start >= len(data) {
			return
		}
		place := rapid.IntRange(start/4, len(data)/4-1)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			at := 4 * place.Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "change") {
			case 0:
				data[at+rapid.IntRange(0, 3).Draw(t, "byte")] = rapid.Byte().Draw(t, "new")
			case 1:
				copy(data[at:at+4], data[4*place.Draw(t, "from"):])
			case 2:
				from := bytes.Clone(data[4*place.Draw(t, "from"):])
				copy(data[at:], from[:min(len(from), 4*rapid.IntRange(1, 6).Draw(t, "words"))])
			}
		}
		holdReaders(t, "changed file", data)
	})
}

// rawFile makes a file of sections, whatever they say.
func rawFile(t *testing.T, sections ...[]byte) []byte {
	t.Helper()
	data := []byte(magic)
	u16 := func(n int) { data = le.AppendUint16(data, uint16(n)) }
	u32 := func(n int) { data = le.AppendUint32(data, uint32(n)) }
	u16(MajorVersion)
	u16(MinorVersion)
	data = append(data, make([]byte, 16)...) // channel, revision, type, type version
	u16(testInputs)
	u16(1)
	data = append(data, make([]byte, 8)...) // created
	u32(0)                                  // file size
	u32(len(sections))
	at := headerSize + len(sections)*recordSize + digestSize
	for i, s := range sections {
		u32(int(sectionKinds[i].typ))
		u32(at)
		u32(len(s))
		u32(len(s) / int(sectionKinds[i].entry))
		data = append(data, make([]byte, digestSize)...)
		at = alignUp(at + len(s))
	}
	data = append(data, make([]byte, digestSize)...)
	for _, s := range sections {
		data = append(data, s...)
		data = append(data, make([]byte, alignUp(len(data))-len(data))...)
	}
	le.PutUint32(data[offFileSize:], uint32(len(data)))
	return data
}

// numbers writes numbers one after the other.
func numbers(list ...uint32) (b []byte) {
	for _, n := range list {
		b = le.AppendUint32(b, n)
	}
	return b
}

// TestReadersAtLimits holds the readers against each other, and against what
// FORMAT.md, section 10, says, at each limit and one above it.
func TestReadersAtLimits(t *testing.T) {
	const or, and, equals = 3 << 30, 2 << 30, uint32(OpEquals) << 8
	references := func(n int) (list []uint32) { // of as many criteria
		for i := range n {
			list = append(list, uint32(2*i))
		}
		return list
	}
	// file makes a file of one instance with a condition, of which the criteria
	// compare with operands that are all the one value.
	file := func(criteria, operands, length int, condition []uint32) []byte {
		var heads, list []uint32
		for i := range criteria {
			heads = append(heads, equals, uint32(i*operands), uint32(operands))
			for range operands {
				list = append(list, 0)
			}
		}
		return rawFile(t,
			append(bytes.Repeat([]byte{1}, 16), numbers(0, uint32(len(condition)))...),
			numbers(condition...), numbers(heads...), numbers(list...), numbers(0, uint32(length)), make([]byte, length))
	}
	// programFile makes a file of one criterion that runs a program of so many
	// instructions, and of a class of so many ranges.
	programFile := func(source, insts, ranges int) []byte {
		var list []uint32
		for i := range ranges {
			list = append(list, uint32(2*i), uint32(2*i))
		}
		return rawFile(t,
			append(bytes.Repeat([]byte{1}, 16), numbers(0, 1)...),
			numbers(0), numbers(uint32(OpRegexp)<<8, 0, 1), numbers(0), nil, nil,
			numbers(0, uint32(source), 0, uint32(insts)), make([]byte, source),
			bytes.Repeat(numbers(uint32(InstMatch), 0), insts), numbers(0, uint32(ranges)), numbers(list...))
	}
	// nested is depth operators, each an operand of the next.
	nested := func(depth int) []uint32 {
		list := []uint32{0}
		for i := range depth {
			list = append(list, 0, []uint32{or, and}[i%2]|2)
		}
		return list
	}
	// long is a condition of n words that leaves few truths on the stack.
	long := func(n int) (list []uint32) {
		for len(list)+16 <= n {
			list = append(append(list, make([]uint32, 15)...), or|15)
		}
		return append(list, make([]uint32, n-len(list))...)
	}
	for _, tt := range []struct {
		why   string
		limit int
		file  func(n int) []byte
	}{
		{"truths on the stack of a conjunction", MaxStack, func(n int) []byte { return file(n, 1, 1, references(n)) }},
		{"truths on the stack before an or", MaxStack, func(n int) []byte { return file(n, 1, 1, append(references(n), or|uint32(n))) }},
		{"truths on the stack of any condition", MaxStack, func(n int) []byte { return file(1, 1, 1, make([]uint32, n)) }},
		{"nesting", MaxDepth, func(n int) []byte { return file(1, 1, 1, nested(n)) }},
		{"words of an instance", MaxWords, func(n int) []byte { return file(1, 1, 1, long(n)) }},
		{"operands of a criterion", MaxOperands, func(n int) []byte { return file(1, n, 1, []uint32{0}) }},
		{"instructions of a program", MaxInstructions, func(n int) []byte { return programFile(0, n, 0) }},
		{"length of the source of a program", MaxExpressionLength, func(n int) []byte { return programFile(n, 1, 0) }},
		{"ranges of a class", MaxRanges, func(n int) []byte { return programFile(0, 1, n) }},
		{"length of a value", MaxValueLength, func(n int) []byte { return file(1, 1, n, []uint32{0}) }},
	} {
		for n, want := range map[int]bool{tt.limit: true, tt.limit + 1: false} {
			what := fmt.Sprintf("%s: %d", tt.why, n)
			if f, _, _ := readEntries(tt.file(n)); f == nil {
				t.Fatalf("%s: header or table cannot be read", what)
			}
			if readable, _ := holdReaders(t, what, tt.file(n)); readable != want {
				t.Errorf("%s: readable %v, want %v", what, readable, want)
			}
		}
	}
}

// Keys order values as their bytes do, or leave it open.
func TestKeyLess(t *testing.T) {
	value := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 0xFF}), 0, 70)
	rapid.Check(t, func(t *rapid.T) {
		common := value.Draw(t, "common")
		a, b := slices.Concat(common, value.Draw(t, "a")), slices.Concat(common, value.Draw(t, "b"))
		key := func(v []byte) key {
			from := append(bytes.Clone(v), bytes.Repeat([]byte{0xAA}, keySize)...) // what follows does not matter
			return keyOf((*[keySize]byte)(from), uint64(len(v)))
		}
		less, more := key(a).less(key(b)), key(b).less(key(a))
		switch want := bytes.Compare(a, b); {
		case less == 1 && want >= 0, more == 1 && want <= 0:
			t.Fatalf("the keys of %q and %q are in another order than they", a, b)
		case less == 0 && more == 0 && !bytes.Equal(bytes.TrimRight(a[:min(len(a), keySize)], "\x00"), bytes.TrimRight(b[:min(len(b), keySize)], "\x00")):
			t.Fatalf("the keys of %q and %q are equal", a, b)
		}
	})
}

// Each byte, at each place of values of all lengths that isPlain treats
// differently.
func TestIsPlain(t *testing.T) {
	for n := 1; n <= 50; n++ {
		for at := range n {
			for c := range 256 {
				s := bytes.Repeat([]byte{'a'}, n)
				s[at] = byte(c)
				if want := n >= 8 && c < utf8.RuneSelf && (c < 'A' || 'Z' < c); isPlain(s) != want {
					t.Fatalf("isPlain(%q) is %v", s, !want)
				}
			}
		}
	}
}
