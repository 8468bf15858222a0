package interp

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Synthesizer generates events that make the criteria of a channel file hold and fail. Random
// events do not do this. Unless a value contains the text that a criterion looks for, a comparison
// ends at its first byte and most of the code does not run.
type Synthesizer struct {
	file   *channelfile.File
	types  []sensor.InputType
	it     *Interpreter
	filled Event

	// The buffers below are reused for the next instance.
	starts     []int
	on         []channelfile.Word
	middle     [][]byte
	candidates []Value
	arena      []byte // texts of the events of an instance
	event      Event
	wanted     []channelfile.Word
	kept       Event
	criteria   []int  // that the instance refers to, ascending, each once
	done       []bool // by index of criteria: its events were generated
}

// maxSynthesized is the maximum length of a generated text, in bytes. Longer texts take long to
// compare and reveal nothing new.
const maxSynthesized = 1 << 10

// NewSynthesizer returns a synthesizer for a file. Needs are the needs of the file, or nil to
// compute them. Types are the types that the template type declares for the inputs; an input
// beyond the end of types is a string.
func NewSynthesizer(f *channelfile.File, needs *sensor.Needs, types []sensor.InputType) *Synthesizer {
	if needs == nil {
		needs = sensor.NeedsOf(f, nil)
	}
	return &Synthesizer{file: f, types: types, it: newInterpreter(f, needs, &sensor.Reader{Access: sensor.AccessNamed})}
}

// Interpreter returns the interpreter on which the synthesizer tries its events. Further runs on
// it count as work of the synthesizer.
func (s *Synthesizer) Interpreter() *Interpreter { return s.it }

// Limit limits the further work of the synthesizer and its interpreter. It protects against files
// in which each instance takes longer than the rest of the file. A unit of work is about one byte
// visited, and about one nanosecond.
func (s *Synthesizer) Limit(work uint64) { s.it.limit = s.it.work + max(work, 1) }

// Work returns the work done so far, in units.
func (s *Synthesizer) Work() uint64 { return s.it.work }

// Spend counts work that was done elsewhere and need not be repeated. The same events take the
// same work on each interpreter of the same build.
func (s *Synthesizer) Spend(work uint64) { s.it.work += work }

func (s *Synthesizer) typeOf(input int) sensor.InputType {
	if input < len(s.types) {
		return s.types[input]
	}
	return sensor.TypeString
}

// fill sets the values of the inputs that no criterion asks for.
func (s *Synthesizer) fill(inputs int) {
	if len(s.filled) != inputs {
		s.filled = s.Filled(inputs)
	}
}

// Filled returns an event with the given number of inputs, all present.
func (s *Synthesizer) Filled(inputs int) Event {
	e := make(Event, inputs)
	for i := range e {
		switch s.typeOf(i) {
		case sensor.TypeInteger:
			e[i] = Number(0)
		case sensor.TypeAddress:
			e[i] = IP(netip.AddrFrom4([4]byte{192, 0, 2, 1}))
		default:
			e[i] = Text("")
		}
	}
	return e
}

// Events generates events with the given number of inputs for an instance, and passes each to
// yield. The first event satisfies the condition, if such an event was found. Then, for each
// criterion, one event satisfies the criterion and one just fails it; the other inputs are as in
// the first event. A criterion that the condition refers to several times counts once. Each event
// overwrites the previous one. Events returns false if yield returned false or the limit was
// reached.
func (s *Synthesizer) Events(instance, inputs int, yield func(Event) bool) bool {
	base, ok := s.Matching(instance, inputs)
	if !ok || !yield(base) || s.it.spent() {
		return false
	}
	in := s.file.Instance(instance)
	s.criteria = s.criteria[:0]
	for w := in.First; w < in.First+in.Count; w++ {
		if word := s.file.Word(w); word.IsReference() {
			s.criteria = append(s.criteria, word.Criterion())
		}
	}
	slices.Sort(s.criteria)
	s.criteria = slices.Compact(s.criteria)
	s.done = append(s.done[:0], make([]bool, len(s.criteria))...)
	for w := in.First; w < in.First+in.Count; w++ {
		word := s.file.Word(w)
		if !word.IsReference() {
			continue
		}
		c := s.file.Criterion(word.Criterion())
		at, _ := slices.BinarySearch(s.criteria, word.Criterion())
		if int(c.Input) >= inputs || s.done[at] {
			continue
		}
		s.done[at] = true
		kept := base[c.Input]
		s.kept = s.kept[:0]
		if c.Flags&channelfile.FlagInputs != 0 { // set changes other inputs too
			s.kept = append(s.kept, base...)
			s.it.work += uint64(inputs)
		}
		for _, hold := range []bool{true, false} {
			s.set(base, word.Criterion(), c, hold)
			if hold && len(s.kept) == 0 && kept.equals(&base[c.Input]) {
				continue // same as the first event
			}
			if !yield(base) || s.it.spent() {
				return false
			}
		}
		base[c.Input] = kept
		copy(base, s.kept)
	}
	return true
}

