package match

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A Matcher evaluates events with an index. After the first few events it allocates nothing. Its
// results do not depend on earlier events. A Matcher must be used by only one goroutine at a time.
type Matcher struct {
	ix           *Index
	interpreters []*interp.Interpreter // by file
	event        interp.Event
	matched      []int

	epoch  uint32   // number of the event
	last   []uint32 // by instance: the last event that it matched
	states []uint8  // by number of a criterion
	stated []uint32 // numbers that have a state
	found  []uint64 // bit n is set if a literal of criterion or guard n was found
	marked []uint32 // numbers whose bit is set

	parsed     []parsed // by input of the file
	views      []view   // by input of the file: the folded value
	viewed     []uint32 // by input of the file: the last event for which it was folded
	buffer     []byte   // memory of the views
	candidates []candidate
	postings   []int // places in the records

	work, limit int   // estimate of the time for this event, in nanoseconds
	tried       int   // part of work that was spent on instances
	costs       *Work // nil means that nobody measures
}

// A view is a part of the buffer.
type view struct{ start, end uint32 }

// A candidate is a gram that a table may have.
type candidate struct {
	table *table
	hash  uint64
	view  view
	at    uint32 // place of the gram in the view
}

// Work is the work of a Matcher for some events, in estimated nanoseconds. It depends on the
// content and on the events, and not on the machine.
type Work struct {
	// Instances has the work for each condition. Work on a criterion that several instances share
	// counts for the one that needs it first.
	Instances []uint64
	Search    uint64 // work to find literals, for all instances together
	// Interpreter is the work of the interpreter for the events for which the index does not pay.
	Interpreter uint64
	Interpreted uint64 // number of these events

	touched []uint32 // instances whose work is not 0
}

// MoveTo adds w to another Work of the same index, and resets w. The time depends on the number
// of instances with work.
func (w *Work) MoveTo(to *Work) {
	for _, i := range w.touched {
		to.add(i, w.Instances[i])
	}
	to.Search += w.Search
	to.Interpreter += w.Interpreter
	to.Interpreted += w.Interpreted
	w.Reset()
}

// Reset sets all work to 0.
func (w *Work) Reset() {
	for _, i := range w.touched {
		w.Instances[i] = 0
	}
	w.touched = w.touched[:0]
	w.Search, w.Interpreter, w.Interpreted = 0, 0, 0
}

func (w *Work) add(instance uint32, n uint64) {
	if w.Instances[instance] == 0 {
		w.touched = append(w.touched, instance)
	}
	w.Instances[instance] += n
}

// Measure makes Match add its work to w, which has an entry for each instance of the index.
func (m *Matcher) Measure(w *Work) { m.costs = w }

// A parsed has the number and the address in a value.
type parsed struct {
	numberAt, addressAt uint32 // the last events for which they were read
	isNumber, isAddress bool
	number              int64
	address             [16]byte
}

// The states of a criterion that was evaluated.
const (
	stateFails = 1 + iota
	stateHolds
)

// Matcher returns a new Matcher of the index. It takes a few bytes for each criterion and
// instance.
func (ix *Index) Matcher() *Matcher {
	m := &Matcher{
		ix:     ix,
		states: make([]uint8, len(ix.modes)),
		found:  make([]uint64, ix.marks/64+1),
		last:   make([]uint32, ix.Instances()),
	}
	m.found[ix.decided/64] |= 1 << (ix.decided % 64)
	inputs := 0
	for _, f := range ix.files {
		m.interpreters = append(m.interpreters, interp.New(f, &sensor.Reader{Access: sensor.AccessNamed}))
		inputs = max(inputs, int(f.Header.InputsDeclared))
	}
	m.views, m.viewed, m.parsed = make([]view, inputs), make([]uint32, inputs), make([]parsed, inputs)
	return m
}

