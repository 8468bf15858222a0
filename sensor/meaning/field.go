package meaning

import (
	"bytes"
	"net/netip"
	"slices"
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
		if !s.spend(4) { //mutation:missed: only the work limit depends on it
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
	if answer, ok := s.solveAddressText(c, literals); ok {
		return answer
	}
	if s.clash(literals) {
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
		if ok = s.fits(literals, text); ok {
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
// contradictions of rules without an automaton. If the limit of the question is reached, it
// returns false.
func (s *Solver) clash(literals []literal) bool {
	for i, l := range literals {
		if l.test.With > 0 {
			continue
		}
		for k, m := range literals {
			//mutation:equivalent `k >= i`: each pair is compared twice
			if m.negated || m.test.With > 0 || !l.negated && k >= i {
				continue
			}
			//mutation:missed: only the work limit depends on it
			if !s.compared(l.test, m.test) {
				return false
			}
			if l.negated && m.test.implies(l.test) || !l.negated && s.exclude(l.test, m.test) {
				return true
			}
		}
	}
	return false
}

// compared counts the comparison of two tests. It returns false if the limit of the question is
// reached.
func (s *Solver) compared(a, b *Test) bool {
	work := 2 + (len(a.Operand)+len(b.Operand))/16
	switch {
	case a.Operator == channelfile.OpPattern || b.Operator == channelfile.OpPattern:
		work += len(a.Operand) * len(b.Operand)
	case a.Program != nil && b.Program == nil:
		work += 2 * (len(b.Operand) + 1) * a.Program.Len()
	case b.Program != nil && a.Program == nil:
		work += 2 * (len(a.Operand) + 1) * b.Program.Len()
	}
	return s.spend(work)
}

// settles reports whether o has the same result for all texts for which t holds. These have the
// fold of the operand of t, or are the operand. Without its case, no other text is a number.
func (t *Test) settles(o *Test) bool {
	if t.Operator != channelfile.OpEquals || !utf8.Valid(t.Operand) || !utf8.Valid(o.Operand) && !o.isInteger() {
		return false
	}
	switch o.Operator {
	case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains, channelfile.OpPattern:
		return !t.Fold || o.Fold
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		return true
	case channelfile.OpRegexp:
		return !t.Fold
	}
	return false
}

func (t *Test) isInteger() bool {
	return t.Operator == channelfile.OpIntegerEquals || t.Operator == channelfile.OpIntegerRange
}

// isNoNumber reports whether each text for which t holds has a byte that is neither a digit nor a
// minus sign. No other character folds to one of these.
func (t *Test) isNoNumber() bool {
	isPattern := t.Operator == channelfile.OpPattern
	if !isPattern && !t.isLiteral() {
		return false
	}
	for i := 0; i < len(t.Operand); i++ {
		c := t.Operand[i]
		switch {
		case isPattern && (c == '*' || c == '?'):
			continue
		case isPattern && c == '\\' && i+1 < len(t.Operand):
			i++
			c = t.Operand[i]
		}
		if c != '-' && (c < '0' || c > '9') {
			return true
		}
	}
	return false
}

// onOperand evaluates a test on the operand of another one, as a text.
func (t *Test) onOperand(o *Test) bool {
	c := cell{Value: interp.Value{Type: sensor.TypeString, Text: o.Operand}}
	if o.Fold {
		c.folded, c.isFolded = o.Operand, true
	}
	return t.on(&c)
}

// exclude reports whether no text has two tests hold, by their operands alone.
func (s *Solver) exclude(a, b *Test) bool {
	switch {
	case a.settles(b):
		return !b.onOperand(a)
	case b.settles(a):
		return !a.onOperand(b)
	case a.isInteger() && b.isInteger():
		least, greatest := a.integers()
		from, to := b.integers()
		return max(least, from) > min(greatest, to)
	case a.isInteger() && b.isNoNumber() || b.isInteger() && a.isNoNumber():
		return true
	case !utf8.Valid(a.Operand) || !utf8.Valid(b.Operand):
		return false
	}
	return s.differ(a, b, false) || s.differ(a, b, true) || s.lacks(a, b) || s.lacks(b, a)
}

// lacks reports whether no text whose fold is the operand of whole passes a test that regards case.
// The fold of a text that passes it passes the test with its operand folded.
func (s *Solver) lacks(whole, t *Test) bool {
	if whole.Operator != channelfile.OpEquals || !whole.Fold || t.Fold {
		return false
	}
	folded := channelfile.AppendFold(s.folds[0][:0], t.Operand)
	s.folds[0] = folded
	if t.Operator == channelfile.OpPattern {
		return channelfile.SimplerPattern(t.Operand) == "" && !matches(folded, whole.Operand, true)
	}
	return t.isLiteral() && !compare(t.Operator, whole.Operand, folded)
}

func (t *Test) isLiteral() bool {
	switch t.Operator {
	case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains:
		return true
	}
	return false
}

// implies reports whether each text for which t holds obviously has the text for which o looks, at
// the place where o looks for it.
func (t *Test) implies(o *Test) bool {
	if t.Operator == o.Operator && t.Fold == o.Fold && t.Program == o.Program && bytes.Equal(t.Operand, o.Operand) {
		return true
	}
	if t.settles(o) {
		return o.onOperand(t)
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

// differ reports whether two tests ask for different texts at the start of a value, or at the end.
// If one test folds, the folds are compared: equal texts have equal folds.
func (s *Solver) differ(a, b *Test, end bool) bool {
	x, y := a.affix(&s.affixes[0], end), b.affix(&s.affixes[1], end)
	if len(x) == 0 || len(y) == 0 {
		return false
	}
	if a.Fold != b.Fold {
		s.folds[0], s.folds[1] = channelfile.AppendFold(s.folds[0][:0], x), channelfile.AppendFold(s.folds[1][:0], y)
		x, y = s.folds[0], s.folds[1]
	}
	// A whole value is a prefix and a suffix of itself.
	if len(x) > len(y) { //mutation:equivalent comparison: neither is shorter
		x, y, a = y, x, b
	}
	switch {
	//mutation:equivalent condition: automata find the same contradictions
	case a.Operator == channelfile.OpEquals && len(x) < len(y):
		return true
	//mutation:equivalent condition: automata find the same contradictions
	case end:
		return string(y[len(y)-len(x):]) != string(x)
	}
	return string(y[:len(x)]) != string(x)
}

// affix returns a text with which each text that passes t starts, or ends. It uses a buffer.
func (t *Test) affix(buffer *[]byte, end bool) []byte {
	switch {
	case t.Operator == channelfile.OpEquals, t.Operator == channelfile.OpPrefix && !end, t.Operator == channelfile.OpSuffix && end:
		return t.Operand
	case t.Operator != channelfile.OpPattern:
		return nil
	}
	text := (*buffer)[:0]
	for i := 0; i < len(t.Operand); i++ {
		switch c := t.Operand[i]; {
		case c == '*' || c == '?':
			if !end {
				*buffer = text
				return text
			}
			text = text[:0]
			continue
		case c == '\\' && i+1 < len(t.Operand):
			i++
		}
		text = append(text, t.Operand[i])
	}
	*buffer = text
	return text
}

// parts are the parts of texts that are likely to fit literals.
type parts struct {
	whole          []piece  // texts; if there are any, the rest only corrects their case
	prefix, suffix [2]piece // the longest with regard to case, and without
	middle         []piece
	longest        []byte
	joined         []byte // this and the rest are reused
	buffer, folded []byte
}

// A piece is a part of a text. Its case does not matter if fold is true.
type piece struct {
	text []byte
	fold bool
}

// collect collects the parts of texts that are likely to fit. They only save time.
//
//mutation:equivalent condition, comparison: the automata find a text too
func (s *Solver) collect(literals []literal) {
	p := &s.parts
	*p = parts{whole: p.whole[:0], middle: p.middle[:0], joined: p.joined, buffer: p.buffer[:0], folded: p.folded}
	for _, l := range literals {
		t := l.test
		if l.negated || t.With > 0 {
			continue
		}
		it := piece{t.Operand, t.Fold}
		switch t.Operator {
		case channelfile.OpEquals:
			p.whole = append(p.whole, it)
		case channelfile.OpPrefix:
			p.start(it)
		case channelfile.OpSuffix:
			p.end(it)
		case channelfile.OpContains:
			p.middle = append(p.middle, it)
		case channelfile.OpPattern:
			it.text = p.pattern(it)
		case channelfile.OpRegexp:
			it.text = s.sample(t)
			p.middle = append(p.middle, it)
		case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
			least, _ := t.integers()
			p.whole = append(p.whole, piece{strconv.AppendInt(nil, least, 10), false})
		}
		if len(it.text) > len(p.longest) {
			p.longest = it.text
		}
	}
}

//mutation:equivalent condition, comparison: the automata find a text too
func (p *parts) start(it piece) {
	if longest := &p.prefix[numberOf(it.fold)]; len(it.text) > len(longest.text) {
		*longest = it
	}
}

//mutation:equivalent condition, comparison: the automata find a text too
func (p *parts) end(it piece) {
	if longest := &p.suffix[numberOf(it.fold)]; len(it.text) > len(longest.text) {
		*longest = it
	}
}

func numberOf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pattern collects the literal parts of a pattern, and returns a text that matches it. A question
// mark stands for an x.
//
//mutation:equivalent condition, comparison: the automata find a text too
func (p *parts) pattern(it piece) []byte {
	first := len(p.buffer)
	from, stars := first, 0
	for i := 0; i < len(it.text); i++ {
		c := it.text[i]
		switch c {
		case '*':
			part := piece{p.buffer[from:len(p.buffer):len(p.buffer)], it.fold}
			if stars++; stars == 1 {
				p.start(part)
			} else {
				p.middle = append(p.middle, part)
			}
			from = len(p.buffer)
			continue
		case '?':
			c = 'x'
		case '\\':
			if i++; i < len(it.text) {
				c = it.text[i]
			}
		}
		p.buffer = append(p.buffer, c)
	}
	part := piece{p.buffer[from:len(p.buffer):len(p.buffer)], it.fold}
	if stars == 0 {
		p.whole = append(p.whole, part)
	} else {
		p.end(part)
	}
	return p.buffer[first:len(p.buffer):len(p.buffer)]
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
			return p.inCase(p.whole[k]), true
		}
		if k -= len(p.whole); k < len(p.whole) && p.whole[k].fold {
			p.joined = append(p.joined[:0], p.whole[k].text...)
			for i, c := range p.joined {
				if 'a' <= c && c <= 'z' {
					p.joined[i] = c - 'a' + 'A'
				}
			}
			return p.joined, true
		}
		return nil, false
	case k < len(between):
		text = append(p.joined[:0], longer(&p.prefix).text...)
		if folded, exact := &p.prefix[1], &p.prefix[0]; len(folded.text) > len(exact.text) {
			copy(text, exact.text)
		}
		for _, part := range p.middle {
			text = append(append(text, between[k]...), part.text...)
		}
		text = append(append(text, between[k]...), longer(&p.suffix).text...)
		if folded, exact := &p.suffix[1], &p.suffix[0]; len(folded.text) > len(exact.text) {
			copy(text[len(text)-len(exact.text):], exact.text)
		}
		p.joined = text
		return text, true
	}
	return p.longest, k == 3
}

func longer(of *[2]piece) *piece {
	if len(of[1].text) > len(of[0].text) {
		return &of[1]
	}
	return &of[0]
}

// inCase returns a text in the case that the other parts ask for.
//
//mutation:equivalent condition, comparison: the automata find a text too
func (p *parts) inCase(whole piece) []byte {
	if !whole.fold {
		return whole.text
	}
	text := append(p.joined[:0], whole.text...)
	p.joined = text
	if exact := p.prefix[0].text; len(exact) <= len(text) {
		copy(text, exact)
	}
	if exact := p.suffix[0].text; len(exact) <= len(text) {
		copy(text[len(text)-len(exact):], exact)
	}
	for _, list := range [...][]piece{p.middle, p.whole} {
		for _, part := range list {
			if part.fold || len(part.text) > len(text) {
				continue
			}
			p.folded = channelfile.AppendFold(p.folded[:0], part.text)
			if at := bytes.Index(whole.text, p.folded); at >= 0 && at+len(part.text) <= len(text) {
				copy(text[at:], part.text)
			}
		}
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
func (s *Solver) solveAddressText(c *cell, literals []literal) (answer Answer, ok bool) {
	isAddress := func(l literal) bool { return l.test.Operator == channelfile.OpAddressRange && l.test.With == 0 }
	if !slices.ContainsFunc(literals, isAddress) { //mutation:equivalent: only slower
		return Unknown, false
	}
	left, asked := []interval{allAddresses}, false
	for _, l := range literals {
		if !isAddress(l) {
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
			if text := netip.AddrFrom16(at.address()).Unmap().AppendTo(nil); s.fits(literals, text) {
				*c = cell{Value: interp.Text(text)}
				return Yes, true
			}
		}
	}
	// The other tests may contradict each other, or all texts of the addresses that are left. The
	// automata of the others show the first.
	return Unknown, false
}
