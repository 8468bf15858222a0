// Package reference has reference implementations that follow the specification and ignore
// speed: a reader of channel files, an interpreter, and a judge. The reader checks FORMAT.md,
// section 7, requirement by requirement. It shares only the names of errors and rules and the
// table of case folding with package channelfile. If the two disagree, one of them or
// FORMAT.md is wrong.
package reference

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

type reader struct {
	data     []byte
	declared uint64
	sections [15]section
	order    []int // the sections of the file
	broken   channelfile.Requirements
}

type section struct{ offset, length, count uint64 }

// The sections, in the order of the format.
const (
	instances = iota
	conditions
	criteria
	operands
	values
	pool
	programs
	sources
	instructions
	classes
	ranges
	origins
	uses
	texts
	textpool
)

// EntrySizes has the size of each section's entries in bytes; see FORMAT.md, section 4.
var EntrySizes = []int{24, 4, 12, 4, 8, 1, 16, 1, 8, 8, 8, 24, 8, 8, 1}

// SectionTypes has the type of each section.
var SectionTypes = []uint32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x80000001, 0x80000002, 0x80000003, 0x80000004}

// Order returns the sections of a file with n sections; nil means that no file has n.
func Order(n int) []int {
	switch n {
	case 6:
		return []int{instances, conditions, criteria, operands, values, pool}
	case 10:
		return append(Order(6), origins, uses, texts, textpool)
	case 11:
		return append(Order(6), programs, sources, instructions, classes, ranges)
	case 15:
		return append(Order(11), origins, uses, texts, textpool)
	}
	return nil
}

// Read returns the requirements that a file breaks and can still be read. If the file cannot
// be read, Read returns channelfile's error for the first requirement that prevents it.
func Read(data []byte) (broken channelfile.Requirements, err error) {
	r := &reader{data: data}
	for _, group := range []func() error{
		r.identity, r.header, r.table, r.counts, r.instances, r.conditions,
		r.criteria, r.operands, r.values, r.forms,
		r.programs, r.instructions, r.classes, r.ranges, r.references, r.texts,
	} {
		if err := group(); err != nil {
			return 0, err
		}
	}
	r.digests()
	r.tiling()
	r.instanceRules()
	r.conditionRules()
	r.criterionRules()
	r.valueRules()
	r.textRules()
	r.programRules()
	return r.broken, nil
}

func (r *reader) number(at uint64, size int) (n uint64) {
	for i := size - 1; i >= 0; i-- {
		//mutation:equivalent `uint64(i)`: the value is always below 256
		n = n<<8 | uint64(r.data[at+uint64(i)])
	}
	return n
}

// field returns the number of size bytes at an offset of entry i of a section.
func (r *reader) field(section int, i, offset uint64, size int) uint64 {
	//mutation:equivalent `uint64(EntrySizes[section])`: the value is always below 256
	return r.number(r.sections[section].offset+i*uint64(EntrySizes[section])+offset, size)
}

func (r *reader) count(section int) uint64 {
	return r.sections[section].count // 0 if the section does not exist
}

func (r *reader) rule(rule channelfile.Requirement, holds bool) {
	if !holds {
		r.broken |= 1 << rule
	}
}

// identity checks requirements 1 to 5.
func (r *reader) identity() error {
	for _, mangled := range []string{
		"\x89CFC\x0A\x1A\x0A", "\x89CFC\x0D\x0D\x0A", "\x09CFC\x0D", "\xC2\x89CFC", "\xEF\xBF\xBDCFC",
	} {
		if bytes.HasPrefix(r.data, []byte(mangled)) {
			return channelfile.ErrTransfer
		}
	}
	const magic = "\x89CFC\x0D\x0A\x1A\x0A"
	start := r.data[:min(8, len(r.data))]
	if len(start) == 0 || string(start) != magic[:len(start)] {
		return channelfile.ErrMagic
	}
	if len(r.data) < 48 {
		return channelfile.ErrTruncated
	}
	big := uint64(r.data[0x28])<<24 | uint64(r.data[0x29])<<16 | uint64(r.data[0x2A])<<8 | uint64(r.data[0x2B])
	if size := uint64(len(r.data)); big == size && r.number(0x28, 4) != size {
		return channelfile.ErrByteOrder
	}
	if r.number(0x08, 2) != 1 || r.number(0x0A, 2) != 0 {
		return channelfile.ErrVersion
	}
	return nil
}

