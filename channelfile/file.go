package channelfile

import (
	"crypto/sha256"
	"fmt"
	"iter"
)

// A File is a channel file that [Parse] has read. It keeps all requirements
// that a reader depends on, and returns views of the data passed to Parse. Its
// methods cannot fail. A method that takes an index panics if the index is not
// less than the number of entries, as a slice does.
//
// A File never changes, and may be used by several goroutines.
type File struct {
	Header   Header
	Sections []Section // in file order

	data   []byte
	sec    [sectionsAll][]byte // bytes of each section; nil if the file does not have the section
	place  [sectionsAll]int8   // index in Sections; 0 for a section that the file does not have
	texts  string              // a copy of the text pool
	broken Requirements        // requirements that the file breaks, found by scan
}

// section returns the record of a section that the file has.
func (f *File) section(section int) *Section { return &f.Sections[f.place[section]] }

// Data returns the whole file. The caller must not modify it.
func (f *File) Data() []byte { return f.data }

// An Instance is a template instance, that is, one rule. Its condition is Count
// words of the file, starting at First.
type Instance struct {
	ID           ID
	First, Count int
}

// Instances returns the number of template instances.
func (f *File) Instances() int { return len(f.sec[secInstances]) / instanceSize }

// Instance returns instance i, in file order.
func (f *File) Instance(i int) Instance {
	b := f.sec[secInstances][i*instanceSize:][:instanceSize]
	return Instance{ID(b[:16]), int(le.Uint32(b[16:])), int(le.Uint32(b[20:]))}
}

// Words returns the number of words of all conditions.
func (f *File) Words() int { return len(f.sec[secConditions]) / wordSize }

// Word returns word i of the conditions. The criterion or the operands that it
// refers to exist.
func (f *File) Word(i int) Word { return Word(le.Uint32(f.sec[secConditions][i*wordSize:])) }

// A Criterion compares one input of an event with operands. These are Count
// operands of the file, starting at First.
type Criterion struct {
	Input        uint16 // less than the file's InputsDeclared
	Operator     Operator
	Flags        Flags
	First, Count int
}

// Criteria returns the number of distinct criteria.
func (f *File) Criteria() int { return len(f.sec[secCriteria]) / criterionSize }

// Criterion returns criterion i.
func (f *File) Criterion(i int) Criterion {
	b := f.sec[secCriteria][i*criterionSize:][:criterionSize]
	return Criterion{
		Flags:    Flags(b[0]),
		Operator: Operator(b[1]),
		Input:    le.Uint16(b[2:]),
		First:    int(le.Uint32(b[4:])),
		Count:    int(le.Uint32(b[8:])),
	}
}

// AlikeUntil returns the end of the criteria from criterion i on that have the
// input, the operator and the flags of criterion i. Criteria are in the order of
// these, so a file has few such groups. The operands of a group are adjacent.
func (f *File) AlikeUntil(i int) int {
	b := f.sec[secCriteria][i*criterionSize:]
	for head := le.Uint32(b); len(b) >= criterionSize && le.Uint32(b) == head; b = b[criterionSize:] {
		i++
	}
	return i
}

// Operands returns the number of operands of all criteria.
func (f *File) Operands() int { return len(f.sec[secOperands]) / operandSize }

// Operand returns operand i. For a criterion with FlagInputs it is the index of
// an input, which is less than InputsDeclared. For OpRegexp it is the index of
// a program, and for other criteria the index of a value.
func (f *File) Operand(i int) int { return int(le.Uint32(f.sec[secOperands][i*operandSize:])) }

// Values returns the number of distinct values.
func (f *File) Values() int { return len(f.sec[secValues]) / valueSize }

// Value returns value i. It has the form that the operators of its criteria
// require. It shares the bytes of the file.
func (f *File) Value(i int) Value {
	r := f.poolRange(secValues, i)
	return f.sec[secPool][r.Start:r.End:r.End]
}

