package meaning

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A Test compares the value of one field with one operand. An absent value fails every test.
type Test struct {
	Field    int
	Operator channelfile.Operator
	Fold     bool                 // compare the folds of runes; Operand is folded
	Operand  channelfile.Value    // as in a channel file; nil if the operator takes no value
	Program  *channelfile.Program // for OpRegexp
	With     int                  // other field whose value is compared, plus one; 0 means Operand

	Word   int // index of the word of the channel file that the test comes from
	Number int // number of the operand in the criterion of the word, from 0
}

// A Formula is a condition over the fields of an event. It never changes, and may be a part of
// several others. The zero Formula holds for every event.
type Formula struct{ node *node }

type kind uint8

const (
	kindAnd kind = iota
	kindOr
	kindNot
	kindTest
)

type node struct {
	kind  kind
	test  Test
	parts []Formula
}

// Is holds if the test holds.
func Is(t Test) Formula { return Formula{&node{kind: kindTest, test: t}} }

// And holds if all parts hold.
func And(parts ...Formula) Formula { return Formula{&node{kind: kindAnd, parts: parts}} }

// Or holds if one of the parts holds.
func Or(parts ...Formula) Formula { return Formula{&node{kind: kindOr, parts: parts}} }

// Not holds if f does not hold.
func Not(f Formula) Formula { return Formula{&node{kind: kindNot, parts: []Formula{f}}} }

// Present holds if all the fields are present.
func Present(fields ...int) Formula {
	parts := make([]Formula, len(fields))
	for i, field := range fields {
		parts[i] = Is(Test{Field: field, Operator: channelfile.OpExists})
	}
	return And(parts...)
}

// Tests passes the tests of f to yield, from left to right, until yield returns false. A test that
// occurs several times is passed several times. Negated is true below an odd number of negations.
func (f Formula) Tests(yield func(t *Test, negated bool) bool) { f.tests(false, yield) }

func (f Formula) tests(negated bool, yield func(t *Test, negated bool) bool) bool {
	if f.node == nil {
		return true
	}
	if f.node.kind == kindTest {
		return yield(&f.node.test, negated)
	}
	for _, part := range f.node.parts {
		if !part.tests(negated != (f.node.kind == kindNot), yield) {
			return false
		}
	}
	return true
}

// Replace returns f with the formula that of returns in place of each test. Ok is false if of keeps
// each test.
func (f Formula) Replace(of func(t *Test) (Formula, bool)) (replaced Formula, ok bool) {
	if f.node == nil {
		return f, false
	}
	if f.node.kind == kindTest {
		if by, ok := of(&f.node.test); ok {
			return by, true
		}
		return f, false
	}
	parts := make([]Formula, len(f.node.parts))
	for i, part := range f.node.parts {
		by, changed := part.Replace(of)
		parts[i], ok = by, ok || changed
	}
	if !ok {
		return f, false
	}
	return Formula{&node{kind: f.node.kind, parts: parts}}, true
}

// Holds reports whether f holds for an event. A field beyond the end of the event is absent.
func (f Formula) Holds(e interp.Event) bool {
	return f.holds(func(field int) *cell {
		if field < len(e) {
			return &cell{Value: e[field]}
		}
		return &noCell
	})
}

// holds evaluates f on the values that of returns.
func (f Formula) holds(of func(field int) *cell) bool {
	if f.node == nil {
		return true
	}
	switch f.node.kind {
	case kindTest:
		return f.node.test.holds(of)
	case kindNot:
		return !f.node.parts[0].holds(of)
	}
	or := f.node.kind == kindOr
	for _, part := range f.node.parts {
		if part.holds(of) == or {
			return or
		}
	}
	return !or
}

// disjunctive reports whether f, or its negation, holds if one of several parts does. It skips
// negations, and returns the formula below them.
func (f Formula) disjunctive(negated bool) (inner Formula, sign, ok bool) {
	for f.node != nil && f.node.kind == kindNot {
		f, negated = f.node.parts[0], !negated
	}
	if f.node == nil {
		return f, negated, negated // the negation of the zero Formula never holds
	}
	return f, negated, f.node.kind == kindOr && !negated || f.node.kind == kindAnd && negated
}

// parts returns the parts of f. The zero Formula has no parts.
func (f Formula) parts() []Formula {
	if f.node == nil {
		return nil
	}
	return f.node.parts
}