// header checks requirements 6 to 9.
func (r *reader) header() error {
	size, claimed := uint64(len(r.data)), r.number(0x28, 4)
	if size < claimed {
		return channelfile.ErrTruncated
	}
	if bytes.HasPrefix(r.data[claimed:], []byte("\x89CFC\x0D\x0A\x1A\x0A")) {
		return channelfile.ErrConcatenated
	}
	if size > claimed {
		return channelfile.ErrTrailing
	}
	r.declared = r.number(0x1C, 2)
	//mutation:missed `size > 1_073_741_824`: the tests of the limits detect it
	if size > 1_073_741_824 || r.number(0x0C, 4) > 99_999_999 || r.number(0x10, 4) > 99_999_999 ||
		r.number(0x18, 4) > 99_999_999 || r.declared > 1024 || r.number(0x20, 8) > 253_402_300_799 {
		return channelfile.ErrLimit
	}
	return nil
}

// table checks requirements 10 to 14.
//
//mutation:equivalent `int(n)`, `uint64(EntrySizes[k])`: the value is always below 256
func (r *reader) table() error {
	n := r.number(0x2C, 4)
	if n != 6 && n != 10 && n != 11 && n != 15 {
		return channelfile.ErrSectionSet
	}
	r.order = Order(int(n))
	first := 80 + 48*n
	if uint64(len(r.data)) < first {
		return channelfile.ErrTruncated
	}
	for i := range n {
		at := 48 + 48*i
		k := r.order[i]
		s := section{r.number(at+4, 4), r.number(at+8, 4), r.number(at+12, 4)}
		switch {
		case r.number(at, 4) != uint64(SectionTypes[k]):
			return channelfile.ErrSectionSet
		case s.offset%8 != 0 || s.offset < first || s.offset+s.length > uint64(len(r.data)):
			return channelfile.ErrSectionBounds
		case s.length != s.count*uint64(EntrySizes[k]):
			return channelfile.ErrEntryCount
		}
		r.sections[k] = s
	}
	return nil
}

func (r *reader) provenance() bool { return len(r.order) == 10 || len(r.order) == 15 }
func (r *reader) regexps() bool    { return len(r.order) == 11 || len(r.order) == 15 }

// counts checks requirements 15 and 16. Two sections may have a count of 0. The order does not
// matter, because both give the same error.
func (r *reader) counts() error {
	if r.regexps() && r.count(programs) == 0 {
		return channelfile.ErrEntryCount
	}
	if r.provenance() && (r.count(origins) != r.count(instances) || r.count(uses) != r.count(conditions)) {
		return channelfile.ErrEntryCount
	}
	return nil
}

// instances checks requirements 17 to 19.
func (r *reader) instances() error {
	end := uint64(0)
	for i := range r.count(instances) {
		first, words := r.field(instances, i, 16, 4), r.field(instances, i, 20, 4)
		if words < 1 || words > 4096 {
			return channelfile.ErrLimit
		}
		//mutation:equivalent width: another check detects the same, on purpose
		if first != end || first+words > r.count(conditions) {
			return channelfile.ErrInstanceWords
		}
		end = first + words
	}
	if end != r.count(conditions) {
		return channelfile.ErrInstanceWords
	}
	return nil
}

// An operand is the origin of one truth on a stack.
type operand struct {
	words []uint64
	depth int
}

func (o operand) last() uint64      { return o.words[len(o.words)-1] }
func (o operand) isReference() bool { return o.last()>>31 == 0 }
func (o operand) isAnd() bool       { return o.last()>>30 == 2 }
func (o operand) isOr() bool        { return o.last()>>30 == 3 }