// poolRange returns the place of an entry of values or texts in its pool.
func (f *File) poolRange(section, i int) Range {
	return span32(f.sec[section][i*valueSize:][:valueSize])
}

// OperandValues returns the values that the criterion compares with, in file
// order. A criterion with FlagInputs or OpRegexp has no values.
func (f *File) OperandValues(c Criterion) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if c.Flags&FlagInputs != 0 || c.Operator == OpRegexp {
			return
		}
		for i := range c.Count {
			if !yield(f.Value(f.Operand(c.First + i))) {
				return
			}
		}
	}
}

// OperandInputs returns the indices of the other inputs that a criterion with
// FlagInputs compares with, in file order. Other criteria do not have any.
func (f *File) OperandInputs(c Criterion) iter.Seq[int] {
	return func(yield func(int) bool) {
		if c.Flags&FlagInputs == 0 {
			return
		}
		for i := range c.Count {
			if !yield(f.Operand(c.First + i)) {
				return
			}
		}
	}
}

// OperandPrograms returns the programs that a criterion with OpRegexp runs, in
// file order. Other criteria do not have any.
func (f *File) OperandPrograms(c Criterion) iter.Seq[Program] {
	return func(yield func(Program) bool) {
		if c.Operator != OpRegexp {
			return
		}
		for i := range c.Count {
			if !yield(f.Program(f.Operand(c.First + i))) {
				return
			}
		}
	}
}

// HasPrograms reports whether the file has regular expressions.
func (f *File) HasPrograms() bool { return f.place[secPrograms] > 0 }

// Programs returns the number of distinct programs.
func (f *File) Programs() int { return len(f.sec[secPrograms]) / programSize }

// Program returns program i. It shares the bytes of the file.
func (f *File) Program(i int) Program {
	b := f.sec[secPrograms][i*programSize:][:programSize]
	source, insts := span32(b), span32(b[8:])
	return Program{
		source:  f.sec[secSources][source.Start:source.End:source.End],
		insts:   f.sec[secInstructions][insts.Start*instSize : insts.End*instSize : insts.End*instSize],
		classes: f.sec[secClasses],
		ranges:  f.sec[secRanges],
	}
}

// Instructions returns the number of instructions of all programs.
func (f *File) Instructions() int { return len(f.sec[secInstructions]) / instSize }

// FirstInstruction returns the index in the file of the first instruction of
// program i.
//
//mutation:equivalent: only report texts depend on it
func (f *File) FirstInstruction(i int) int {
	return int(le.Uint32(f.sec[secPrograms][i*programSize+8:]))
}

// Classes returns the number of distinct classes of runes.
func (f *File) Classes() int { return len(f.sec[secClasses]) / classSize }

// classRange returns the indices in the file of the ranges of class i.
//
//mutation:equivalent: only report texts depend on it
func (f *File) classRange(i int) Range { return span32(f.sec[secClasses][i*classSize:]) }

// span32 reads the start and the length of a range.
func span32(b []byte) Range {
	off, n := int(le.Uint32(b)), int(le.Uint32(b[4:]))
	return Range{off, off + n}
}

// An Origin is the source of an instance. Empty fields are unknown.
type Origin struct {
	Rule    string // ID of the rule, as its author wrote it
	Title   string
	Author  string
	Licence string
	Path    string // path of the source
	Line    int    // line of the rule in the source, from 1; 0 means unknown
}

// HasProvenance reports whether the file has the sources of its instances.
func (f *File) HasProvenance() bool { return f.place[secOrigins] > 0 }

// Origin returns the source of instance i. It returns the zero Origin if the
// file has no provenance.
func (f *File) Origin(i int) Origin { return f.ShortOrigin(i, MaxTextLength) }

