package channelfile

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile/internal/casefold"
)

// scan is the fast reader of the entries of all sections. It reports whether
// the file keeps groups G to R of FORMAT.md, section 7, which the methods of a
// File depend on. It stores in f.broken which of the other requirements the
// file breaks. It does not describe or locate faults. explain and the checks
// do.
//
// scan reads each entry, value and text once, in file order. So it takes time
// linear in the size of the data.
func (f *File) scan() bool {
	f.scanTiling()
	s := scanner{
		File:       f,
		roles:      make([]byte, (f.Values()+groupSize-1)/groupSize*groupSize),
		referenced: make([]byte, f.Criteria()),
	}
	if f.HasPrograms() {
		s.running = make([]byte, f.Programs())
	}
	return s.instances() && s.criteria() && s.values() && s.conditions() && s.programs() && s.provenance()
}

// A scanner holds the facts that scan collects about entries.
type scanner struct {
	*File
	roles      []byte // set of the roles of each value
	referenced []byte // for each criterion, 1 if a word refers to it
	running    []byte // for each program, 1 if it is an operand
	stack      *conditionStack
}

// A role is a requirement on a value. It follows from a criterion that compares
// an input with the value. scan collects the roles while it reads the criteria,
// and then checks each value once.
const (
	roleAny     = 1 << iota // for equals: any bytes
	roleAffix               // for prefix, suffix and contains: not empty
	rolePattern             // a wildcard pattern in its simplest form
	roleInteger             // 8 bytes
	roleRange               // 16 bytes: two ascending numbers
	roleAddress             // 32 bytes: two addresses, the second not before the first
	roleFolded              // in addition to another role: stored folded
	allRoles    = 1<<iota - 1

	rolesWithForm = rolePattern | roleInteger | roleRange | roleAddress
)