func compareOperands(a, b operand) int {
	if c := cmp.Compare(len(a.words), len(b.words)); c != 0 {
		return c
	}
	return slices.Compare(a.words, b.words)
}

// walk runs the conditions. It calls visit, if it is not nil, with the operands of each and
// and or, and with the final stack of each instance.
func (r *reader) walk(visit func(operands []operand, of *operand)) error {
	for i := range r.count(instances) {
		var stack []operand
		first := r.field(instances, i, 16, 4)
		for k := first; k < first+r.field(instances, i, 20, 4); k++ {
			w := r.field(conditions, k, 0, 4)
			o := operand{words: []uint64{w}}
			if o.isReference() {
				if w>>1 >= r.count(criteria) {
					return channelfile.ErrConditionReference
				}
			} else {
				n := w & (1<<30 - 1)
				if n < 2 || n > uint64(len(stack)) {
					return channelfile.ErrConditionStack
				}
				below := stack[uint64(len(stack))-n:]
				o.words = nil
				for _, b := range below {
					o.words = append(o.words, b.words...)
					o.depth = max(o.depth, b.depth)
				}
				o.words = append(o.words, w)
				o.depth++
				if visit != nil {
					visit(below, &o)
				}
				stack = stack[:uint64(len(stack))-n]
			}
			stack = append(stack, o)
			if len(stack) > 1024 || o.depth > 16 {
				return channelfile.ErrLimit
			}
		}
		if visit != nil {
			visit(stack, nil)
		}
	}
	return nil
}

// conditions checks requirements 20 to 22.
func (r *reader) conditions() error { return r.walk(nil) }

// An operator is a line of the table of operators.
type operator struct {
	flags uint64
	width uint64 // size of an operand's value in bytes; 0 means any
}

var operators = map[uint64]operator{
	1: {0, 0}, 2: {7, 0}, 3: {7, 0}, 4: {7, 0}, 5: {3, 0}, 6: {3, 0}, 7: {2, 0}, 8: {2 | 4, 8}, 9: {2, 16}, 10: {2, 32},
}

// A criterion has its operands after they are known to be inside their section.
type criterion struct {
	input, operator, flags, first, count uint64
}

func (r *reader) criterion(i uint64) criterion {
	return criterion{
		r.field(criteria, i, 2, 2), r.field(criteria, i, 1, 1), r.field(criteria, i, 0, 1),
		r.field(criteria, i, 4, 4), r.field(criteria, i, 8, 4),
	}
}

func (r *reader) operandsOf(c criterion) []uint64 {
	list := make([]uint64, 0, c.count)
	for k := range c.count {
		list = append(list, r.field(operands, c.first+k, 0, 4))
	}
	return list
}

// criteria checks requirements 23 to 29.
func (r *reader) criteria() error {
	end := uint64(0)
	for i := range r.count(criteria) {
		c := r.criterion(i)
		op, known := operators[c.operator]
		switch {
		case !known:
			return channelfile.ErrOperator
		case c.flags&^op.flags != 0:
			return channelfile.ErrFlags
		case c.input >= r.declared:
			return channelfile.ErrInput
		case (c.operator == 1) != (c.count == 0):
			return channelfile.ErrOperandCount
		case c.count > 65_536:
			return channelfile.ErrLimit
		//mutation:equivalent width: another check detects the same, on purpose
		case c.first != end || c.first+c.count > r.count(operands):
			return channelfile.ErrOperandBounds
		}
		end = c.first + c.count
	}
	if end != r.count(operands) {
		return channelfile.ErrOperandBounds
	}
	return nil
}

const (
	flagFold   = 1
	flagAll    = 2
	flagInputs = 4
)

