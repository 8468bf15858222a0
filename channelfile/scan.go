package channelfile

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// scan is the fast reader of the sections' entries. It reports whether the
// file keeps groups G to N of FORMAT.md, section 7, all that the methods of a
// File rely on, and leaves in f.broken which of the other rules it breaks. It
// neither says what is wrong nor where: explain does, and the checks.
//
// Each entry is looked at once and in the order of the file, each value and
// text too, so the time is linear in the size of the data whatever it says.
func (f *File) scan() bool {
	f.scanTiling()
	s := scanner{
		File:       f,
		foldedOK:   newBitset(f.Values()),
		valueUsed:  newBitset(f.Values()),
		patterns:   nil,
		referenced: newBitset(f.Criteria()),
	}
	return s.instances() && s.values() && s.criteria() && s.conditions() && s.provenance()
}

// A scanner is what scan needs to know of entries besides their bytes.
type scanner struct {
	*File
	foldedOK   bitset // values that are their own fold, for certain
	valueUsed  bitset // values that are an operand
	patterns   bitset // values found to be patterns in simplest form; nil before the first
	referenced bitset // criteria that a word refers to
	stack      *conditionStack
}

// A bitset has a bit for each entry of a section.
type bitset []uint64

func newBitset(n int) bitset       { return make(bitset, (n+63)/64) }
func (s bitset) set(i uint32)      { s[i>>6] |= 1 << (i & 63) }
func (s bitset) has(i uint32) bool { return s[i>>6]>>(i&63)&1 != 0 }
func (s bitset) full(n int) bool {
	for i := range n / 64 {
		if s[i] != ^uint64(0) {
			return false
		}
	}
	return n%64 == 0 || s[n/64] == 1<<(n%64)-1
}

func (f *File) breaks(r Rule, broken bool) {
	if broken {
		f.broken |= r.set()
	}
}

// scanTiling looks at where sections are, and at the padding between them.
func (f *File) scanTiling() {
	end := f.HeaderDigestRange().End
	for i := range f.Sections {
		r := f.Sections[i].Range
		f.breaks(RuleSectionTiling, r.Start != end)
		end = alignUp(r.End)
		f.breaks(RulePaddingZero, !allZero(f.data[r.End:min(end, len(f.data))]))
	}
	f.breaks(RuleSectionTiling, end != len(f.data))
}

func alignUp(n int) int { return (n + sectionAlign - 1) / sectionAlign * sectionAlign }

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// instances does group G.
func (s *scanner) instances() bool {
	b := s.sec[secInstances]
	words := uint64(s.Words())
	var next uint64
	var hi, lo uint64
	bad, nilID, unsorted, equal := false, false, false, false
	for first := true; len(b) >= instanceSize; b = b[instanceSize:] {
		h, l := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
		if h <= hi && !first {
			unsorted = unsorted || h < hi || l < lo
			equal = equal || h == hi && l == lo
		}
		nilID = nilID || h|l == 0
		hi, lo, first = h, l, false
		start, count := uint64(le.Uint32(b[16:])), uint64(le.Uint32(b[20:]))
		bad = bad || start != next || count-1 >= MaxWords
		next += count
	}
	s.breaks(RuleInstanceID, nilID)
	s.breaks(RuleInstanceOrder, unsorted)
	s.breaks(RuleInstanceUnique, equal)
	return !bad && next == words
}

// values does group K, and finds the values that are surely folded.
func (s *scanner) values() bool {
	entries, pool := s.sec[secValues], s.sec[secPool]
	var next uint64
	var before []byte
	unsorted := false
	for i := uint32(0); len(entries) >= valueSize; i, entries = i+1, entries[valueSize:] {
		off, n := uint64(le.Uint32(entries)), uint64(le.Uint32(entries[4:]))
		end := off + n
		if off != next || n > MaxValueLength || end > uint64(len(pool)) {
			return false
		}
		next = end
		v := pool[off:end]
		if i > 0 && !less(before, v) {
			unsorted = true
		}
		before = v
		if plainFolded(v) {
			s.foldedOK.set(i)
		}
	}
	s.breaks(RuleValueOrder, unsorted)
	return next == uint64(len(pool))
}

