package channelfile

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// magic is the start of every channel file. Like the signature of PNG, it is
// chosen so that a transfer in text mode changes at least one byte.
const magic = "\x89CFC\r\n\x1a\n"

// A Header holds the header fields of a channel file.
type Header struct {
	Channel        uint32 // purpose of the content; 291 is inter-process communication
	Revision       uint32 // version of the channel's content, which only increases
	Type           uint32 // number of the template type of all instances
	TypeVersion    uint32 // version of the definition of that type
	InputsDeclared uint16 // number of inputs that this version of the type declares
	InputsRead     uint16 // highest index of an input that is read, plus one; 0 if no input is read
	Created        uint64 // seconds since 1970-01-01 00:00:00 UTC
	FileSize       uint32 // bytes
	SectionCount   uint32
}

// The offsets of the header fields are permanent. A reader of one version can
// name the fields of a file of another version.
const (
	offMajor          = 0x08
	offMinor          = 0x0A
	offChannel        = 0x0C
	offRevision       = 0x10
	offType           = 0x14
	offTypeVersion    = 0x18
	offInputsDeclared = 0x1C
	offInputsRead     = 0x1E
	offCreated        = 0x20
	offFileSize       = 0x28
	offSectionCount   = 0x2C
)

// The sections, in file order.
const (
	secInstances = iota
	secConditions
	secCriteria
	secOperands
	secValues
	secPool
	secPrograms
	secSources
	secInstructions
	secClasses
	secRanges
	secOrigins
	secUses
	secTexts
	secTextPool

	sectionsAll = secTextPool + 1
)

// The sections that every file has, those of regular expressions, and those of
// provenance. A file has either all or no sections of the second and third
// list.
var (
	sectionsBase       = []int{secInstances, secConditions, secCriteria, secOperands, secValues, secPool}
	sectionsOfPrograms = []int{secPrograms, secSources, secInstructions, secClasses, secRanges}
	sectionsProvenance = []int{secOrigins, secUses, secTexts, secTextPool}
)

// sectionSets maps the number of sections of a file to the sections, in file
// order. Each possible set has another size.
var sectionSets = func() (sets [sectionsAll + 1][]int) {
	for _, programs := range [][]int{nil, sectionsOfPrograms} {
		for _, provenance := range [][]int{nil, sectionsProvenance} {
			set := slices.Concat(sectionsBase, programs, provenance)
			sets[len(set)] = set
		}
	}
	return sets
}()

// A SectionType is the number that identifies the content of a section.
type SectionType uint32

// ancillary is the bit of a SectionType that marks sections that a sensor never
// needs.
const ancillary SectionType = 1 << 31

// Ancillary reports whether a sensor can ignore the section.
func (t SectionType) Ancillary() bool { return t&ancillary != 0 }

//mutation:equivalent: only report texts depend on it
func (t SectionType) String() string {
	for _, s := range sectionKinds {
		if s.typ == t {
			return s.name
		}
	}
	return fmt.Sprintf("unknown section 0x%08x", uint32(t))
}

// sectionKinds is the table of FORMAT.md, section 4, in file order.
var sectionKinds = [sectionsAll]struct {
	typ   SectionType
	name  string
	entry uint64 // bytes of an entry
}{
	secInstances:  {1, "instances", instanceSize},
	secConditions: {2, "conditions", wordSize},
	secCriteria:   {3, "criteria", criterionSize},
	secOperands:   {4, "operands", operandSize},
	secValues:     {5, "values", valueSize},
	secPool:       {6, "pool", 1},

	secPrograms:     {7, "programs", programSize},
	secSources:      {8, "sources", 1},
	secInstructions: {9, "instructions", instSize},
	secClasses:      {10, "classes", classSize},
	secRanges:       {11, "ranges", rangeSize},

	secOrigins:  {ancillary | 1, "origins", originSize},
	secUses:     {ancillary | 2, "uses", useSize},
	secTexts:    {ancillary | 3, "texts", valueSize},
	secTextPool: {ancillary | 4, "textpool", 1},
}

// A Section is a record of the section table.
type Section struct {
	Type   SectionType
	Range  Range // bytes of the section, without padding
	Count  int   // number of entries
	Digest [digestSize]byte
}

// An Operator is the kind of comparison of a criterion.
type Operator uint8

