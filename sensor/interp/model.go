package interp

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Model is a model of a sensor that checks nothing. It trusts every offset, count and index of
// the file. It assumes that it gets all inputs that the file reads, with the types that the
// template type declares. The model watches each load that such a sensor would do, and reports the
// first load outside its object. INTERPRETER.md defines the loads and their order. Two test
// sensors, the raw sensor and the sensor in C, do the same loads without this supervision. A Model
// must be used by only one goroutine at a time.
type Model struct {
	types    []sensor.InputType
	sections [maxSection + 1]object
	counts   [maxSection + 1]uint32
	truths   object // one byte for each criterion
	stack    object
	trace    Trace
	inputs   Event
	sets     [5][]bool
	places   modelPlaces
	claims   *modelClaims // nil means that no claims are asserted
	texts    []object     // objects that the spans of this run point to
}

// A Trace records the actions of a sensor on an event.
type Trace struct {
	Reads      []int  // the inputs that were read, in order
	Matched    []int  // indices of the instances that matched
	Operations uint64 // number of elementary operations, as INTERPRETER.md counts them
}

// A Violation is a load outside its object, or a value that contradicts a claim.
type Violation struct {
	Claim     string // the broken claim and the actual value; "" if a load left its object
	Object    string // such as "inputs", "criteria" or "value of input 6 (index 5)"
	Length    uint64 // length of the object, in bytes
	Offset    uint64 // offset of the load from the start of the object, in bytes
	Size      uint64 // size of the load, in bytes
	Wild      bool   // the load has no object, and Offset is a number that was used as an address
	Criterion int    // criterion that was evaluated; -1 if no criterion was evaluated
	Input     int    // input that was read; -1 if no input was read
}

//mutation:equivalent: only report texts depend on it
func (v *Violation) Error() string {
	if v.Claim != "" {
		return "not as claimed: " + v.Claim
	}
	if v.Wild {
		return fmt.Sprintf("read of %d bytes at the address 0x%x, which is %s", v.Size, v.Offset, v.Object)
	}
	return fmt.Sprintf("read of %d bytes at %s+%d of %d", v.Size, v.Object, v.Offset, v.Length)
}

// An object is memory that a sensor has, or a part of it with its own meaning.
type object struct {
	name string // "" for the value of an input, and for a number that is used as an address
	data []byte
	wild bool   // the object does not exist: a number is used as its address
	at   uint64 // if wild, that number; for a section, its offset in the file
	size uint64 // expected size in bytes
	in   int    // input that has the object as its value; -1 if there is no such input
}

// The sections that a sensor reads, by their types.
const (
	sectionInstances = 1 + iota
	sectionConditions
	sectionCriteria
	sectionOperands
	sectionValues
	sectionPool
	sectionPrograms
	sectionSources
	sectionInstructions
	sectionClasses
	sectionRanges
	maxSection = sectionRanges
)

var sectionNames = [maxSection + 1]string{
	sectionInstances: "instances", sectionConditions: "conditions", sectionCriteria: "criteria",
	sectionOperands: "operands", sectionValues: "values", sectionPool: "pool", sectionPrograms: "programs",
	sectionSources: "sources", sectionInstructions: "instructions", sectionClasses: "classes", sectionRanges: "ranges",
}

// The sizes of the records that are loaded at once, in bytes.
const (
	modelHeader     = 48
	modelRecord     = 48
	modelDescriptor = 16 // of an input
	modelInstance   = 24
	modelCriterion  = 12
)

