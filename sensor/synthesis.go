package sensor

import (
	"bytes"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A Synthesizer makes events that take the criteria of a channel file both
// ways. Events at random do not: what a criterion asks for has to be in the
// value, or a comparison ends at its first byte and the rest of it is never run.
type Synthesizer struct {
	file  *channelfile.File
	types []InputType
	it    *Interpreter
	seen  []int // references of an instance, for one event
}

// NewSynthesizer returns a synthesizer for a file. Types are those of its
// inputs, as its template type declares them; an input beyond is a string.
func NewSynthesizer(f *channelfile.File, types []InputType) *Synthesizer {
	return &Synthesizer{file: f, types: types, it: NewInterpreter(f, &Reader{Access: Named})}
}

func (s *Synthesizer) typeOf(input int) InputType {
	if input < len(s.types) {
		return s.types[input]
	}
	return String
}

// Filled returns an event in which every one of so many inputs is present.
func (s *Synthesizer) Filled(inputs int) Event {
	e := make(Event, inputs)
	for i := range e {
		switch s.typeOf(i) {
		case Integer:
			e[i] = Number(0)
		case Address:
			e[i] = IP(netip.AddrFrom4([4]byte{192, 0, 2, 1}))
		default:
			e[i] = Text("")
		}
	}
	return e
}

// Events makes events for an instance, of so many inputs each, and calls yield
// with one after the other until it returns false: one in which the whole
// condition holds, if such an event was found, and for each criterion one in
// which it holds and one in which it nearly does, with the others as in the
// first. An event is overwritten by the next.
func (s *Synthesizer) Events(instance, inputs int, yield func(Event) bool) {
	base := s.Matching(instance, inputs)
	if !yield(base) {
		return
	}
	in := s.file.Instance(instance)
	for w := in.First; w < in.First+in.Count; w++ {
		word := s.file.Word(w)
		if !word.IsReference() {
			continue
		}
		c := s.file.Criterion(word.Criterion())
		if int(c.Input) >= inputs {
			continue
		}
		kept := base[c.Input]
		for _, hold := range []bool{true, false} {
			s.set(base, c, hold)
			if !yield(base) {
				return
			}
		}
		base[c.Input] = kept
	}
}

// Matching returns an event of so many inputs in which the condition of an
// instance holds, as far as values for that were found: criteria on one input
// may exclude each other.
func (s *Synthesizer) Matching(instance, inputs int) Event {
	e := s.Filled(inputs)
	in := s.file.Instance(instance)
	wanted := s.choose(in.First, in.Count)
	for input := range inputs {
		s.solve(e, input, wanted)
	}
	for _, word := range wanted { // what compares inputs goes by their values
		c := s.file.Criterion(word.Criterion())
		if c.Flags&channelfile.FlagInputs != 0 && int(c.Input) < inputs {
			s.set(e, c, !word.Negated())
		}
	}
	return e
}

// choose returns references which together make a condition hold: all operands
// of an and, the first of an or.
func (s *Synthesizer) choose(first, count int) []channelfile.Word {
	var stack [][]channelfile.Word
	for w := first; w < first+count; w++ {
		word := s.file.Word(w)
		if word.IsReference() {
			stack = append(stack, []channelfile.Word{word})
			continue
		}
		at := len(stack) - word.Operands()
		chosen := stack[at]
		if word.IsAnd() {
			chosen = slices.Concat(stack[at:]...)
		}
		stack = append(stack[:at], chosen)
	}
	return slices.Concat(stack...)
}

// solve gives an input of e the value by which most of the wanted criteria on
// it come out as they should.
func (s *Synthesizer) solve(e Event, input int, wanted []channelfile.Word) {
	var on []channelfile.Word
	candidates := []Value{e[input], {}}
	var prefix, suffix []byte
	var middle [][]byte
	for _, word := range wanted {
		c := s.file.Criterion(word.Criterion())
		if int(c.Input) != input || c.Flags&channelfile.FlagInputs != 0 {
			continue
		}
		on = append(on, word)
		candidates = append(candidates, s.value(c, !word.Negated(), e[input]))
		if word.Negated() || c.Operator == channelfile.OpExists {
			continue
		}
		for v := range s.file.OperandValues(c) {
			switch c.Operator {
			case channelfile.OpPrefix:
				prefix = v
			case channelfile.OpSuffix:
				suffix = v
			case channelfile.OpContains:
				middle = append(middle, v)
			case channelfile.OpPattern:
				middle = append(middle, likeness(v))
			}
			if c.Flags&channelfile.FlagAll == 0 {
				break
			}
		}
	}
	if len(on) == 0 {
		return
	}
	if s.typeOf(input) == String {
		candidates = append(candidates, Text(slices.Concat(prefix, bytes.Join(middle, nil), suffix)), Text(slices.Concat(prefix, []byte("x"), bytes.Join(middle, []byte("x")), suffix)))
	}
	best, most := e[input], -1
	for _, v := range candidates {
		n := 0
		for _, word := range on {
			c := s.file.Criterion(word.Criterion())
			if holds, err := s.it.holds(word.Criterion(), c, &v, e); err == nil && holds != word.Negated() {
				n++
			}
		}
		if n > most {
			best, most = v, n
		}
	}
	e[input] = best
}

// set gives the input of a criterion a value by which it holds, or nearly does.
func (s *Synthesizer) set(e Event, c channelfile.Criterion, hold bool) {
	if c.Flags&channelfile.FlagInputs == 0 {
		e[c.Input] = s.value(c, hold, e[c.Input])
		return
	}
	for other := range s.file.OperandInputs(c) {
		if other >= len(e) {
			continue
		}
		e[c.Input] = e[other]
		if !hold {
			e[c.Input] = nearly(e[other])
		}
		return
	}
}

// value returns a value by which a criterion holds, or one that is as like it as
// can be and by which it does not; instead of one that there is not, the old
// one.
func (s *Synthesizer) value(c channelfile.Criterion, hold bool, old Value) Value {
	typ := s.typeOf(int(c.Input))
	if c.Operator == channelfile.OpExists {
		if !hold {
			return Value{}
		}
		if !old.Present() {
			return s.Filled(int(c.Input) + 1)[c.Input]
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
		v = Text(s.text(c))
		if !hold {
			v = nearly(v)
		}
	}
	return v
}

// text returns what the operands of a criterion want: of any the last, so that
// the others are compared before it, of all each.
func (s *Synthesizer) text(c channelfile.Criterion) []byte {
	var out []byte
	for k := c.First; k < c.First+c.Count; k++ {
		if c.Flags&channelfile.FlagAll == 0 && k < c.First+c.Count-1 {
			continue
		}
		switch c.Operator {
		case channelfile.OpRegexp:
			out = append(out, sample(s.file.Program(s.file.Operand(k)))...)
		case channelfile.OpPattern:
			out = append(out, likeness(s.file.Value(s.file.Operand(k)))...)
		default:
			out = append(out, s.file.Value(s.file.Operand(k))...)
		}
	}
	return out
}

func (s *Synthesizer) number(c channelfile.Criterion, hold bool, typ InputType) Value {
	n := int64(0)
	for v := range s.file.OperandValues(c) {
		n = channelfile.Integer(v, 0)
		if c.Flags&channelfile.FlagAll != 0 {
			n = max(n, channelfile.Integer(v, 0))
		}
	}
	if !hold {
		for v := range s.file.OperandValues(c) {
			if least := channelfile.Integer(v, 0); least > math.MinInt64 && least <= n {
				n = least - 1
			}
		}
	}
	if typ == Integer {
		return Number(n)
	}
	return Text(appendDecimal(nil, n))
}

func (s *Synthesizer) address(c channelfile.Criterion, hold bool, typ InputType) Value {
	var a [16]byte
	for v := range s.file.OperandValues(c) {
		copy(a[:], v)
	}
	if !hold {
		for i := 15; i >= 0; i-- { // the one before
			a[i]--
			if a[i] != 0xFF {
				break
			}
		}
	}
	if typ == Address {
		return Value{Type: Address, Address: a}
	}
	return Text(netip.AddrFrom16(a).Unmap().String())
}

// nearly returns a value that differs at its end.
func nearly(v Value) Value {
	switch v.Type {
	case Integer:
		v.Integer--
	case Address:
		v.Address[15] ^= 1
	case String:
		if len(v.Text) == 0 {
			return Text("x")
		}
		v.Text = slices.Clone(v.Text)
		v.Text[len(v.Text)-1] ^= 1
	}
	return v
}

// likeness returns a text that a pattern describes.
func likeness(pattern []byte) []byte {
	var out []byte
	for i := 0; i < len(pattern); i++ {
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

// sample returns a shortest text in which the expression of a program is found,
// if its assertions let it: it goes by the program alone.
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

// printable returns a rune of a class: a plain one if it has one.
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

// appendDecimal appends n as FORMAT.md, section 8, reads it.
func appendDecimal(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }
