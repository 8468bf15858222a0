package meaning

// An Alternative is a part of a formula of which one part must hold.
type Alternative struct {
	Formula Formula   // the part; its negation is the alternative if Negated is true
	Negated bool      // the part stands below an odd number of negations
	Beside  []Formula // the formulas that must hold with it
}

// Dead passes the alternatives of f that never make it hold to yield: for each alternative, no
// event satisfies it together with all that must hold beside it. It skips the parts of a dead
// alternative, and passes nothing if f itself never holds, or if f may never hold. Under restricts
// the events that count; the zero Formula admits all.
//
// An alternative is a part of an [Or], or of a negated [And]. Dead is silent about an alternative
// for which it has no proof.
func (s *Solver) Dead(f, under Formula, yield func(Alternative)) {
	d := &dead{solver: s, until: s.work + 2*MaxWork, live: map[*node]bool{}, fields: map[int]int{}, yield: yield}
	q := s.ask(And(f, under))
	if answer, _ := q.answer(); answer != Yes {
		return
	}
	d.mark(f, false, q)
	for t := range f.Tests {
		d.fields[t.Field]++
		if t.With > 0 { //mutation:equivalent: no proof uses the other input of a comparison
			d.fields[t.With-1]++
		}
	}
	for t := range under.Tests {
		d.fields[t.Field]++
	}
	d.visit(f, false, []Formula{under})
}

// Conflict returns a subset of formulas that cannot hold together, such that all its proper subsets
// may hold together. It returns nil if the solver cannot show that the formulas contradict each
// other.
func (s *Solver) Conflict(formulas []Formula) []Formula {
	if answer, _ := s.Possible(And(formulas...)); answer != No {
		return nil
	}
	left := append([]Formula(nil), formulas...)
	// Try to remove each formula, at first many at once.
	for size := len(left) / 2; size > 0; size /= 2 {
		for i := 0; i < len(left); {
			//mutation:equivalent width: only report texts depend on it
			fewer := append(append([]Formula(nil), left[:i]...), left[min(i+size, len(left)):]...)
			if answer, _ := s.Possible(And(fewer...)); answer == No {
				left = fewer
			} else {
				i += size
			}
		}
	}
	return left
}

// Parts returns the formulas that must all hold for f to hold.
func (f Formula) Parts() []Formula { return f.conjuncts(false, nil) }

func (f Formula) conjuncts(negated bool, list []Formula) []Formula {
	inner, sign, or := f.disjunctive(negated)
	parts := inner.parts()
	if or && len(parts) != 1 || inner.node != nil && inner.node.kind == kindTest {
		return append(list, signed(inner, sign))
	}
	for _, part := range parts {
		list = part.conjuncts(sign, list)
	}
	return list
}

// dead looks for the dead alternatives of one formula.
type dead struct {
	solver *Solver
	until  uint64         // work of the solver at which the rest is passed over
	live   map[*node]bool // alternatives that hold in an event for which f holds by them
	fields map[int]int    // number of tests by field
	yield  func(Alternative)
}

// mark marks the alternatives by which f holds for the event of a question.
func (d *dead) mark(f Formula, negated bool, q *question) {
	inner, sign, or := f.disjunctive(negated)
	for _, part := range inner.parts() {
		if or && part.holds(q.of) == sign {
			continue
		}
		if or { //mutation:equivalent: the slow path gives the same result
			d.live[part.node] = true
		}
		d.mark(part, sign, q)
	}
}

// visit looks at the alternatives in f. Beside are formulas that must hold too, without the parts
// of f.
func (d *dead) visit(f Formula, negated bool, beside []Formula) {
	inner, sign, or := f.disjunctive(negated)
	parts := inner.parts()
	if !or {
		for i, part := range parts {
			//mutation:equivalent condition: a test has no parts
			if part.node == nil || part.node.kind == kindTest {
				continue
			}
			others := append([]Formula(nil), beside...)
			for k, other := range parts {
				if k != i {
					others = append(others, signed(other, sign))
				}
			}
			d.visit(part, sign, others)
		}
		return
	}
	alone := d.alone(parts)
	together := append(beside[:len(beside):len(beside)], Formula{}) // and the alternative
	for _, part := range parts {
		if d.solver.work > d.until { //mutation:missed: only the work limit depends on it
			return
		}
		if !d.live[part.node] && !(alone && d.easy(part, sign)) {
			together[len(beside)] = signed(part, sign)
			q := d.solver.ask(And(together...))
			switch answer, _ := q.answer(); answer {
			case No:
				d.yield(Alternative{part, sign, beside})
				continue
			case Unknown:
				continue
			}
			d.mark(part, sign, q)
		}
		d.visit(part, sign, beside)
	}
}

func signed(f Formula, negated bool) Formula {
	if negated {
		return Not(f)
	}
	return f
}

// alone reports whether all parts are tests of one field that no other test reads, and one of the
// parts is live. Then each part is live that can hold at all: only the value of the field changes.
func (d *dead) alone(parts []Formula) bool {
	live, field := false, -1
	for _, part := range parts {
		//mutation:equivalent `part.node == nil`, `part.node.test.With > 0`: only slower
		if part.node == nil || part.node.kind != kindTest || part.node.test.With > 0 {
			return false
		}
		if field >= 0 && part.node.test.Field != field {
			return false
		}
		field = part.node.test.Field
		live = live || d.live[part.node]
	}
	return live && d.fields[field] == len(parts)
}

// easy reports whether a test can obviously hold, or fail if negated.
func (d *dead) easy(part Formula, negated bool) bool {
	return negated || part.node.test.Program == nil
}
