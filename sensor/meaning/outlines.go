package meaning

import (
	"runtime"
	"slices"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/cores"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// Outlines answer questions about the plain instances of a channel file, without formulas and
// events. An instance is plain if each of its criteria reads a field of its own, and can hold. Its
// criteria then do not depend on each other, so each of them can hold or fail beside the others.
//
// The answers are proofs, as those of a [Solver]. It must be used by only one goroutine at a time.
type Outlines struct {
	file       *channelfile.File
	leaves     []leaf // by criterion
	work       uint64
	provenance bool

	// The buffers below are reused for the next instance.
	run      uint32
	claims   []claim // by field
	needs    [mostOutlineWords]uint64
	parts    []outlinePart
	alone    outlineAnswer // see fails
	fits     map[[2]channelfile.Word]fit
	tests    [2][]Test
	literals []literal
	value    cell
	folded   []byte
}

// A leaf is what is known of a criterion.
type leaf struct {
	field    uint16
	operator channelfile.Operator
	flags    leafFlags
}

type leafFlags uint8

const (
	leafPlain leafFlags = 1 << iota // an instance with it can be plain
	leafOdd                         // it holds for the odd event
	leafFold                        // it folds
	leafMany                        // it has several operands
)

// A claim is the reference of an instance that reads a field.
type claim struct {
	run  uint32 // of the instance
	wide uint32 // of the other instance of Implies
	word channelfile.Word
	must bool // it holds whenever the instance does
}

// An outlinePart is a part of a condition: a reference, or an and or an or of parts.
type outlinePart struct {
	first int // index of its first word
	word  channelfile.Word
	fails outlineAnswer // whether it can fail beside the narrow instance of Implies
}

// An outlineAnswer is an Answer, or says why it is not known yet.
type outlineAnswer uint8

const (
	failsMaybe outlineAnswer = iota // it is not known
	failsNever
	failsSometimes
	failsAlone // it sometimes fails, but perhaps not together with others
	failsFit   // the tests of the field must be compared
)

// The limits of outlines.
const (
	mostLeafSize     = 1 << 9  // bytes of the operands of a criterion
	mostLeafTests    = 1 << 8  // operands of a criterion
	mostOutlineWords = 64      // of an instance, which then has at most MaxTests tests
	leavesPerCore    = 1 << 12 // number of criteria for which a further core is used
	leastFitWork     = 1 << 10 // of a comparison of tests that is remembered
)

// NewOutlines reads the criteria of a file in normal form, on all cores. The fields have the given
// types; a field beyond their end is not plain. Odd is an event for which few tests hold.
func NewOutlines(f *channelfile.File, types []sensor.InputType, odd interp.Event) *Outlines {
	n := f.Criteria()
	o := &Outlines{file: f, leaves: make([]leaf, n), provenance: f.HasProvenance(), fits: map[[2]channelfile.Word]fit{}}
	o.claims = make([]claim, f.Header.InputsDeclared)
	parts := min(runtime.GOMAXPROCS(0), 1+n/leavesPerCore)
	works := make([]uint64, parts)
	cores.Run(parts, func(k int) {
		r := leafReader{file: f, solver: NewSolver(types)}
		for i := range min(len(odd), len(types)) {
			r.odd = append(r.odd, cell{Value: odd[i]})
		}
		for i := k * n / parts; i < (k+1)*n/parts; i++ {
			o.leaves[i] = r.read(i)
		}
		works[k] = r.solver.work
	})
	for _, work := range works {
		o.work += work
	}
	return o
}

// Work returns the work to read the criteria, in the units of [Solver.Work].
func (o *Outlines) Work() uint64 { return o.work }

// Fork returns Outlines of the same file for another goroutine.
func (o *Outlines) Fork() *Outlines {
	fork := &Outlines{file: o.file, leaves: o.leaves, provenance: o.provenance, fits: map[[2]channelfile.Word]fit{}}
	fork.claims = make([]claim, len(o.claims))
	return fork
}

// A leafReader makes the leaves of criteria.
type leafReader struct {
	file     *channelfile.File
	solver   *Solver
	odd      []cell // by field
	literals []literal
	value    cell
}

// read reads criterion i.
func (r *leafReader) read(i int) leaf {
	c := r.file.Criterion(i)
	l := leaf{field: c.Input, operator: c.Operator}
	r.solver.work += 16
	// An expression is left to the solver, which looks for a text that it matches.
	if c.Flags&channelfile.FlagInputs != 0 || c.Operator == channelfile.OpRegexp || int(c.Input) >= len(r.odd) || c.Count > mostLeafTests {
		return l
	}
	all := c.Flags&channelfile.FlagAll != 0
	odd, possible := all, true
	t := Test{Field: int(c.Input), Operator: c.Operator, Fold: c.Flags&channelfile.FlagFold != 0}
	for k, size := 0, 0; k < max(1, c.Count); k++ {
		if c.Count > 0 {
			t.Operand = r.file.Value(r.file.Operand(c.First + k))
		}
		if size += len(t.Operand); size > mostLeafSize || isSingleCharacter(&t) {
			return l
		}
		r.solver.work += uint64(16 + len(t.Operand))
		if odd != all {
			continue
		}
		if holds := r.onOdd(&t); holds != all {
			odd = holds
		}
		if k == 0 {
			possible = r.possible(&t)
		}
	}
	if all && c.Count > 1 && !(t.Operator == channelfile.OpContains && possible) || !possible {
		possible = r.solve(c)
	}
	if !possible {
		return l
	}
	if odd {
		l.flags |= leafOdd
	}
	if t.Fold {
		l.flags |= leafFold
	}
	if c.Count > 1 {
		l.flags |= leafMany
	}
	l.flags |= leafPlain
	return l
}

// onOdd evaluates a test on the odd event.
func (r *leafReader) onOdd(t *Test) bool {
	c := &r.odd[t.Field]
	if c.Type == sensor.TypeString {
		switch {
		case t.isLiteral():
			text := c.text(t.Fold) // most operands are longer, and need not be read
			return len(t.Operand) <= len(text) && compare(t.Operator, text, t.Operand)
		case t.Operator == channelfile.OpPattern:
			if leastLength(t.Operand) > len(c.text(t.Fold)) {
				return false
			}
			r.solver.work += uint64(len(c.Text) * len(t.Operand))
		}
	}
	return c.Present() && t.on(c)
}

// leastLength returns the least number of bytes of a text that matches a pattern.
func leastLength(pattern []byte) (n int) {
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*':
			continue
		case '\\':
			i++
		}
		n++
	}
	return n
}