// NewModel loads a file into a sensor. Types are the types that the template type declares for the
// inputs. If NewModel fails, the error is a [*Violation]: the sensor read outside the file when it
// looked for the sections.
//
//mutation:equivalent `m.u32(&whole, 0x2C)`, `uint64(n)`: the value is always below 256
func NewModel(file []byte, types []sensor.InputType) (m *Model, err error) {
	m = &Model{types: types}
	defer m.watch(&err)
	whole := object{name: "file", data: file, in: -1}
	n := m.u32(&whole, 0x2C)
	for i := range uint64(n) {
		record := modelHeader + i*modelRecord
		typ, offset, length, count := m.u32(&whole, record), m.u32(&whole, record+4), m.u32(&whole, record+8), m.u32(&whole, record+12)
		if typ == 0 || typ > maxSection {
			continue
		}
		//mutation:equivalent: parsed files cannot fail this check
		m.check(&whole, uint64(offset), uint64(length))
		m.sections[typ] = object{name: sectionNames[typ], data: file[offset:][:length], at: uint64(offset), in: -1}
		m.counts[typ] = count
	}
	//mutation:equivalent: parsed files cannot fail this check
	m.check(&m.sections[sectionCriteria], 0, uint64(m.counts[sectionCriteria])*modelCriterion)
	//mutation:equivalent: parsed files cannot fail this check
	m.check(&m.sections[sectionInstances], 0, uint64(m.counts[sectionInstances])*modelInstance)
	m.truths = object{name: "truths", data: make([]byte, m.counts[sectionCriteria]), in: -1}
	m.stack = object{name: "stack", data: make([]byte, channelfile.MaxStack), in: -1}
	return m, nil
}

// Assert makes the model compare the file with claims of the gate. It compares each number that it
// reads with its claim. It compares the operations of an event with steps, unless steps is 0. A
// broken claim is a [*Violation], even if no load leaves its object. If claims is nil, the model
// asserts nothing.
func (m *Model) Assert(claims *facts.Facts, steps uint64) {
	m.claims = nil
	if claims == nil {
		return
	}
	if steps == 0 {
		steps = math.MaxUint64
	}
	most := &claims.Most
	m.claims = &modelClaims{claims, [...]uint64{
		claimedInputs: most.Inputs, claimedWords: most.Words, claimedStack: most.Stack, claimedOperands: most.Operands,
		claimedLength: most.ValueLength, claimedInstructions: most.Instructions, claimedSteps: steps,
	}}
}

// modelClaims are the claims that a model asserts.
type modelClaims struct {
	*facts.Facts
	most [numClaimed]uint64
}

// The indices of the claimed maximums.
const (
	claimedInputs = iota
	claimedWords
	claimedStack
	claimedOperands
	claimedLength
	claimedInstructions
	claimedSteps
	numClaimed
)

var claimedNames = [numClaimed]string{
	claimedInputs: "inputs up to the last one that is read", claimedWords: "words of a condition", claimedStack: "truths on the stack",
	claimedOperands: "operands of a criterion", claimedLength: "bytes of a value", claimedInstructions: "instructions of a program",
	claimedSteps: "elementary operations",
}

// claimed ends the run if a number exceeds its claimed maximum.
func (m *Model) claimed(of int, have uint64) {
	if m.claims != nil && have > m.claims.most[of] {
		panic(&Violation{Claim: fmt.Sprintf("there are %d %s; at most %d are claimed", have, claimedNames[of], m.claims.most[of]), Criterion: -1, Input: -1})
	}
}

// assertSections compares the sections with the claims. It skips sections that no sensor reads.
func (m *Model) assertSections() {
	if m.claims == nil {
		return
	}
	for _, s := range m.claims.Sections {
		if s.Type == 0 || s.Type > maxSection {
			continue
		}
		if o := &m.sections[s.Type]; o.at != s.Offset || uint64(len(o.data)) != s.Length || uint64(m.counts[s.Type]) != s.Count {
			panic(&Violation{Criterion: -1, Input: -1, Claim: fmt.Sprintf("section %s has %d entries in %d bytes at %d; the claim is %d in %d at %d",
				o.name, m.counts[s.Type], len(o.data), o.at, s.Count, s.Length, s.Offset)})
		}
	}
}

// Run evaluates an event, which has the inputs that a build supplies, by index. The next Run
// overwrites the trace. If Run fails, the error is a [*Violation], and the trace ends at the
// violation.
func (m *Model) Run(e Event) (trace *Trace, err error) {
	defer m.watch(&err)
	m.inputs, m.texts = e, m.texts[:0]
	m.trace = Trace{Reads: m.trace.Reads[:0], Matched: m.trace.Matched[:0]}
	trace = &m.trace
	m.assertSections()
	for i := range m.truths.data {
		m.truths.data[i] = truth(m.criterion(i))
	}
	for i := range int(m.counts[sectionInstances]) {
		if m.instance(i) {
			m.trace.Matched = append(m.trace.Matched, i)
		}
	}
	m.claimed(claimedSteps, m.trace.Operations)
	return trace, nil
}

