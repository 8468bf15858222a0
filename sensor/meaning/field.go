package meaning

import (
	"bytes"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A literal is a test that must hold, or must fail if negated is true.
type literal struct {
	test    *Test
	negated bool
	level   int // number of the choice that asserted it; 0 means that it must hold without a choice
}

// solveField finds a value for which all literals on a field of a type have the wanted result. No
// means that there is no such value.
func (s *Solver) solveField(typ sensor.InputType, literals []literal) (*cell, Answer) {
	var c cell
	switch answer := s.solveInto(&c, typ, literals); {
	case answer != Yes:
		return nil, answer
	case !c.Present():
		return &noCell, Yes
	default:
		c.Text = bytes.Clone(c.Text)
		return &c, Yes
	}
}

// solveInto is solveField with a cell for the value. A text in it is valid until the next call.
func (s *Solver) solveInto(c *cell, typ sensor.InputType, literals []literal) Answer {
	present := false
	for _, l := range literals {
		if !s.spend(8) { //mutation:missed: only the work limit depends on it
			return Unknown
		}
		present = present || !l.negated
	}
	if !present {
		*c = noCell
		return Yes
	}
	for i, l := range literals {
		if l.negated && l.test.Operator == channelfile.OpExists && l.test.With == 0 {
			return No
		}
		// The solver knows of a comparison of two fields only that it cannot both hold and fail.
		//mutation:equivalent `k < i`: no literal is its own negation
		for k := 0; l.test.With > 0 && k < i; k++ {
			if m := literals[k]; m.negated != l.negated && m.test.compares(l.test) {
				return No
			}
		}
	}
	switch typ {
	case sensor.TypeInteger, sensor.TypeAddress:
		return s.solveRange(c, typ, literals)
	}
	return s.solveText(c, literals)
}

// solveRange solves a field of type integer or address.
func (s *Solver) solveRange(c *cell, typ sensor.InputType, literals []literal) Answer {
	left := []interval{allIntegers}
	if typ == sensor.TypeAddress {
		left = []interval{allAddresses}
	}
	for _, l := range literals {
		switch {
		case l.test.With > 0 || l.test.Operator == channelfile.OpExists:
			continue
		case !l.test.takes(typ):
			return Unknown // an event of this type is a fault
		}
		if !s.spend(8 * len(left)) { //mutation:missed: only the work limit depends on it
			return Unknown
		}
		if r := l.test.interval(); l.negated {
			left = without(left, r)
		} else {
			left = within(left, r)
		}
	}
	if len(left) == 0 {
		return No
	}
	value := interp.Value{Type: typ}
	if at := left[0].first; typ == sensor.TypeInteger {
		value.Integer = at.integer()
	} else {
		value.Address = at.address()
	}
	*c = cell{Value: value}
	return Yes
}

// compares reports whether two tests compare the same two fields in the same way.
func (t *Test) compares(o *Test) bool {
	return t.With == o.With && t.Field == o.Field && t.Operator == o.Operator && t.Fold == o.Fold
}

// takes reports whether the operator accepts values of type integer or address.
func (t *Test) takes(typ sensor.InputType) bool {
	switch t.Operator {
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		return typ == sensor.TypeInteger
	case channelfile.OpAddressRange:
		return typ == sensor.TypeAddress
	}
	return t.Operator == channelfile.OpExists
}

// solveText solves a field of type string that must be present.
func (s *Solver) solveText(c *cell, literals []literal) Answer {
	s.collect(literals)
	for k := 0; ; k++ {
		text, ok := s.candidate(k)
		if !ok {
			break
		}
		if s.fits(literals, text) {
			*c = cell{Value: interp.Text(text)}
			return Yes
		}
		if s.spent() { //mutation:missed: only the work limit depends on it
			return Unknown
		}
	}
	fits := func(text []byte) bool { return s.fits(literals, text) }
	if answer, ok := s.solveAddressText(c, literals, fits); ok {
		return answer
	}
	if clash(literals) {
		return No
	}
	p := new(product)
	for _, l := range literals {
		if l.test.Operator != channelfile.OpExists {
			p.add(l.test, l.negated)
		}
		//mutation:missed: only the work limit depends on it
		if !s.spend(64 + 16*len(l.test.Operand)) {
			return Unknown
		}
	}
	var value []byte
	tried, ok := 0, false
	complete := p.texts(maxStates, s.spend, func(text []byte) bool {
		tried++
		if ok = fits(text); ok {
			value = text
		}
		//mutation:missed comparison: only the work limit depends on it
		return !ok && tried < maxTexts
	})
	switch {
	case ok:
		*c = cell{Value: interp.Text(value)}
		return Yes
	case complete && tried == 0:
		return No
	}
	return Unknown
}

// fits reports whether all literals that compare with an operand have the wanted result for a text.
func (s *Solver) fits(literals []literal, text []byte) bool {
	c := &s.tried
	c.Value, c.isFolded = interp.Value{Type: sensor.TypeString, Text: text}, false
	for _, l := range literals {
		if l.test.With == 0 && (s.cost(l.test, text) || l.test.on(c) == l.negated) {
			return false
		}
	}
	return true
}

const (
	maxStates = 1 << 14 // states of a product of automata
	maxTexts  = 16      // texts that are tried if some tests have no automaton
)

// clash reports whether two literals exclude each other by their operands alone. It finds most
// contradictions of rules without an automaton.
func clash(literals []literal) bool {
	var prefix, suffix []literal
	for i, l := range literals {
		if l.test.With > 0 {
			continue
		}
		if l.negated {
			for k, m := range literals {
				if k != i && !m.negated && m.test.With == 0 && m.test.implies(l.test) {
					return true
				}
			}
			continue
		}
		if !utf8.Valid(l.test.Operand) {
			continue
		}
		switch l.test.Operator {
		case channelfile.OpEquals:
			prefix, suffix = append(prefix, l), append(suffix, l)
		case channelfile.OpPrefix:
			prefix = append(prefix, l)
		case channelfile.OpSuffix:
			suffix = append(suffix, l)
		}
	}
	return differ(prefix, false) || differ(suffix, true)
}

// implies reports whether each text for which t holds obviously has the text for which o looks, at
// the place where o looks for it.
func (t *Test) implies(o *Test) bool {
	if t.Operator == o.Operator && t.Fold == o.Fold && t.Program == o.Program && bytes.Equal(t.Operand, o.Operand) {
		return true
	}
	// The last bytes of an operand that is not valid UTF-8 can begin a longer rune of the value.
	if t.Fold && !o.Fold || o.Fold && !t.Fold && !utf8.Valid(t.Operand) {
		return false
	}
	starts := t.Operator == channelfile.OpEquals || t.Operator == channelfile.OpPrefix
	ends := t.Operator == channelfile.OpEquals || t.Operator == channelfile.OpSuffix
	if !starts && !ends && t.Operator != channelfile.OpContains {
		return false
	}
	text := []byte(t.Operand)
	if o.Fold && !t.Fold { //mutation:equivalent: automata find the same contradictions
		text = channelfile.AppendFold(nil, text)
	}
	switch o.Operator {
	case channelfile.OpEquals:
		return starts && ends && bytes.Equal(text, o.Operand)
	case channelfile.OpPrefix:
		return starts && bytes.HasPrefix(text, o.Operand)
	case channelfile.OpSuffix:
		return ends && bytes.HasSuffix(text, o.Operand)
	}
	return o.Operator == channelfile.OpContains && bytes.Contains(text, o.Operand)
}

// differ reports whether two operands differ at a place that both have, counted from the start, or
// from the end. If one test folds, the folds are compared: equal texts have equal folds.
func differ(list []literal, fromEnd bool) bool {
	for i := range list {
		for _, l := range list[:i] {
			a, b := list[i].test, l.test
			x, y := []byte(a.Operand), []byte(b.Operand)
			if a.Fold != b.Fold {
				x, y = channelfile.AppendFold(nil, x), channelfile.AppendFold(nil, y)
			}
			// A whole value is a prefix and a suffix of itself.
			if len(x) > len(y) { //mutation:equivalent comparison: neither is shorter
				x, y, a, b = y, x, b, a
			}
			switch {
			//mutation:equivalent condition: automata find the same contradictions
			case a.Operator == channelfile.OpEquals && len(x) < len(y):
				return true
			//mutation:equivalent condition: automata find the same contradictions
			case fromEnd && string(y[len(y)-len(x):]) != string(x):
				return true
			//mutation:equivalent condition: automata find the same contradictions
			case !fromEnd && string(y[:len(x)]) != string(x):
				return true
			}
		}
	}
	return false
}

// parts are the parts of texts that are likely to fit literals.
type parts struct {
	whole                   [][]byte // texts; if there are any, the rest is not used
	prefix, suffix, longest []byte
	middle                  [][]byte
	joined                  []byte // reused
}

// collect collects the parts of texts that are likely to fit. They only save time.
//
//mutation:equivalent condition, comparison: the automata find a text too
func (s *Solver) collect(literals []literal) {
	list, middle := s.parts.whole[:0], s.parts.middle[:0]
	var prefix, suffix, longest []byte
	for _, l := range literals {
		t := l.test
		if l.negated || t.With > 0 {
			continue
		}
		text := []byte(t.Operand)
		switch t.Operator {
		case channelfile.OpEquals:
			list = append(list, text)
		case channelfile.OpPrefix:
			if len(text) > len(prefix) {
				prefix = text
			}
		case channelfile.OpSuffix:
			if len(text) > len(suffix) {
				suffix = text
			}
		case channelfile.OpContains:
			middle = append(middle, text)
		case channelfile.OpPattern:
			text = likeness(text)
			middle = append(middle, text)
		case channelfile.OpRegexp:
			text = s.sample(t)
			middle = append(middle, text)
		case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
			least, _ := t.integers()
			list = append(list, strconv.AppendInt(nil, least, 10))
		}
		if len(text) > len(longest) {
			longest = text
		}
	}
	s.parts = parts{list, prefix, suffix, longest, middle, s.parts.joined}
}

// candidate returns text k of the collected parts. It is valid until the next one. Ok is false if
// there are no more.
//
//mutation:equivalent condition, comparison: the automata find a text too
func (s *Solver) candidate(k int) (text []byte, ok bool) {
	p := &s.parts
	switch between := [...]string{"", "x", " "}; {
	case len(p.whole) > 0:
		if k < len(p.whole) {
			return p.whole[k], true
		}
		return nil, false
	case k < len(between):
		text = append(p.joined[:0], p.prefix...)
		for _, part := range p.middle {
			text = append(append(text, between[k]...), part...)
		}
		p.joined = append(append(text, between[k]...), p.suffix...)
		return p.joined, true
	}
	return p.longest, k == 3
}

// likeness returns a text that matches a pattern, if no literal is in the way.
//
//mutation:equivalent condition, comparison: the automata find a text too
func likeness(pattern []byte) []byte {
	var text []byte
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*':
			continue
		case '?':
			text = append(text, 'x')
			continue
		case '\\':
			if i++; i == len(pattern) {
				return text
			}
		}
		text = append(text, pattern[i])
	}
	return text
}

