package reference

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A Scope is a finite set of events: every combination of some values of each input. The
// reference decides questions about conditions by trying each of these events. It shares no
// code with package meaning.
//
// A scope keeps the results of criteria, because files of one scope have many criteria in
// common. Only one goroutine may use it at a time.
type Scope struct {
	values [][]interp.Value // by input
	known  map[string][]bool
	key    []byte
}

// NewScope returns the scope in which input i has each of values[i]. The types of the values
// must be those of the input, and absence is a value too.
func NewScope(values [][]interp.Value) *Scope {
	return &Scope{values: values, known: map[string][]bool{}}
}

// maxKnown is the number of criteria whose results a scope keeps.
const maxKnown = 1 << 12

// results returns for each value of its input whether a criterion holds, which compares the
// input with operands.
func (s *Scope) results(f *channelfile.File, c channelfile.Criterion) []bool {
	s.key = append(s.key[:0], byte(c.Input), byte(c.Operator), byte(c.Flags))
	for v := range f.OperandValues(c) {
		s.key = append(append(s.key, byte(len(v)), byte(len(v)>>8)), v...)
	}
	for p := range f.OperandPrograms(c) {
		s.key = append(append(s.key, p.Source()...), 0)
	}
	if list, ok := s.known[string(s.key)]; ok {
		return list
	}
	e := make(interp.Event, len(s.values))
	list := make([]bool, len(s.values[c.Input]))
	for i := range list {
		e[c.Input] = s.values[c.Input][i]
		list[i] = holds(f, c, e)
	}
	if len(s.known) >= maxKnown {
		clear(s.known)
	}
	s.known[string(s.key)] = list
	return list
}

// A set is a set of events of a scope, one bit for each.
type set []uint64

func (s set) add(n int) { s[n/64] |= 1 << (n % 64) }

// with returns the events of both sets; without, the events that the other set lacks.
func (s set) with(o set) set {
	r := slices.Clone(s)
	for i := range r {
		r[i] &= o[i]
	}
	return r
}

func (s set) without(o set) set {
	r := slices.Clone(s)
	for i := range r {
		r[i] &^= o[i]
	}
	return r
}

func (s set) or(o set) set {
	r := slices.Clone(s)
	for i := range r {
		r[i] |= o[i]
	}
	return r
}

// first returns the first event of the set, or -1.
func (s set) first() int {
	for i, w := range s {
		if w != 0 {
			return 64*i + bits.TrailingZeros64(w)
		}
	}
	return -1
}

// A Meaning has the events of a scope that each instance of a file matches.
//
// The methods answer a question by an event of the scope, which is a proof, or by nil: the
// scope has no such event.
type Meaning struct {
	scope    *Scope
	file     *channelfile.File
	values   [][]int // by input: the values that are tried, as indices into scope.values
	events   int
	all      set
	present  []set   // by input: the events that have it
	criteria []set   // by criterion: the events for which it holds
	operands [][]set // by criterion and operand, of lists of which one operand is enough
	near     []set   // by criterion: like criteria, if each single character is in the value
	trees    []*tree // by instance
	matched  []set   // by instance
	weights  [][]int // by instance: see Decisive
}

// MaxEvents is the largest number of events that the reference tries for a file.
const MaxEvents = 1 << 16

// Of returns the meanings of files that fit the types of the scope, on the same events. It
// returns nil if it would have to try more than [MaxEvents] events.
//
// If all criteria on an input have the same results for two values, only one of the two is
// tried. No condition of the files tells them apart.
func (s *Scope) Of(files ...*channelfile.File) []*Meaning {
	var of Meaning // without a file
	of.scope = s
	if !of.choose(files) {
		return nil
	}
	of.all = make(set, (of.events+63)/64)
	for n := range of.events {
		of.all.add(n)
	}
	for i := range s.values {
		of.present = append(of.present, of.where(func(e interp.Event) bool { return e[i].Present() }))
	}
	var list []*Meaning
	for _, f := range files {
		m := of
		m.file = f
		for i := range f.Criteria() {
			m.criterion(f.Criterion(i))
		}
		for i := range f.Instances() {
			t := treeOf(f, i)
			m.trees = append(m.trees, t)
			m.matched = append(m.matched, m.eval(t, m.criteria))
			m.weights = append(m.weights, m.weigh(t))
		}
		list = append(list, &m)
	}
	return list
}

