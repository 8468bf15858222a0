package match

import (
	"bytes"
	"encoding/binary"
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
	states []uint32 // by criterion: the last event that has a state, times 4, plus the state
	last   []uint32 // by instance: the last event that it matched
	hits   []uint32 // groups of which a literal was found

	parsed []parsed // by input of the file
	views  [][]byte // by input of the file: the folded value
	viewed []uint32 // by input of the file: the last event for which it was folded
	buffer []byte   // memory of the views
	block  []byte   // start of a block

	work, limit int   // estimate of the time for this event, in nanoseconds
	tried       int   // part of work that was spent on instances
	costs       *Work // nil means that nobody measures
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

// The states of a criterion. Without one, a criterion of the tables does not hold, and another
// criterion is not yet evaluated.
const (
	stateFails = 1 + iota
	stateHolds
	statePossible // a literal was found, and the criterion is not yet evaluated
)

// Matcher returns a new Matcher of the index. It takes a few bytes for each criterion and
// instance.
func (ix *Index) Matcher() *Matcher {
	m := &Matcher{
		ix:     ix,
		states: make([]uint32, len(ix.modes)),
		last:   make([]uint32, ix.Instances()),
	}
	inputs := 0
	for _, f := range ix.files {
		m.interpreters = append(m.interpreters, interp.New(f, &sensor.Reader{Access: sensor.AccessNamed}))
		inputs = max(inputs, int(f.Header.InputsDeclared))
	}
	m.views, m.viewed, m.parsed = make([][]byte, inputs), make([]uint32, inputs), make([]parsed, inputs)
	return m
}

// Match returns the instances that match an event, in ascending order. The next call overwrites
// the result. An input beyond the end of the event is absent. The error is a [*interp.Fault] if
// the event has a value of a type that an operator does not accept. It is the fault of the first
// file that has one.
func (m *Matcher) Match(e interp.Event) ([]int, error) {
	m.matched = m.matched[:0]
	m.begin(e)
	for i := range m.ix.inputs {
		in := &m.ix.inputs[i]
		if in.index < len(e) && e[in.index].Present() {
			if in.accepts&(1<<e[in.index].Type) == 0 {
				return m.loop(e)
			}
			m.limit += int(in.perByte) * len(e[in.index].Text)
		}
	}
	for i := range m.ix.inputs {
		if in := &m.ix.inputs[i]; in.field != nil && in.index < len(e) && e[in.index].Present() {
			if m.work+in.field.time(len(e[in.index].Text)) > m.limit || !m.scan(in) {
				return m.loop(e)
			}
		}
	}
	for _, g := range m.hits {
		of := &m.ix.groups[g]
		m.work += 3 * int(of.count)
		for _, h := range m.ix.holders[of.first : of.first+of.count] {
			if h.second != never {
				if s := m.states[h.second]; s>>2 != m.epoch || s&3 == stateFails {
					continue
				}
			}
			if !m.try(h.first) {
				return m.loop(e)
			}
		}
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

// begin prepares the Matcher for an event.
func (m *Matcher) begin(e interp.Event) {
	if m.epoch++; m.epoch == 1<<30 { // the states have no room for more
		clear(m.states)
		clear(m.last)
		clear(m.viewed)
		clear(m.parsed)
		m.epoch = 1
	}
	m.event, m.hits, m.buffer = e, m.hits[:0], m.buffer[:0]
	m.work, m.limit, m.tried = 0, int(m.ix.allowance), 0
}

// loop evaluates the event in the interpreter.
func (m *Matcher) loop(e interp.Event) ([]int, error) {
	m.matched = m.matched[:0]
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
func (m *Matcher) view(input int) []byte {
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
	m.work += len(v.Text)
	m.views[input] = m.buffer[from:len(m.buffer):len(m.buffer)]
	return m.views[input]
}

// appendFold is channelfile.AppendFold, faster for ASCII.
func appendFold(dst, s []byte) []byte {
	const (
		high = 0x8080808080808080
		ones = 0x0101010101010101
	)
	dst = slices.Grow(dst, len(s)+8)
	n := len(dst)
	to := dst[n : n+len(s)+8]
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := binary.LittleEndian.Uint64(s[i:])
		if x&high != 0 {
			return channelfile.AppendFold(dst[:n+i], s[i:])
		}
		upper := (x + ones*(0x80-'A')) &^ (x + ones*(0x7F-'Z')) & high
		binary.LittleEndian.PutUint64(to[i:], x|upper>>2)
	}
	for ; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			return channelfile.AppendFold(dst[:n+i], s[i:])
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to[i] = c
	}
	return dst[:n+i]
}

// scan finds the literals of an input in its value. It returns false if it takes too long.
func (m *Matcher) scan(in *input) bool {
	f, view := in.field, m.view(in.index)
	if f.whole != nil {
		m.work += 10 + len(view)/8
		for n := f.whole.find(hash(view)); n != 0; {
			k := &m.ix.needles[n-1]
			if n = k.next; int(k.size) == len(view) && !m.check(k, view) {
				return false
			}
		}
	}
	for _, t := range f.prefixes {
		if t == nil || t.width > len(view) {
			continue
		}
		m.work += 10
		for n := t.find(key(view, t.width)); n != 0; {
			k := &m.ix.needles[n-1]
			if n = k.next; int(k.size) <= len(view) && !m.check(k, view[:k.size]) {
				return false
			}
		}
	}
	for _, t := range f.suffixes {
		if t == nil || t.width > len(view) {
			continue
		}
		m.work += 10
		for n := t.find(key(view[len(view)-t.width:], t.width)); n != 0; {
			k := &m.ix.needles[n-1]
			if n = k.next; int(k.size) <= len(view) && !m.check(k, view[len(view)-int(k.size):]) {
				return false
			}
		}
	}
	if len(f.blocks) > 0 && !m.scanBlocks(in) {
		return false
	}
	for _, t := range f.contains {
		if t == nil || t.width > len(view) {
			continue
		}
		m.work += len(view)
		var ok bool
		switch t.width {
		case 8:
			ok = m.scan8(t, view)
		case 4:
			ok = m.scan4(t, view)
		default:
			ok = m.scanShort(t, view)
		}
		if !ok {
			return false
		}
	}
	return true
}

// scanBlocks finds the blocks of numbers and addresses that have the value of an input.
func (m *Matcher) scanBlocks(in *input) bool {
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
		m.work += 10
		m.block = w.start(b.size).append(m.block[:0])
		for n := b.find(hash(m.block)); n != 0; {
			k := &m.ix.needles[n-1]
			if n = k.next; !m.check(k, m.block) {
				return false
			}
		}
	}
	return true
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

func (m *Matcher) scan8(t *table, view []byte) bool {
	bitmap, shift := t.bitmap, t.bits
	for p := 0; p+8 <= len(view); p++ {
		x := binary.LittleEndian.Uint64(view[p:])
		h := x * mix >> shift
		if bitmap[h/64]>>(h%64)&1 != 0 && !m.probe(t, x, view, p) {
			return false
		}
	}
	return true
}

func (m *Matcher) scan4(t *table, view []byte) bool {
	bitmap, shift := t.bitmap, t.bits
	for p := 0; p+4 <= len(view); p++ {
		x := uint64(binary.LittleEndian.Uint32(view[p:]))
		h := x * mix >> shift
		if bitmap[h/64]>>(h%64)&1 != 0 && !m.probe(t, x, view, p) {
			return false
		}
	}
	return true
}

func (m *Matcher) scanShort(t *table, view []byte) bool {
	bitmap, shift := t.bitmap, t.bits
	for p := 0; p+t.width <= len(view); p++ {
		x := key(view[p:], t.width)
		h := x * mix >> shift
		if bitmap[h/64]>>(h%64)&1 != 0 && !m.probe(t, x, view, p) {
			return false
		}
	}
	return true
}

// probe looks for the literals of contains whose gram is at a place of the view.
func (m *Matcher) probe(t *table, gram uint64, view []byte, p int) bool {
	m.work += 5
	for n := t.find(gram); n != 0; {
		k := &m.ix.needles[n-1]
		n = k.next
		from := p - int(k.at)
		if from < 0 || from+int(k.size) > len(view) {
			m.work += 2
			continue
		}
		if !m.check(k, view[from:from+int(k.size)]) {
			return false
		}
	}
	return true
}

// check records that a literal was found if the text is the literal of a needle. It returns false
// if the event takes too long.
func (m *Matcher) check(k *needle, text []byte) bool {
	m.work += 4
	state := &m.states[k.criterion]
	if *state>>2 == m.epoch || string(m.ix.text[k.off:k.off+k.size]) != string(text) {
		return m.work <= m.limit
	}
	g := &m.ix.groups[k.group]
	*state = m.epoch<<2 | statePossible
	if g.exact {
		*state = m.epoch<<2 | stateHolds
	}
	if g.count > 0 {
		m.hits = append(m.hits, k.group)
	}
	return m.work <= m.limit
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
	state := &m.states[test>>testShift]
	negated := test&testNegated != 0
	if *state>>2 == m.epoch {
		if s := *state & 3; s != statePossible {
			return (s == stateHolds) != negated
		}
	} else if test&testFound != 0 {
		return negated
	}
	holds := m.evaluate(test >> testShift)
	*state = m.epoch<<2 | stateFails
	if holds {
		*state = m.epoch<<2 | stateHolds
	}
	return holds != negated
}

// evaluate evaluates a criterion on the event.
func (m *Matcher) evaluate(n uint32) bool {
	f, file, i := m.ix.criterion(int(n))
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
	view, all := m.views[c.Input], c.Flags&channelfile.FlagAll != 0
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