// Match returns the instances that match an event, in ascending order. The next call overwrites
// the result. An input beyond the end of the event is absent. The error is a [*interp.Fault] if
// the event has a value of a type that an operator does not accept. It is the fault of the first
// file that has one.
func (m *Matcher) Match(e interp.Event) ([]int, error) {
	m.begin(e)
	size := 0
	for i := range m.ix.inputs {
		in := &m.ix.inputs[i]
		if in.index < len(e) && e[in.index].Present() {
			if in.accepts&(1<<e[in.index].Type) == 0 {
				return m.loop(e)
			}
			size += len(e[in.index].Text)
			m.limit += int(in.perByte) * len(e[in.index].Text)
		}
	}
	if size > mostText {
		return m.loop(e)
	}
	for i := range m.ix.inputs {
		if in := &m.ix.inputs[i]; in.field != nil && in.index < len(e) && e[in.index].Present() {
			m.work += in.field.time(len(e[in.index].Text))
			if m.work > m.limit {
				return m.loop(e)
			}
			m.scan(in)
		}
	}
	if !m.check() || !m.tryAll() {
		return m.loop(e)
	}
	for _, i := range m.ix.always {
		m.try(i)
	}
	if m.costs != nil {
		m.costs.Search += uint64(m.work - m.tried)
	}
	slices.Sort(m.matched)
	return m.matched, nil
}

// mostText is the size of an event, in bytes, beyond which the interpreter evaluates it. Folding
// can make texts longer, and places in them are numbers of 32 bits.
const mostText = 1 << 29

// begin prepares the Matcher for an event.
func (m *Matcher) begin(e interp.Event) {
	if m.epoch++; m.epoch == math.MaxUint32 {
		clear(m.last)
		clear(m.viewed)
		clear(m.parsed)
		m.epoch = 1
	}
	for _, n := range m.marked {
		m.found[n/64] &^= 1 << (n % 64)
	}
	for _, n := range m.stated {
		m.states[n] = 0
	}
	m.marked, m.stated = m.marked[:0], m.stated[:0]
	m.event, m.matched, m.buffer = e, m.matched[:0], m.buffer[:0]
	m.candidates, m.postings = m.candidates[:0], m.postings[:0]
	m.work, m.limit, m.tried = 0, int(m.ix.allowance), 0
}

// loop evaluates the event in the interpreter.
func (m *Matcher) loop(e interp.Event) ([]int, error) {
	m.matched = m.matched[:0] // some may have been found
	for k, it := range m.interpreters {
		if err := it.Run(e); err != nil {
			return nil, err
		}
		for _, i := range it.Matched() {
			m.matched = append(m.matched, m.ix.instances[k]+i)
		}
	}
	if m.costs != nil {
		m.costs.Search += uint64(m.work - m.tried)
		m.costs.Interpreter += uint64(m.limit) * m.ix.share
		m.costs.Interpreted++
	}
	return m.matched, nil
}

// view returns the folded value of an input, which is present. A number is its decimal text.
func (m *Matcher) view(input int) view {
	if m.viewed[input] == m.epoch {
		return m.views[input]
	}
	m.viewed[input] = m.epoch
	v, from := &m.event[input], len(m.buffer)
	switch v.Type {
	case sensor.TypeString:
		m.buffer = appendFold(m.buffer, v.Text)
	case sensor.TypeInteger:
		m.buffer = strconv.AppendInt(m.buffer, v.Integer, 10)
	}
	m.views[input] = view{uint32(from), uint32(len(m.buffer))}
	return m.views[input]
}

// bytes returns the bytes of a view.
func (m *Matcher) bytes(v view) []byte { return m.buffer[v.start:v.end] }

// appendFold is channelfile.AppendFold, faster for ASCII.
func appendFold(dst, s []byte) []byte {
	const (
		high = 0x8080808080808080
		ones = 0x0101010101010101
	)
	if len(s) < 8 {
		for i, c := range s {
			if c >= utf8.RuneSelf {
				return channelfile.AppendFold(dst, s[i:])
			}
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
		}
		return dst
	}
	n := len(dst)
	if cap(dst)-n < len(s) {
		dst = slices.Grow(dst, len(s))
	}
	to := dst[n : n+len(s)]
	for i := 0; ; i += 8 {
		i = min(i, len(s)-8) // the last eight bytes, some of them once more
		x := binary.LittleEndian.Uint64(s[i:])
		if x&high != 0 {
			return channelfile.AppendFold(dst[:n+i], s[i:])
		}
		upper := (x + ones*(0x80-'A')) &^ (x + ones*(0x7F-'Z')) & high
		binary.LittleEndian.PutUint64(to[i:], x|upper>>2)
		if i+8 == len(s) {
			return dst[:n+len(s)]
		}
	}
}