// ShortOrigin is like Origin, but truncates each text to at most most bytes. It
// is for callers that show many origins of a file that may have very long
// texts.
func (f *File) ShortOrigin(i, most int) Origin {
	if !f.HasProvenance() {
		return Origin{}
	}
	b := f.sec[secOrigins][i*originSize:][:originSize]
	//mutation:equivalent `4*k`: the value is always below 256
	text := func(k int) string { return f.shortText(int(le.Uint32(b[4*k:])), most) }
	return Origin{
		Rule:    text(0),
		Title:   text(1),
		Author:  text(2),
		Licence: text(3),
		Path:    text(4),
		Line:    int(le.Uint32(b[4*originTexts:])),
	}
}

// Use returns the line of the source for a word of the conditions, and the text
// that the author wrote there. It returns 0 and "" if the file does not have
// them.
func (f *File) Use(word int) (line int, text string) { return f.ShortUse(word, MaxTextLength) }

// ShortUse is like Use, but truncates the text to at most most bytes.
func (f *File) ShortUse(word, most int) (line int, text string) {
	if !f.HasProvenance() {
		return 0, ""
	}
	b := f.sec[secUses][word*useSize:][:useSize]
	return int(le.Uint32(b)), f.shortText(int(le.Uint32(b[4:])), most)
}

// Texts returns the number of distinct texts of the provenance.
func (f *File) Texts() int { return len(f.sec[secTexts]) / valueSize }

// Text returns a copy of text i of the provenance.
func (f *File) Text(i int) string { return f.shortText(i, MaxTextLength) }

func (f *File) shortText(i, most int) string {
	r := f.poolRange(secTexts, i)
	return string(f.sec[secTextPool][r.Start:min(r.End, r.Start+most)])
}

// TextsUsed reports for each text whether an origin or a use refers to it.
func (f *File) TextsUsed() []bool {
	used := make([]bool, f.Texts())
	for b := f.sec[secOrigins]; len(b) >= originSize; b = b[originSize:] {
		for k := range originTexts {
			//mutation:equivalent: only the text or the range of a finding depends on it
			used[le.Uint32(b[4*k:])] = true
		}
	}
	//mutation:equivalent: only the text or the range of a finding depends on it
	for b := f.sec[secUses]; len(b) >= useSize; b = b[useSize:] {
		//mutation:equivalent: only the text or the range of a finding depends on it
		used[le.Uint32(b[4:])] = true
	}
	return used
}

// entry returns the range in the file of entry i of a section.
//
//mutation:equivalent: only report texts depend on it
func (f *File) entry(section, i, size int) Range {
	start := f.section(section).Range.Start + i*size
	return Range{start, start + size}
}

// InstanceRange returns the range of the record of instance i.
func (f *File) InstanceRange(i int) Range { return f.entry(secInstances, i, instanceSize) }

// WordRange returns the range of word i of the conditions.
func (f *File) WordRange(i int) Range { return f.entry(secConditions, i, wordSize) }

// CriterionRange returns the range of the record of criterion i.
func (f *File) CriterionRange(i int) Range { return f.entry(secCriteria, i, criterionSize) }

// OperandRange returns the range of operand i.
func (f *File) OperandRange(i int) Range { return f.entry(secOperands, i, operandSize) }

// ValueRange returns the range of the record of value i. See [File.PoolRange]
// for the value itself.
func (f *File) ValueRange(i int) Range { return f.entry(secValues, i, valueSize) }

// PoolRange returns the range of value i itself, in the pool.
func (f *File) PoolRange(i int) Range {
	return f.poolRange(secValues, i).shift(f.section(secPool).Range.Start)
}

// ProgramRange returns the range of the record of program i. See
// [File.SourceRange] for its source.
func (f *File) ProgramRange(i int) Range { return f.entry(secPrograms, i, programSize) }

// SourceRange returns the range of the source of program i.
//
//mutation:equivalent: only report texts depend on it
func (f *File) SourceRange(i int) Range {
	return span32(f.sec[secPrograms][i*programSize:]).shift(f.section(secSources).Range.Start)
}

