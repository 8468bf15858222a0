package channelfile

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/corpus"
)

// A description is what these tests look at of channelfile.ksy.
type description struct {
	Instances map[string]struct {
		Doc   string
		Value string
		Type  string
	}
	Types map[string]struct {
		Seq []struct {
			ID       string
			Type     string
			Size     int
			Contents any
		}
	}
	Enums map[string]map[int64]string
}

func readDescription(t *testing.T) (d description, text string) {
	t.Helper()
	data, err := os.ReadFile("channelfile.ksy")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return d, string(data)
}

// TestDescriptionNumbers holds the enumerations of channelfile.ksy against the
// numbers of this package, both ways.
func TestDescriptionNumbers(t *testing.T) {
	d, _ := readDescription(t)
	spelled := func(name string) string {
		if name == "assert" {
			return "assertion" // a reserved word of Python
		}
		return strings.ReplaceAll(name, " ", "_")
	}
	want := map[string]map[int64]string{"section_type": {}, "operator": {}, "instruction_op": {}, "assertion": {}}
	for _, s := range sectionKinds {
		want["section_type"][int64(s.typ)] = spelled(s.name)
	}
	for _, op := range Operators() {
		want["operator"][int64(op)] = spelled(op.String())
	}
	for op := range InstOp(len(instNames) + 1) {
		if op.Known() {
			want["instruction_op"][int64(op)] = spelled(op.String())
		}
	}
	for a := range Assertion(len(assertionNames) + 1) {
		if a.Known() {
			want["assertion"][int64(a)] = spelled(a.String())
		}
	}
	if diff := cmp.Diff(want, d.Enums); diff != "" {
		t.Errorf("channelfile.ksy has other numbers (-package +channelfile.ksy):\n%s", diff)
	}
}

// limitsOf returns the constants of limits.go that are limits, by name.
func limitsOf(t *testing.T) map[string]string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "limits.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := (&types.Config{}).Check("channelfile", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	limits := make(map[string]string)
	for _, name := range pkg.Scope().Names() {
		if c, ok := pkg.Scope().Lookup(name).(*types.Const); ok && strings.HasPrefix(name, "Max") {
			limits[name] = constant.ToInt(c.Val()).ExactString()
		}
	}
	if len(limits) < 14 {
		t.Fatalf("%d limits in limits.go; there were 14 once, or this test no longer finds them", len(limits))
	}
	return limits
}

// TestDescriptionLimits holds the limits of channelfile.ksy against those of this
// package: each is there under its name, and something is held to it.
func TestDescriptionLimits(t *testing.T) {
	d, text := readDescription(t)
	limits := limitsOf(t)
	for name, want := range limits {
		if name == "MaxCreated" { // too large for an instance
			if n := strings.Count(text, "max: "+want+"\n"); n != 1 {
				t.Errorf("%s: %d times \"max: %s\" in channelfile.ksy; expected one, at the header's created", name, n, want)
			}
			continue
		}
		id := regexp.MustCompile(`[A-Z]`).ReplaceAllStringFunc(name, func(s string) string { return "_" + strings.ToLower(s) })[1:]
		limit, ok := d.Instances[id]
		if !ok {
			t.Errorf("%s: channelfile.ksy has no instance %s", name, id)
			continue
		}
		if limit.Value != want {
			t.Errorf("%s: %s is %s in channelfile.ksy, and %s in limits.go", name, id, limit.Value, want)
		}
		held := regexp.MustCompile(`\b_root\.` + id + `\b`).MatchString(text)
		if open := strings.Contains(limit.Doc, "not enforced here"); held == open {
			t.Errorf("%s: that something in channelfile.ksy is held to %s is %v, that its doc says \"not enforced here\" too", name, id, held)
		}
	}
	n := 1 // MaxCreated
	for id := range d.Instances {
		if strings.HasPrefix(id, "max_") {
			n++
		}
	}
	if n != len(limits) {
		t.Errorf("channelfile.ksy has %d limits, limits.go %d", n, len(limits))
	}
}