// operands checks requirements 30 and 31.
func (r *reader) operands() error {
	for i := range r.count(criteria) {
		c := r.criterion(i)
		for _, o := range r.operandsOf(c) {
			if c.flags&flagInputs != 0 && o >= r.declared {
				return channelfile.ErrInput
			}
			if c.operator == 7 && o >= r.count(programs) {
				return channelfile.ErrOperandReference
			}
			if c.operator != 7 && c.flags&flagInputs == 0 && o >= r.count(values) {
				return channelfile.ErrOperandReference
			}
		}
	}
	return nil
}

// pooled checks the common requirements of values and texts.
func (r *reader) pooled(entries, bytes int, outside error) error {
	end := uint64(0)
	for i := range r.count(entries) {
		offset, length := r.field(entries, i, 0, 4), r.field(entries, i, 4, 4)
		if length > 65_535 {
			return channelfile.ErrLimit
		}
		//mutation:equivalent width: another check detects the same, on purpose
		if offset != end || offset+length > r.count(bytes) {
			return outside
		}
		end = offset + length
	}
	if end != r.count(bytes) {
		return outside
	}
	return nil
}

// values checks requirements 32 to 34.
func (r *reader) values() error { return r.pooled(values, pool, channelfile.ErrValueBounds) }

func (r *reader) pooledBytes(entries, bytes int, i uint64) []byte {
	start := r.sections[bytes].offset + r.field(entries, i, 0, 4)
	return r.data[start : start+r.field(entries, i, 4, 4)]
}

func (r *reader) value(i uint64) []byte { return r.pooledBytes(values, pool, i) }
func (r *reader) text(i uint64) []byte  { return r.pooledBytes(texts, textpool, i) }

// forms checks requirement 35.
func (r *reader) forms() error {
	for i := range r.count(criteria) {
		c := r.criterion(i)
		if c.flags&flagInputs != 0 || c.operator == 7 {
			continue
		}
		for _, o := range r.operandsOf(c) {
			v := r.value(o)
			if width := operators[c.operator].width; width != 0 && uint64(len(v)) != width {
				return channelfile.ErrOperandForm
			}
			if _, ok := patternTokens(v); c.operator == 6 && !ok {
				return channelfile.ErrOperandForm
			}
		}
	}
	return nil
}

// patternTokens parses a wildcard pattern into stars, question marks, and an l for each
// literal byte.
func patternTokens(p []byte) (tokens []byte, ok bool) {
	for len(p) > 0 {
		switch {
		case p[0] == '*' || p[0] == '?':
			tokens = append(tokens, p[0])
		case p[0] != '\\':
			tokens = append(tokens, 'l')
		case len(p) > 1 && (p[1] == '*' || p[1] == '?' || p[1] == '\\'):
			tokens = append(tokens, 'l')
			p = p[1:]
		default:
			return nil, false
		}
		p = p[1:]
	}
	return tokens, true
}

// A part is a range of entries of another section.
type part struct{ first, count uint64 }

func (r *reader) source(i uint64) part {
	return part{r.field(programs, i, 0, 4), r.field(programs, i, 4, 4)}
}

func (r *reader) program(i uint64) part {
	return part{r.field(programs, i, 8, 4), r.field(programs, i, 12, 4)}
}

func (r *reader) class(i uint64) part {
	return part{r.field(classes, i, 0, 4), r.field(classes, i, 4, 4)}
}

// programs checks requirements 36 to 39.
func (r *reader) programs() error {
	sourceEnd, end := uint64(0), uint64(0)
	for i := range r.count(programs) {
		s, p := r.source(i), r.program(i)
		switch {
		case s.count > 16_384 || p.count < 1 || p.count > 8192:
			return channelfile.ErrLimit
		//mutation:equivalent width: another check detects the same, on purpose
		case s.first != sourceEnd || s.first+s.count > r.count(sources):
			return channelfile.ErrProgramBounds
		//mutation:equivalent width: another check detects the same, on purpose
		case p.first != end || p.first+p.count > r.count(instructions):
			return channelfile.ErrProgramBounds
		}
		sourceEnd, end = s.first+s.count, p.first+p.count
	}
	if sourceEnd != r.count(sources) || end != r.count(instructions) {
		return channelfile.ErrProgramBounds
	}
	return nil
}