// less reports whether a comes before b. Most pairs differ in their first
// eight bytes, which one comparison settles.
func less(a, b []byte) bool {
	if len(a) >= 8 && len(b) >= 8 {
		x, y := binary.BigEndian.Uint64(a), binary.BigEndian.Uint64(b)
		if x != y {
			return x < y
		}
	}
	return bytes.Compare(a, b) < 0
}

// plainFolded reports whether v is ASCII without capital letters, and so its
// own fold. It looks at eight bytes at a time.
func plainFolded(v []byte) bool {
	const (
		high = 0x8080808080808080
		ones = 0x0101010101010101
	)
	var bad uint64
	for ; len(v) >= 8; v = v[8:] {
		w := le.Uint64(v)
		// The highest bit of a byte of the sums says that the byte, if it is
		// ASCII, is at least 'A', and more than 'Z'.
		bad |= w | (w+ones*(0x80-'A'))&^(w+ones*(0x80-'Z'-1))
	}
	if bad&high != 0 {
		return false
	}
	for _, c := range v {
		if c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// opFlags has for each operator the flags that it must not have; for what is
// no operator, all of them and one more.
var opFlags = func() (t [256]uint16) {
	for op := range t {
		t[op] = 0x1FF
		if Operator(op).Known() {
			t[op] = 0xFF &^ uint16(operatorKinds[op].flags)
		}
	}
	return t
}()

// criteria does groups I, J and L.
func (s *scanner) criteria() bool {
	criteria, operands := s.sec[secCriteria], s.sec[secOperands]
	nOperands, nValues, declared := uint64(len(operands)/operandSize), uint32(s.Values()), uint32(s.Header.InputsDeclared)
	var next uint64
	var keyBefore, read uint32
	var before []byte // the operands of the criterion before
	unsorted := false
	for first := true; len(criteria) >= criterionSize; first, criteria = false, criteria[criterionSize:] {
		key := le.Uint32(criteria) // input, operator, flags, from the highest byte down
		input, op, flags := key>>16, Operator(key>>8), Flags(key)
		start, count := uint64(le.Uint32(criteria[4:])), uint64(le.Uint32(criteria[8:]))
		if (uint16(flags)|0x100)&opFlags[op] != 0 || input >= declared ||
			(op == OpExists) != (count == 0) || count > MaxOperands ||
			start != next || start+count > nOperands {
			return false
		}
		next += count
		read = max(read, input+1)
		mine := operands[start*operandSize : next*operandSize]
		if key <= keyBefore && !first && (key < keyBefore || !operandsLess(before, mine)) {
			unsorted = true
		}
		keyBefore, before = key, mine
		switch {
		case op == OpExists:
		case flags&FlagInputs != 0:
			highest, ok := s.inputOperands(op, input, declared, mine)
			if !ok {
				return false
			}
			read = max(read, highest+1)
		default:
			if !s.valueOperands(op, flags, nValues, mine) {
				return false
			}
		}
		s.breaks(RuleOperatorSimplest, count == 1 && flags&FlagAll != 0)
	}
	s.breaks(RuleCriterionOrder, unsorted)
	s.breaks(RuleValueUsed, !s.valueUsed.full(s.Values()))
	s.breaks(RuleInputsRead, uint32(s.Header.InputsRead) != read)
	return next == nOperands
}

// operandsLess compares lists of operands, a proper prefix first.
func operandsLess(a, b []byte) bool {
	for len(a) > 0 && len(b) > 0 {
		x, y := le.Uint32(a), le.Uint32(b)
		if x != y {
			return x < y
		}
		a, b = a[operandSize:], b[operandSize:]
	}
	return len(b) > 0
}

// inputOperands looks at the operands of a criterion that compares inputs. It
// returns the highest of them.
func (s *scanner) inputOperands(op Operator, input, declared uint32, operands []byte) (highest uint32, ok bool) {
	for i := 0; i < len(operands); i += operandSize {
		other := le.Uint32(operands[i:])
		if other >= declared {
			return 0, false
		}
		s.breaks(RuleOperandOrder, i > 0 && other <= le.Uint32(operands[i-operandSize:]))
		s.breaks(RuleOperatorSimplest, !simplestInputs(op, input, other))
		highest = max(highest, other)
	}
	return highest, true
}

// simplestInputs reports whether a comparison of two inputs is the simplest of
// those that say the same.
func simplestInputs(op Operator, input, other uint32) bool {
	if op == OpEquals || op == OpIntegerEquals {
		return input < other
	}
	return input != other
}

// valueOperands looks at the operands of a criterion that compares with
// values, and at the values as operands of this one.
func (s *scanner) valueOperands(op Operator, flags Flags, nValues uint32, operands []byte) bool {
	entries := s.sec[secValues]
	width := operatorKinds[op].width
	before, unsorted := int64(-1), false
	for ; len(operands) >= operandSize; operands = operands[operandSize:] {
		v := le.Uint32(operands)
		if v >= nValues {
			return false
		}
		unsorted = unsorted || int64(v) <= before
		before = int64(v)
		s.valueUsed.set(v)
		if flags&FlagFold != 0 && !s.foldedOK.has(v) {
			s.slowFolded(v)
		}
		n := int(le.Uint32(entries[v*valueSize+4:]))
		switch op {
		case OpEquals:
		case OpPrefix, OpSuffix, OpContains:
			if n == 0 {
				s.broken |= RuleOperatorSimplest.set()
			}
		case OpPattern:
			if !s.pattern(v) {
				return false
			}
		default:
			if n != width {
				return false
			}
			if op != OpIntegerEquals && !simplestRange(op, s.Value(int(v))) {
				s.broken |= RuleOperatorSimplest.set()
			}
		}
	}
	if unsorted {
		s.broken |= RuleOperandOrder.set()
	}
	return true
}

// slowFolded compares a value with its fold, once a value.
func (s *scanner) slowFolded(v uint32) {
	if s.broken.Has(RuleOperandFolded) {
		return
	}
	if isFolded(s.Value(int(v))) {
		s.foldedOK.set(v)
	} else {
		s.broken |= RuleOperandFolded.set()
	}
}

// pattern reports whether value v is a well-formed pattern, and looks at
// whether a simpler operator would do, once a value.
func (s *scanner) pattern(v uint32) bool {
	if s.patterns == nil {
		s.patterns = newBitset(s.Values())
	}
	if s.patterns.has(v) {
		return true
	}
	form, ok := patternForm(s.Value(int(v)))
	s.breaks(RuleOperatorSimplest, form != patternProper)
	if ok {
		s.patterns.set(v)
	}
	return ok
}

// simplestRange reports whether a range of integers has more than one number,
// and one of addresses at least one.
func simplestRange(op Operator, value []byte) bool {
	if op == OpIntegerRange {
		return Integer(value, 0) < Integer(value, 1)
	}
	return bytes.Compare(value[:16], value[16:]) <= 0
}

// conditions does group H.
func (s *scanner) conditions() bool {
	instances, words := s.sec[secInstances], s.sec[secConditions]
	references := uint64(s.Criteria()) * 2
	for ; len(instances) >= instanceSize; instances = instances[instanceSize:] {
		start, count := int(le.Uint32(instances[16:])), int(le.Uint32(instances[20:]))
		mine := words[start*wordSize : (start+count)*wordSize]
		// A conjunction in normal form is ascending references. If its last
		// word is a reference that is there, so are all.
		last := le.Uint32(mine)
		plain := true
		for i := wordSize; i < len(mine); i += wordSize {
			w := le.Uint32(mine[i:])
			plain = plain && w > last
			last = w
		}
		if !plain || uint64(last) >= references || count > MaxStack {
			if !s.condition(mine) {
				return false
			}
			continue
		}
		for i := 0; i < len(mine); i += wordSize {
			s.referenced.set(le.Uint32(mine[i:]) >> 1)
		}
	}
	s.breaks(RuleCriterionUsed, !s.referenced.full(s.Criteria()))
	return true
}

// A conditionStack is the stack of a condition that is being verified: of each
// truth the words that compute it.
type conditionStack [MaxStack]struct {
	start, end int32 // words of the instance
	depth      uint8 // of and and or
	word       Word  // the last, which says what it is
}

// condition verifies one condition of any form.
func (s *scanner) condition(words []byte) bool {
	if s.stack == nil {
		s.stack = new(conditionStack)
	}
	stack, top := s.stack, 0
	criteria := s.Criteria()
	for i := 0; i < len(words); i += wordSize {
		w := Word(le.Uint32(words[i:]))
		start, depth := int32(i/wordSize), uint8(0)
		if w.IsReference() {
			if w.Criterion() >= criteria {
				return false
			}
			s.referenced.set(uint32(w.Criterion()))
		} else {
			n := w.Operands()
			if n < 2 || n > top {
				return false
			}
			operands := stack[top-n : top]
			for k := range operands {
				o := &operands[k]
				depth = max(depth, o.depth)
				s.breaks(RuleConditionFlat, !o.word.IsReference() && o.word.IsOr() == w.IsOr())
				s.breaks(RuleConditionOrder, k > 0 && !conditionLess(words, operands[k-1].start, operands[k-1].end, o.start, o.end))
			}
			if depth++; depth > MaxDepth {
				return false
			}
			start = operands[0].start
			top -= n
		}
		if top == MaxStack {
			return false
		}
		e := &stack[top]
		e.start, e.end, e.depth, e.word = start, int32(i/wordSize)+1, depth, w
		top++
	}
	left := stack[:top]
	for k := range left {
		s.breaks(RuleConditionFlat, left[k].word.IsAnd())
		s.breaks(RuleConditionOrder, k > 0 && !conditionLess(words, left[k-1].start, left[k-1].end, left[k].start, left[k].end))
	}
	return true
}

// conditionLess reports whether the words from a to aEnd come before those
// from b to bEnd: fewer first, then by the first that differs.
func conditionLess(words []byte, a, aEnd, b, bEnd int32) bool {
	if aEnd-a != bEnd-b {
		return aEnd-a < bEnd-b
	}
	for ; a < aEnd; a, b = a+1, b+1 {
		x, y := le.Uint32(words[a*wordSize:]), le.Uint32(words[b*wordSize:])
		if x != y {
			return x < y
		}
	}
	return false
}

// provenance does groups M and N.
func (s *scanner) provenance() bool {
	if !s.HasProvenance() {
		return true
	}
	n := uint32(s.Texts())
	used := newBitset(int(n))
	for b := s.sec[secOrigins]; len(b) >= originSize; b = b[originSize:] {
		for i := 0; i < 4*originTexts; i += 4 {
			t := le.Uint32(b[i:])
			if t >= n {
				return false
			}
			used.set(t)
		}
	}
	words := s.sec[secConditions]
	for b := s.sec[secUses]; len(b) >= useSize; b, words = b[useSize:], words[wordSize:] {
		line, t := le.Uint32(b), le.Uint32(b[4:])
		if t >= n {
			return false
		}
		used.set(t)
		if !Word(le.Uint32(words)).IsReference() {
			s.breaks(RuleUseOfOperator, line != 0 || le.Uint32(s.sec[secTexts][t*valueSize+4:]) != 0)
		}
	}
	s.breaks(RuleTextUsed, !used.full(int(n)))

	entries, pool := s.sec[secTexts], s.sec[secTextPool]
	var next uint64
	var before []byte
	for i := 0; len(entries) >= valueSize; i, entries = i+1, entries[valueSize:] {
		off, length := uint64(le.Uint32(entries)), uint64(le.Uint32(entries[4:]))
		end := off + length
		if off != next || length > MaxTextLength || end > uint64(len(pool)) {
			return false
		}
		next = end
		t := pool[off:end]
		s.breaks(RuleTextOrder, i > 0 && !less(before, t))
		s.breaks(RuleTextUTF8, !utf8.Valid(t))
		before = t
	}
	return next == uint64(len(pool))
}