// choose fills in the values of each input that are tried.
func (m *Meaning) choose(files []*channelfile.File) bool {
	s := m.scope
	compared := make([]bool, len(s.values))
	results := make([][][]bool, len(s.values))
	for _, f := range files {
		for i := range f.Criteria() {
			c := f.Criterion(i)
			if c.Flags&channelfile.FlagInputs == 0 {
				for _, c := range single(f, c) {
					results[c.Input] = append(results[c.Input], s.results(f, c))
				}
				continue
			}
			compared[c.Input] = true
			for other := range f.OperandInputs(c) {
				compared[other] = true
			}
		}
	}
	m.events = 1
	for i, list := range s.values {
		var chosen []int
		seen := map[string]bool{}
		vector := make([]byte, len(results[i])+1)
		for v := range list {
			for k, r := range results[i] {
				vector[k] = '0'
				if r[v] {
					vector[k] = '1'
				}
			}
			vector[len(results[i])] = byte(list[v].Type)
			if compared[i] || !seen[string(vector)] {
				seen[string(vector)] = true
				chosen = append(chosen, v)
			}
		}
		m.values = append(m.values, chosen)
		if m.events *= len(chosen); m.events > MaxEvents {
			return false
		}
	}
	return true
}

// single returns a criterion for each operand of a criterion with several, and the criterion
// itself.
func single(f *channelfile.File, c channelfile.Criterion) []channelfile.Criterion {
	list := []channelfile.Criterion{c}
	for k := 0; k < c.Count && c.Count > 1; k++ {
		one := c
		one.First, one.Count = c.First+k, 1
		list = append(list, one)
	}
	return list
}

// event returns event n.
func (m *Meaning) event(n int) interp.Event {
	e := make(interp.Event, len(m.values))
	for i, chosen := range m.values {
		e[i] = m.scope.values[i][chosen[n%len(chosen)]]
		n /= len(chosen)
	}
	return e
}

// example returns the first event of a set, or nil.
func (m *Meaning) example(s set) interp.Event {
	if n := s.first(); n >= 0 {
		return m.event(n)
	}
	return nil
}

// where returns the events for which a function returns true.
func (m *Meaning) where(is func(interp.Event) bool) set {
	s := make(set, len(m.all))
	for n := range m.events {
		if is(m.event(n)) {
			s.add(n)
		}
	}
	return s
}

// of returns the events in which a criterion holds, which compares its input with operands.
func (m *Meaning) of(c channelfile.Criterion) set {
	results := m.scope.results(m.file, c)
	step := 1
	for i := range int(c.Input) {
		step *= len(m.values[i])
	}
	chosen := m.values[c.Input]
	s := make(set, len(m.all))
	for n := range m.events {
		if results[chosen[n/step%len(chosen)]] {
			s.add(n)
		}
	}
	return s
}

// criterion adds a criterion to the lists.
func (m *Meaning) criterion(c channelfile.Criterion) {
	f := m.file
	var whole set
	var operands []set
	any := c.Count > 1 && c.Flags&channelfile.FlagAll == 0
	if c.Flags&channelfile.FlagInputs != 0 {
		whole = m.where(func(e interp.Event) bool { return holds(f, c, e) })
		for k := 0; k < c.Count && any; k++ {
			one := c
			one.First, one.Count = c.First+k, 1
			operands = append(operands, m.where(func(e interp.Event) bool { return holds(f, one, e) }))
		}
	} else {
		for k, c := range single(f, c) {
			switch s := m.of(c); {
			case k == 0:
				whole = s
			case any:
				operands = append(operands, s)
			}
		}
	}
	m.criteria, m.operands = append(m.criteria, whole), append(m.operands, operands)
	near := whole
	if c.Operator == channelfile.OpContains && c.Flags&channelfile.FlagInputs == 0 {
		near = m.withCharacters(c)
	}
	m.near = append(m.near, near)
}