// instructions checks requirements 40 and 41.
func (r *reader) instructions() error {
	for i := range r.count(programs) {
		p := r.program(i)
		for k := p.first; k < p.first+p.count; k++ {
			op, out, arg := r.field(instructions, k, 0, 2), r.field(instructions, k, 2, 2), r.field(instructions, k, 4, 4)
			switch op {
			case 1:
				if out != 0 || arg != 0 {
					return channelfile.ErrInstruction
				}
			case 2:
				if arg >= p.count {
					return channelfile.ErrInstructionTarget
				}
			case 3:
				if arg >= r.count(classes) {
					return channelfile.ErrInstructionTarget
				}
			case 4:
				if arg < 1 || arg > 6 {
					return channelfile.ErrInstruction
				}
			default:
				return channelfile.ErrInstruction
			}
			if out >= p.count {
				return channelfile.ErrInstructionTarget
			}
		}
	}
	return nil
}

// classes checks requirements 42 to 44.
func (r *reader) classes() error {
	end := uint64(0)
	for i := range r.count(classes) {
		c := r.class(i)
		if c.count > 4096 {
			return channelfile.ErrLimit
		}
		//mutation:equivalent width: another check detects the same, on purpose
		if c.first != end || c.first+c.count > r.count(ranges) {
			return channelfile.ErrClassBounds
		}
		end = c.first + c.count
	}
	if end != r.count(ranges) {
		return channelfile.ErrClassBounds
	}
	return nil
}

// ranges checks requirement 45.
func (r *reader) ranges() error {
	for i := range r.count(classes) {
		c := r.class(i)
		for k := c.first; k < c.first+c.count; k++ {
			lo, hi := r.field(ranges, k, 0, 4), r.field(ranges, k, 4, 4)
			if hi < lo || hi > 0x10FFFF || k > c.first && lo < r.field(ranges, k-1, 4, 4)+2 {
				return channelfile.ErrClassRanges
			}
		}
	}
	return nil
}

// references checks requirement 46.
func (r *reader) references() error {
	//mutation:equivalent: without these sections the loop has no entries
	if !r.provenance() {
		return nil
	}
	for i := range r.count(origins) {
		for k := range uint64(5) {
			//mutation:equivalent width: the value is always below 256
			if r.field(origins, i, 4*k, 4) >= r.count(texts) {
				return channelfile.ErrTextReference
			}
		}
	}
	for i := range r.count(uses) {
		if r.field(uses, i, 4, 4) >= r.count(texts) {
			return channelfile.ErrTextReference
		}
	}
	return nil
}

// texts checks requirements 47 to 49.
//
//mutation:equivalent: without these sections the loop has no entries
func (r *reader) texts() error {
	if !r.provenance() {
		return nil
	}
	return r.pooled(texts, textpool, channelfile.ErrTextBounds)
}

// digests checks requirements 50 and 51.
func (r *reader) digests() {
	table := 48 + 48*len(r.order)
	sum := sha256.Sum256(r.data[:table])
	r.rule(channelfile.RequirementHeaderDigest, bytes.Equal(sum[:], r.data[table:table+32]))
	for i, k := range r.order {
		s := r.sections[k]
		sum := sha256.Sum256(r.data[s.offset : s.offset+s.length])
		r.rule(channelfile.RequirementSectionDigest, bytes.Equal(sum[:], r.data[48+48*i+16:48+48*i+48]))
	}
}