// TestDescriptionRecords holds the fields of all records, and their sizes,
// against those that Layout names.
func TestDescriptionRecords(t *testing.T) {
	d, _ := readDescription(t)
	sizes := map[string]int{"u1": 1, "u2": 2, "u4": 4, "u8": 8}
	fieldsOf := func(typ string) (fields []entryField) {
		if len(d.Types[typ].Seq) == 0 {
			t.Errorf("channelfile.ksy has no type %s", typ)
		}
		for _, f := range d.Types[typ].Seq {
			size := f.Size
			switch {
			case f.Type != "":
				size = sizes[f.Type]
			case f.Contents != nil:
				size = len(magic)
			}
			fields = append(fields, entryField{f.ID, size})
		}
		return fields
	}
	compare := func(typ string, want []entryField) {
		t.Helper()
		if diff := cmp.Diff(want, fieldsOf(typ), cmp.AllowUnexported(entryField{})); diff != "" {
			t.Errorf("type %s (-package +channelfile.ksy):\n%s", typ, diff)
		}
	}

	var header []entryField
	for _, f := range headerFields {
		header = append(header, entryField{f.name, f.size})
	}
	compare("header", header)
	compare("section", []entryField{{"type", 4}, {"offset", 4}, {"length", 4}, {"count", 4}, {"digest", digestSize}})
	for section, name := range entryNames {
		typ, fields := name, entryFields[section]
		switch section {
		case secPool, secSources, secTextPool:
			typ = "byte_section"
			fields = []entryField{{"data", 0}} // to the end
		case secConditions:
			fields = []entryField{{"word", wordSize}}
		case secOperands:
			fields = []entryField{{"index", operandSize}}
		case secCriteria:
			fields = append([]entryField(nil), fields...)
			fields[1].name = "op" // operator is a reserved word of C++
		case secClasses, secRanges:
			typ = "rune_" + name
		}
		compare(typ, fields)
		if kind := sectionKinds[section]; d.Instances[kind.name].Type == "" {
			t.Errorf("channelfile.ksy has no instance %s for that section", kind.name)
		}
	}
}