// possible reports whether the operand of a test obviously gives a value that passes it. False
// means that the solver must look for a value.
func (r *leafReader) possible(t *Test) bool {
	if typ := r.solver.typeOf(t.Field); typ != sensor.TypeString && !t.takes(typ) {
		return false
	}
	switch t.Operator {
	case channelfile.OpExists, channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains:
		return true // if the test folds, its operand is folded, in normal form
	case channelfile.OpPattern:
		return utf8.Valid(t.Operand)
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange, channelfile.OpAddressRange:
		i := t.interval()
		return i.first.compare(i.last) <= 0
	}
	return false
}

// solve reports whether the solver finds a value for the first operand of a criterion, or for all
// operands if it needs all.
func (r *leafReader) solve(c channelfile.Criterion) bool {
	n := min(1, c.Count)
	if c.Flags&channelfile.FlagAll != 0 {
		n = c.Count
	}
	tests := testsOf(nil, r.file, c)[:max(1, n)]
	r.literals = r.literals[:0]
	for k := range tests {
		r.literals = append(r.literals, literal{test: &tests[k]})
	}
	r.solver.limit = r.solver.work + 8*mostLeafSize
	return r.solver.solveInto(&r.value, r.solver.typeOf(int(c.Input)), r.literals) == Yes
}