// tiling checks requirements 52 and 53.
func (r *reader) tiling() {
	up := func(n uint64) uint64 {
		for n%8 != 0 {
			n++
		}
		return n
	}
	end := uint64(80 + 48*len(r.order))
	for _, k := range r.order {
		s := r.sections[k]
		r.rule(channelfile.RequirementSectionTiling, s.offset == end)
		end = s.offset + s.length
		for ; end%8 != 0 && end < uint64(len(r.data)); end++ {
			r.rule(channelfile.RequirementPaddingZero, r.data[end] == 0)
		}
		end = up(end)
	}
	r.rule(channelfile.RequirementSectionTiling, end == uint64(len(r.data)))
}

// instanceRules checks requirements 55 to 57.
func (r *reader) instanceRules() {
	var before []byte
	for i := range r.count(instances) {
		at := r.sections[instances].offset + 24*i
		id := r.data[at : at+16]
		r.rule(channelfile.RequirementInstanceID, !bytes.Equal(id, make([]byte, 16)))
		//mutation:equivalent comparison: the first entry follows the zero value
		if i > 0 {
			r.rule(channelfile.RequirementInstanceOrder, bytes.Compare(before, id) <= 0)
			r.rule(channelfile.RequirementInstanceUnique, !bytes.Equal(before, id))
		}
		before = id
	}
}

// conditionRules checks requirements 58, 59 and 61.
func (r *reader) conditionRules() {
	r.walk(func(list []operand, of *operand) {
		for i, o := range list {
			switch {
			case of == nil || of.isAnd():
				r.rule(channelfile.RequirementConditionFlat, !o.isAnd())
			default:
				r.rule(channelfile.RequirementConditionFlat, !o.isOr())
			}
			r.rule(channelfile.RequirementConditionOrder, i == 0 || compareOperands(list[i-1], o) < 0)
		}
	})
	referred := map[uint64]bool{}
	for i := range r.count(conditions) {
		if w := r.field(conditions, i, 0, 4); w>>31 == 0 {
			referred[w>>1] = true
		}
	}
	r.rule(channelfile.RequirementCriterionUsed, uint64(len(referred)) == r.count(criteria))
}

// criterionRules checks requirements 54, 60, 62, 65 and 66.
func (r *reader) criterionRules() {
	read := uint64(0)
	var before []uint64
	for i := range r.count(criteria) {
		c := r.criterion(i)
		list := r.operandsOf(c)
		read = max(read, c.input+1)
		all := append([]uint64{c.input, c.operator, c.flags}, list...)
		r.rule(channelfile.RequirementCriterionOrder, i == 0 || slices.Compare(before, all) < 0)
		before = all
		r.rule(channelfile.RequirementOperatorSimplest, len(list) != 1 || c.flags&flagAll == 0)
		for k, o := range list {
			r.rule(channelfile.RequirementOperandOrder, k == 0 || list[k-1] < o)
			if c.flags&flagInputs != 0 {
				read = max(read, o+1)
				symmetric := c.operator == 2 || c.operator == 8
				r.rule(channelfile.RequirementOperatorSimplest, o > c.input || o < c.input && !symmetric)
				continue
			}
			if c.operator == 7 {
				continue
			}
			v := r.value(o)
			r.rule(channelfile.RequirementOperatorSimplest, simplest(c.operator, v))
			r.rule(channelfile.RequirementOperandFolded, c.flags&flagFold == 0 || folded(v))
		}
	}
	r.rule(channelfile.RequirementInputsRead, read == r.number(0x1E, 2))
}

// simplest reports whether a value, as the operand of an operator, has no simpler form.
func simplest(operator uint64, v []byte) bool {
	switch operator {
	case 3, 4, 5:
		return len(v) > 0
	case 6:
		tokens, _ := patternTokens(v)
		literal := bytes.Trim(tokens, "l")
		for i := 1; i < len(tokens); i++ {
			if tokens[i-1] == '*' && tokens[i] != 'l' {
				return false
			}
		}
		switch n := len(tokens); {
		case len(literal) == 0: // no wildcard
			return false
		// a star at one end, or alone
		case string(literal) == "*" && (tokens[0] == '*' || tokens[n-1] == '*'):
			return false
		case bytes.Count(literal, []byte("*")) == 2 && !bytes.Contains(literal, []byte("?")) && tokens[0] == '*' && tokens[n-1] == '*':
			return false
		}
	case 9:
		return integer(v) < integer(v[8:])
	case 10:
		return bytes.Compare(v[:16], v[16:]) <= 0
	}
	return true
}