// withCharacters returns the events in which a list of contains holds if each visible single
// character of ASCII is in the value.
func (m *Meaning) withCharacters(c channelfile.Criterion) set {
	all := c.Flags&channelfile.FlagAll != 0
	result := make(set, len(m.all))
	if all {
		copy(result, m.all)
	}
	for k := range c.Count {
		one := c
		one.First, one.Count = c.First+k, 1
		s := m.of(one)
		if v := m.file.Value(m.file.Operand(one.First)); len(v) == 1 && strings.ContainsRune(visible, rune(v[0])) {
			s = m.present[c.Input]
		}
		if all {
			result = result.with(s)
		} else {
			result = result.or(s)
		}
	}
	return result
}

// visible are the characters of ASCII that a reader sees, and the space.
const visible = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

// A tree is a condition, or a part of one.
type tree struct {
	parts     []*tree // of an and, or an or
	or        bool
	word      int // index of the word in the file, if there are no parts
	criterion int
	negated   bool
}

// treeOf returns the condition of an instance. All words that are left at the end must hold.
func treeOf(f *channelfile.File, instance int) *tree {
	in := f.Instance(instance)
	var stack []*tree
	for w := in.First; w < in.First+in.Count; w++ {
		word := f.Word(w)
		if word.IsReference() {
			stack = append(stack, &tree{word: w, criterion: word.Criterion(), negated: word.Negated()})
			continue
		}
		n := len(stack) - word.Operands()
		stack = append(stack[:n:n], &tree{parts: stack[n:], or: word.IsOr()})
	}
	return &tree{parts: stack}
}

// Matches reports whether an instance matches an event that has every declared input, as
// [Evaluate] does.
func Matches(f *channelfile.File, instance int, e interp.Event) bool {
	var truth func(t *tree) bool
	truth = func(t *tree) bool {
		if t.parts == nil {
			return holds(f, f.Criterion(t.criterion), e) != t.negated
		}
		decides := func(part *tree) bool { return truth(part) == t.or }
		return slices.ContainsFunc(t.parts, decides) == t.or
	}
	return truth(treeOf(f, instance))
}

// eval returns the events for which a condition holds, with the given events for each
// criterion.
func (m *Meaning) eval(t *tree, criteria []set) set {
	if t.parts == nil {
		if t.negated {
			return m.all.without(criteria[t.criterion])
		}
		return criteria[t.criterion]
	}
	result := make(set, len(m.all))
	if !t.or {
		copy(result, m.all)
	}
	for _, part := range t.parts {
		if s := m.eval(part, criteria); t.or {
			result = result.or(s)
		} else {
			result = result.with(s)
		}
	}
	return result
}

// Matches returns an event that an instance matches.
func (m *Meaning) Matches(i int) interp.Event { return m.example(m.matched[i]) }

// Fails returns an event that an instance does not match.
func (m *Meaning) Fails(i int) interp.Event { return m.example(m.all.without(m.matched[i])) }

// Selects returns an event with all inputs that an instance reads, which it does not match. If
// nearly is true, each test for a single visible character counts as a test for any value.
func (m *Meaning) Selects(i int, nearly bool) interp.Event {
	matched := m.matched[i]
	if nearly {
		matched = m.eval(m.trees[i], m.near)
	}
	have := m.all
	m.trees[i].each(func(leaf *tree) {
		c := m.file.Criterion(leaf.criterion)
		have = have.with(m.present[c.Input])
		for other := range m.file.OperandInputs(c) {
			have = have.with(m.present[other])
		}
	})
	return m.example(have.without(matched))
}

// Beyond returns an event that instance i matches and instance k of o does not. Both meanings
// must come from one call of [Scope.Of].
func (m *Meaning) Beyond(i int, o *Meaning, k int) interp.Event {
	for n, w := range m.matched[i] {
		if more := w &^ o.matched[k][n]; more != 0 {
			return m.event(64*n + bits.TrailingZeros64(more))
		}
	}
	return nil
}