// sample returns a shortest text that matches a regular expression, or nil if it
// did not find one.
//
//mutation:equivalent condition, comparison: the automata find a text too
func (s *Solver) sample(t *Test) []byte {
	text, ok := s.samples[t.Program]
	if ok {
		return text
	}
	if text = shortest(*t.Program); !s.cost(t, text) && text != nil && searches(*t.Program, text) {
		s.keep(t, text)
		return text
	}
	text = nil
	p := new(product)
	p.add(t, false)
	p.texts(maxStates/16, s.spend, func(found []byte) bool {
		text = found
		return false
	})
	s.keep(t, text)
	return text
}

func (s *Solver) keep(t *Test, text []byte) {
	if s.samples == nil {
		s.samples = map[*channelfile.Program][]byte{}
	}
	s.samples[t.Program] = text
}

// solveAddressText solves a field whose text must be an address. Ok is false if the literals do not
// ask for an address.
func (s *Solver) solveAddressText(c *cell, literals []literal, fits func([]byte) bool) (answer Answer, ok bool) {
	left, asked := []interval{allAddresses}, false
	for _, l := range literals {
		if l.test.Operator != channelfile.OpAddressRange || l.test.With > 0 {
			continue
		}
		if !s.spend(8 * len(left)) { //mutation:missed: only the work limit depends on it
			return Unknown, true
		}
		if r := l.test.interval(); l.negated {
			left = without(left, r)
		} else {
			left, asked = within(left, r), true
		}
	}
	switch {
	case !asked: //mutation:equivalent: a text that fits is as good as another
		return Unknown, false
	case len(left) == 0:
		return No, true
	}
	for _, i := range left[:min(len(left), maxTexts)] {
		for _, at := range []point{i.first, i.last} {
			if text := netip.AddrFrom16(at.address()).Unmap().AppendTo(nil); fits(text) {
				*c = cell{Value: interp.Text(text)}
				return Yes, true
			}
		}
	}
	// The other tests may contradict each other, or all texts of the addresses that are left. The
	// automata of the others show the first.
	return Unknown, false
}
