//go:build linux && (amd64 || arm64)

// Package rawsensor is a content interpreter in Go that checks nothing, like a driver whose
// authors trusted its content. It reads the file and the inputs by plain addresses.
// Inaccessible pages surround its memory, so a read out of bounds faults and is reported. A
// file that the gate accepts must not fault here. The package shares no code with the
// interpreter, the model or the sensor in C; sensor/interp/INTERPRETER.md describes all of
// them.
//
// The package is unsafe by design, and only for tests.
package rawsensor

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"runtime/debug"
	"syscall"
	"unicode/utf8"
	"unsafe"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A Placement says at which end of its memory an object lies. The right end detects reads
// after the object, the left end reads before it.
type Placement uint8

const (
	Right Placement = iota
	Left
)

func (p Placement) String() string { return [...]string{"right", "left"}[p] }

// The sizes of memory, in bytes. A guard is as wide as the reach of an offset, an index or a
// length of the format: 32 bits times the largest record.
const (
	guard       = 64 << 30
	leftGuard   = 1 << 20
	fileWindow  = 16 << 20
	inputWindow = 64 << 10
	valueWindow = 128 << 10
	valueGuard  = 1 << 20
	poison      = 0xAA
)

// MaxFile is the maximum size of a file in bytes.
const MaxFile = fileWindow

// MaxValue is the maximum length of a value in bytes.
const MaxValue = valueWindow

// An arena is accessible memory between inaccessible guards.
type arena struct {
	start  uintptr // address of the window
	window []byte
	used   []byte  // bytes of the window that are not poisoned
	at     uintptr // address of used
	whole  []byte
}

