package meaning

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// An Answer is the answer to a question about formulas.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota // outside of the fragment, or beyond a budget; the zero value
	No
	Yes
)

func (a Answer) String() string {
	switch a {
	case No:
		return "no"
	case Yes:
		return "yes"
	}
	return "unknown"
}

// A Solver answers questions about formulas over the fields of one type of event. It must be used
// by only one goroutine at a time. Its answers do not depend on earlier questions.
type Solver struct {
	types   []sensor.InputType
	work    uint64
	limit   uint64 // of the question
	samples map[*channelfile.Program][]byte

	// The buffers below are reused for the next question.
	stack   []part
	pending []pending
	tried   cell // text that is tried for a field
	parts   parts
	affixes [2][]byte
	folds   [2][]byte
}

// A part is a formula that must hold, or if negated must fail.
type part struct {
	formula Formula
	negated bool
}

// The limits of a question.
const (
	MaxWork    = 1 << 21 // units of work, of about two nanoseconds
	MaxOperand = 1 << 12 // bytes of an operand
	maxChoices = 1 << 10 // choices that depend on each other
)

// NewSolver returns a solver for events whose fields have the given types. A field beyond the end
// of types is a string.
func NewSolver(types []sensor.InputType) *Solver { return &Solver{types: types} }

// Work returns the work of all questions so far, in units of about two nanoseconds.
func (s *Solver) Work() uint64 { return s.work }

func (s *Solver) typeOf(field int) sensor.InputType {
	if field < len(s.types) {
		return s.types[field]
	}
	return sensor.TypeString
}

// spend counts work, and returns false if the limit of the question is reached.
func (s *Solver) spend(work int) bool {
	s.work += uint64(work)
	return !s.spent()
}

func (s *Solver) spent() bool { return s.work > s.limit }

// cost counts the evaluation of a test on a text. It returns true if the limit of the
// question is reached.
func (s *Solver) cost(t *Test, text []byte) bool {
	work := 8 + len(text)
	switch t.Operator {
	case channelfile.OpPattern:
		work += len(text) * len(t.Operand)
	case channelfile.OpRegexp:
		work += 2 * (len(text) + 1) * t.Program.Len()
	}
	return !s.spend(work)
}

// Possible decides whether f holds for some event. If the answer is Yes, f holds for the event.
func (s *Solver) Possible(f Formula) (Answer, interp.Event) {
	return s.ask(f).answer()
}

// ask begins a question.
func (s *Solver) ask(f Formula) *question {
	s.limit = s.work + MaxWork
	return &question{solver: s, whole: f, fields: map[int]*fieldState{}}
}

// answer answers the question. Afterwards only the values of the fields can be asked for, since the
// next question takes the buffers.
func (q *question) answer() (Answer, interp.Event) {
	q.pending = q.solver.pending[:0]
	defer func() { q.solver.pending = q.pending }()
	answer := q.assert(q.whole, false, 0)
	if answer == Yes {
		answer, _ = q.choose(1)
	}
	if answer != Yes {
		return answer, nil
	}
	return Yes, q.event()
}

// Implies decides whether b holds for every event for which a holds. If the answer is No, a holds
// for the event and b does not.
func (s *Solver) Implies(a, b Formula) (Answer, interp.Event) {
	switch answer, e := s.Possible(And(a, Not(b))); answer {
	case Yes:
		return No, e
	case No:
		return Yes, nil
	}
	return Unknown, nil
}

// A question is the search for an event for which a formula holds.
type question struct {
	solver  *Solver
	whole   Formula
	fields  map[int]*fieldState
	used    []*fieldState // in the order of their first literal
	dirty   []*fieldState // whose value must be found again
	pending []pending
	saves   []savedField // of the choices that were not undone
	clashed levels       // after assert said No: the choices that took part
}

// A fieldState has the literals on a field that were asserted so far, and a value that fits.
type fieldState struct {
	field    int
	literals []literal
	value    *cell
	isDirty  bool
}

// A pending formula must hold by one of its parts, or if negated must fail by one of them.
type pending struct {
	formula Formula
	negated bool
	level   int
	chosen  bool // one of its parts has been asserted
}

// Levels are a set of choices.
type levels map[int]bool

func (q *question) of(field int) *cell {
	if s := q.fields[field]; s != nil && s.value != nil {
		return s.value
	}
	return &noCell
}

func (q *question) event() interp.Event {
	n := 0
	for _, s := range q.used {
		n = max(n, s.field+1)
	}
	e := make(interp.Event, n)
	for _, s := range q.used {
		e[s.field] = q.of(s.field).Value
	}
	return e
}