// watch recovers from the violation that ended a run and stores it in err.
func (m *Model) watch(err *error) {
	switch fault := recover().(type) {
	case nil:
	case *Violation:
		*err = fault
	default:
		panic(fault)
	}
}

// check ends the run unless o contains the size bytes at off.
func (m *Model) check(o *object, off, size uint64) {
	switch {
	//mutation:equivalent condition, comparison#2: an empty read at offset 0 is inside every object
	case size == 0 && off == 0:
	//mutation:equivalent: only the message about a fault depends on it
	case o.wild:
		//mutation:equivalent: only the message about a fault depends on it
		panic(&Violation{Object: "the number in " + sensor.InputNumber(o.in), Offset: o.at + off, Size: size, Wild: true, Criterion: -1, Input: o.in})
	case off > uint64(len(o.data)) || size > uint64(len(o.data))-off:
		name := o.name
		//mutation:equivalent: only the message about a fault depends on it
		if name == "" {
			name = "value of " + sensor.InputNumber(o.in)
		}
		//mutation:equivalent: only the message about a fault depends on it
		panic(&Violation{Object: name, Length: uint64(len(o.data)), Offset: off, Size: size, Criterion: -1, Input: o.in})
	}
}

func (m *Model) u8(o *object, off uint64) uint8 {
	m.check(o, off, 1)
	return o.data[off]
}

func (m *Model) u16(o *object, off uint64) uint16 {
	m.check(o, off, 2)
	return binary.LittleEndian.Uint16(o.data[off:])
}

func (m *Model) u32(o *object, off uint64) uint32 {
	m.check(o, off, 4)
	return binary.LittleEndian.Uint32(o.data[off:])
}

func (m *Model) i64(o *object, off uint64) int64 {
	m.check(o, off, 8)
	return int64(binary.LittleEndian.Uint64(o.data[off:]))
}

// A span is a text in an object.
type span struct {
	o          *object
	start, end uint64
}

func (s *span) empty() bool { return s.start == s.end }

// operand returns the value with index i. It checks the whole value first: a comparison may stop
// early and would then miss a violation at its end.
func (m *Model) operand(i uint32) span {
	offset := m.u32(&m.sections[sectionValues], uint64(i)*8)
	length := m.u32(&m.sections[sectionValues], uint64(i)*8+4)
	//mutation:equivalent: parsed files cannot fail this check
	m.check(&m.sections[sectionPool], uint64(offset), uint64(length))
	m.claimed(claimedLength, uint64(length))
	return span{&m.sections[sectionPool], uint64(offset), uint64(offset) + uint64(length)}
}

// A taken is an input as the sensor finds it in the array of inputs. The sensor reads the
// descriptor and trusts the declared type.
type taken struct {
	value   *Value
	present bool
	index   int
}

// input takes an input from the array.
func (m *Model) input(i, criterion int) taken {
	if i >= len(m.inputs) {
		//mutation:equivalent: only the message about a fault depends on it
		panic(&Violation{Object: "inputs", Length: uint64(len(m.inputs)) * modelDescriptor,
			//mutation:equivalent: only the message about a fault depends on it
			Offset: uint64(i) * modelDescriptor, Size: modelDescriptor, Criterion: criterion, Input: i})
	}
	m.trace.Reads = append(m.trace.Reads, i)
	m.claimed(claimedInputs, uint64(i)+1)
	if m.claims != nil && !m.claims.InputRead(i) {
		panic(&Violation{Claim: sensor.InputNumber(i) + " is read, but the claims do not list it", Criterion: criterion, Input: i})
	}
	v := &m.inputs[i]
	return taken{v, v.Present(), i}
}

// integerSize is the length of an integer in its descriptor.
const integerSize = 8

// object returns the memory that the descriptor points to. For an integer, the number itself takes
// the place of the pointer.
func (t taken) object() object {
	switch t.value.Type {
	case sensor.TypeInteger:
		//mutation:equivalent: only the message about a fault depends on it
		return object{wild: true, at: uint64(t.value.Integer), size: integerSize, in: t.index}
	case sensor.TypeAddress:
		return object{data: t.value.Address[:], size: 16, in: t.index}
	}
	return object{data: t.value.Text, size: uint64(len(t.value.Text)), in: t.index}
}