// InstructionRange returns the range of instruction i, counted over all
// programs.
func (f *File) InstructionRange(i int) Range { return f.entry(secInstructions, i, instSize) }

// ClassRange returns the range of the record of class i.
func (f *File) ClassRange(i int) Range { return f.entry(secClasses, i, classSize) }

// OriginRange returns the range of the origin of instance i. The file must have
// provenance.
func (f *File) OriginRange(i int) Range { return f.entry(secOrigins, i, originSize) }

// UseRange returns the range of the use of word i. The file must have
// provenance.
func (f *File) UseRange(i int) Range { return f.entry(secUses, i, useSize) }

// TextRange returns the range of the record of text i. The file must have
// provenance.
func (f *File) TextRange(i int) Range { return f.entry(secTexts, i, valueSize) }

// TextPoolRange returns the range of text i itself, in the text pool. The file
// must have provenance.
func (f *File) TextPoolRange(i int) Range {
	return f.poolRange(secTexts, i).shift(f.section(secTextPool).Range.Start)
}

//mutation:equivalent: only report texts depend on it
func (r Range) shift(n int) Range { return Range{r.Start + n, r.End + n} }

// SectionRecordRange returns the range of record i of the section table.
//
//mutation:equivalent: only report texts depend on it
func (f *File) SectionRecordRange(i int) Range {
	return Range{headerSize + i*recordSize, headerSize + (i+1)*recordSize}
}

// HeaderDigestRange returns the range of the header digest.
func (f *File) HeaderDigestRange() Range {
	at := headerSize + len(f.Sections)*recordSize
	return Range{at, at + digestSize}
}

// The ranges of the header fields that findings refer to.
var (
	ChannelRange        = Range{offChannel, offChannel + 4}
	RevisionRange       = Range{offRevision, offRevision + 4}
	TypeRange           = Range{offType, offType + 4}
	TypeVersionRange    = Range{offTypeVersion, offTypeVersion + 4}
	InputsDeclaredRange = Range{offInputsDeclared, offInputsDeclared + 2}
	InputsReadRange     = Range{offInputsRead, offInputsRead + 2}
	VersionRange        = Range{offMajor, offMinor + 2}
	HeaderRange         = Range{0, headerSize}
)

// HeaderDigest returns the digest that the file stores for its header and
// section table. If the file breaks no requirement, the digest identifies all
// bytes of the file.
func (f *File) HeaderDigest() [digestSize]byte {
	return [digestSize]byte(f.data[f.HeaderDigestRange().Start:])
}

// ContentDigest returns a digest of the content that a sensor uses. It does not
// depend on the revision, the time of creation and the provenance. Two files
// that break no requirement and have the same content digest behave the same.
//
//mutation:equivalent: only report texts depend on it
func (f *File) ContentDigest() [digestSize]byte {
	h := sha256.New()
	h.Write(f.data[offMajor:offRevision])
	h.Write(f.data[offType:offCreated])
	for i, s := range f.Sections {
		if s.Type.Ancillary() {
			break
		}
		rec := f.data[headerSize+i*recordSize:][:recordSize]
		h.Write(rec[:4])
		h.Write(rec[8:])
	}
	return [digestSize]byte(h.Sum(nil))
}

// Layout returns the parts of the file with their names, in file order. If the
// file keeps requirement CF1032, the parts cover each byte exactly once.
func (f *File) Layout() iter.Seq2[string, Range] {
	return func(yield func(string, Range) bool) {
		f.layout(yield)
	}
}

var headerFields = []struct {
	name      string
	off, size int
}{
	{"magic", 0, len(magic)},
	{"major", offMajor, 2},
	{"minor", offMinor, 2},
	{"channel", offChannel, 4},
	{"revision", offRevision, 4},
	{"type", offType, 4},
	{"type_version", offTypeVersion, 4},
	{"inputs_declared", offInputsDeclared, 2},
	{"inputs_read", offInputsRead, 2},
	{"created", offCreated, 8},
	{"file_size", offFileSize, 4},
	{"section_count", offSectionCount, 4},
}