// testsOf appends the tests of a criterion that compares with values.
func testsOf(list []Test, f *channelfile.File, c channelfile.Criterion) []Test {
	for k := range max(1, c.Count) {
		t := Test{Field: int(c.Input), Operator: c.Operator, Fold: c.Flags&channelfile.FlagFold != 0}
		if c.Count > 0 {
			t.Operand = f.Value(f.Operand(c.First + k))
		}
		list = append(list, t)
	}
	return list
}

// isSingleCharacter reports whether a test looks for one visible character of ASCII, or a space,
// anywhere in a text. A judge takes it for another test.
func isSingleCharacter(t *Test) bool {
	return t.Operator == channelfile.OpContains && len(t.Operand) == 1 && ' ' <= t.Operand[0] && t.Operand[0] <= '~'
}

// Fields are the fields that the criteria of an instance read. A set has bit n%64 for field n.
type Fields struct {
	All      uint64
	Positive uint64 // of criteria that are not negated
	Needed   uint64 // of those of them that must hold, if the instance is unremarkable
}

// Unremarkable reports whether an instance is plain, and holds neither for the event without a
// value nor for the odd event. Then it matches some event, not every event with its fields, and has
// no dead alternative.
func (o *Outlines) Unremarkable(instance int) (ok bool, fields Fields) {
	in := o.file.Instance(instance)
	var truths [mostOutlineWords]uint8
	n, run := 0, o.next()
	plain := in.Count < mostOutlineWords
	for w := in.First; w < in.First+in.Count; w++ {
		word := o.file.Word(w)
		if !word.IsReference() {
			if plain {
				if n, plain = joinTruths(&truths, n, word); plain {
					o.needs[n-1] = 0
				}
			}
			continue
		}
		l := &o.leaves[word.Criterion()]
		truth, bit := l.flags&leafOdd, uint64(1)<<(l.field%64)
		fields.All |= bit
		if word.Negated() {
			truth ^= inEmpty | leafOdd
			bit = 0
		}
		fields.Positive |= bit
		c := &o.claims[l.field]
		if plain = plain && o.plain(l, word) && c.run != run; plain {
			c.run = run
			truths[n], o.needs[n] = uint8(truth), bit
			n++
		}
	}
	truth := uint8(inEmpty | leafOdd)
	for k, part := range truths[:n] {
		truth &= part
		fields.Needed |= o.needs[k]
	}
	return plain && truth == 0, fields
}

// inEmpty is the truth of a part of a condition in the event without a value, as a bit. The one in
// the odd event is leafOdd.
const inEmpty = leafPlain

// joinTruths replaces the last of n truths by the one of the and or the or that they are the parts
// of. Ok is false if an or has fewer than two.
func joinTruths(truths *[mostOutlineWords]uint8, n int, word channelfile.Word) (left int, ok bool) {
	at := n - word.Operands()
	if at < 0 || at == n || word.IsOr() && word.Operands() < 2 {
		return n, false
	}
	truth := truths[at]
	for _, other := range truths[at+1 : n] {
		if word.IsOr() {
			truth |= other
		} else {
			truth &= other
		}
	}
	truths[at] = truth
	return at + 1, true
}

// next begins the next instance.
func (o *Outlines) next() uint32 {
	if o.run++; o.run == 0 { //mutation:missed: only after four billion instances
		clear(o.claims)
		o.run++
	}
	return o.run
}

// plain reports whether an instance with a reference to a criterion can be plain.
func (o *Outlines) plain(l *leaf, word channelfile.Word) bool {
	// The negation of exists can come from an empty text, which makes a difference for Dead.
	return l.flags&leafPlain != 0 && !(l.operator == channelfile.OpExists && word.Negated() && o.provenance)
}

// Field returns the field that a criterion reads.
func (o *Outlines) Field(criterion int) int { return int(o.leaves[criterion].field) }