// text returns the value as a text, and checks all of it.
//
//mutation:equivalent: only the time of an allocation depends on it
func (m *Model) text(t taken) span {
	if len(m.texts) == cap(m.texts) { // spans point into the old array, so append must not move it
		m.texts = make([]object, 0, 32)
	}
	m.texts = append(m.texts, t.object())
	o := &m.texts[len(m.texts)-1]
	m.check(o, 0, o.size)
	return span{o, 0, o.size}
}

// number returns the value as an integer. If an integer is declared and the value is a string, the
// sensor uses the address of the string as the integer. The address can be any number, and the
// sensor reads nothing through it.
func (m *Model) number(t taken) (int64, bool) {
	if m.declared(t.index) == sensor.TypeInteger {
		//mutation:equivalent condition: any number serves as the address of this string
		if t.value.Type != sensor.TypeInteger {
			return math.MinInt64, true
		}
		return t.value.Integer, true
	}
	return m.parseNumber(m.text(t))
}

//mutation:equivalent: reading rejects an undeclared input before
func (m *Model) declared(i int) sensor.InputType {
	if i >= len(m.types) {
		return sensor.TypeString
	}
	return m.types[i]
}

func (m *Model) criterion(i int) bool {
	m.trace.Operations++
	o, at := &m.sections[sectionCriteria], uint64(i)*modelCriterion
	flags := channelfile.Flags(m.u8(o, at))
	op := channelfile.Operator(m.u8(o, at+1))
	input := m.input(int(m.u16(o, at+2)), i)
	first, count := uint64(m.u32(o, at+4)), uint64(m.u32(o, at+8))
	operands := &m.sections[sectionOperands]
	//mutation:equivalent: parsed files cannot fail this check
	m.check(operands, first*4, count*4)
	m.claimed(claimedOperands, count)
	if m.claims != nil && !slices.Contains(m.claims.Operators, op.String()) {
		panic(&Violation{Claim: fmt.Sprintf("operator %v occurs, but the claims do not list it", op), Criterion: i, Input: -1})
	}
	all, folded := flags&channelfile.FlagAll != 0, flags&channelfile.FlagFold != 0
	if flags&channelfile.FlagInputs != 0 {
		result := all
		for k := first; k < first+count; k++ {
			other := m.input(int(m.u32(operands, k*4)), i)
			m.trace.Operations++
			if m.alike(op, folded, input, other) != all {
				result = !all
			}
		}
		return result
	}
	//mutation:equivalent width: parsed files cannot fail this check
	for k := first; k < first+count; k++ { // operands that a run may read
		if op == channelfile.OpRegexp {
			//mutation:equivalent `m.u32(operands, k*4)`: parsed files cannot fail this check
			m.program(m.u32(operands, k*4))
			continue
		}
		//mutation:equivalent `m.u32(operands, k*4)`: parsed files cannot fail this check
		m.operand(m.u32(operands, k*4))
	}
	if !input.present {
		return false
	}
	var text span
	var number int64
	var address object
	ok := true
	switch op {
	case channelfile.OpExists:
		return true
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		number, ok = m.number(input)
	case channelfile.OpAddressRange:
		address, ok = m.address(input)
	default:
		text = m.text(input)
	}
	if !ok {
		return false
	}
	for k := first; k < first+count; k++ {
		m.trace.Operations++
		n := m.u32(operands, k*4)
		var holds bool
		switch op {
		case channelfile.OpIntegerEquals:
			v := m.operand(n)
			holds = number == m.i64(v.o, v.start)
		case channelfile.OpIntegerRange:
			v := m.operand(n)
			holds = m.i64(v.o, v.start) <= number && number <= m.i64(v.o, v.start+8)
		case channelfile.OpAddressRange:
			v := m.operand(n)
			holds = m.bytesCompare(v.o, v.start, &address, 0) <= 0 && m.bytesCompare(&address, 0, v.o, v.start+16) <= 0
		case channelfile.OpRegexp:
			holds = m.search(m.program(n), text)
		default:
			holds = m.compare(op, folded, text, m.operand(n))
		}
		if holds != all {
			return !all
		}
	}
	return all
}