//mutation:missed condition: generated files stay below the limits of the raw sensor
func newArena(left, window, right int) (*arena, error) {
	whole, err := syscall.Mmap(-1, 0, left+window+right, syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil {
		//mutation:equivalent: only the message about a fault depends on it
		return nil, fmt.Errorf("reserving %d bytes of address space: %w", left+window+right, err)
	}
	w := whole[left:][:window]
	if err := syscall.Mprotect(w, syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
		return nil, errors.Join(err, syscall.Munmap(whole))
	}
	for i := range w {
		w[i] = poison
	}
	return &arena{start: uintptr(unsafe.Pointer(&w[0])), window: w, whole: whole}, nil
}

// place copies data to an end of the window and returns its address.
func (a *arena) place(data []byte, at Placement) uintptr {
	for i := range a.used {
		a.used[i] = poison
	}
	off := 0
	if at == Right {
		off = len(a.window) - len(data)
	}
	a.used = a.window[off:][:len(data)]
	copy(a.used, data)
	a.at = a.start + uintptr(off)
	return a.at
}

// A Sensor has a file loaded and evaluates events. Only one goroutine may use it at a time.
type Sensor struct {
	types  []sensor.InputType
	file   *arena
	inputs *arena
	values []*arena // of the inputs; grows as needed

	base                                                  uintptr
	instances, conditions, criteria, operands, vals, pool uintptr
	programs, instructions, classes, ranges               uintptr
	nInstances, nCriteria                                 uint32
	at                                                    uintptr // address of the array of inputs
	truths                                                []byte
	trace                                                 interp.Trace
	sets                                                  [5][]bool
	descriptors                                           []byte
	here, next, pending                                   []uint32
	isHere, isNext                                        []bool
}

// A Fault is a read that the processor refused.
type Fault struct {
	Address   uintptr
	Placement Placement
	Where     string // relative to the nearest object
}

func (f *Fault) Error() string {
	return fmt.Sprintf("fault at 0x%x, %s, with objects at the %s end of their memory", f.Address, f.Where, f.Placement)
}

// New returns a sensor without a file. Close frees its memory.
//
//mutation:missed condition: generated files stay below the limits of the raw sensor
func New() (*Sensor, error) {
	file, err := newArena(leftGuard, fileWindow, guard)
	if err != nil {
		return nil, err
	}
	inputs, err := newArena(leftGuard, inputWindow, guard)
	if err != nil {
		return nil, errors.Join(err, syscall.Munmap(file.whole))
	}
	return &Sensor{file: file, inputs: inputs}, nil
}

// Close frees the memory of the sensor.
func (s *Sensor) Close() error {
	var errs []error
	for _, a := range append([]*arena{s.file, s.inputs}, s.values...) {
		errs = append(errs, syscall.Munmap(a.whole))
	}
	return errors.Join(errs...)
}

// Load loads a file of at most MaxFile bytes, with the types of the inputs of its template
// type. It returns a [*Fault] if locating the sections reads out of bounds.
func (s *Sensor) Load(file []byte, types []sensor.InputType, at Placement) (err error) {
	//mutation:missed: generated files stay below the limits of the raw sensor
	if len(file) > MaxFile {
		return fmt.Errorf("the file has %d bytes; the sensor has room for %d", len(file), MaxFile)
	}
	defer s.watch(at, &err)()
	s.types = types
	s.base = s.file.place(file, at)
	s.instances, s.conditions, s.criteria, s.operands, s.vals, s.pool = 0, 0, 0, 0, 0, 0
	s.programs, s.instructions, s.classes, s.ranges = 0, 0, 0, 0
	s.nInstances, s.nCriteria = 0, 0
	n := u32(s.base + 0x2C)
	//mutation:equivalent: the value is always below 256
	for i := range uintptr(n) {
		record := s.base + 48 + i*48
		section, count := s.base+uintptr(u32(record+4)), u32(record+12)
		switch u32(record) {
		case 1:
			s.instances, s.nInstances = section, count
		case 2:
			s.conditions = section
		case 3:
			s.criteria, s.nCriteria = section, count
		case 4:
			s.operands = section
		case 5:
			s.vals = section
		case 6:
			s.pool = section
		case 7:
			s.programs = section
		case 9:
			s.instructions = section
		case 10:
			s.classes = section
		case 11:
			s.ranges = section
		}
	}
	//mutation:missed: generated files stay below the limits of the raw sensor
	if uint64(s.nCriteria) > MaxFile || uint64(s.nInstances) > MaxFile {
		return fmt.Errorf("not enough memory for %d criteria and %d instances", s.nCriteria, s.nInstances)
	}
	//mutation:missed comparison: generated files stay below the limits of the raw sensor
	if cap(s.truths) < int(s.nCriteria) {
		s.truths = make([]byte, s.nCriteria)
	}
	s.truths = s.truths[:s.nCriteria]
	return nil
}

// Run evaluates an event with the inputs that a build supplies, by index. The next Run
// overwrites the trace. Run returns a [*Fault] if the sensor reads out of bounds.
func (s *Sensor) Run(e interp.Event, at Placement) (trace *interp.Trace, err error) {
	//mutation:missed condition: generated files stay below the limits of the raw sensor
	if err := s.hand(e, at); err != nil {
		return nil, err
	}
	defer s.watch(at, &err)()
	s.trace = interp.Trace{Reads: s.trace.Reads[:0], Matched: s.trace.Matched[:0]}
	for i := range s.truths {
		s.truths[i] = bit(s.criterion(s.criteria + uintptr(i)*12))
	}
	for i := range s.nInstances {
		if s.instance(s.instances + uintptr(i)*24) {
			s.trace.Matched = append(s.trace.Matched, int(i))
		}
	}
	return &s.trace, nil
}

// hand copies the values of an event to the memory of the sensor.
func (s *Sensor) hand(e interp.Event, at Placement) error {
	//mutation:missed: generated files stay below the limits of the raw sensor
	if len(e)*16 > inputWindow {
		return fmt.Errorf("the event has %d inputs; the sensor has room for %d", len(e), inputWindow/16)
	}
	s.descriptors = s.descriptors[:0]
	for i := range e {
		v := &e[i]
		var pointer uint64
		length, present := uint32(0), uint32(1)
		switch v.Type {
		case 0:
			present = 0
		case sensor.TypeInteger:
			pointer, length = uint64(v.Integer), 8
		default:
			data := v.Text
			if v.Type == sensor.TypeAddress {
				data = v.Address[:]
			}
			//mutation:missed: generated files stay below the limits of the raw sensor
			if len(data) > MaxValue {
				return fmt.Errorf("the value of input %d has %d bytes; the sensor has room for %d", i, len(data), MaxValue)
			}
			for len(s.values) <= i {
				a, err := newArena(valueGuard, valueWindow, valueGuard)
				//mutation:missed condition: generated files stay below the limits of the raw sensor
				if err != nil {
					return err
				}
				s.values = append(s.values, a)
			}
			pointer, length = uint64(s.values[i].place(data, at)), uint32(len(data))
		}
		s.descriptors = le64(s.descriptors, pointer)
		//mutation:equivalent `uint64(present)`: the value is always below 256
		s.descriptors = le64(s.descriptors, uint64(length)|uint64(present)<<32)
	}
	s.at = s.inputs.place(s.descriptors, at)
	return nil
}

func le64(b []byte, n uint64) []byte {
	for range 8 {
		b = append(b, byte(n))
		n >>= 8
	}
	return b
}

// watch turns a fault into an error.
func (s *Sensor) watch(at Placement, err *error) func() {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		switch fault := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			*err = &Fault{fault.Addr(), at, s.where(fault.Addr())}
		case error:
			// The processor does not report addresses below the first page or outside the
			// address space.
			*err = &Fault{0, at, fault.Error()}
		default:
			panic(fault)
		}
	}
}