// integer parses a number of eight bytes.
func integer(v []byte) (n int64) {
	for i := 7; i >= 0; i-- {
		n = n<<8 | int64(v[i])
	}
	return n
}

func folded(v []byte) bool {
	for len(v) > 0 {
		c, n := utf8.DecodeRune(v)
		if c == utf8.RuneError && n == 1 || channelfile.Fold(c) != c {
			return false
		}
		v = v[n:]
	}
	return true
}

// valueRules checks requirements 63 and 64.
func (r *reader) valueRules() {
	used := map[uint64]bool{}
	for i := range r.count(criteria) {
		if c := r.criterion(i); c.flags&flagInputs == 0 && c.operator != 7 {
			for _, o := range r.operandsOf(c) {
				used[o] = true
			}
		}
	}
	r.rule(channelfile.RequirementValueUsed, uint64(len(used)) == r.count(values))
	for i := uint64(1); i < r.count(values); i++ {
		r.rule(channelfile.RequirementValueOrder, bytes.Compare(r.value(i-1), r.value(i)) < 0)
	}
}

// textRules checks requirements 67 to 70.
func (r *reader) textRules() {
	//mutation:equivalent: without these sections the loop has no entries
	if !r.provenance() {
		return
	}
	used := map[uint64]bool{}
	for i := range r.count(origins) {
		for k := range uint64(5) {
			//mutation:equivalent: the value is always below 256
			used[r.field(origins, i, 4*k, 4)] = true
		}
	}
	for i := range r.count(uses) {
		text := r.field(uses, i, 4, 4)
		used[text] = true
		if r.field(conditions, i, 0, 4)>>31 == 1 {
			r.rule(channelfile.RequirementUseOfOperator, r.field(uses, i, 0, 4) == 0 && len(r.text(text)) == 0)
		}
	}
	r.rule(channelfile.RequirementTextUsed, uint64(len(used)) == r.count(texts))
	for i := range r.count(texts) {
		r.rule(channelfile.RequirementTextUTF8, utf8.Valid(r.text(i)))
		r.rule(channelfile.RequirementTextOrder, i == 0 || bytes.Compare(r.text(i-1), r.text(i)) < 0)
	}
}

// programRules checks requirements 71 to 74.
func (r *reader) programRules() {
	run, named := map[uint64]bool{}, map[uint64]bool{}
	for i := range r.count(criteria) {
		if c := r.criterion(i); c.operator == 7 {
			for _, o := range r.operandsOf(c) {
				run[o] = true
			}
		}
	}
	for k := range r.count(instructions) {
		if r.field(instructions, k, 0, 2) == 3 {
			named[r.field(instructions, k, 4, 4)] = true
		}
	}
	r.rule(channelfile.RequirementProgramUsed, uint64(len(run)) == r.count(programs))
	r.rule(channelfile.RequirementClassUsed, uint64(len(named)) == r.count(classes))
	source := func(i uint64) []byte {
		s := r.source(i)
		return r.data[r.sections[sources].offset+s.first:][:s.count]
	}
	for i := uint64(1); i < r.count(programs); i++ {
		r.rule(channelfile.RequirementProgramOrder, bytes.Compare(source(i-1), source(i)) < 0)
	}
	numbers := func(i uint64) (list []uint64) {
		c := r.class(i)
		for k := c.first; k < c.first+c.count; k++ {
			list = append(list, r.field(ranges, k, 0, 4), r.field(ranges, k, 4, 4))
		}
		return list
	}
	for i := uint64(1); i < r.count(classes); i++ {
		r.rule(channelfile.RequirementClassOrder, slices.Compare(numbers(i-1), numbers(i)) < 0)
	}
}