// Matching returns an event with the given number of inputs that satisfies the condition of an
// instance. The event may fail the condition, for instance if criteria on one input exclude each
// other. Matching returns false if the limit was reached.
func (s *Synthesizer) Matching(instance, inputs int) (e Event, ok bool) {
	s.fill(inputs)
	s.event = append(s.event[:0], s.filled...)
	e = s.event
	in := s.file.Instance(instance)
	s.it.work += uint64(inputs + 16*in.Count)
	s.arena = s.arena[:0]
	slices.Sort(s.choose(in.First, in.Count)) // criteria are ordered by their inputs
	for from := 0; from < len(s.wanted); {
		input := s.file.Criterion(s.wanted[from].Criterion()).Input
		to := from + 1
		for to < len(s.wanted) && s.file.Criterion(s.wanted[to].Criterion()).Input == input {
			to++
		}
		if int(input) < inputs && !s.solve(e, int(input), s.wanted[from:to]) {
			return e, false
		}
		from = to
	}
	for _, word := range s.wanted { // comparisons of inputs come last
		c := s.file.Criterion(word.Criterion())
		if c.Flags&channelfile.FlagInputs != 0 && int(c.Input) < inputs {
			s.set(e, word.Criterion(), c, !word.Negated())
		}
	}
	return e, true
}

// choose returns references that together satisfy a condition: all operands of an and, the first
// operand of an or.
func (s *Synthesizer) choose(first, count int) []channelfile.Word {
	// The references that produce one truth on the stack are contiguous in s.wanted.
	s.wanted, s.starts = s.wanted[:0], s.starts[:0]
	for w := first; w < first+count; w++ {
		word := s.file.Word(w)
		if word.IsReference() {
			s.starts = append(s.starts, len(s.wanted))
			s.wanted = append(s.wanted, word)
			continue
		}
		at := len(s.starts) - word.Operands()
		if word.IsOr() {
			s.wanted = s.wanted[:s.starts[at+1]]
		}
		s.starts = s.starts[:at+1]
	}
	return s.wanted
}

// solve gives an input of e the value that satisfies most of the wanted criteria on it. It returns
// false if the limit was reached.
func (s *Synthesizer) solve(e Event, input int, wanted []channelfile.Word) bool {
	on, middle := s.on[:0], s.middle[:0]
	candidates := append(s.candidates[:0], e[input], Value{})
	var prefix, suffix []byte
	for _, word := range wanted {
		c := s.file.Criterion(word.Criterion())
		if c.Flags&channelfile.FlagInputs != 0 {
			continue
		}
		on = append(on, word)
		if len(on) > maxCandidates {
			continue
		}
		candidates = append(candidates, s.value(c, !word.Negated(), e[input]))
		if word.Negated() || c.Operator == channelfile.OpExists {
			continue
		}
		for v := range s.file.OperandValues(c) {
			switch c.Operator {
			case channelfile.OpPrefix:
				prefix = v[:min(len(v), maxSynthesized)]
			case channelfile.OpSuffix:
				suffix = v[:min(len(v), maxSynthesized)]
			case channelfile.OpContains:
				middle = append(middle, v[:min(len(v), maxSynthesized)])
			case channelfile.OpPattern:
				from := len(s.arena)
				s.arena = appendLikeness(s.arena, v)
				middle = append(middle, s.made(from).Text)
			}
			if c.Flags&channelfile.FlagAll == 0 || len(middle) > maxSynthesized {
				break
			}
		}
	}
	s.on, s.middle = on, middle
	if len(on) == 0 {
		return true
	}
	if s.typeOf(input) == sensor.TypeString && (len(middle) > 0 || len(prefix) > 0 && len(suffix) > 0) {
		for _, between := range []string{"", "x"} {
			from := len(s.arena)
			s.arena = append(s.arena, prefix...)
			for _, part := range middle {
				s.arena = append(append(s.arena, between...), part...)
			}
			s.arena = append(append(s.arena, between...), suffix...)
			candidates = append(candidates, s.made(from))
		}
	}
	s.candidates = candidates
	best, most := e[input], -1
	for _, v := range candidates {
		v.Text = v.Text[:min(len(v.Text), maxSynthesized)]
		n := 0
		for _, word := range on {
			c := s.file.Criterion(word.Criterion())
			if holds, err := s.it.holds(word.Criterion(), c, &v, e); err == nil && holds != word.Negated() {
				n++
			}
			if s.it.spent() {
				return false
			}
		}
		if n > most {
			best, most = v, n
		}
		if n == len(on) {
			break
		}
	}
	e[input] = best
	return true
}