// Plain reports whether an instance is plain, and so holds for some event.
func (o *Outlines) Plain(instance int) bool {
	in := o.file.Instance(instance)
	if in.Count >= mostOutlineWords {
		return false
	}
	run := o.next()
	o.parts = o.parts[:0]
	for w := in.First; w < in.First+in.Count; w++ {
		word := o.file.Word(w)
		if !word.IsReference() {
			if !o.join(word) {
				return false
			}
			continue
		}
		l := &o.leaves[word.Criterion()]
		if !o.plain(l, word) || o.claims[l.field].run == run {
			return false
		}
		c := &o.claims[l.field]
		c.run, c.word, c.must = run, word, false
		o.parts = append(o.parts, outlinePart{first: w, word: word})
	}
	for _, part := range o.parts {
		if part.word.IsReference() {
			o.claims[o.leaves[part.word.Criterion()].field].must = true
		}
	}
	return true
}

// join replaces the last parts by the and or the or that they are the parts of. It returns false if
// an or has fewer than two.
func (o *Outlines) join(word channelfile.Word) bool {
	at := len(o.parts) - word.Operands()
	if at < 0 || at == len(o.parts) || word.IsOr() && word.Operands() < 2 {
		return false
	}
	o.parts[at].word = word
	o.parts = o.parts[:at+1]
	return true
}

// Implies decides whether an instance holds only for events for which another one does too. It
// answers Unknown if the narrow one is not plain, or if it cannot tell otherwise. S compares tests
// of one field, and counts the work.
func (o *Outlines) Implies(narrow, wide int, s *Solver) Answer {
	in := o.file.Instance(wide)
	s.work += uint64(16 * (2 + o.file.Instance(narrow).Count + in.Count))
	s.limit = s.work + MaxWork
	if in.Count >= mostOutlineWords || !o.Plain(narrow) {
		return Unknown
	}
	top := len(o.parts) // of the narrow instance; those of the wide one follow
	if !o.readWide(o.file.Instance(narrow), in, s) {
		return Unknown
	}
	// The wide instance fails if one of its parts does. Comparing tests takes the most time.
	for _, part := range o.parts[top:] {
		if part.fails == failsSometimes || part.fails == failsAlone && part.word.IsReference() {
			return No
		}
	}
	answer := Yes
	for k, part := range o.parts[top:] {
		if part.fails == failsFit {
			last := in.First + in.Count
			if top+k+1 < len(o.parts) {
				last = o.parts[top+k+1].first
			}
			part.fails = o.partFails(part.first, last, s)
		}
		switch {
		case part.fails == failsSometimes:
			return No
		case part.fails != failsNever && !o.repeats(narrow, in, top+k, top):
			answer = Unknown
		}
	}
	return answer
}

// readWide reads the wide instance of Implies, and finds out which of its parts can fail beside the
// narrow one. It returns false if it cannot tell for any of them.
func (o *Outlines) readWide(narrow, in channelfile.Instance, s *Solver) bool {
	joined, repeated := false, false // whether it has an operator, and two references on one field
	for w := in.First; w < in.First+in.Count; w++ {
		word := o.file.Word(w)
		if !word.IsReference() {
			joined = true
			continue
		}
		l := &o.leaves[word.Criterion()]
		if l.flags&leafPlain == 0 {
			return false
		}
		c := &o.claims[l.field]
		repeated = repeated || c.wide == o.run
		c.wide = o.run
	}
	if joined && repeated {
		return false
	}
	o.alone = failsAlone
	if joined && o.avoidsWide(narrow) {
		o.alone = failsSometimes
	}
	top := len(o.parts)
	for w := in.First; w < in.First+in.Count; w++ {
		word := o.file.Word(w)
		if word.IsReference() {
			o.parts = append(o.parts, outlinePart{first: w, word: word, fails: o.fails(word)})
			continue
		}
		at := len(o.parts) - word.Operands()
		if at < top || at == len(o.parts) {
			return false
		}
		fails := joinFails(o.parts[at:], word.IsOr())
		o.parts[at].word, o.parts[at].fails = word, fails
		o.parts = o.parts[:at+1]
	}
	return len(o.parts) > top
}

