package reference

import (
	"bytes"
	"math/big"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// Evaluate evaluates a file on an event that has every declared input; each is absent or of a
// type that its operators read. It returns the matching instances in the order of the file,
// and the steps charged for the event. It follows FORMAT.md, sections 8 and 9, sentence by
// sentence. It shares only the reader of files and the table of case folding with the
// interpreter and the sensors.
func Evaluate(f *channelfile.File, e interp.Event) (matched []int, steps *big.Int) {
	truths := make([]bool, f.Criteria())
	steps = big.NewInt(int64(f.Words() + f.Instances()))
	for i := range truths {
		c := f.Criterion(i)
		truths[i] = holds(f, c, e)
		constant, each := charge(f, c)
		steps.Add(steps, big.NewInt(constant))
		steps.Add(steps, new(big.Int).Mul(big.NewInt(each), big.NewInt(int64(len(e[c.Input].Text)))))
	}
	for i := range f.Instances() {
		var stack []bool
		in := f.Instance(i)
		for w := range in.Count {
			word := f.Word(in.First + w)
			if word.IsReference() {
				stack = append(stack, truths[word.Criterion()] != word.Negated())
				continue
			}
			n := len(stack) - word.Operands()
			top := stack[n:]
			truth := slices.Contains(top, true) // the word is an or
			if word.IsAnd() {
				truth = !slices.Contains(top, false)
			}
			stack = append(stack[:n:n], truth)
		}
		if !slices.Contains(stack, false) {
			matched = append(matched, i)
		}
	}
	return matched, steps
}

// charge returns the cost of a criterion by the table of section 9: a constant, and the cost
// of each byte of its input.
func charge(f *channelfile.File, c channelfile.Criterion) (constant, each int64) {
	operands := int64(c.Count)
	inputs := c.Flags&channelfile.FlagInputs != 0
	switch c.Operator {
	case channelfile.OpExists:
		return 1, 0
	case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix:
		if inputs {
			return 1 + 2*operands, operands
		}
		constant = 1
		for v := range f.OperandValues(c) {
			constant += 2 + int64(len(v))
		}
		return constant, 0
	case channelfile.OpContains, channelfile.OpPattern:
		for v := range f.OperandValues(c) {
			each += int64(len(v)) + 1
		}
		return 1 + each, each
	case channelfile.OpRegexp:
		for p := range f.OperandPrograms(c) {
			for k := range p.Len() {
				each += 3
				if in := p.Inst(k); in.Op == channelfile.InstRunes {
					for n := p.Ranges(in.Arg); n > 0; n /= 2 { // binary digits
						each++
					}
				}
			}
		}
		return 1 + each, each
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		if inputs {
			return 1 + 40*operands, 0
		}
		return 24 + 2*operands, 0
	}
	return 64 + 4*operands, 0 // address range
}

// holds reports whether a criterion holds.
func holds(f *channelfile.File, c channelfile.Criterion, e interp.Event) bool {
	v := &e[c.Input]
	if !v.Present() {
		return false
	}
	if c.Operator == channelfile.OpExists {
		return true
	}
	var truths []bool // of the operands
	fold := c.Flags&channelfile.FlagFold != 0
	switch {
	case c.Flags&channelfile.FlagInputs != 0:
		for other := range f.OperandInputs(c) {
			truths = append(truths, e[other].Present() && sameInputs(c.Operator, fold, v, &e[other]))
		}
	case c.Operator == channelfile.OpRegexp:
		for p := range f.OperandPrograms(c) {
			truths = append(truths, finds(p, string(v.Text)))
		}
	default:
		for o := range f.OperandValues(c) {
			truths = append(truths, compares(c.Operator, fold, v, o))
		}
	}
	if c.Flags&channelfile.FlagAll != 0 {
		return !slices.Contains(truths, false)
	}
	return slices.Contains(truths, true)
}

// sameInputs compares the values of two inputs.
func sameInputs(op channelfile.Operator, fold bool, v, other *interp.Value) bool {
	if op == channelfile.OpIntegerEquals {
		a, b := number(v), number(other)
		return a != nil && b != nil && a.Cmp(b) == 0
	}
	return affix(op, units(v.Text, fold), units(other.Text, fold))
}

// compares compares a value with an operand.
func compares(op channelfile.Operator, fold bool, v *interp.Value, operand []byte) bool {
	switch op {
	case channelfile.OpPattern:
		return wildcards(string(v.Text), string(operand), fold)
	case channelfile.OpIntegerEquals:
		n := number(v)
		return n != nil && n.Cmp(big.NewInt(integer(operand))) == 0
	case channelfile.OpIntegerRange:
		n := number(v)
		return n != nil && big.NewInt(integer(operand)).Cmp(n) <= 0 && n.Cmp(big.NewInt(integer(operand[8:]))) <= 0
	case channelfile.OpAddressRange:
		a := address(v)
		return a != nil && bytes.Compare(operand[:16], a) <= 0 && bytes.Compare(a, operand[16:]) <= 0
	}
	return affix(op, units(v.Text, fold), units(operand, fold))
}

// units returns the units of comparison: bytes, or folded runes.
func units(s []byte, fold bool) (list []rune) {
	if !fold {
		for _, b := range s {
			list = append(list, rune(b))
		}
		return list
	}
	for _, r := range string(s) { // an invalid byte is U+FFFD
		list = append(list, channelfile.Fold(r))
	}
	return list
}

// affix evaluates equals, prefix, suffix and contains.
func affix(op channelfile.Operator, value, operand []rune) bool {
	n := len(operand)
	for at := range len(value) + 1 {
		if at+n > len(value) || !slices.Equal(value[at:at+n], operand) {
			continue
		}
		starts, ends := at == 0, at+n == len(value)
		switch op {
		case channelfile.OpEquals:
			starts = starts && ends
		case channelfile.OpSuffix:
			starts = ends
		case channelfile.OpContains:
			starts = true
		}
		if starts {
			return true
		}
	}
	return false
}

// wildcards matches a whole value with a pattern by trying each alternative once.
func wildcards(value, pattern string, fold bool) bool {
	type place struct{ v, p int }
	seen := map[place]bool{}
	todo := []place{{}}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		v, p := value[at.v:], pattern[at.p:]
		if p == "" {
			if v == "" {
				return true
			}
			continue
		}
		// first returns the runes that start here, and their length in bytes.
		first := func(s string) (r rune, size int) {
			for i, next := range s + "\x00" {
				if i > 0 {
					return r, i
				}
				r = next
			}
			return 0, 0
		}
		rune1, size := first(v)
		switch {
		case p[0] == '*':
			todo = append(todo, place{at.v, at.p + 1})
			if v != "" && fold {
				todo = append(todo, place{at.v + size, at.p})
			} else if v != "" {
				todo = append(todo, place{at.v + 1, at.p})
			}
		case v == "":
		case p[0] == '?':
			todo = append(todo, place{at.v + size, at.p + 1})
		default:
			skip := 0
			if p[0] == '\\' {
				skip = 1
			}
			literal, length := first(p[skip:])
			switch {
			case fold && channelfile.Fold(rune1) == channelfile.Fold(literal):
				todo = append(todo, place{at.v + size, at.p + skip + length})
			case !fold && v[0] == p[skip]:
				todo = append(todo, place{at.v + 1, at.p + skip + 1})
			}
		}
	}
	return false
}