// bytesCompare compares 16 bytes of two objects.
func (m *Model) bytesCompare(a *object, at uint64, b *object, bt uint64) int {
	m.check(a, at, 16)
	m.check(b, bt, 16)
	for i := range uint64(16) {
		if x, y := a.data[at+i], b.data[bt+i]; x != y {
			return int(x) - int(y)
		}
	}
	return 0
}

// alike compares two inputs.
func (m *Model) alike(op channelfile.Operator, folded bool, a, b taken) bool {
	if !a.present || !b.present {
		return false
	}
	if op == channelfile.OpIntegerEquals {
		x, ok := m.number(a)
		if !ok {
			return false
		}
		y, ok := m.number(b)
		return ok && x == y
	}
	return m.compare(op, folded, m.text(a), m.text(b))
}

func (m *Model) compare(op channelfile.Operator, folded bool, v, o span) bool {
	switch op {
	case channelfile.OpEquals:
		return m.prefix(&v, o, folded) && v.empty()
	case channelfile.OpPrefix:
		return m.prefix(&v, o, folded)
	case channelfile.OpSuffix:
		return m.suffix(v, o, folded)
	case channelfile.OpContains:
		for {
			m.trace.Operations++
			from := v
			if m.prefix(&from, o, folded) {
				return true
			}
			if v.empty() {
				return false
			}
			_, size := m.unit(v, folded)
			v.start += size
		}
	}
	return m.pattern(v, o, folded)
}

// rune decodes the first rune of s, which is not empty.
//
//mutation:equivalent: the value is always below 256
func (m *Model) rune(s span) (rune, uint64) {
	size := min(s.end-s.start, utf8.UTFMax)
	m.check(s.o, s.start, size)
	r, n := utf8.DecodeRune(s.o.data[s.start:][:size])
	return r, uint64(n)
}

// unit returns the first unit of a comparison: the fold of a rune, or a byte.
func (m *Model) unit(s span, folded bool) (rune, uint64) {
	if !folded {
		return rune(m.u8(s.o, s.start)), 1
	}
	r, n := m.rune(s)
	return channelfile.Fold(r), n
}

// unitBack returns the last unit of a comparison.
func (m *Model) unitBack(s span, folded bool) (rune, uint64) {
	if !folded {
		return rune(m.u8(s.o, s.end-1)), 1
	}
	size := min(s.end-s.start, utf8.UTFMax)
	m.check(s.o, s.end-size, size)
	r, n := utf8.DecodeLastRune(s.o.data[s.end-size : s.end])
	//mutation:equivalent: the value is always below 256
	return channelfile.Fold(r), uint64(n)
}

// prefix reports whether v starts with o, and moves v behind it.
func (m *Model) prefix(v *span, o span, folded bool) bool {
	for !o.empty() {
		if v.empty() {
			return false
		}
		m.trace.Operations++
		a, size := m.unit(*v, folded)
		b, wanted := m.unit(o, folded)
		v.start += size
		o.start += wanted
		if a != b {
			return false
		}
	}
	return true
}

func (m *Model) suffix(v, o span, folded bool) bool {
	for !o.empty() {
		if v.empty() {
			return false
		}
		m.trace.Operations++
		a, size := m.unitBack(v, folded)
		b, wanted := m.unitBack(o, folded)
		v.end -= size
		o.end -= wanted
		if a != b {
			return false
		}
	}
	return true
}

// pattern follows all ways to match a pattern at the same time; see INTERPRETER.md.
func (m *Model) pattern(v, o span, folded bool) bool {
	places := int(o.end-o.start) + 1
	for i := range m.sets {
		//mutation:equivalent comparison: only the time of an allocation depends on it
		if cap(m.sets[i]) < places {
			m.sets[i] = make([]bool, places)
		}
		m.sets[i] = m.sets[i][:places]
		clear(m.sets[i])
	}
	m.sets[0][0] = true
	for at := uint64(0); ; at++ {
		here := m.sets[at%5]
		next := func(size uint64) []bool { return m.sets[(at+size)%5] }
		var unit rune
		var size, wide uint64
		if !v.empty() {
			unit, size = m.unit(v, folded)
			_, wide = m.rune(v)
		}
		for k := range places - 1 {
			m.trace.Operations++
			if !here[k] {
				continue
			}
			rest := span{o.o, o.start + uint64(k), o.end}
			c := m.u8(rest.o, rest.start)
			switch {
			case c == '*':
				here[k+1] = true
				if !v.empty() {
					next(size)[k] = true
				}
				continue
			case v.empty():
				continue
			case c == '?':
				next(wide)[k+1] = true
				continue
			case c == '\\':
				rest.start++
			}
			want, n := rune(m.u8(rest.o, rest.start)), uint64(1)
			if folded {
				want, n = m.rune(rest)
			}
			if want == unit {
				next(size)[rest.start-o.start+n] = true
			}
		}
		if v.empty() {
			return here[places-1]
		}
		clear(here)
		v.start++
	}
}