// partFails returns whether the part of the wide instance that some words form can fail beside the
// narrow one. It compares the tests that are needed for the answer.
func (o *Outlines) partFails(first, last int, s *Solver) outlineAnswer {
	if last-first == 1 {
		return o.fit(o.file.Word(first), s)
	}
	below := len(o.parts)
	for w := first; w < last; w++ {
		word := o.file.Word(w)
		if word.IsReference() {
			o.parts = append(o.parts, outlinePart{first: w, word: word, fails: o.fails(word)})
			continue
		}
		at := len(o.parts) - word.Operands()
		parts := o.parts[at:]
		for k := 0; k < len(parts) && joinFails(parts, word.IsOr()) == failsFit; k++ {
			if parts[k].fails == failsFit {
				parts[k].fails = o.fit(parts[k].word, s)
			}
		}
		parts[0].word, parts[0].fails = word, joinFails(parts, word.IsOr())
		o.parts = o.parts[:at+1]
	}
	fails := o.parts[below].fails
	o.parts = o.parts[:below]
	return fails
}

// avoidsWide reports whether each or of the narrow instance can hold by an alternative that reads
// no field of the wide one. These fields then have any value.
func (o *Outlines) avoidsWide(in channelfile.Instance) bool {
	var avoids [mostOutlineWords]bool
	n := 0
	for w := in.First; w < in.First+in.Count; w++ {
		word := o.file.Word(w)
		if word.IsReference() {
			c := &o.claims[o.leaves[word.Criterion()].field]
			avoids[n] = c.must || c.wide != o.run
			n++
			continue
		}
		at := n - word.Operands() // the instance is plain, so it has so many
		avoids[at] = slices.Contains(avoids[at:n], word.IsOr()) == word.IsOr()
		n = at + 1
	}
	return !slices.Contains(avoids[:n], false)
}

// fails returns whether a reference of the wide instance can fail beside the narrow one.
func (o *Outlines) fails(word channelfile.Word) outlineAnswer {
	c := &o.claims[o.leaves[word.Criterion()].field]
	switch {
	case c.run != o.run:
		return failsSometimes // without a value for the field, or with one for which it holds
	case !c.must:
		return o.alone // the narrow instance can hold by another alternative
	case c.word == word:
		return failsNever
	case c.word.Negated() && !word.Negated():
		return failsSometimes // without a value
	}
	return failsFit
}

// joinFails returns whether an and or an or of parts can fail. The parts read different fields. An
// or fails if all its parts do. It returns failsFit if the answer depends on a comparison of tests.
func joinFails(parts []outlinePart, or bool) outlineAnswer {
	settles, answer := failsSometimes, failsNever // for an and
	if or {
		settles, answer = failsNever, failsSometimes
	}
	otherwise := answer
	for _, part := range parts {
		switch part.fails {
		case settles:
			return settles
		case failsFit:
			answer = failsFit
		case failsMaybe, failsAlone:
			if answer == otherwise {
				answer = failsMaybe
			}
		}
	}
	return answer
}

// repeats reports whether a part of the wide instance is also a part of the narrow one.
func (o *Outlines) repeats(narrow int, wide channelfile.Instance, part, top int) bool {
	first, last := o.parts[part].first, wide.First+wide.Count
	if part+1 < len(o.parts) {
		last = o.parts[part+1].first
	}
	in := o.file.Instance(narrow)
	for k := range top {
		from, to := o.parts[k].first, in.First+in.Count
		if k+1 < top {
			to = o.parts[k+1].first
		}
		same := to-from == last-first
		for i := 0; same && i < last-first; i++ {
			same = o.file.Word(from+i) == o.file.Word(first+i)
		}
		if same {
			return true
		}
	}
	return false
}