// joining returns the work of solve to join the parts of texts for a criterion that compares with
// one of its operands. The text for the first operand has the given length, and takes the work
// making to make.
func (s *Synthesizer) joining(c *channelfile.Criterion, making uint64, length int) uint64 {
	joined := uint64(0)
	if s.typeOf(int(c.Input)) == sensor.TypeString {
		joined = uint64(length + 1 + length + 1) // without and with characters between them
	}
	switch c.Operator {
	case channelfile.OpContains:
		return joined
	case channelfile.OpPattern:
		return making + joined
	}
	return 0
}

// maxCandidates is the number of criteria on one input that contribute candidate values.
const maxCandidates = 64

// set gives the input of criterion i a value that satisfies the criterion, or just fails it if
// hold is false. If the criterion compares inputs, set also changes the other inputs as necessary.
func (s *Synthesizer) set(e Event, i int, c channelfile.Criterion, hold bool) {
	if c.Flags&channelfile.FlagInputs == 0 {
		e[c.Input] = s.value(c, hold, e[c.Input])
		return
	}
	first := true
	for other := range s.file.OperandInputs(c) {
		if other >= len(e) || other == int(c.Input) {
			continue
		}
		if !first { // the criterion may need all of them
			e[other] = e[c.Input]
			continue
		}
		first = false
		if s.typeOf(other) == sensor.TypeString && !compares(c.Operator, hold, e[other]) {
			e[other] = Value{Type: sensor.TypeString, Text: numeral}
		}
		e[c.Input] = e[other]
		if !hold {
			e[c.Input] = s.nearly(e[other])
			return
		}
		if holds, err := s.it.holds(i, c, &e[c.Input], e); holds || err != nil {
			return
		}
	}
}

// compares reports whether a comparison with a text can have the wanted result. A text that is not
// a number equals no number, and every text starts and ends with the empty text.
func compares(op channelfile.Operator, hold bool, with Value) bool {
	switch op {
	case channelfile.OpIntegerEquals:
		_, ok := with.AsInteger()
		return ok
	case channelfile.OpPrefix, channelfile.OpSuffix:
		return hold || len(with.Text) > 0
	}
	return true
}

// numeral is a text that is a number. It must not be changed.
var numeral = []byte("1")

// value returns a value that satisfies a criterion, or just fails it if hold is false. For the
// operator exists it returns old if the value must be present and old is.
func (s *Synthesizer) value(c channelfile.Criterion, hold bool, old Value) Value {
	typ := s.typeOf(int(c.Input))
	if c.Operator == channelfile.OpExists {
		if !hold {
			return Value{}
		}
		if !old.Present() {
			return s.filled[c.Input]
		}
		return old
	}
	var v Value
	switch c.Operator {
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		v = s.number(c, hold, typ)
	case channelfile.OpAddressRange:
		v = s.address(c, hold, typ)
	default:
		v = s.text(c)
		switch {
		case hold:
		case c.Operator == channelfile.OpRegexp && len(v.Text) > 0:
			// No shorter text matches, so the text without its last rune fails.
			_, last := utf8.DecodeLastRune(v.Text)
			v.Text = v.Text[:len(v.Text)-last]
		default:
			v = s.nearly(v)
		}
	}
	return v
}

// made returns the text in the arena that starts at from.
func (s *Synthesizer) made(from int) Value {
	s.it.work += uint64(len(s.arena) - from)
	to := min(len(s.arena), from+maxSynthesized)
	return Value{Type: sensor.TypeString, Text: s.arena[from:to:to]}
}

// text returns a text that satisfies the operands of a criterion. For an any-of list this is the
// last operand, so that the evaluation compares the others first. For an all-of list it is the
// concatenation of the operands.
func (s *Synthesizer) text(c channelfile.Criterion) Value {
	from := len(s.arena)
	first := c.First
	if c.Flags&channelfile.FlagAll == 0 {
		first += c.Count - 1
	}
	for k := first; k < c.First+c.Count && len(s.arena) <= from+maxSynthesized; k++ {
		switch c.Operator {
		case channelfile.OpRegexp:
			p := s.file.Program(s.file.Operand(k))
			s.it.work += 32 * uint64(p.Len())
			s.arena = append(s.arena, sample(p)...)
		case channelfile.OpPattern:
			s.arena = appendLikeness(s.arena, s.file.Value(s.file.Operand(k)))
		default:
			v := s.file.Value(s.file.Operand(k))
			s.arena = append(s.arena, v[:min(len(v), maxSynthesized)]...)
		}
	}
	return s.made(from)
}