// The operators of FORMAT.md, section 5. Zero is not an operator.
const (
	OpExists        Operator = 1
	OpEquals        Operator = 2
	OpPrefix        Operator = 3
	OpSuffix        Operator = 4
	OpContains      Operator = 5
	OpPattern       Operator = 6
	OpRegexp        Operator = 7
	OpIntegerEquals Operator = 8
	OpIntegerRange  Operator = 9
	OpAddressRange  Operator = 10
)

// operatorKinds is the table of operators of FORMAT.md, section 5.
var operatorKinds = [...]struct {
	name  string
	flags Flags // flags that the operator may have
	width int   // bytes of an operand's value; -1 means any number
}{
	OpExists:        {"exists", 0, 0},
	OpEquals:        {"equals", FlagFold | FlagAll | FlagInputs, -1},
	OpPrefix:        {"prefix", FlagFold | FlagAll | FlagInputs, -1},
	OpSuffix:        {"suffix", FlagFold | FlagAll | FlagInputs, -1},
	OpContains:      {"contains", FlagFold | FlagAll, -1},
	OpPattern:       {"pattern", FlagFold | FlagAll, -1},
	OpRegexp:        {"regexp", FlagAll, -1},
	OpIntegerEquals: {"integer equals", FlagAll | FlagInputs, 8},
	OpIntegerRange:  {"integer range", FlagAll, 16},
	OpAddressRange:  {"address range", FlagAll, 32},
}

// Known reports whether this version of the format has the operator.
func (op Operator) Known() bool {
	return int(op) < len(operatorKinds) && operatorKinds[op].name != ""
}

// Operators returns the operators that this version of the format has, in the
// order of their numbers.
func Operators() []Operator {
	var ops []Operator
	for op := range Operator(len(operatorKinds)) {
		if op.Known() {
			ops = append(ops, op)
		}
	}
	return ops
}

//mutation:equivalent: only report texts depend on it
func (op Operator) String() string {
	if op.Known() {
		return operatorKinds[op].name
	}
	return fmt.Sprintf("unknown operator %d", uint8(op))
}

// Flags modify the comparison of a criterion.
type Flags uint8

// The flags of FORMAT.md, section 5.
const (
	FlagFold   Flags = 1 // ignore case
	FlagAll    Flags = 2 // the comparison must hold for all operands; without it, one is enough
	FlagInputs Flags = 4 // the operands are inputs, not values
)

// A Word is one step of a condition, which is a postfix program on a stack of
// truth values. A reference pushes the truth value of a criterion, or its
// negation. An and or an or pops several truth values and pushes one. The
// instance matches if all truth values that remain at the end are true.
type Word uint32

const (
	wordOperator Word = 1 << 31
	wordOr       Word = 1 << 30
	wordCount    Word = wordOr - 1
)

// IsReference reports whether w pushes the truth value of a criterion.
func (w Word) IsReference() bool { return w&wordOperator == 0 }

// Criterion returns the index of the criterion that a reference names.
func (w Word) Criterion() int { return int(w &^ wordOperator >> 1) }

// Negated reports whether a reference pushes the negation of the criterion's
// truth value.
func (w Word) Negated() bool { return w&1 != 0 }

// IsAnd reports whether w pushes whether all of the truth values that it pops
// are true.
func (w Word) IsAnd() bool { return w&(wordOperator|wordOr) == wordOperator }

// IsOr reports whether w pushes whether one of the truth values that it pops is
// true.
func (w Word) IsOr() bool { return w&(wordOperator|wordOr) == wordOperator|wordOr }

// Operands returns the number of truth values that an and or an or pops. It has
// no meaning for a reference.
func (w Word) Operands() int { return int(w & wordCount) }

//mutation:equivalent: only report texts depend on it
func (w Word) String() string {
	switch {
	case w.IsAnd():
		return fmt.Sprintf("and of %d", w.Operands())
	case w.IsOr():
		return fmt.Sprintf("or of %d", w.Operands())
	case w.Negated():
		return fmt.Sprintf("not criterion %d", w.Criterion())
	}
	return fmt.Sprintf("criterion %d", w.Criterion())
}

// A Range is the half-open interval [Start, End) of offsets into a file.
type Range struct{ Start, End int }

// Len returns the number of bytes in r.
func (r Range) Len() int { return r.End - r.Start }

// le is the byte order of all numbers in a channel file, except in addresses.
var le = binary.LittleEndian