// scan collects the candidates of an input from its value.
func (m *Matcher) scan(in *input) {
	f, v := in.field, m.view(in.index)
	text := m.bytes(v)
	if f.whole != nil {
		m.collect(f.whole, hash(text), v, 0)
	}
	for _, t := range f.prefixes {
		if t != nil && t.width <= len(text) {
			m.collect(t, key(text, t.width), v, 0)
		}
	}
	for _, t := range f.suffixes {
		if t != nil && t.width <= len(text) {
			at := len(text) - t.width
			m.collect(t, key(text[at:], t.width), v, uint32(at))
		}
	}
	for _, t := range f.contains {
		if t == nil || t.width > len(text) {
			continue
		}
		switch t.width {
		case 8:
			m.scan8(t, text, v)
		case 4:
			m.scan4(t, text, v)
		default:
			m.scanShort(t, text, v)
		}
	}
	if len(f.blocks) > 0 {
		m.scanBlocks(in)
	}
}

// collect adds a candidate if the bitmap of its table has it.
func (m *Matcher) collect(t *table, key uint64, v view, at uint32) {
	if h := key * mix; t.may(h) {
		m.candidates = append(m.candidates, candidate{t, h, v, at})
	}
}

// scanBlocks collects the blocks of numbers and addresses that have the value of an input.
func (m *Matcher) scanBlocks(in *input) {
	for i := range in.field.blocks {
		b := &in.field.blocks[i]
		p, w := m.parse(in.index, b.kind), wide{}
		switch {
		case b.kind == integer && p.isNumber:
			w = wideOf(p.number)
		case b.kind == address && p.isAddress:
			w = wideAddress(p.address[:])
		default:
			continue
		}
		from := len(m.buffer)
		m.buffer = w.start(b.size).append(m.buffer)
		m.collect(b.table, hash(m.buffer[from:]), view{uint32(from), uint32(len(m.buffer))}, 0)
	}
}

// parse returns the value of an input as an integer or as an address.
func (m *Matcher) parse(input int, k kind) *parsed {
	p := &m.parsed[input]
	switch {
	case k == integer && p.numberAt != m.epoch:
		p.numberAt = m.epoch
		p.number, p.isNumber = m.event[input].AsInteger()
	case k == address && p.addressAt != m.epoch:
		p.addressAt = m.epoch
		p.address, p.isAddress = m.event[input].AsAddress()
	}
	return p
}

func (m *Matcher) scan8(t *table, text []byte, v view) {
	bitmap, shift := t.bitmap, t.bits
	for p := 0; p+8 <= len(text); p++ {
		h := binary.LittleEndian.Uint64(text[p:]) * mix
		if b := h >> shift; bitmap[b/64]>>(b%64)&1 != 0 {
			m.candidates = append(m.candidates, candidate{t, h, v, uint32(p)})
		}
	}
}

func (m *Matcher) scan4(t *table, text []byte, v view) {
	bitmap, shift := t.bitmap, t.bits
	for p := 0; p+4 <= len(text); p++ {
		h := uint64(binary.LittleEndian.Uint32(text[p:])) * mix
		if b := h >> shift; bitmap[b/64]>>(b%64)&1 != 0 {
			m.candidates = append(m.candidates, candidate{t, h, v, uint32(p)})
		}
	}
}

func (m *Matcher) scanShort(t *table, text []byte, v view) {
	for p := 0; p+t.width <= len(text); p++ {
		m.collect(t, key(text[p:], t.width), v, uint32(p))
	}
}