// TestDescriptionReferences holds that the headings of FORMAT.md to which
// channelfile.ksy refers are there.
func TestDescriptionReferences(t *testing.T) {
	_, text := readDescription(t)
	format, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	anchors := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(format), -1) {
		anchors[strings.ReplaceAll(regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	references := regexp.MustCompile(`(?m)^\s*doc-ref: FORMAT\.md#(\S+)$`).FindAllStringSubmatch(text, -1)
	if n := strings.Count(text, "doc-ref:"); n < 20 || n != len(references) {
		t.Errorf("%d of %d references of channelfile.ksy are to a heading of FORMAT.md; expected all, and at least 20", len(references), n)
	}
	for _, m := range references {
		if !anchors[m[1]] {
			t.Errorf("channelfile.ksy refers to FORMAT.md#%s; there is no such heading", m[1])
		}
	}
}

// The following types are what the generated parser reads, in the JSON of
// tools/ksy/check.js: bytes are in hexadecimal.
type (
	ksyFile struct {
		Header       ksyHeader
		Sections     []ksySection
		HeaderDigest string

		HasPrograms, HasProvenance bool

		Instances    ksyEntries[ksyInstance]
		Conditions   ksyEntries[ksyWord]
		Criteria     ksyEntries[ksyCriterion]
		Operands     ksyEntries[uint32]
		Values       ksyEntries[ksyPooled]
		Pool         ksyBytes
		Programs     ksyEntries[ksyProgram]
		Sources      ksyBytes
		Instructions ksyEntries[string]
		Classes      ksyEntries[ksyClass]
		Ranges       ksyEntries[string]
		Origins      ksyEntries[ksyOrigin]
		Uses         ksyEntries[ksyUse]
		Texts        ksyEntries[ksyPooled]
		Textpool     ksyBytes
	}
	ksyEntries[E any] struct{ Entries []E }
	ksyBytes          struct{ Data string }
	ksyHeader         struct {
		Magic                                string
		Major, Minor                         uint16
		Channel, Revision, Type, TypeVersion uint32
		InputsDeclared, InputsRead           uint16
		Created                              uint64
		FileSize, SectionCount               uint32
	}
	ksySection struct {
		Type, Offset, Length, Count uint32
		Digest, Padding             string
	}
	ksyInstance struct {
		ID               string
		FirstWord, Words uint32
		Condition        []ksyWord
	}
	ksyWord struct {
		Word                    uint32
		IsOperator, IsAnd, IsOr bool
		NumTruths               uint32 // of an operator
		Criterion               uint32 // of a reference
		IsNegated               bool
	}
	ksyCriterion struct {
		Flags, Op                  uint8
		Input                      uint16
		FirstOperand, Operands     uint32
		HasFold, HasAll, HasInputs bool
		List                       []ksyOperand
	}
	ksyOperand struct {
		Index     uint32
		IsValue   bool
		Bytes     string   // of a value
		Integers  []string // of a number or a range of numbers
		Addresses []string // of a range of addresses
	}
	ksyPooled struct {
		Offset, Length uint32
		Bytes          string
	}
	ksyProgram struct {
		Source, Length, FirstInstruction, Instructions uint32
		Expression                                     string
		Code                                           []ksyInst
	}
	ksyInst struct {
		Op, Out  uint16
		Arg      uint32
		Asserted uint32 // of an assertion
	}
	ksyClass struct {
		FirstRange, Ranges uint32
		List               []ksyRange
	}
	ksyRange  struct{ Lo, Hi uint32 }
	ksyOrigin struct{ Rule, Title, Author, Licence, Path, Line uint32 }
	ksyUse    struct{ Line, Text uint32 }
)

// ksyOf returns what the generated parser should read of a file that this
// package has read; of one whose conditions or patterns it refuses, too.
func ksyOf(f *File) *ksyFile {
	h := f.Header
	k := &ksyFile{
		Header: ksyHeader{
			Magic: hexOf(f.data[:len(magic)]), Major: MajorVersion, Minor: MinorVersion,
			Channel: h.Channel, Revision: h.Revision, Type: h.Type, TypeVersion: h.TypeVersion,
			InputsDeclared: h.InputsDeclared, InputsRead: h.InputsRead,
			Created: h.Created, FileSize: h.FileSize, SectionCount: h.SectionCount,
		},
		HeaderDigest: hexOf(f.data[f.HeaderDigestRange().Start:f.HeaderDigestRange().End]),
		HasPrograms:  f.HasPrograms(), HasProvenance: f.HasProvenance(),
		Pool: ksyBytes{hexOf(f.sec[secPool])}, Sources: ksyBytes{hexOf(f.sec[secSources])}, Textpool: ksyBytes{hexOf(f.sec[secTextPool])},
	}
	for _, s := range f.Sections {
		padding := f.data[s.Range.End:min(alignUp(s.Range.End), len(f.data))]
		k.Sections = append(k.Sections, ksySection{
			uint32(s.Type), uint32(s.Range.Start), uint32(s.Range.Len()), uint32(s.Count), hexOf(s.Digest[:]), hexOf(padding),
		})
	}
	for i := range f.Words() {
		k.Conditions.Entries = append(k.Conditions.Entries, ksyWordOf(f.Word(i)))
	}
	for i := range f.Instances() {
		in := f.Instance(i)
		k.Instances.Entries = append(k.Instances.Entries, ksyInstance{
			hexOf(in.ID[:]), uint32(in.First), uint32(in.Count), k.Conditions.Entries[in.First:][:in.Count],
		})
	}
	for i := range f.Operands() {
		k.Operands.Entries = append(k.Operands.Entries, uint32(f.Operand(i)))
	}
	for i := range f.Criteria() {
		k.Criteria.Entries = append(k.Criteria.Entries, ksyCriterionOf(f, f.Criterion(i)))
	}
	pooled := func(section, i int, bytes string) ksyPooled {
		r := f.poolRange(section, i)
		return ksyPooled{uint32(r.Start), uint32(r.Len()), bytes}
	}
	for i := range f.Values() {
		k.Values.Entries = append(k.Values.Entries, pooled(secValues, i, hexOf(f.Value(i))))
	}
	for i := range f.Programs() {
		k.Programs.Entries = append(k.Programs.Entries, ksyProgramOf(f, i))
	}
	for b := f.sec[secInstructions]; len(b) > 0; b = b[instSize:] {
		k.Instructions.Entries = append(k.Instructions.Entries, hexOf(b[:instSize]))
	}
	for i := range f.Classes() {
		r := f.classRange(i)
		c := ksyClass{FirstRange: uint32(r.Start), Ranges: uint32(r.Len())}
		p := Program{classes: f.sec[secClasses], ranges: f.sec[secRanges]}
		for j := range p.Ranges(uint32(i)) {
			lo, hi := p.Range(uint32(i), j)
			c.List = append(c.List, ksyRange{uint32(lo), uint32(hi)})
		}
		k.Classes.Entries = append(k.Classes.Entries, c)
	}
	for b := f.sec[secRanges]; len(b) > 0; b = b[rangeSize:] {
		k.Ranges.Entries = append(k.Ranges.Entries, hexOf(b[:rangeSize]))
	}
	if !f.HasProvenance() {
		return k
	}
	number := func(r Range, i int) uint32 { return le.Uint32(f.data[r.Start+4*i:]) }
	for i := range f.Instances() {
		r := f.OriginRange(i)
		k.Origins.Entries = append(k.Origins.Entries, ksyOrigin{
			number(r, 0), number(r, 1), number(r, 2), number(r, 3), number(r, 4), number(r, 5),
		})
	}
	for i := range f.Words() {
		r := f.UseRange(i)
		k.Uses.Entries = append(k.Uses.Entries, ksyUse{number(r, 0), number(r, 1)})
	}
	for i := range f.Texts() {
		k.Texts.Entries = append(k.Texts.Entries, pooled(secTexts, i, hexOf([]byte(f.Text(i)))))
	}
	return k
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func ksyWordOf(w Word) ksyWord {
	if w.IsReference() {
		return ksyWord{Word: uint32(w), Criterion: uint32(w.Criterion()), IsNegated: w.Negated()}
	}
	return ksyWord{Word: uint32(w), IsOperator: true, IsAnd: w.IsAnd(), IsOr: w.IsOr(), NumTruths: uint32(w.Operands())}
}

func ksyCriterionOf(f *File, c Criterion) ksyCriterion {
	k := ksyCriterion{
		Flags: uint8(c.Flags), Op: uint8(c.Operator), Input: c.Input, FirstOperand: uint32(c.First), Operands: uint32(c.Count),
		HasFold: c.Flags&FlagFold != 0, HasAll: c.Flags&FlagAll != 0, HasInputs: c.Flags&FlagInputs != 0,
	}
	for i := range c.Count {
		k.List = append(k.List, ksyOperand{Index: uint32(f.Operand(c.First + i))})
	}
	i := 0
	for v := range f.OperandValues(c) {
		o := &k.List[i]
		i++
		o.IsValue, o.Bytes = true, hexOf(v)
		switch c.Operator {
		case OpIntegerEquals:
			o.Integers = []string{fmt.Sprint(v.Integer())}
		case OpIntegerRange:
			least, greatest := v.IntegerRange()
			o.Integers = []string{fmt.Sprint(least), fmt.Sprint(greatest)}
		case OpAddressRange:
			first, last := v.AddressRange()
			for _, address := range []netip.Addr{first, last} {
				a := address.As16()
				o.Addresses = append(o.Addresses, hexOf(a[:]))
			}
		}
	}
	return k
}

func ksyProgramOf(f *File, i int) ksyProgram {
	p := f.Program(i)
	source := f.SourceRange(i).Start - f.section(secSources).Range.Start
	k := ksyProgram{
		Source: uint32(source), Length: uint32(len(p.Source())),
		FirstInstruction: uint32(f.FirstInstruction(i)), Instructions: uint32(p.Len()),
		Expression: hexOf([]byte(p.Source())),
	}
	for j := range p.Len() {
		in := p.Inst(j)
		inst := ksyInst{Op: uint16(in.Op), Out: uint16(in.Out), Arg: in.Arg}
		if in.Op == InstAssert {
			inst.Asserted = in.Arg
		}
		k.Code = append(k.Code, inst)
	}
	return k
}

// ksyParser returns the command that reads the files named on its standard
// input, or skips the test.
func ksyParser(t *testing.T) *exec.Cmd {
	t.Helper()
	const install = "the parser generated from channelfile.ksy was NOT compared with this package; with Node and npm there, run npm ci --prefix tools/ksy"
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skipf("%v: %s", err, install)
	}
	tool := filepath.Join("..", "tools", "ksy")
	for _, module := range []string{"kaitai-struct-compiler", "kaitai-struct", "js-yaml"} {
		if _, err := os.Stat(filepath.Join(tool, "node_modules", module)); err != nil {
			t.Skipf("%v: %s", err, install)
		}
	}
	return exec.Command(node, filepath.Join(tool, "check.js"))
}

// A ksyResult is a line that tools/ksy/check.js prints.
type ksyResult struct {
	File   string
	OK     bool
	Error  string
	Values *ksyFile
}

// A ksyCase is a file for the generated parser: a name for messages, and either
// the path of the file or "hex:" and its bytes.
type ksyCase struct {
	name, path string
	data       []byte
}

// readWithKsy calls visit with what the generated parser reads of each file.
func readWithKsy(t *testing.T, cases []ksyCase, visit func(c ksyCase, r ksyResult)) {
	t.Helper()
	cmd := ksyParser(t)
	var names strings.Builder
	for _, c := range cases {
		names.WriteString(c.path + "\n")
	}
	cmd.Stdin = strings.NewReader(names.String())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, stderr.String())
	}
	d := json.NewDecoder(bytes.NewReader(out))
	for i, c := range cases {
		var r ksyResult
		if err := d.Decode(&r); err != nil {
			t.Fatalf("line %d of %v: %v", i+1, cmd, err)
		}
		if r.File != c.path {
			t.Fatalf("line %d of %v is about %.80s, want %s", i+1, cmd, r.File, c.name)
		}
		visit(c, r)
	}
	if d.More() {
		t.Fatalf("%v printed more than the %d lines it was asked for", cmd, len(cases))
	}
}