// operatorRole maps an operator to the role of its operands.
var operatorRole = [256]byte{
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

func (f *File) breaks(r Requirement, broken bool) {
	if broken {
		f.broken |= r.set()
	}
}

// scanTiling checks the places of sections and the padding between them.
func (f *File) scanTiling() {
	end := f.HeaderDigestRange().End
	for i := range f.Sections {
		r := f.Sections[i].Range
		f.breaks(RequirementSectionTiling, r.Start != end)
		end = alignUp(r.End)
		f.breaks(RequirementPaddingZero, !allZero(f.data[r.End:min(end, len(f.data))]))
	}
	f.breaks(RequirementSectionTiling, end != len(f.data))
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

// instances checks group G.
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
	s.breaks(RequirementInstanceID, nilID)
	s.breaks(RequirementInstanceOrder, unsorted)
	s.breaks(RequirementInstanceUnique, equal)
	return !bad && next == words
}

// groupSize is the number of values that are checked together. It is the number
// of bits in a uint64.
const groupSize = 64

// values checks groups K and L.
func (s *scanner) values() bool {
	n := s.Values()
	var at place
	unused := false
	for first := 0; first < n; first += groupSize {
		count := min(groupSize, n-first)
		if !s.placeValues(&at, first, count) {
			return false
		}
		roles := (*[groupSize]byte)(s.roles[first:])
		unused = unused || having(roles, allRoles) != ^uint64(0)>>(groupSize-count)
		for m := having(roles, roleFolded); m != 0; {
			i := bits.TrailingZeros64(m)
			n := bits.TrailingZeros64(^(m >> i)) // number of adjacent values with the role
			m &^= (1<<n - 1) << i
			s.foldedValues(first+i, n)
		}
		for m := having(roles, rolesWithForm); m != 0; m &= m - 1 {
			i := bits.TrailingZeros64(m)
			if !s.valueForm(roles[i], s.Value(first+i)) {
				return false
			}
		}
	}
	s.breaks(RequirementValueUsed, unused)
	return at.end == uint64(len(s.sec[secPool]))
}

// A place is the end of the values that were read, and the key of the last one.
type place struct {
	end uint64 // offset in the pool
	key key
}

// placeValues checks group K for count values from first on. It also checks the
// order of the values, and that affixes are not empty.
func (s *scanner) placeValues(at *place, first, count int) bool {
	pool := s.sec[secPool]
	end, before := at.end, at.key
	entries := s.sec[secValues][first*valueSize:][:count*valueSize]
	for i := first; len(entries) >= valueSize; i, entries = i+1, entries[valueSize:] {
		entry := le.Uint64(entries)
		start, length := entry&(1<<32-1), entry>>32
		//mutation:equivalent `start+length`: another check detects the same, on purpose
		if start != end || length > MaxValueLength || start+length > uint64(len(pool)) {
			return false
		}
		end = start + length
		var greater uint64 // 1 if the value is certainly greater than the one before
		//mutation:equivalent: the slow path gives the same result
		if from := pool[start:]; len(from) >= keySize {
			k := keyOf((*[keySize]byte)(from), length)
			greater = before.less(k)
			before = k
		}
		if greater == 0 && i > 0 && bytes.Compare(s.Value(i-1), s.Value(i)) >= 0 {
			s.broken |= RequirementValueOrder.set()
		}
		if length == 0 && s.roles[i]&roleAffix != 0 {
			s.broken |= RequirementOperatorSimplest.set()
		}
	}
	at.end, at.key = end, before
	return true
}

// foldedValues checks count adjacent values from i on, which must be stored
// folded. They are adjacent in the pool too.
func (s *scanner) foldedValues(i, count int) {
	entries, pool := s.sec[secValues], s.sec[secPool]
	last := entries[(i+count-1)*valueSize:]
	//mutation:equivalent condition, width#1, width#2: the slow path gives the same result
	if isPlain(pool[le.Uint32(entries[i*valueSize:]) : le.Uint32(last)+le.Uint32(last[4:])]) {
		return
	}
	for k := range count {
		s.breaks(RequirementOperandFolded, !casefold.IsFolded(s.Value(i+k)))
	}
}

// having returns a bit for each value of a group, starting with the lowest bit.
// The bit is set if the value has any of the given roles.
func having(roles *[groupSize]byte, wanted byte) (m uint64) {
	const low = 0x7F * ones
	for i := 0; i < groupSize; i += 8 {
		// The sum has the highest bit of each byte that has one of the roles.
		w := le.Uint64(roles[i:])&(ones*uint64(wanted)) + low
		m |= w >> 7 & ones * gather >> 56 << i
	}
	return m
}

// gather collects the lowest bits of the 8 bytes of a word. If no other bits
// are set, the product of the word and gather has them in its highest byte.
const gather = 0x0102040810204080

// valueForm checks a value that has one of the rolesWithForm.
func (s *scanner) valueForm(roles byte, v []byte) bool {
	if roles&rolePattern != 0 {
		form, ok := patternForm(v)
		if !ok {
			return false
		}
		s.breaks(RequirementOperatorSimplest, form != patternProper)
	}
	if roles&roleInteger != 0 && len(v) != 8 {
		return false
	}
	if roles&roleRange != 0 {
		if len(v) != 16 {
			return false
		}
		least, greatest := Value(v).IntegerRange()
		s.breaks(RequirementOperatorSimplest, least >= greatest)
	}
	if roles&roleAddress != 0 {
		if len(v) != 32 {
			return false
		}
		s.breaks(RequirementOperatorSimplest, bytes.Compare(v[:16], v[16:]) > 0)
	}
	return true
}

// A key is the first keySize bytes of a value as a big-endian number, padded
// with zeros. Most adjacent values have different keys.
type key struct{ a, b, c, d uint64 }

const keySize = 32

// keyOf returns the key of a value. The value is the first length bytes of
// from, or all of from if length is greater than keySize.
func keyOf(from *[keySize]byte, length uint64) key {
	_, long := bits.Sub64(keySize, length, 0) // min would compile to a branch
	m := &keyMasks[length&^-long|keySize&-long]
	return key{
		binary.BigEndian.Uint64(from[:]) & m.a,
		binary.BigEndian.Uint64(from[8:]) & m.b,
		binary.BigEndian.Uint64(from[16:]) & m.c,
		binary.BigEndian.Uint64(from[24:]) & m.d,
	}
}

// less returns 1 if k is less than l, and then the value of k comes before the
// value of l. If it returns 0, the value of k may still come first. That
// happens if values are longer than their keys, or contain zeros where others
// end.
func (k key) less(l key) (borrow uint64) {
	_, borrow = bits.Sub64(k.d, l.d, 0)
	_, borrow = bits.Sub64(k.c, l.c, borrow)
	_, borrow = bits.Sub64(k.b, l.b, borrow)
	_, borrow = bits.Sub64(k.a, l.a, borrow)
	return borrow
}

// keyMasks[n] keeps the first n bytes of a key.
var keyMasks = func() (m [keySize + 1]key) {
	for n := range m {
		m[n].a = ^(^uint64(0) >> (8 * n))
		//mutation:equivalent: the value is always below 256
		m[n].b = ^(^uint64(0) >> (8 * max(0, n-8)))
		//mutation:equivalent: the value is always below 256
		m[n].c = ^(^uint64(0) >> (8 * max(0, n-16)))
		//mutation:equivalent: the value is always below 256
		m[n].d = ^(^uint64(0) >> (8 * max(0, n-24)))
	}
	return m
}()

// isPlain reports whether v is certainly ASCII without capital letters, so that
// folding does not change it. This is true for most folded values. It returns
// false for values shorter than 8 bytes.
//
//mutation:equivalent `n < 8`, `n < 16`, `len(v) > 16`: the slow path gives the same result
func isPlain(v []byte) bool {
	n := len(v)
	var bad uint64
	switch {
	case n < 8:
		return false
	case n < 16:
		bad = notPlain(le.Uint64(v)) | notPlain(le.Uint64(v[n-8:]))
	default:
		bad = notPlain(le.Uint64(v[n-16:])) | notPlain(le.Uint64(v[n-8:]))
		for ; len(v) > 16; v = v[16:] {
			bad |= notPlain(le.Uint64(v)) | notPlain(le.Uint64(v[8:]))
		}
	}
	return bad&(0x80*ones) == 0
}

const ones = 0x0101010101010101

// notPlain sets the highest bit of each byte of w that is an ASCII capital
// letter or not ASCII. The other bits are undefined. So are the highest bits of
// bytes above a byte that is not ASCII.
func notPlain(w uint64) uint64 {
	// For an ASCII byte, the highest bits of the two sums mean that the byte is
	// at least 'A', and that it is greater than 'Z'.
	//mutation:equivalent `w+ones*(0x80-'Z'-1)`: the slow path gives the same result
	return w | (w+ones*(0x80-'A'))&^(w+ones*(0x80-'Z'-1))
}

// criteria checks groups I and J.
func (s *scanner) criteria() bool {
	criteria, operands := s.sec[secCriteria], s.sec[secOperands]
	values := s.roles[:s.Values()]
	var next uint64
	var read uint32
	var head criterionHead
	var before int64 // first operand of the previous criterion, if it has the same head
	unsorted := false
	for i := 0; len(criteria) >= criterionSize; i, criteria = i+1, criteria[criterionSize:] {
		if h := le.Uint32(criteria); h != head.word || i == 0 { // most heads are equal
			//mutation:equivalent: the two values are known to differ here
			unsorted = unsorted || h < head.word
			head, before = headOf(h), -2
			if !head.known || head.input >= uint32(s.Header.InputsDeclared) {
				return false
			}
			read = max(read, head.input+1)
		}
		start, count := uint64(le.Uint32(criteria[4:])), uint64(le.Uint32(criteria[8:]))
		if start != next || count > MaxOperands || count*operandSize > uint64(len(operands)) {
			return false
		}
		next += count
		mine := operands[:count*operandSize]
		operands = operands[count*operandSize:]
		first := int64(-1)
		//mutation:equivalent condition: the slow path gives the same result
		if len(mine) == operandSize && head.simple { // most criteria
			first = int64(le.Uint32(mine))
			if first >= int64(len(values)) {
				return false
			}
			values[first] |= head.role
		} else {
			highest, ok := s.operands(&head, mine)
			if !ok {
				return false
			}
			read = max(read, highest+1)
			if len(mine) > 0 {
				first = int64(le.Uint32(mine))
			}
		}
		unsorted = unsorted || first <= before && (first < before || !s.operandsAscend(i))
		before = first
	}
	s.breaks(RequirementCriterionOrder, unsorted)
	s.breaks(RequirementInputsRead, uint32(s.Header.InputsRead) != read)
	return len(operands) == 0
}

// A criterionHead is the decoded first word of a criterion.
type criterionHead struct {
	word   uint32 // input, operator and flags, from the highest byte down
	input  uint32
	op     Operator
	flags  Flags
	known  bool // the operator exists and may have the flags
	simple bool // the operands are values, and one operand is as valid as several
	role   byte // role of the operands
}

func headOf(word uint32) criterionHead {
	h := criterionHead{word: word, input: word >> 16, op: Operator(word >> 8), flags: Flags(word)}
	h.known = h.op.Known() && h.flags&^operatorKinds[h.op].flags == 0
	h.simple = h.op != OpExists && h.op != OpRegexp && h.flags&(FlagInputs|FlagAll) == 0
	h.role = operatorRole[h.op]
	if h.flags&FlagFold != 0 {
		h.role |= roleFolded
	}
	return h
}

// operands checks the operands of a criterion. If they are inputs it returns
// the highest one.
func (s *scanner) operands(head *criterionHead, operands []byte) (highest uint32, ok bool) {
	if (head.op == OpExists) != (len(operands) == 0) {
		return 0, false
	}
	s.breaks(RequirementOperatorSimplest, len(operands) == operandSize && head.flags&FlagAll != 0)
	if head.flags&FlagInputs != 0 {
		return s.inputOperands(head, operands)
	}
	if head.op == OpRegexp {
		return 0, s.operandsOf(s.running, 1, operands)
	}
	return 0, s.operandsOf(s.roles[:s.Values()], head.role, operands)
}

// operandsAscend reports whether the operands of criterion i come after the
// operands of the previous criterion. It compares two lists, and a proper prefix
// comes before a longer list.
func (s *scanner) operandsAscend(i int) bool {
	a, b := s.Criterion(i-1), s.Criterion(i)
	for k := range min(a.Count, b.Count) {
		if x, y := s.Operand(a.First+k), s.Operand(b.First+k); x != y {
			//mutation:equivalent: the two values are known to differ here
			return x < y
		}
	}
	return a.Count < b.Count
}

func (s *scanner) inputOperands(head *criterionHead, operands []byte) (highest uint32, ok bool) {
	for i := 0; i < len(operands); i += operandSize {
		other := le.Uint32(operands[i:])
		if other >= uint32(s.Header.InputsDeclared) {
			return 0, false
		}
		s.breaks(RequirementOperandOrder, i > 0 && other <= le.Uint32(operands[i-operandSize:]))
		s.breaks(RequirementOperatorSimplest, !simplestInputs(head.op, head.input, other))
		highest = max(highest, other)
	}
	return highest, true
}

// simplestInputs reports whether a comparison of two inputs is the simplest one
// with its meaning.
func simplestInputs(op Operator, input, other uint32) bool {
	if op == OpEquals || op == OpIntegerEquals {
		return input < other
	}
	return input != other
}

// operandsOf checks operands that are numbers of values or programs. It gives
// each of these the role.
func (s *scanner) operandsOf(roles []byte, role byte, operands []byte) bool {
	before, unsorted := int64(-1), false
	for ; len(operands) >= operandSize; operands = operands[operandSize:] {
		v := int64(le.Uint32(operands))
		if v >= int64(len(roles)) {
			return false
		}
		unsorted = unsorted || v <= before
		before = v
		roles[v] |= role
	}
	s.breaks(RequirementOperandOrder, unsorted)
	return true
}

// conditions checks group H.
//
// A conjunction in normal form is a list of ascending references. From one word
// to the next the number does not ascend in two cases: at the start of an
// instance, and inside an instance with an and or an or. Such a place is called
// a fall.
//
// One loop over the words of all instances counts the falls. It does not depend
// on the number of words of each instance, which a processor cannot predict. A
// second loop over the instances subtracts the falls that are allowed.
func (s *scanner) conditions() bool {
	falls, ok := s.references()
	if !ok {
		return false
	}
	words := s.sec[secConditions]
	var before uint32
	for b := s.sec[secInstances]; len(b) >= instanceSize; b = b[instanceSize:] {
		count := int(le.Uint32(b[20:]))
		mine := words[:count*wordSize] // instances has checked that the words tile
		//mutation:missed: the properties of channelfile detect it
		words = words[count*wordSize:]
		//mutation:missed: the properties of channelfile detect it
		falls -= fall(before, le.Uint32(mine))
		before = le.Uint32(mine[len(mine)-wordSize:])
		//mutation:equivalent condition, comparison: the slow path gives the same result
		if Word(before).IsReference() && count <= MaxStack {
			continue
		}
		inside, ok := s.orAtEnd(mine)
		if !ok {
			if inside, ok = s.condition(mine); !ok {
				return false
			}
		}
		falls -= inside
	}
	if falls != 0 {
		return s.allConditions()
	}
	return true
}

// fall returns 1 if b is not greater than a, and otherwise 0. It does not
// branch.
//
//mutation:missed `uint64(b)`: the properties of channelfile detect it
func fall(a, b uint32) uint64 { return (uint64(a)-uint64(b))>>63 ^ 1 }

// references checks the words that are references. It returns the number of
// words that are not greater than the previous word. The first word is compared
// with 0.
func (s *scanner) references() (falls uint64, ok bool) {
	var before uint32
	for words := s.sec[secConditions]; len(words) >= wordSize; words = words[wordSize:] {
		w := le.Uint32(words)
		falls += fall(before, w)
		before = w
		if c := int(w >> 1); c < len(s.referenced) {
			s.referenced[c] = 1
		} else if Word(w).IsReference() {
			return 0, false
		}
	}
	s.breaks(RequirementCriterionUsed, bytes.IndexByte(s.referenced, 0) >= 0)
	return falls, true
}

// orAtEnd reports whether a condition has the second most frequent form, which
// is references followed by an or of the last of them. It does not check
// whether the references ascend. It returns the fall, if any, at the first
// operand of the or.
func (s *scanner) orAtEnd(words []byte) (falls uint64, ok bool) {
	last := len(words)/wordSize - 1
	//mutation:missed `last*wordSize`: the properties of channelfile detect it
	//mutation:equivalent width#1, width#2: the slow path gives the same result
	or := Word(le.Uint32(words[last*wordSize:]))
	first := last - or.Operands()
	//mutation:missed `(last-1)*wordSize`: the properties of channelfile detect it
	//mutation:equivalent comparison: the slow path gives the same result
	if !or.IsOr() || or.Operands() < 2 || first < 0 || last > MaxStack || !Word(le.Uint32(words[(last-1)*wordSize:])).IsReference() {
		return 0, false
	}
	if first == 0 {
		return 0, true
	}
	//mutation:missed `(first-1)*wordSize`: the properties of channelfile detect it
	before := le.Uint32(words[(first-1)*wordSize:])
	//mutation:missed `first*wordSize`: the properties of channelfile detect it
	return fall(before, le.Uint32(words[first*wordSize:])), Word(before).IsReference()
}

// allConditions checks all conditions in the general way.
func (s *scanner) allConditions() bool {
	for i := range s.Instances() {
		in := s.Instance(i)
		if _, ok := s.condition(s.sec[secConditions][in.First*wordSize:][:in.Count*wordSize]); !ok {
			return false
		}
	}
	return true
}

// A conditionStack is the stack of the condition that is being checked.
type conditionStack [MaxStack]truth

// A truth is the words of an instance that leave one truth value on the stack.
type truth struct {
	start, end int32
	word       Word  // the last word, which tells the kind
	depth      uint8 // nesting of and and or
}

// condition checks a condition of any form. Its references have been checked.
// It returns the number of words that are not greater than the previous word.
func (s *scanner) condition(words []byte) (falls uint64, ok bool) {
	if s.stack == nil {
		s.stack = new(conditionStack)
	}
	stack, top := s.stack, 0
	for i := 0; i < len(words); i += wordSize {
		w := Word(le.Uint32(words[i:]))
		//mutation:equivalent condition: the slow path gives the same result
		if i > 0 {
			//mutation:missed: the properties of channelfile detect it
			falls += fall(le.Uint32(words[i-wordSize:]), uint32(w))
		}
		start, depth := int32(i/wordSize), uint8(0)
		if !w.IsReference() {
			n := w.Operands()
			if n < 2 || n > top {
				return 0, false
			}
			operands := stack[top-n : top]
			for k := range operands {
				o := &operands[k]
				depth = max(depth, o.depth)
				s.breaks(RequirementConditionFlat, !o.word.IsReference() && o.word.IsOr() == w.IsOr())
				s.breaks(RequirementConditionOrder, k > 0 && !conditionLess(words, &operands[k-1], o))
			}
			if depth++; depth > MaxDepth {
				return 0, false
			}
			start = operands[0].start
			top -= n
		}
		if top == MaxStack {
			return 0, false
		}
		stack[top] = truth{start, int32(i/wordSize) + 1, w, depth}
		top++
	}
	left := stack[:top]
	for k := range left {
		s.breaks(RequirementConditionFlat, left[k].word.IsAnd())
		s.breaks(RequirementConditionOrder, k > 0 && !conditionLess(words, &left[k-1], &left[k]))
	}
	return falls, true
}

// conditionLess reports whether one operand comes before another. An operand
// with fewer words comes first. Operands with as many words are compared by
// their words.
//
//mutation:equivalent `n < b.end-b.start`, `x < y`: the two values are known to differ here
func conditionLess(words []byte, a, b *truth) bool {
	n := a.end - a.start
	if n != b.end-b.start {
		return n < b.end-b.start
	}
	//mutation:equivalent condition: the slow path gives the same result
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

// provenance checks groups Q and R.
func (s *scanner) provenance() bool {
	//mutation:equivalent: without these sections the loop has no entries
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
			s.breaks(RequirementUseOfOperator, line != 0 || le.Uint32(s.sec[secTexts][t*valueSize+4:]) != 0)
		}
	}
	s.breaks(RequirementTextUsed, !used.full(int(n)))

	entries, pool := s.sec[secTexts], s.sec[secTextPool]
	var next, before uint64
	//mutation:missed width: it takes a first wrong order at entry 257 or 65,537
	for i := 0; len(entries) >= valueSize; i, entries = i+1, entries[valueSize:] {
		off, length := uint64(le.Uint32(entries)), uint64(le.Uint32(entries[4:]))
		end := off + length
		if off != next || length > MaxTextLength || end > uint64(len(pool)) {
			return false
		}
		t := pool[off:end]
		s.breaks(RequirementTextOrder, i > 0 && bytes.Compare(pool[before:off], t) >= 0)
		s.breaks(RequirementTextUTF8, !utf8.Valid(t))
		next, before = end, off
	}
	return next == uint64(len(pool))
}