func (s *Synthesizer) number(c channelfile.Criterion, hold bool, typ sensor.InputType) Value {
	n := int64(0)
	s.it.work += uint64(8 * c.Count)
	for v := range s.file.OperandValues(c) {
		n = v.Integer()
		if c.Flags&channelfile.FlagAll != 0 {
			n = max(n, v.Integer())
		}
	}
	if !hold {
		for v := range s.file.OperandValues(c) {
			if least := v.Integer(); least > math.MinInt64 && least <= n {
				n = least - 1
			}
		}
	}
	if typ == sensor.TypeInteger {
		return Number(n)
	}
	from := len(s.arena)
	s.arena = strconv.AppendInt(s.arena, n, 10)
	return s.made(from)
}

func (s *Synthesizer) address(c channelfile.Criterion, hold bool, typ sensor.InputType) Value {
	var a [16]byte
	s.it.work += uint64(4 * c.Count)
	for v := range s.file.OperandValues(c) {
		copy(a[:], v)
	}
	if !hold {
		for i := 15; i >= 0; i-- { // the address before it
			a[i]--
			if a[i] != 0xFF {
				break
			}
		}
	}
	if typ == sensor.TypeAddress {
		return Value{Type: sensor.TypeAddress, Address: a}
	}
	from := len(s.arena)
	s.arena = netip.AddrFrom16(a).Unmap().AppendTo(s.arena)
	return s.made(from)
}

// nearly returns a value that differs from v at its end.
func (s *Synthesizer) nearly(v Value) Value {
	switch v.Type {
	case sensor.TypeInteger:
		v.Integer--
	case sensor.TypeAddress:
		v.Address[15] ^= 1
	case sensor.TypeString:
		from := len(s.arena)
		s.arena = append(s.arena, v.Text...)
		if len(v.Text) == 0 {
			s.arena = append(s.arena, 'x')
		} else {
			s.arena[len(s.arena)-1] ^= 1
		}
		return s.made(from)
	}
	return v
}

// appendLikeness appends a text that matches a pattern.
func appendLikeness(out, pattern []byte) []byte {
	most := len(out) + maxSynthesized
	for i := 0; i < len(pattern) && len(out) < most; i++ {
		switch pattern[i] {
		case '*':
			out = append(out, "yz"...)
			continue
		case '?':
			out = append(out, 'x')
			continue
		case '\\':
			i++
		}
		out = append(out, pattern[i])
	}
	return out
}

// sample returns a shortest text that matches a program. It ignores assertions, so they may still
// reject the text.
func sample(p channelfile.Program) []byte {
	type way struct {
		from int
		rune rune
	}
	ways := make([]way, p.Len())
	for i := range ways {
		ways[i].from = -1
	}
	ways[0].from = 0
	queue := []int{0}
	visit := func(from, to int, r rune) {
		if ways[to].from < 0 {
			ways[to] = way{from, r}
			queue = append(queue, to)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		i := queue[0]
		inst := p.Inst(i)
		switch inst.Op {
		case channelfile.InstMatch:
			var runes []rune
			for ; i != 0; i = ways[i].from {
				if ways[i].rune >= 0 {
					runes = append(runes, ways[i].rune)
				}
			}
			slices.Reverse(runes)
			return []byte(string(runes))
		case channelfile.InstSplit:
			visit(i, int(inst.Out), -1)
			visit(i, int(inst.Arg), -1)
		case channelfile.InstAssert:
			visit(i, int(inst.Out), -1)
		case channelfile.InstRunes:
			if p.Ranges(inst.Arg) > 0 {
				visit(i, int(inst.Out), printable(p, inst.Arg))
			}
		}
	}
	return nil
}

// printable returns a rune of a class, a printable one if the class has one.
func printable(p channelfile.Program, class uint32) rune {
	for _, r := range "aA0 ._-\\/" {
		if p.Holds(class, r) {
			return r
		}
	}
	for k := range p.Ranges(class) {
		if lo, hi := p.Range(class, k); lo > ' ' && utf8.ValidRune(lo) {
			return lo
		} else if utf8.ValidRune(hi) && hi > ' ' {
			return hi
		}
	}
	lo, _ := p.Range(class, 0)
	return lo
}