//mutation:equivalent: only report texts depend on it
func (f *File) layout(yield func(string, Range) bool) bool {
	for _, h := range headerFields {
		if !yield("header."+h.name, Range{h.off, h.off + h.size}) {
			return false
		}
	}
	for i := range f.Sections {
		at := headerSize + i*recordSize
		for _, p := range []struct {
			name      string
			off, size int
		}{{"type", 0, 4}, {"offset", 4, 4}, {"length", 8, 4}, {"count", 12, 4}, {"digest", 16, digestSize}} {
			if !yield(fmt.Sprintf("section[%d].%s", i, p.name), Range{at + p.off, at + p.off + p.size}) {
				return false
			}
		}
	}
	if !yield("header_digest", f.HeaderDigestRange()) {
		return false
	}
	kinds := sectionSets[len(f.Sections)]
	for i, s := range f.Sections {
		if !f.layoutSection(kinds[i], s, yield) {
			return false
		}
		end := (s.Range.End + sectionAlign - 1) / sectionAlign * sectionAlign
		if pad := (Range{s.Range.End, min(end, len(f.data))}); pad.Len() > 0 && !yield("padding", pad) {
			return false
		}
	}
	return true
}

// layoutSection yields the parts of one section.
//
//mutation:equivalent: only report texts depend on it
func (f *File) layoutSection(section int, s Section, yield func(string, Range) bool) bool {
	fields := entryFields[section]
	name := entryNames[section]
	switch section {
	case secPool:
		for i := range f.Values() {
			if r := f.PoolRange(i); r.Len() > 0 && !yield(fmt.Sprintf("pool[%d]", i), r) {
				return false
			}
		}
		return true
	case secTextPool:
		for i := range f.Texts() {
			if r := f.TextPoolRange(i); r.Len() > 0 && !yield(fmt.Sprintf("textpool[%d]", i), r) {
				return false
			}
		}
		return true
	}
	if section == secSources {
		for i := range f.Programs() {
			if r := f.SourceRange(i); r.Len() > 0 && !yield(fmt.Sprintf("source[%d]", i), r) {
				return false
			}
		}
		return true
	}
	at := s.Range.Start
	for i := range s.Count {
		for _, fd := range fields {
			path := fmt.Sprintf("%s[%d]", name, i)
			if fd.name != "" {
				path += "." + fd.name
			}
			if !yield(path, Range{at, at + fd.size}) {
				return false
			}
			at += fd.size
		}
	}
	return true
}

// entryNames are the names of the entries of each section in a path.
var entryNames = [sectionsAll]string{
	"instance", "word", "criterion", "operand", "value", "pool",
	"program", "source", "instruction", "class", "range",
	"origin", "use", "text", "textpool",
}

type entryField struct {
	name string
	size int
}

var entryFields = [sectionsAll][]entryField{
	secInstances:  {{"id", 16}, {"first_word", 4}, {"words", 4}},
	secConditions: {{"", 4}},
	secCriteria:   {{"flags", 1}, {"operator", 1}, {"input", 2}, {"first_operand", 4}, {"operands", 4}},
	secOperands:   {{"", 4}},
	secValues:     {{"offset", 4}, {"length", 4}},

	secPrograms:     {{"source", 4}, {"length", 4}, {"first_instruction", 4}, {"instructions", 4}},
	secInstructions: {{"op", 2}, {"out", 2}, {"arg", 4}},
	secClasses:      {{"first_range", 4}, {"ranges", 4}},
	secRanges:       {{"lo", 4}, {"hi", 4}},

	secOrigins: {{"rule", 4}, {"title", 4}, {"author", 4}, {"licence", 4}, {"path", 4}, {"line", 4}},
	secUses:    {{"line", 4}, {"text", 4}},
	secTexts:   {{"offset", 4}, {"length", 4}},
}
