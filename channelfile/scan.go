package channelfile

import (
	"bytes"
	"encoding/binary"
	"math/bits"
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
	s := scanner{File: f, referenced: newBitset(f.Criteria())}
	words := (f.Values() + 63) / 64
	all := make(bitset, words*numRoles)
	for r := range s.roles {
		s.roles[r] = all[r*words : (r+1)*words]
	}
	return s.instances() && s.criteria() && s.values() && s.conditions() && s.provenance()
}

// A scanner is what scan needs to know of entries besides their bytes.
type scanner struct {
	*File
	roles      [numRoles]bitset // of each value, what it is an operand of
	referenced bitset           // criteria that a word refers to
	stack      *conditionStack
}

// A role is what is required of a value because of the criteria that compare
// with it. What the criteria ask is noted while they are read, and looked at
// when the value is, once.
type role uint8

const (
	roleAny     role = iota // of equals: any bytes
	roleAffix               // of prefix, suffix and contains: not empty
	rolePattern             // a wildcard pattern in simplest form
	roleInteger             // 8 bytes
	roleRange               // 16 bytes, two numbers that ascend
	roleAddress             // 32 bytes, two addresses, the second not before the first
	roleFolded              // besides one of the others: stored folded
	numRoles    = iota
)

// operatorRole has the role that an operator's operands have.
var operatorRole = [256]role{
	OpEquals:        roleAny,
	OpPrefix:        roleAffix,
	OpSuffix:        roleAffix,
	OpContains:      roleAffix,
	OpPattern:       rolePattern,
	OpIntegerEquals: roleInteger,
	OpIntegerRange:  roleRange,
	OpAddressRange:  roleAddress,
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

// values does groups K and L.
func (s *scanner) values() bool {
	entries, pool := s.sec[secValues], s.sec[secPool]
	var next, before uint64 // where this value starts, and the one before
	var keyBefore key
	unsorted, unused := false, false
	for group := 0; len(entries) > 0; group++ {
		n := min(64, len(entries)/valueSize)
		var folded, empty uint64 // those of the group that surely are
		for i := range n {
			entry := le.Uint64(entries[i*valueSize:])
			start, length := entry&(1<<32-1), entry>>32
			end := start + length
			if start != next || length > MaxValueLength || end > uint64(len(pool)) {
				return false
			}
			from := pool[start:]
			v := from[:length]
			k := keyOf(from, v)
			// Subtracting, for a comparison of the two halves would branch.
			lo, borrow := bits.Sub64(k.lo, keyBefore.lo, 0)
			hi, borrow := bits.Sub64(k.hi, keyBefore.hi, borrow)
			if borrow != 0 {
				unsorted = true
			} else if lo|hi == 0 && bytes.Compare(pool[before:start], v) >= 0 && group+i > 0 {
				unsorted = true
			}
			bad := notPlain(k.hi) | notPlain(k.lo)
			if length > keySize {
				last := v[length-16:] // some of it the key may have
				bad |= notPlain(le.Uint64(last)) | notPlain(le.Uint64(last[8:]))
				if length > keySize+16 {
					bad |= notPlainMiddle(v)
				}
			}
			if bad&(0x80*ones) == 0 {
				folded |= 1 << i
			}
			if length == 0 {
				empty |= 1 << i
			}
			next, before, keyBefore = end, start, k
		}
		entries = entries[n*valueSize:]
		used, ok := s.valueRoles(group, folded, empty)
		if !ok {
			return false
		}
		unused = unused || used != ^uint64(0)>>(64-n)
	}
	s.breaks(RuleValueOrder, unsorted)
	s.breaks(RuleValueUsed, unused)
	return next == uint64(len(pool))
}

// valueRoles looks at a group of 64 values, of which some surely are folded,
// and some empty, in the roles that they have. It returns which have one.
func (s *scanner) valueRoles(group int, folded, empty uint64) (used uint64, ok bool) {
	at := func(r role) uint64 { return s.roles[r][group] }
	for r := roleAny; r < roleFolded; r++ {
		used |= at(r)
	}
	s.breaks(RuleOperatorSimplest, at(roleAffix)&empty != 0)
	for m := at(roleFolded) &^ folded; m != 0; m &= m - 1 {
		s.breaks(RuleOperandFolded, !isFolded(s.member(group, m)))
	}
	for m := at(rolePattern); m != 0; m &= m - 1 {
		form, ok := patternForm(s.member(group, m))
		if !ok {
			return 0, false
		}
		s.breaks(RuleOperatorSimplest, form != patternProper)
	}
	for m := at(roleInteger); m != 0; m &= m - 1 {
		if len(s.member(group, m)) != 8 {
			return 0, false
		}
	}
	for m := at(roleRange); m != 0; m &= m - 1 {
		v := s.member(group, m)
		if len(v) != 16 {
			return 0, false
		}
		s.breaks(RuleOperatorSimplest, Integer(v, 0) >= Integer(v, 1))
	}
	for m := at(roleAddress); m != 0; m &= m - 1 {
		v := s.member(group, m)
		if len(v) != 32 {
			return 0, false
		}
		s.breaks(RuleOperatorSimplest, bytes.Compare(v[:16], v[16:]) > 0)
	}
	return used, true
}

// member returns the value that the lowest bit of m stands for.
func (s *scanner) member(group int, m uint64) []byte {
	return s.Value(64*group + bits.TrailingZeros64(m))
}

// A key is the first keySize bytes of a value as a number in big-endian order,
// padded with zeros. Most neighbours differ in their keys.
type key struct{ hi, lo uint64 }

const keySize = 16

// keyOf returns the key of v. From has v at its start, and what follows it in
// the pool.
func keyOf(from, v []byte) key {
	if len(from) < keySize {
		var padded [keySize]byte
		from = append(padded[:0], v...)[:keySize]
	}
	n := min(len(v), keySize)
	return key{binary.BigEndian.Uint64(from) & keyMasks[n].hi, binary.BigEndian.Uint64(from[8:]) & keyMasks[n].lo}
}

// keyMasks keep the first so many bytes of a key.
var keyMasks = func() (m [keySize + 1]key) {
	for n := range m {
		m[n].hi = ^(^uint64(0) >> (8 * n))
		m[n].lo = ^(^uint64(0) >> (8 * max(0, n-8)))
	}
	return m
}()

// notPlainMiddle is notPlain for what a value has between its key and its last
// sixteen bytes.
func notPlainMiddle(v []byte) (bad uint64) {
	for v = v[keySize:]; len(v) > 16; v = v[8:] {
		bad |= notPlain(le.Uint64(v))
	}
	return bad
}

const ones = 0x0101010101010101

// notPlain is how values finds those that are ASCII without capital letters, and
// so their own folds. It sets the highest bit of each byte of w that is a capital letter of
// ASCII, or no ASCII. Of the other bits, and of those of bytes above one that
// is no ASCII, it says nothing.
func notPlain(w uint64) uint64 {
	// Of a byte of the sums the highest bit says that the byte, if it is
	// ASCII, is at least 'A', and more than 'Z'.
	return w | (w+ones*(0x80-'A'))&^(w+ones*(0x80-'Z'-1))
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

// criteria does groups I and J.
func (s *scanner) criteria() bool {
	criteria, operands := s.sec[secCriteria], s.sec[secOperands]
	nValues, declared := uint32(s.Values()), uint32(s.Header.InputsDeclared)
	var next uint64
	var keyBefore uint64 // a criterion's first four bytes and first operand
	var before []byte    // its operands
	var read uint32
	unsorted, single := false, false
	for first := true; len(criteria) >= criterionSize; first, criteria = false, criteria[criterionSize:] {
		head := le.Uint32(criteria) // input, operator, flags, from the highest byte down
		input, op, flags := head>>16, Operator(head>>8), Flags(head)
		start, count := uint64(le.Uint32(criteria[4:])), uint64(le.Uint32(criteria[8:]))
		if (uint16(flags)|0x100)&opFlags[op] != 0 || input >= declared ||
			(op == OpExists) != (count == 0) || count > MaxOperands ||
			start != next || count*operandSize > uint64(len(operands)) {
			return false
		}
		next += count
		read = max(read, input+1)
		mine := operands[:count*operandSize]
		operands = operands[count*operandSize:]
		key := uint64(head) << 32
		if len(mine) > 0 {
			key |= uint64(le.Uint32(mine))
		}
		if key <= keyBefore && !first && (key < keyBefore || !operandsLess(before, mine)) {
			unsorted = true
		}
		keyBefore, before = key, mine
		switch {
		case flags&FlagInputs != 0:
			highest, ok := s.inputOperands(op, input, declared, mine)
			if !ok {
				return false
			}
			read = max(read, highest+1)
			single = single || count == 1 && flags&FlagAll != 0
		case count == 1: // most criteria; valueOperands would do the same
			v := uint32(key)
			if v >= nValues {
				return false
			}
			s.roles[operatorRole[op]].set(v)
			if flags&FlagFold != 0 {
				s.roles[roleFolded].set(v)
			}
			single = single || flags&FlagAll != 0
		default:
			if !s.valueOperands(op, flags, nValues, mine) {
				return false
			}
		}
	}
	s.breaks(RuleOperatorSimplest, single)
	s.breaks(RuleCriterionOrder, unsorted)
	s.breaks(RuleInputsRead, uint32(s.Header.InputsRead) != read)
	return len(operands) == 0
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
// values, and notes their roles.
func (s *scanner) valueOperands(op Operator, flags Flags, nValues uint32, operands []byte) bool {
	before, unsorted := int64(-1), false
	for ; len(operands) >= operandSize; operands = operands[operandSize:] {
		v := le.Uint32(operands)
		if v >= nValues {
			return false
		}
		unsorted = unsorted || int64(v) <= before
		before = int64(v)
		s.roles[operatorRole[op]].set(v)
		if flags&FlagFold != 0 {
			s.roles[roleFolded].set(v)
		}
	}
	s.breaks(RuleOperandOrder, unsorted)
	return true
}

// conditions does group H.
func (s *scanner) conditions() bool {
	instances, words := s.sec[secInstances], s.sec[secConditions]
	references := uint64(s.Criteria()) * 2
	for ; len(instances) >= instanceSize; instances = instances[instanceSize:] {
		count := int(le.Uint32(instances[20:]))
		mine := words[:count*wordSize] // they tile: instances saw to that
		words = words[count*wordSize:]
		// A conjunction in normal form is ascending references to criteria
		// that are there.
		plain, last := count <= MaxStack, int64(-1)
		for rest := mine; len(rest) >= wordSize; rest = rest[wordSize:] {
			w := le.Uint32(rest)
			plain = plain && int64(w) > last
			last = int64(w)
			if uint64(w) < references {
				s.referenced.set(w >> 1)
			}
		}
		if (!plain || uint64(last) >= references) && !s.condition(mine) {
			return false
		}
	}
	s.breaks(RuleCriterionUsed, !s.referenced.full(s.Criteria()))
	return true
}

// A conditionStack is the stack of a condition that is being verified.
type conditionStack [MaxStack]truth

// A truth is the words, of one instance, that leave one truth on the stack.
type truth struct {
	start, end int32
	word       Word  // the last, which says what it is
	depth      uint8 // of and and or
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
				s.breaks(RuleConditionOrder, k > 0 && !conditionLess(words, &operands[k-1], o))
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
		stack[top] = truth{start, int32(i/wordSize) + 1, w, depth}
		top++
	}
	left := stack[:top]
	for k := range left {
		s.breaks(RuleConditionFlat, left[k].word.IsAnd())
		s.breaks(RuleConditionOrder, k > 0 && !conditionLess(words, &left[k-1], &left[k]))
	}
	return true
}

// conditionLess reports whether one operand comes before another: fewer words
// first, then by the first word that differs.
func conditionLess(words []byte, a, b *truth) bool {
	n := a.end - a.start
	if n != b.end-b.start {
		return n < b.end-b.start
	}
	if n == 1 {
		return a.word < b.word
	}
	for k := range n {
		x, y := le.Uint32(words[(a.start+k)*wordSize:]), le.Uint32(words[(b.start+k)*wordSize:])
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
	var next, before uint64
	for i := 0; len(entries) >= valueSize; i, entries = i+1, entries[valueSize:] {
		off, length := uint64(le.Uint32(entries)), uint64(le.Uint32(entries[4:]))
		end := off + length
		if off != next || length > MaxTextLength || end > uint64(len(pool)) {
			return false
		}
		t := pool[off:end]
		s.breaks(RuleTextOrder, i > 0 && bytes.Compare(pool[before:off], t) >= 0)
		s.breaks(RuleTextUTF8, !utf8.Valid(t))
		next, before = end, off
	}
	return next == uint64(len(pool))
}