// each calls visit for each reference of a condition.
func (t *tree) each(visit func(leaf *tree)) {
	if t.parts == nil {
		visit(t)
	}
	for _, part := range t.parts {
		part.each(visit)
	}
}

// A DeadAlternative is an alternative of a condition by which it holds for no event of the
// scope.
type DeadAlternative struct {
	Word   int  // the first word of it that is not negated, from 0 in the condition of the instance
	Inside bool // it is a part of another dead alternative
}

// Dead returns the dead alternatives of an instance: an operand of a list of which one is
// enough, or a part of an or. No event of the scope satisfies it together with all that must
// hold beside it. Alternatives that consist of negations and tests for presence do not count.
func (m *Meaning) Dead(i int) (list []DeadAlternative) {
	first := m.file.Instance(i).First
	add := func(t *tree, inside bool) {
		word := -1
		t.each(func(leaf *tree) {
			if word < 0 && !leaf.negated && m.file.Criterion(leaf.criterion).Operator != channelfile.OpExists {
				word = leaf.word - first
			}
		})
		if word >= 0 {
			list = append(list, DeadAlternative{word, inside})
		}
	}
	var visit func(t *tree, beside set, inside bool)
	visit = func(t *tree, beside set, inside bool) {
		if t.parts == nil && !t.negated {
			for _, s := range m.operands[t.criterion] {
				if s.with(beside).first() < 0 {
					add(t, inside)
				}
			}
		}
		for k, part := range t.parts {
			if t.or {
				dead := m.eval(part, m.criteria).with(beside).first() < 0
				if dead {
					add(part, inside)
				}
				visit(part, beside, inside || dead)
				continue
			}
			rest := beside
			for n, other := range t.parts {
				if n != k {
					rest = rest.with(m.eval(other, m.criteria))
				}
			}
			visit(part, rest, inside)
		}
	}
	visit(m.trees[i], m.all, m.matched[i].first() < 0)
	return list
}

// notDecisive is a weight beyond all lengths of values.
const notDecisive = 1 << 20

// weigh returns, for each input, the sum of the lengths of the operands of a condition: of each
// text one more than its letters, and 1 for a test without an operand. Inputs of type integer
// and address have no weight.
func (m *Meaning) weigh(t *tree) []int {
	weights := make([]int, len(m.values))
	t.each(func(leaf *tree) {
		c := m.file.Criterion(leaf.criterion)
		w := &weights[c.Input]
		for _, v := range m.scope.values[c.Input] {
			if v.Present() && v.Type != sensor.TypeString {
				return
			}
		}
		if c.Flags&channelfile.FlagInputs != 0 {
			*w += notDecisive
			return
		}
		if c.Operator == channelfile.OpExists {
			*w++
		}
		for v := range m.file.OperandValues(c) {
			switch c.Operator {
			case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains:
				*w += len(v) + 1
			case channelfile.OpPattern:
				if *w += len(v) + 1; strings.ContainsRune(string(v), '?') {
					*w += notDecisive
				}
			default:
				*w += notDecisive
			}
		}
		for range m.file.OperandPrograms(c) {
			*w += notDecisive
		}
	})
	return weights
}

// Decisive reports whether some event of the scope fits a question about instances, if any
// event does. The values of the scope must be absence and all texts of at most the given number
// of letters, of which one is in no operand and folds to no other. The values of an input of
// another type must be the ends of all ranges, and their neighbours.
//
// A text that fits can be changed as follows. The letters that a test needs stay, and each
// stretch of other letters becomes the one letter. Each test for a text that must not occur
// still fails, because the text lacks that letter. The result is not longer than the operands
// of the questions, each with one letter more.
func (m *Meaning) Decisive(letters int, instances ...int) bool {
	for input := range m.values {
		sum := 0
		for _, i := range instances {
			sum += m.weights[i][input]
		}
		if sum >= letters {
			return false
		}
	}
	return true
}