// where returns the position of an address relative to the nearest object.
//
//mutation:equivalent: only the message about a fault depends on it
func (s *Sensor) where(address uintptr) string {
	for _, o := range []struct {
		name string
		*arena
	}{{"the file", s.file}, {"the inputs", s.inputs}} {
		if within(address, o.whole) {
			return fmt.Sprintf("%d bytes after the start of %s, which has %d", int64(address-o.at), o.name, len(o.used))
		}
	}
	for i, a := range s.values {
		if within(address, a.whole) {
			return fmt.Sprintf("%d bytes after the start of the value of input %d, which has %d", int64(address-a.at), i, len(a.used))
		}
	}
	return "far from every object"
}

//mutation:equivalent: only the message about a fault depends on it
func within(address uintptr, b []byte) bool {
	start := uintptr(unsafe.Pointer(&b[0]))
	return address >= start && address-start < uintptr(len(b))
}

// at converts an address to a pointer without any check.
func at(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

func u8(p uintptr) uint8   { return *(*uint8)(at(p)) }
func u16(p uintptr) uint16 { return *(*uint16)(at(p)) }
func u32(p uintptr) uint32 { return *(*uint32)(at(p)) }
func u64(p uintptr) uint64 { return *(*uint64)(at(p)) }

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// A text lies between two addresses.
type text struct{ p, end uintptr }

// bytesOf returns up to four bytes from p on, for a text that ends at end.
func bytesOf(p, end uintptr) (b [utf8.UTFMax]byte, n int) {
	for n < utf8.UTFMax && p < end {
		b[n] = u8(p)
		n++
		p++
	}
	return b, n
}

//mutation:equivalent: the value is always below 256
func first(t text) (rune, uintptr) {
	b, n := bytesOf(t.p, t.end)
	r, size := utf8.DecodeRune(b[:n])
	return r, uintptr(size)
}

func step(t text, folded bool) (rune, uintptr) {
	if !folded {
		return rune(u8(t.p)), 1
	}
	r, size := first(t)
	return channelfile.Fold(r), size
}

func stepBack(t text, folded bool) (rune, uintptr) {
	if !folded {
		return rune(u8(t.end - 1)), 1
	}
	from := t.p
	//mutation:equivalent comparison: a suffix as long as the text is the text
	if t.end-t.p > utf8.UTFMax {
		from = t.end - utf8.UTFMax
	}
	b, n := bytesOf(from, t.end)
	r, size := utf8.DecodeLastRune(b[:n])
	//mutation:equivalent: the value is always below 256
	return channelfile.Fold(r), uintptr(size)
}

// An input is a descriptor in the array of inputs.
type input struct {
	index   uint32
	pointer uint64
	length  uint32
	present bool
}

func (s *Sensor) input(i uint32) input {
	s.trace.Reads = append(s.trace.Reads, int(i))
	p := s.at + uintptr(i)*16
	return input{i, u64(p), u32(p + 8), u32(p+12) != 0}
}

func (in input) text() text {
	return text{uintptr(in.pointer), uintptr(in.pointer) + uintptr(in.length)}
}

func (s *Sensor) declared(i uint32) sensor.InputType {
	//mutation:equivalent comparison, width: reading rejects an undeclared input before
	if int(i) < len(s.types) {
		return s.types[i]
	}
	return sensor.TypeString
}

func (s *Sensor) value(i uint32) text {
	record := s.vals + uintptr(i)*8
	p := s.pool + uintptr(u32(record))
	return text{p, p + uintptr(u32(record+4))}
}

func (s *Sensor) criterion(c uintptr) bool {
	s.trace.Operations++
	flags, op := channelfile.Flags(u8(c)), channelfile.Operator(u8(c+1))
	in := s.input(uint32(u16(c + 2)))
	from, n := uintptr(u32(c+4)), uintptr(u32(c+8))
	all, folded := flags&channelfile.FlagAll != 0, flags&channelfile.FlagFold != 0
	if flags&channelfile.FlagInputs != 0 {
		result := all
		for k := from; k < from+n; k++ {
			other := s.input(u32(s.operands + k*4))
			s.trace.Operations++
			if s.alike(op, folded, in, other) != all {
				result = !all
			}
		}
		return result
	}
	if !in.present {
		return false
	}
	var number int64
	var address uintptr
	var parsed [16]byte
	ok := true
	switch op {
	case channelfile.OpExists:
		return true
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		number, ok = s.number(in)
	case channelfile.OpAddressRange:
		address = uintptr(in.pointer)
		if s.declared(in.index) != sensor.TypeAddress {
			parsed, ok = s.parseAddress(in.text())
			address = uintptr(unsafe.Pointer(&parsed))
		}
	}
	if !ok {
		return false
	}
	for k := from; k < from+n; k++ {
		s.trace.Operations++
		operand := u32(s.operands + k*4)
		var holds bool
		switch op {
		case channelfile.OpIntegerEquals:
			holds = number == int64(u64(s.value(operand).p))
		case channelfile.OpIntegerRange:
			v := s.value(operand)
			holds = int64(u64(v.p)) <= number && number <= int64(u64(v.p+8))
		case channelfile.OpAddressRange:
			v := s.value(operand)
			holds = compare16(v.p, address) <= 0 && compare16(address, v.p+16) <= 0
		case channelfile.OpRegexp:
			holds = s.search(operand, in.text())
		default:
			holds = s.compare(op, folded, in.text(), s.value(operand))
		}
		if holds != all {
			return !all
		}
	}
	return all
}

func compare16(a, b uintptr) int {
	for i := range uintptr(16) {
		if x, y := u8(a+i), u8(b+i); x != y {
			return int(x) - int(y)
		}
	}
	return 0
}

func (s *Sensor) alike(op channelfile.Operator, folded bool, a, b input) bool {
	if !a.present || !b.present {
		return false
	}
	if op == channelfile.OpIntegerEquals {
		x, ok := s.number(a)
		if !ok {
			return false
		}
		y, ok := s.number(b)
		return ok && x == y
	}
	return s.compare(op, folded, a.text(), b.text())
}

func (s *Sensor) compare(op channelfile.Operator, folded bool, v, o text) bool {
	switch op {
	case channelfile.OpEquals:
		return s.prefix(&v, o, folded) && v.p == v.end
	case channelfile.OpPrefix:
		return s.prefix(&v, o, folded)
	case channelfile.OpSuffix:
		for o.p != o.end {
			if v.p == v.end {
				return false
			}
			s.trace.Operations++
			a, n := stepBack(v, folded)
			b, m := stepBack(o, folded)
			v.end -= n
			o.end -= m
			if a != b {
				return false
			}
		}
		return true
	case channelfile.OpContains:
		for {
			s.trace.Operations++
			from := v
			if s.prefix(&from, o, folded) {
				return true
			}
			if v.p == v.end {
				return false
			}
			_, n := step(v, folded)
			v.p += n
		}
	}
	return s.pattern(v, o, folded)
}

// prefix moves v after o if v starts with o.
func (s *Sensor) prefix(v *text, o text, folded bool) bool {
	for o.p != o.end {
		if v.p == v.end {
			return false
		}
		s.trace.Operations++
		a, n := step(*v, folded)
		b, m := step(o, folded)
		v.p += n
		o.p += m
		if a != b {
			return false
		}
	}
	return true
}

func (s *Sensor) pattern(v, o text, folded bool) bool {
	places := int(o.end-o.p) + 1
	for i := range s.sets {
		//mutation:missed comparison: generated files stay below the limits of the raw sensor
		if cap(s.sets[i]) < places {
			s.sets[i] = make([]bool, places)
		}
		s.sets[i] = s.sets[i][:places]
		clear(s.sets[i])
	}
	s.sets[0][0] = true
	for n := uintptr(0); ; n++ {
		here := s.sets[n%5]
		var unit rune
		var size uintptr
		if v.p != v.end {
			unit, size = step(v, folded)
		}
		for k := range places - 1 {
			s.trace.Operations++
			if !here[k] {
				continue
			}
			rest := text{o.p + uintptr(k), o.end}
			c := u8(rest.p)
			if c == '*' {
				here[k+1] = true
				if v.p != v.end {
					s.sets[(n+size)%5][k] = true
				}
				continue
			}
			if v.p == v.end {
				continue
			}
			if c == '?' {
				_, wide := first(v)
				s.sets[(n+wide)%5][k+1] = true
				continue
			}
			if c == '\\' {
				rest.p++
			}
			want, m := rune(u8(rest.p)), uintptr(1)
			if folded {
				want, m = first(rest)
			}
			if want == unit {
				//mutation:equivalent `int(m)`: the value is always below 256
				s.sets[(n+size)%5][int(rest.p-o.p)+int(m)] = true
			}
		}
		if v.p == v.end {
			return here[places-1]
		}
		clear(here)
		v.p++
	}
}

func (s *Sensor) number(in input) (int64, bool) {
	if s.declared(in.index) == sensor.TypeInteger {
		return int64(in.pointer), true
	}
	t := in.text()
	negative := t.p != t.end && u8(t.p) == '-'
	if negative {
		t.p++
	}
	if n := t.end - t.p; n == 0 || n > 19 || u8(t.p) == '0' && (n > 1 || negative) {
		return 0, false
	}
	u := uint64(0)
	for ; t.p != t.end; t.p++ {
		s.trace.Operations++
		c := u8(t.p)
		if c < '0' || c > '9' {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	if negative {
		return int64(-u), u <= math.MaxInt64+1
	}
	return int64(u), u <= math.MaxInt64
}

// longestAddress is the maximum length of the text of an address.
const longestAddress = 45

// parseAddress parses the text of an address by the standard library. It copies the text
// first, because the raw sensor tests the reading.
func (s *Sensor) parseAddress(t text) (a [16]byte, ok bool) {
	//mutation:equivalent: the value is always below 256
	s.trace.Operations += uint64(min(t.end-t.p, longestAddress))
	data := make([]byte, 0, longestAddress+1)
	//mutation:equivalent: the value is always below 256
	for i := range min(t.end-t.p, uintptr(cap(data))) {
		data = append(data, u8(t.p+i))
	}
	address, err := netip.ParseAddr(string(data))
	if err != nil || address.Zone() != "" {
		return a, false
	}
	return address.As16(), true
}

func (s *Sensor) instance(record uintptr) bool {
	s.trace.Operations++
	var stack [channelfile.MaxStack]byte
	bottom := uintptr(unsafe.Pointer(&stack))
	depth := uintptr(0)
	from, n := uintptr(u32(record+16)), uintptr(u32(record+20))
	for k := from; k < from+n; k++ {
		s.trace.Operations++
		word := channelfile.Word(u32(s.conditions + k*4))
		if word.IsReference() {
			stack[depth] = s.truths[word.Criterion()] ^ bit(word.Negated())
			depth++
			continue
		}
		for range word.Operands() - 1 {
			a, b := u8(bottom+depth-2), u8(bottom+depth-1)
			if word.IsOr() {
				stack[depth-2] = a | b
			} else {
				stack[depth-2] = a & b
			}
			depth--
		}
	}
	for _, truth := range stack[:depth] {
		if truth == 0 {
			return false
		}
	}
	return true
}

const noRune = -1

// search runs a program. The sets of instructions are as large as the file states.
func (s *Sensor) search(program uint32, v text) bool {
	record := s.programs + uintptr(program)*16
	p, n := s.instructions+uintptr(u32(record+8))*8, u32(record+12)
	//mutation:missed: generated files stay below the limits of the raw sensor
	if n > MaxFile {
		n = MaxFile // the file is no larger, and a sensor would run out of memory
	}
	//mutation:missed comparison: generated files stay below the limits of the raw sensor
	if len(s.isHere) < int(n) {
		s.isHere, s.isNext = make([]bool, n), make([]bool, n)
	}
	clear(s.isHere)
	clear(s.isNext)
	s.here, s.next = s.here[:0], s.next[:0]
	before := rune(noRune)
	for {
		after, size := rune(noRune), uintptr(0)
		if v.p != v.end {
			after, size = first(v)
		}
		s.here, s.next = s.next, s.here[:0]
		s.isHere, s.isNext = s.isNext, s.isHere
		clear(s.isNext)
		s.reach(0)
		s.pending = append(s.pending[:0], s.here...)
		for len(s.pending) > 0 {
			i := s.pending[len(s.pending)-1]
			s.pending = s.pending[:len(s.pending)-1]
			inst := p + uintptr(i)*8
			switch u16(inst) {
			case 1:
				return true
			case 2:
				if out := uint32(u16(inst + 2)); s.reach(out) {
					s.pending = append(s.pending, out)
				}
				if out := u32(inst + 4); s.reach(out) {
					s.pending = append(s.pending, out)
				}
			case 4:
				if out := uint32(u16(inst + 2)); asserts(u32(inst+4), before, after) && s.reach(out) {
					s.pending = append(s.pending, out)
				}
			}
		}
		if size == 0 {
			return false
		}
		for _, i := range s.here {
			inst := p + uintptr(i)*8
			if u16(inst) != 3 || !s.has(u32(inst+4), after) {
				continue
			}
			if out := u16(inst + 2); !s.isNext[out] {
				s.isNext[out] = true
				s.next = append(s.next, uint32(out))
				s.trace.Operations++
			}
		}
		before = after
		v.p += size
	}
}

// reach adds an instruction to the set reached at this position.
func (s *Sensor) reach(i uint32) bool {
	if s.isHere[i] {
		return false
	}
	s.isHere[i] = true
	s.here = append(s.here, i)
	s.trace.Operations++
	return true
}

// has searches the ranges of a class by bisection.
func (s *Sensor) has(class uint32, r rune) bool {
	record := s.classes + uintptr(class)*8
	ranges := s.ranges + uintptr(u32(record))*8
	lo, hi := uintptr(0), uintptr(u32(record+4))
	for lo < hi {
		mid := lo + (hi-lo)/2
		switch p := ranges + mid*8; {
		case r < rune(u32(p)):
			hi = mid
		case r > rune(u32(p+4)):
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}

func asserts(assertion uint32, before, after rune) bool {
	word := func(r rune) bool {
		return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || r == '_'
	}
	switch assertion {
	case 1:
		return before == noRune
	case 2:
		return after == noRune
	case 3:
		return before == noRune || before == '\n'
	case 4:
		return after == noRune || after == '\n'
	case 5:
		return word(before) != word(after)
	case 6:
		return word(before) == word(after)
	}
	return false
}