// check finds the literals of the candidates, marks the criteria that have them, and collects the
// postings of these. It returns false if the event takes too long.
//
// It looks all candidates up before it reads a bucket. So the processor waits for several of them
// at once.
func (m *Matcher) check() bool {
	m.work += 5 * len(m.candidates)
	kept := 0
	for k := range m.candidates {
		c := &m.candidates[k]
		if bucket := c.table.find(c.hash); bucket != 0 {
			to := &m.candidates[kept]
			*to = *c
			to.hash = uint64(bucket) // it is not needed again
			kept++
		}
	}
	records := m.ix.records
	for k := range m.candidates[:kept] {
		c := &m.candidates[k]
		text := m.bytes(c.view)
		for head := 4 * int(c.hash); ; head += headSize {
			m.work += 2
			h := records[head : head+headSize : head+headSize]
			sizeAndLast, at := word(h, 0), int(word(h, 4))
			size, from := int(sizeAndLast/2), int(c.at)-at
			if from >= 0 && from+size <= len(text) && (!c.table.whole || size == len(text)) {
				if s := text[from : from+size]; checkOf(s, at) == word(h, 8) {
					m.work += 5
					body := 4 * int(word(h, 12))
					if string(records[body:body+size]) == string(s) {
						m.mark(body + padded(size))
					}
				}
			}
			if sizeAndLast&1 != 0 {
				break
			}
		}
		if m.work > m.limit {
			return false
		}
	}
	return true
}

// mark marks the criteria of the entries at a place in the records.
func (m *Matcher) mark(at int) {
	records := m.ix.records
	for {
		e := word(records, at)
		at += 4
		m.work += 2
		n := e >> entryShift
		bit := uint64(1) << (n % 64)
		before := m.found[n/64]
		if m.found[n/64] = before | bit; before&bit == 0 {
			m.marked = append(m.marked, n)
		}
		switch {
		case e&entryInline != 0:
			if before&bit == 0 {
				m.postings = append(m.postings, at)
			}
			at += 4 + postingSize*int(word(records, at))
		case e&entryFar != 0:
			if before&bit == 0 {
				m.postings = append(m.postings, 4*int(word(records, at)))
			}
			at += 4
		}
		if e&entryLast != 0 {
			return
		}
	}
}

// tryAll evaluates the instances of all postings whose guards hold. It returns false if the event
// takes too long.
func (m *Matcher) tryAll() bool {
	for _, at := range m.postings {
		count := int(word(m.ix.records, at))
		m.work += 3 * count
		list := m.ix.records[at+4 : at+4+postingSize*count]
		for ; len(list) >= postingSize; list = list[postingSize:] {
			a, b := word(list, 4), word(list, 8)
			if m.found[a/64]>>(a%64)&(m.found[b/64]>>(b%64))&1 != 0 && !m.try(word(list, 0)) {
				return false
			}
		}
	}
	return true
}

// try evaluates the instance whose condition follows a node. It returns false if the event takes
// too long.
func (m *Matcher) try(first uint32) bool {
	code := m.ix.code
	at, end := first+1, code[first].jump
	before := m.work
	m.work += 10
	for at < end {
		n := code[at]
		at++
		m.work += 3
		if m.holds(n.test) == (n.test&testJump != 0) {
			at = n.jump
		}
	}
	if at == end {
		if i := code[first].test; m.last[i] != m.epoch {
			m.last[i] = m.epoch
			m.matched = append(m.matched, int(i))
		}
	}
	if m.costs != nil {
		m.tried += m.work - before
		m.costs.add(code[first].test, uint64(m.work-before))
	}
	return m.work <= m.limit
}

// holds returns the result of a test.
func (m *Matcher) holds(test uint32) bool {
	n := test >> testShift
	negated := test&testNegated != 0
	if test&testFound != 0 {
		is := m.found[n/64]>>(n%64)&1 != 0
		if !is || test&testExact != 0 {
			return is != negated
		}
	}
	if s := m.states[n]; s != 0 {
		return (s == stateHolds) != negated
	}
	holds := m.evaluate(n)
	m.states[n] = stateFails
	if holds {
		m.states[n] = stateHolds
	}
	m.stated = append(m.stated, n)
	return holds != negated
}