// assert adds a formula, or its negation, to the formulas that must hold, and finds values for the
// fields. If it returns No, q.clashed has the choices that contradict each other.
func (q *question) assert(f Formula, negated bool, level int) Answer {
	q.dirty = q.dirty[:0]
	stack := append(q.solver.stack[:0], part{f, negated})
	defer func() { q.solver.stack = stack }()
	for len(stack) > 0 {
		it := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		inner, sign, or := it.formula.disjunctive(it.negated)
		if !q.solver.spend(4) {
			return q.unknown()
		}
		switch parts := inner.parts(); {
		case or && len(parts) == 0:
			q.clashed = levels{level: true}
			return q.failed()
		case or && len(parts) > 1:
			q.pending = append(q.pending, pending{inner, sign, level, false})
		case inner.node != nil && inner.node.kind == kindTest:
			if len(inner.node.test.Operand) > MaxOperand {
				return q.unknown()
			}
			q.literal(literal{&inner.node.test, sign, level})
		default:
			for i := len(parts) - 1; i >= 0; i-- {
				stack = append(stack, part{parts[i], sign})
			}
		}
	}
	for _, s := range q.dirty {
		value, answer := q.solver.solveField(q.solver.typeOf(s.field), s.literals)
		switch answer {
		case No:
			q.clashed = levels{}
			for _, l := range s.literals {
				q.clashed[l.level] = true
			}
			return q.failed()
		case Unknown:
			return q.unknown()
		}
		s.value, s.isDirty = value, false
	}
	return Yes
}

// failed and unknown end an assert. The caller undoes what it added.
func (q *question) failed() Answer {
	for _, s := range q.dirty {
		s.isDirty = false
	}
	return No
}

func (q *question) unknown() Answer {
	q.failed()
	return Unknown
}

// literal adds a literal. If the value of its field does not fit it, the field becomes dirty.
func (q *question) literal(l literal) {
	s := q.fields[l.test.Field]
	if s == nil {
		s = &fieldState{field: l.test.Field}
		q.fields[s.field] = s
		q.used = append(q.used, s)
	}
	s.literals = append(s.literals, l)
	if s.isDirty {
		return
	}
	fits := s.value != nil && l.test.With == 0 && s.value.Present() && l.test.on(s.value) != l.negated ||
		l.test.With == 0 && !s.valuePresent() && l.negated
	if !fits {
		s.isDirty = true
		q.dirty = append(q.dirty, s)
	}
}

func (s *fieldState) valuePresent() bool { return s.value != nil && s.value.Present() }

// choose satisfies the pending formulas. Level is the number of the next choice. If the answer is
// No, it returns the earlier choices that contradict each other.
func (q *question) choose(level int) (Answer, levels) {
	at := -1
	for i, p := range q.pending {
		if p.chosen {
			continue
		}
		if !q.solver.spend(8 * len(p.formula.parts())) {
			return Unknown, nil
		}
		if p.formula.holds(q.of) == p.negated {
			at = i
			break
		}
	}
	if at < 0 {
		// Comparisons of two fields, and tests without an automaton, were not solved.
		if !q.whole.holds(q.of) {
			return Unknown, nil
		}
		return Yes, nil
	}
	if level > maxChoices {
		return Unknown, nil
	}
	p := q.pending[at]
	q.pending[at].chosen = true
	defer func() { q.pending[at].chosen = false }()
	clashed, unknown := levels{p.level: true}, false
	for _, part := range p.formula.parts() {
		saved := q.save()
		answer := q.assert(part, p.negated, level)
		why := q.clashed
		if answer == Yes {
			answer, why = q.choose(level + 1)
		}
		switch answer {
		case Yes:
			return Yes, nil
		case Unknown:
			unknown = true
		case No:
			if !why[level] { // the same contradiction without this choice
				return No, why
			}
			for l := range why {
				if l != level {
					clashed[l] = true
				}
			}
		}
		q.restore(saved)
		if q.solver.spent() {
			return Unknown, nil
		}
	}
	if unknown {
		return Unknown, nil
	}
	return No, clashed
}

// A saved is the state of a question before a choice.
type saved struct {
	pending     int
	first, used int // the states of the fields, in q.saves
}

// A savedField is the state of a field before a choice.
type savedField struct {
	literals int
	value    *cell
}

func (q *question) save() saved {
	s := saved{len(q.pending), len(q.saves), len(q.used)}
	for _, f := range q.used {
		q.saves = append(q.saves, savedField{len(f.literals), f.value})
	}
	return s
}

// restore undoes a choice, and those that were made after it.
func (q *question) restore(s saved) {
	q.pending = q.pending[:s.pending]
	for i, f := range q.used {
		var before savedField
		if i < s.used {
			before = q.saves[s.first+i]
		}
		f.literals, f.value, f.isDirty = f.literals[:before.literals], before.value, false
	}
	q.saves = q.saves[:s.first]
}