// number parses a value as a number; nil means that it is not a number.
func number(v *interp.Value) *big.Int {
	if v.Type == sensor.TypeInteger {
		return big.NewInt(v.Integer)
	}
	digits := strings.TrimPrefix(string(v.Text), "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" || digits[0] == '0' && string(v.Text) != "0" {
		return nil
	}
	n, _ := new(big.Int).SetString(string(v.Text), 10)
	if !n.IsInt64() {
		return nil
	}
	return n
}

// address parses a value as an address of 16 bytes; nil means that it is not an address.
func address(v *interp.Value) []byte {
	if v.Type == sensor.TypeAddress {
		return v.Address[:]
	}
	text := string(v.Text)
	if four := dotted(text); four != nil {
		return append([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"), four...)
	}
	// The groups before and after a double colon, which stands for at least one group.
	before, behind, shortened := strings.Cut(text, "::")
	head, ok := groups(before, !shortened)
	tail, also := groups(behind, true)
	switch n := len(head) + len(tail); {
	case !ok || !also:
		return nil
	case shortened && n <= 14:
		return slices.Concat(head, make([]byte, 16-n), tail)
	case !shortened && n == 16:
		return head
	}
	return nil
}

// groups parses groups of up to four hexadecimal digits; the last may be an IPv4 address.
func groups(text string, last bool) (b []byte, ok bool) {
	if text == "" {
		return nil, true
	}
	parts := strings.Split(text, ":")
	for i, part := range parts {
		if four := dotted(part); four != nil && last && i == len(parts)-1 {
			b = append(b, four...)
			continue
		}
		if part == "" || len(part) > 4 || strings.Trim(part, "0123456789abcdefABCDEF") != "" {
			return nil, false
		}
		n, _ := new(big.Int).SetString(part, 16)
		b = append(b, byte(n.Int64()>>8), byte(n.Int64()))
	}
	return b, true
}

// dotted parses an IPv4 address; nil means that it is not one.
func dotted(text string) (b []byte) {
	parts := strings.Split(text, ".")
	for _, part := range parts {
		n := number(&interp.Value{Type: sensor.TypeString, Text: []byte(part)})
		if n == nil || n.Sign() < 0 || n.Cmp(big.NewInt(255)) > 0 {
			return nil
		}
		b = append(b, byte(n.Int64()))
	}
	if len(b) != 4 {
		return nil
	}
	return b
}

// finds reports whether a program finds a match anywhere in a text. It enters each instruction
// once at each position.
func finds(p channelfile.Program, text string) bool {
	runes := []rune(text) // an invalid byte is U+FFFD
	type state struct{ inst, place int }
	seen := map[state]bool{}
	var todo []state
	for place := range len(runes) + 1 {
		todo = append(todo, state{0, place})
	}
	word := func(i int) bool {
		return i >= 0 && i < len(runes) && (runes[i] == '_' || '0' <= runes[i] && runes[i] <= '9' || 'A' <= runes[i] && runes[i] <= 'Z' || 'a' <= runes[i] && runes[i] <= 'z')
	}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[s] {
			continue
		}
		seen[s] = true
		begin, end := s.place == 0, s.place == len(runes)
		in := p.Inst(s.inst)
		switch in.Op {
		case channelfile.InstMatch:
			return true
		case channelfile.InstSplit:
			todo = append(todo, state{int(in.Out), s.place}, state{int(in.Arg), s.place})
		case channelfile.InstRunes:
			for k := range p.Ranges(in.Arg) {
				if lo, hi := p.Range(in.Arg, k); !end && lo <= runes[s.place] && runes[s.place] <= hi {
					todo = append(todo, state{int(in.Out), s.place + 1})
				}
			}
		case channelfile.InstAssert:
			boundary := word(s.place-1) != word(s.place)
			if map[uint32]bool{
				1: begin, 2: end,
				3: begin || runes[s.place-1] == '\n', 4: end || runes[s.place] == '\n',
				5: boundary, 6: !boundary,
			}[in.Arg] {
				todo = append(todo, state{int(in.Out), s.place})
			}
		}
	}
	return false
}