// beyondKsy says why Kaitai Struct cannot tell that Parse refuses a file, or
// nothing if it can.
func beyondKsy(err *ParseError) string {
	switch {
	case errors.Is(err, ErrConditionStack):
		return "operators without their operands"
	case errors.Is(err, ErrLimit) && strings.HasPrefix(err.Path, "word["):
		return "too many truths on the stack, or too deep nesting"
	case errors.Is(err, ErrOperandForm) && strings.Contains(err.Detail, "needs a pattern"):
		return "malformed patterns"
	}
	return ""
}

// holdKsy holds what the generated parser reads of files against what this
// package does, and returns how many both read, both refuse, and only the
// parser reads, by the reason.
func holdKsy(t *testing.T, cases []ksyCase) (both, neither int, beyond map[string]int) {
	t.Helper()
	beyond = make(map[string]int)
	readWithKsy(t, cases, func(c ksyCase, r ksyResult) {
		f, err := Parse(c.data)
		switch {
		case err == nil && !r.OK:
			t.Errorf("%s: Parse reads it, the generated parser does not: %s", c.name, r.Error)
			return
		case !r.OK:
			neither++
			if strings.Contains(r.Error, "TypeError") {
				t.Errorf("%s: the generated parser stumbles: %s; expected a condition of channelfile.ksy to refuse it (Parse says %v)", c.name, r.Error, err)
			}
			return
		case err != nil:
			refused := new(ParseError)
			if !errors.As(err, &refused) {
				t.Fatalf("%s: %v is no ParseError", c.name, err)
			}
			why := beyondKsy(refused)
			if why == "" {
				t.Errorf("%s: Parse refuses it, the generated parser reads it: %v", c.name, err)
				return
			}
			beyond[why]++
			f = &File{data: c.data}
			if f.readHeader() != nil || f.readTable() != nil {
				t.Errorf("%s: the generated parser reads it, and this package not even its table", c.name)
				return
			}
			f.texts = string(f.sec[secTextPool])
		default:
			both++
		}
		if diff := cmp.Diff(ksyOf(f), r.Values, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: other values (-package +generated parser):\n%s", c.name, diff)
		}
	})
	t.Logf("of %d files %d are read by both to the same values, %d by neither; only by the generated parser, and to the same values: %v", len(cases), both, neither, beyond)
	return both, neither, beyond
}