// A fit says whether a field can have a value for which one reference holds and another one fails.
type fit struct {
	fails outlineAnswer
	work  uint64
}

// fit returns whether a reference of the wide instance can fail beside the one of the narrow
// instance on the same field. It compares the tests of both.
func (o *Outlines) fit(word channelfile.Word, s *Solver) outlineAnswer {
	holds := o.claims[o.leaves[word.Criterion()].field].word
	if holds.Criterion() == word.Criterion() { // and one of them is negated
		return failsSometimes
	}
	if !holds.Negated() && o.exclusive(&o.leaves[holds.Criterion()], &o.leaves[word.Criterion()]) {
		if word.Negated() {
			return failsNever
		}
		return failsSometimes
	}
	key := [2]channelfile.Word{holds, word}
	known, ok := o.fits[key]
	if ok {
		s.work += known.work
		return known.fails
	}
	before := s.work
	known.fails = o.compare(holds, word, s)
	if known.work = s.work - before; known.work >= leastFitWork && !s.spent() {
		o.fits[key] = known
	}
	return known.fails
}

// exclusive reports whether different criteria on one field exclude each other: both ask for one
// whole text, in the same way.
func (o *Outlines) exclusive(a, b *leaf) bool {
	const same = leafFold | leafMany
	return a.operator == channelfile.OpEquals && b.operator == channelfile.OpEquals && a.flags&same == b.flags&same && a.flags&leafMany == 0
}

// compare finds a value for which one reference holds, and another one fails.
func (o *Outlines) compare(holds, fails channelfile.Word, s *Solver) outlineAnswer {
	a, orA := o.load(0, holds)
	b, orB := o.load(1, fails)
	groupA, groupB := len(a), len(b) // of tests that must hold together
	if orA {
		groupA = 1
	}
	if orB {
		groupB = 1
	}
	if len(a) == 1 && len(b) == 1 && !holds.Negated() && !fails.Negated() && a[0].isLiteral() && o.differs(&a[0], &b[0], s) {
		return failsSometimes
	}
	answer := failsNever
	for i := 0; i < len(a); i += groupA {
		for k := 0; k < len(b); k += groupB {
			o.literals = o.literals[:0]
			for n := range groupA {
				o.literals = append(o.literals, literal{test: &a[i+n], negated: holds.Negated()})
			}
			for n := range groupB {
				o.literals = append(o.literals, literal{test: &b[k+n], negated: !fails.Negated()})
			}
			switch s.solveInto(&o.value, s.typeOf(a[i].Field), o.literals) {
			case Yes:
				return failsSometimes
			case Unknown:
				answer = failsMaybe
			}
			if s.spent() {
				return failsMaybe
			}
		}
	}
	return answer
}

// differs reports whether a test fails for the operand of a literal one, which passes its own.
func (o *Outlines) differs(literal, t *Test, s *Solver) bool {
	c := cell{Value: interp.Value{Type: sensor.TypeString, Text: literal.Operand}}
	if literal.Fold {
		c.folded, c.isFolded = literal.Operand, true
	} else if t.Fold {
		o.folded = channelfile.AppendFold(o.folded[:0], literal.Operand)
		c.folded, c.isFolded = o.folded, true
	}
	return s.typeOf(t.Field) == sensor.TypeString && !s.cost(t, literal.Operand) && !t.on(&c)
}

// load makes the tests of a reference that must hold, or fail for the second buffer. Or is true if
// one of them is enough.
func (o *Outlines) load(buffer int, word channelfile.Word) (tests []Test, or bool) {
	c := o.file.Criterion(word.Criterion())
	tests = testsOf(o.tests[buffer][:0], o.file, c)
	o.tests[buffer] = tests
	all := c.Flags&channelfile.FlagAll != 0
	return tests, len(tests) > 1 && all == (word.Negated() != (buffer == 1))
}
