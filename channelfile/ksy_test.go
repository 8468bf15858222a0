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
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
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
		DocRef string `yaml:"doc-ref"`
		Seq    []struct {
			ID       string
			Type     string
			Size     int
			Contents any
			Valid    any
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
			o.Integers = []string{fmt.Sprint(Integer(v, 0))}
		case OpIntegerRange:
			o.Integers = []string{fmt.Sprint(Integer(v, 0)), fmt.Sprint(Integer(v, 1))}
		case OpAddressRange:
			for j := range 2 {
				a := Address(v, j).As16()
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

// readWithKsy calls visit with what the generated parser reads of each file.
func readWithKsy(t *testing.T, files [][]byte, visit func(i int, r ksyResult)) {
	t.Helper()
	cmd := ksyParser(t)
	dir := t.TempDir()
	var names []string
	for i, data := range files {
		name := filepath.Join(dir, strconv.Itoa(i))
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	cmd.Stdin = strings.NewReader(strings.Join(names, "\n"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, stderr.String())
	}
	d := json.NewDecoder(bytes.NewReader(out))
	for i := range files {
		var r ksyResult
		if err := d.Decode(&r); err != nil {
			t.Fatalf("line %d of %v: %v", i+1, cmd, err)
		}
		if r.File != names[i] {
			t.Fatalf("line %d of %v is about %s, want %s", i+1, cmd, r.File, names[i])
		}
		visit(i, r)
	}
	if d.More() {
		t.Fatalf("%v printed more than the %d lines it was asked for", cmd, len(files))
	}
}

// beyondKsy says why Kaitai Struct cannot tell that Parse refuses a file, or
// nothing if it can.
func beyondKsy(f *File, err *ParseError) string {
	switch {
	case errors.Is(err, ErrConditionStack):
		return "operators without their operands"
	case errors.Is(err, ErrLimit) && strings.HasPrefix(err.Path, "word["):
		return "too many truths on the stack, or too deep nesting"
	case errors.Is(err, ErrOperandForm) && strings.Contains(err.Detail, "wants a pattern"):
		return "malformed patterns"
	}
	return ""
}

// holdKsy holds what the generated parser reads of files against what this
// package does, and returns how many both read, both refuse, and only the
// parser reads, by the reason.
func holdKsy(t *testing.T, names []string, files [][]byte) (both, neither int, beyond map[string]int) {
	t.Helper()
	beyond = make(map[string]int)
	readWithKsy(t, files, func(i int, r ksyResult) {
		f, err := Parse(files[i])
		switch {
		case err == nil && !r.OK:
			t.Errorf("%s: Parse reads it, the generated parser does not: %s", names[i], r.Error)
			return
		case !r.OK:
			neither++
			if strings.Contains(r.Error, "TypeError") || strings.Contains(r.Error, "ReferenceError") {
				t.Errorf("%s: the generated parser stumbles: %s; expected a condition of channelfile.ksy to refuse it (Parse says %v)", names[i], r.Error, err)
			}
			return
		case err != nil:
			refused := new(ParseError)
			if !errors.As(err, &refused) {
				t.Fatalf("%s: %v is no ParseError", names[i], err)
			}
			why := beyondKsy(f, refused)
			if why == "" {
				t.Errorf("%s: Parse refuses it, the generated parser reads it: %v", names[i], err)
				return
			}
			beyond[why]++
			f = &File{data: files[i]}
			if f.readHeader() != nil || f.readTable() != nil {
				t.Errorf("%s: the generated parser reads it, and this package not even its table", names[i])
				return
			}
			f.texts = string(f.sec[secTextPool])
		default:
			both++
		}
		if diff := cmp.Diff(ksyOf(f), r.Values, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: other values (-package +generated parser):\n%s", names[i], diff)
		}
	})
	return both, neither, beyond
}

// TestDescriptionReadsCorpus holds the parser that is generated from
// channelfile.ksy against Parse, on each file of the corpus.
func TestDescriptionReadsCorpus(t *testing.T) {
	var names []string
	var files [][]byte
	for _, c := range corpus.Cases() {
		names = append(names, c.Name)
		files = append(files, c.Data)
	}
	both, neither, beyond := holdKsy(t, names, files)
	t.Logf("of %d files %d are read by both to the same values, %d by neither; %v only by the generated parser", len(files), both, neither, beyond)
	if both == 0 || neither == 0 {
		t.Errorf("%d files read by both, %d by neither; expected some of each", both, neither)
	}
	if len(beyond) != 3 {
		t.Errorf("refused by Parse alone: %v; expected files for each of three reasons", beyond)
	}
}

// TestDescriptionReadsEdges does the same on files of which one number was
// changed: those of every section and every operator, each to values at which
// something begins or ends.
func TestDescriptionReadsEdges(t *testing.T) {
	var names []string
	var files [][]byte
	seeds := 0
	for _, c := range corpus.Cases() {
		if c.Name != "regexps-provenance" && c.Name != "every-operator" {
			continue
		}
		seeds++
		f, err := Parse(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		for part, r := range f.Layout() {
			if strings.HasPrefix(part, "pool") || strings.HasPrefix(part, "textpool") || strings.HasPrefix(part, "source") ||
				part == "header.magic" || r.Len() > 8 {
				continue
			}
			var number [8]byte
			copy(number[:], c.Data[r.Start:r.End])
			was := le.Uint64(number[:])
			done := map[uint64]bool{was: true}
			top := uint64(1) << (8*r.Len() - 1)
			for _, n := range []uint64{0, 1, was - 1, was + 1, was | top, top - 1, top - 1 + top} {
				if n &= top - 1 + top; done[n] {
					continue
				}
				done[n] = true
				data := bytes.Clone(c.Data)
				var changed [8]byte
				le.PutUint64(changed[:], n)
				copy(data[r.Start:r.End], changed[:])
				names = append(names, fmt.Sprintf("%s, %s = %#x", c.Name, part, n))
				files = append(files, data)
			}
		}
	}
	if seeds != 2 {
		t.Fatalf("%d of the two cases are in the corpus", seeds)
	}
	both, neither, beyond := holdKsy(t, names, files)
	t.Logf("of %d files %d are read by both to the same values, %d by neither; %v only by the generated parser", len(files), both, neither, beyond)
	if both < 100 || neither < 100 {
		t.Errorf("%d files read by both, %d by neither; expected at least a hundred of each", both, neither)
	}
}