func (m *Model) parseNumber(s span) (int64, bool) {
	negative := !s.empty() && m.u8(s.o, s.start) == '-'
	if negative {
		s.start++
	}
	if n := s.end - s.start; n == 0 || n > 19 || m.u8(s.o, s.start) == '0' && (n > 1 || negative) {
		return 0, false
	}
	u := uint64(0)
	for ; !s.empty(); s.start++ {
		m.trace.Operations++
		c := m.u8(s.o, s.start)
		if c < '0' || c > '9' {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	most := uint64(math.MaxInt64)
	if negative {
		most++
		return int64(-u), u <= most
	}
	return int64(u), u <= most
}

// address returns the value as the 16 bytes of an address. If an address is declared, the sensor
// reads the bytes that the descriptor points to.
func (m *Model) address(t taken) (object, bool) {
	if m.declared(t.index) == sensor.TypeAddress {
		o := t.object()
		m.check(&o, 0, 16)
		return o, true
	}
	s := m.text(t)
	v := Value{Type: sensor.TypeString, Text: s.o.data[s.start:s.end]}
	m.trace.Operations += min(s.end-s.start, uint64(maxAddressText))
	a, ok := v.AsAddress()
	return object{name: "address", data: a[:], in: -1}, ok
}

// truth returns the byte by which a sensor stores a truth value.
func truth(holds bool) byte {
	if holds {
		return 1
	}
	return 0
}

func (m *Model) instance(i int) bool {
	m.trace.Operations++
	o := &m.sections[sectionInstances]
	first, count := uint64(m.u32(o, uint64(i)*modelInstance+16)), uint64(m.u32(o, uint64(i)*modelInstance+20))
	stack, depth := &m.stack, uint64(0)
	m.claimed(claimedWords, count)
	for k := first; k < first+count; k++ {
		m.trace.Operations++
		word := channelfile.Word(m.u32(&m.sections[sectionConditions], k*4))
		if word.IsReference() {
			held := m.u8(&m.truths, uint64(word.Criterion()))
			m.check(stack, depth, 1)
			stack.data[depth] = held ^ truth(word.Negated())
			depth++
			m.claimed(claimedStack, depth)
			continue
		}
		for range word.Operands() - 1 {
			m.check(stack, depth-2, 2)
			a, b := stack.data[depth-2], stack.data[depth-1]
			if word.IsOr() {
				stack.data[depth-2] = a | b
			} else {
				stack.data[depth-2] = a & b
			}
			depth--
		}
	}
	for ; depth > 0; depth-- {
		if stack.data[depth-1] == 0 {
			return false
		}
	}
	return true
}

// A modelProgram is the range of the instructions of a program in the file.
type modelProgram struct{ first, count uint64 }

// The sizes of the records of programs, in bytes.
const (
	modelProgramRecord = 16
	modelInstruction   = 8
)

// program returns the program with index i. It first checks all loads that a run of the program
// may do.
func (m *Model) program(i uint32) modelProgram {
	record := uint64(i) * modelProgramRecord
	p := modelProgram{uint64(m.u32(&m.sections[sectionPrograms], record+8)), uint64(m.u32(&m.sections[sectionPrograms], record+12))}
	//mutation:equivalent: parsed files cannot fail this check
	m.check(&m.sections[sectionInstructions], p.first*modelInstruction, p.count*modelInstruction)
	m.claimed(claimedInstructions, p.count)
	instructions := object{name: "instructions of a program", in: -1,
		//mutation:equivalent `p.first*modelInstruction`: parsed files cannot fail this check
		data: m.sections[sectionInstructions].data[p.first*modelInstruction:][:p.count*modelInstruction]}
	for k := range p.count {
		op, out, arg := m.instruction(p, k)
		//mutation:equivalent: parsed files cannot fail this check
		if op != channelfile.InstMatch {
			//mutation:equivalent: parsed files cannot fail this check
			m.check(&instructions, out*modelInstruction, modelInstruction)
		}
		switch op {
		case channelfile.InstSplit:
			//mutation:equivalent: parsed files cannot fail this check
			m.check(&instructions, uint64(arg)*modelInstruction, modelInstruction)
		case channelfile.InstRunes:
			first, count := m.class(arg)
			//mutation:equivalent: parsed files cannot fail this check
			m.check(&m.sections[sectionRanges], first*8, count*8)
		}
	}
	return p
}

func (m *Model) instruction(p modelProgram, i uint64) (op channelfile.InstOp, out uint64, arg uint32) {
	o, at := &m.sections[sectionInstructions], (p.first+i)*modelInstruction
	//mutation:equivalent width#1, width#2: the value is always below 256
	return channelfile.InstOp(m.u16(o, at)), uint64(m.u16(o, at+2)), m.u32(o, at+4)
}

func (m *Model) class(i uint32) (first, count uint64) {
	o := &m.sections[sectionClasses]
	return uint64(m.u32(o, uint64(i)*8)), uint64(m.u32(o, uint64(i)*8+4))
}

// has reports whether a class contains a rune. It visits each range.
func (m *Model) has(class uint32, r rune) bool {
	first, count := m.class(class)
	o := &m.sections[sectionRanges]
	for k := first; k < first+count; k++ {
		if lo, hi := rune(m.u32(o, k*8)), rune(m.u32(o, k*8+4)); lo <= r && r <= hi {
			return true
		}
	}
	return false
}

// modelPlaces is the state of a running program: the instructions that are reached at this
// position and at the next one. Each list is in order and without duplicates.
type modelPlaces struct {
	here, next, pending []uint64
	isHere, isNext      []bool
}

// search runs a program.
func (m *Model) search(p modelProgram, v span) bool {
	w := &m.places
	w.here, w.next = w.here[:0], w.next[:0]
	//mutation:equivalent comparison, width: only the time of an allocation depends on it
	if uint64(len(w.isHere)) < p.count {
		w.isHere, w.isNext = make([]bool, p.count), make([]bool, p.count)
	}
	clear(w.isHere)
	clear(w.isNext)
	reach := func(list *[]uint64, is []bool, i uint64) bool {
		if is[i] {
			return false
		}
		is[i] = true
		*list = append(*list, i)
		m.trace.Operations++
		return true
	}
	before := rune(noRune)
	for {
		after, size := rune(noRune), uint64(0)
		if !v.empty() {
			after, size = m.rune(v)
		}
		w.here, w.next = w.next, w.here[:0]
		w.isHere, w.isNext = w.isNext, w.isHere
		clear(w.isNext)
		reach(&w.here, w.isHere, 0)
		w.pending = append(w.pending[:0], w.here...)
		for len(w.pending) > 0 {
			last := len(w.pending) - 1
			op, out, arg := m.instruction(p, w.pending[last])
			w.pending = w.pending[:last]
			switch op {
			case channelfile.InstMatch:
				return true
			case channelfile.InstSplit:
				for _, i := range []uint64{out, uint64(arg)} {
					if reach(&w.here, w.isHere, i) {
						w.pending = append(w.pending, i)
					}
				}
			case channelfile.InstAssert:
				//mutation:equivalent width: the value is always below 256
				if asserts(channelfile.Assertion(arg), before, after) && reach(&w.here, w.isHere, out) {
					w.pending = append(w.pending, out)
				}
			}
		}
		if size == 0 {
			return false
		}
		for _, i := range w.here {
			if op, out, arg := m.instruction(p, i); op == channelfile.InstRunes && m.has(arg, after) {
				reach(&w.next, w.isNext, out)
			}
		}
		before = after
		v.start += size
	}
}