// evaluate evaluates the criterion with a number on the event.
func (m *Matcher) evaluate(n uint32) bool {
	f, file, i := m.ix.criterion(int(m.ix.criterionOf[n]))
	c := f.Criterion(i)
	if int(c.Input) >= len(m.event) || !m.event[c.Input].Present() {
		return c.Flags&channelfile.FlagInputs != 0 && m.interpret(file, i)
	}
	switch {
	case c.Flags&channelfile.FlagInputs != 0:
	case c.Operator == channelfile.OpIntegerEquals || c.Operator == channelfile.OpIntegerRange:
		return m.number(f, c)
	case c.Operator == channelfile.OpAddressRange:
		return m.address(f, c)
	}
	fixed, perByte := timeOf(f, c)
	m.work += int(fixed) + int(perByte)*len(m.event[c.Input].Text)
	if m.ix.modes[n]&onView == 0 || m.viewed[c.Input] != m.epoch {
		return m.interpret(file, i)
	}
	view, all := m.bytes(m.views[c.Input]), c.Flags&channelfile.FlagAll != 0
	for k := c.First; k < c.First+c.Count; k++ {
		operand := f.Value(f.Operand(k))
		var holds bool
		switch c.Operator {
		case channelfile.OpEquals:
			holds = bytes.Equal(view, operand)
		case channelfile.OpPrefix:
			holds = bytes.HasPrefix(view, operand)
		case channelfile.OpSuffix:
			holds = bytes.HasSuffix(view, operand)
		default:
			holds = bytes.Contains(view, operand)
		}
		if holds != all {
			return holds
		}
	}
	return all
}

// number evaluates a criterion on integers. Its input is present.
func (m *Matcher) number(f *channelfile.File, c channelfile.Criterion) bool {
	p := m.parse(int(c.Input), integer)
	m.work += 20 + 5*c.Count
	if !p.isNumber {
		return false
	}
	all := c.Flags&channelfile.FlagAll != 0
	for k := c.First; k < c.First+c.Count; k++ {
		v := f.Value(f.Operand(k))
		least := v.Integer()
		greatest := least
		if c.Operator == channelfile.OpIntegerRange {
			_, greatest = v.IntegerRange()
		}
		if (least <= p.number && p.number <= greatest) != all {
			return !all
		}
	}
	return all
}

// address evaluates a criterion on addresses. Its input is present.
func (m *Matcher) address(f *channelfile.File, c channelfile.Criterion) bool {
	p := m.parse(int(c.Input), address)
	m.work += 20 + 5*c.Count
	if !p.isAddress {
		return false
	}
	all := c.Flags&channelfile.FlagAll != 0
	for k := c.First; k < c.First+c.Count; k++ {
		v := f.Value(f.Operand(k))
		if (bytes.Compare(v[:16], p.address[:]) <= 0 && bytes.Compare(p.address[:], v[16:32]) <= 0) != all {
			return !all
		}
	}
	return all
}

// interpret evaluates a criterion in the interpreter of its file.
func (m *Matcher) interpret(file, criterion int) bool {
	holds, err := m.interpreters[file].RunCriterion(criterion, m.event)
	return holds && err == nil // Match has checked the types, so there is no error
}

// A Reading is a criterion of an instance, evaluated on an event.
type Reading struct {
	Word      int // in the file of the instance
	Criterion int // in the file of the instance
	Negated   bool
	Holds     bool // without the negation
}

// Readings appends to list a Reading for each reference of instance n, in the order of its
// condition. It explains why the instance matches an event, or does not. The error is a
// [*interp.Fault], as for Match.
func (m *Matcher) Readings(list []Reading, n int, e interp.Event) ([]Reading, error) {
	file, i := m.ix.Locate(n)
	f := m.ix.files[file]
	in := f.Instance(i)
	for w := in.First; w < in.First+in.Count; w++ {
		word := f.Word(w)
		if !word.IsReference() {
			continue
		}
		holds, err := m.interpreters[file].RunCriterion(word.Criterion(), e)
		if err != nil {
			return list, err
		}
		list = append(list, Reading{Word: w, Criterion: word.Criterion(), Negated: word.Negated(), Holds: holds})
	}
	return list, nil
}