// TestDescriptionReadsCorpus holds the parser that is generated from
// channelfile.ksy against Parse, on each file of the corpus.
func TestDescriptionReadsCorpus(t *testing.T) {
	var cases []ksyCase
	for _, c := range corpus.Cases() {
		cases = append(cases, ksyCase{c.Name, filepath.Join("..", "corpus", filepath.FromSlash(c.Path())), c.Data})
	}
	both, neither, beyond := holdKsy(t, cases)
	if both == 0 || neither == 0 {
		t.Errorf("%d files read by both, %d by neither; expected some of each", both, neither)
	}
	if len(beyond) != 3 {
		t.Errorf("refused by Parse alone: %v; expected files for each of the three reasons", beyond)
	}
}

// TestDescriptionReadsEdges does the same on files in which one number was
// changed, to values at which something begins or ends. The file that they come
// from has several entries in each section, and every operator and instruction.
func TestDescriptionReadsEdges(t *testing.T) {
	const last = 20 // input
	b := NewBuilder(Header{Channel: 291, Revision: 1, Type: 1, TypeVersion: 1, InputsDeclared: last + 1, Created: 1721361600})
	for i, e := range []Expr{
		And(Exists(0), Equals(1, "a", "bc").Fold(), Not(Prefix(2, "d"))).From(3, "first"),
		And(Or(And(Suffix(3, "e"), Contains(4, "f", "g").All()), Pattern(5, `h*i`, `\??`)), Not(Exists(0))).From(4, "second"),
		And(Regexp(6, `^a|b$`, `(?m)^[c-eg-ik]$\b`), Regexp(last, `\B\d+[^x]`, `\A[c-e]\z`).All()).From(5, "third"),
		And(IntegerEquals(7, -1, 1<<62+1), IntegerRange(8, [2]int64{-1 << 63, 1<<63 - 1}), AddressPrefix(9, netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fe80::/10"))),
		And(EqualsInput(1, 2, last), PrefixInput(3, 2).Fold(), SuffixInput(4, 3), IntegerEqualsInput(7, 8)),
	} {
		if err := b.Add(testID(i+1), e, &Origin{Rule: fmt.Sprint("rule ", i), Title: "title", Author: "author", Licence: "licence", Path: "path", Line: i + 1}); err != nil {
			t.Fatal(err)
		}
	}
	f := encoded(t, b)
	cases := []ksyCase{{"the file itself", "hex:" + hexOf(f.data), f.data}}
	for part, r := range f.Layout() {
		if bytesOnly := regexp.MustCompile(`^(header\.magic|(pool|source|textpool)\[.*)$`); bytesOnly.MatchString(part) || r.Len() > 8 {
			continue
		}
		var number [8]byte
		copy(number[:], f.data[r.Start:r.End])
		was, top := le.Uint64(number[:]), uint64(1)<<(8*r.Len()-1)
		all := top - 1 + top
		values := []uint64{0, 1, was - 1, was + 1, was | top, top - 1, all}
		if strings.HasPrefix(part, "origin") || strings.HasPrefix(part, "use") {
			values = append(values, uint64(f.Texts()))
		}
		if r.Len() == 1 { // operators and flags
			for n := range uint64(18) {
				values = append(values, n)
			}
		}
		done := map[uint64]bool{was: true}
		for _, n := range values {
			if n &= all; done[n] {
				continue
			}
			done[n] = true
			le.PutUint64(number[:], n)
			data := bytes.Clone(f.data)
			copy(data[r.Start:r.End], number[:])
			cases = append(cases, ksyCase{fmt.Sprintf("%s = %#x", part, n), "hex:" + hexOf(data), data})
		}
	}
	both, neither, _ := holdKsy(t, cases)
	if both < 100 || neither < 100 {
		t.Errorf("%d files read by both, %d by neither; expected at least a hundred of each", both, neither)
	}
}

// TestDescriptionReadsLimits does the same on files at each limit that the
// description enforces, and one beyond it. Nothing else is wrong with them.
func TestDescriptionReadsLimits(t *testing.T) {
	const equals, regexps = uint32(OpEquals) << 8, uint32(OpRegexp) << 8
	// words is a condition of n words that leaves few truths on the stack.
	words := func(n int) (list []uint32) {
		for len(list)+16 <= n {
			list = append(append(list, make([]uint32, 15)...), uint32(wordOperator|wordOr)|15)
		}
		return append(list, make([]uint32, n-len(list))...)
	}
	instance := func(words int) []byte {
		return append(bytes.Repeat([]byte{1}, 16), numbers(0, uint32(words))...)
	}
	plain := func(condition, operands, length int) []byte {
		return rawFile(t, instance(condition), numbers(words(condition)...), numbers(equals, 0, uint32(operands)),
			make([]byte, operands*operandSize), numbers(0, uint32(length)), make([]byte, length))
	}
	programs := func(source, insts, ranges int, provenance ...[]byte) []byte {
		var list []uint32
		for i := range ranges {
			list = append(list, uint32(2*i), uint32(2*i))
		}
		return rawFile(t, append([][]byte{
			instance(1), numbers(0), numbers(regexps, 0, 1), numbers(0), nil, nil,
			numbers(0, uint32(source), 0, uint32(insts)), make([]byte, source),
			bytes.Repeat(numbers(uint32(InstMatch), 0), insts), numbers(0, uint32(ranges)), numbers(list...),
		}, provenance...)...)
	}
	var cases []ksyCase
	add := func(name string, data []byte) { cases = append(cases, ksyCase{name, "hex:" + hexOf(data), data}) }
	within := 0
	for _, tt := range []struct {
		what        string
		least, most int
		file        func(n int) []byte
	}{
		{"words of an instance", 1, MaxWords, func(n int) []byte { return plain(n, 1, 0) }},
		{"operands of a criterion", 1, MaxOperands, func(n int) []byte { return plain(1, n, 0) }},
		{"bytes of a value", 0, MaxValueLength, func(n int) []byte { return plain(1, 1, n) }},
		{"bytes of a source", 0, MaxExpressionLength, func(n int) []byte { return programs(n, 1, 0) }},
		{"instructions of a program", 1, MaxInstructions, func(n int) []byte { return programs(0, n, 0) }},
		{"ranges of a class", 0, MaxRanges, func(n int) []byte { return programs(0, 1, n) }},
		{"bytes of a text", 0, MaxTextLength, func(n int) []byte {
			return programs(0, 1, 0, make([]byte, originSize), make([]byte, useSize), numbers(0, uint32(n)), make([]byte, n))
		}},
	} {
		for _, n := range []int{tt.least - 1, tt.least, tt.most, tt.most + 1} {
			if n >= 0 {
				add(fmt.Sprintf("%d %s", n, tt.what), tt.file(n))
			}
			if tt.least <= n && n <= tt.most {
				within++
			}
		}
	}
	cut := plain(1, 1, 1) // without the padding after its last section
	cut = cut[:len(cut)-sectionAlign+1]
	le.PutUint32(cut[offFileSize:], uint32(len(cut)))
	add("no padding at the end", cut)
	within++
	add("no programs where there is a section of them", rawFile(t, instance(1), numbers(0), numbers(uint32(OpExists)<<8, 0, 0), nil, nil, nil, nil, nil, nil, nil, nil))
	// empty has a program, which nothing names, and the provenance of nothing.
	empty := func(values, texts []byte) []byte {
		return rawFile(t, nil, nil, nil, nil, nil, values, numbers(0, 0, 0, 1), nil, numbers(uint32(InstMatch), 0), nil, nil, nil, nil, nil, texts)
	}
	add("nothing but a program", empty(nil, nil))
	within++
	add("a byte that is of no value", empty([]byte{0}, nil))
	add("a byte that is of no text", empty(nil, []byte{0}))

	both, neither, _ := holdKsy(t, cases)
	if both != within || neither != len(cases)-within {
		t.Errorf("%d files read by both, %d by neither; expected the %d within the limits and the %d beyond", both, neither, within, len(cases)-within)
	}
}
