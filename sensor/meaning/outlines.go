package meaning

import (
	"runtime"
	"slices"
	"sync"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// Outlines answer questions about the plain instances of a channel file. An instance is plain if
// each of its criteria reads a field of its own, and can hold. Its criteria then do not depend on
// each other, so the solver finds an event at its first attempt, and each alternative can make the
// instance hold. Only the work of the solver is left to be counted.
//
// The work is that of the questions of [Solver] about the formula of the instance, to the unit. It
// must be used by only one goroutine at a time.
type Outlines struct {
	file   *channelfile.File
	leaves []leaf // by criterion
	reader leafReader

	// The buffers below are reused for the next instance.
	run     int
	seen    []int   // by field: the last run with a criterion on it
	at      []int32 // by field, if the run is seen: the node of the criterion
	truths  []bool
	root    int32                       // for Implies: the last node of the instance
	other   int                         // for Implies
	ending  Answer                      // of Implies
	fits    map[[2]channelfile.Word]fit // by two references
	fields  []uint16                    // for oppose
	dirty   []int32                     // for oppose
	nodes   []outlineNode
	lists   []int32 // the parts of all nodes
	stack   []int32
	beside  []int32
	pending []outlinePending
}

// A leaf is what is known of a criterion.
type leaf struct {
	solve uint32 // work to find a value for which its first operand holds, or all if it needs all
	tests uint32 // number of its operands, at least 1
	field uint16
	kind  leafKind
	flags leafFlags
}

// A leafKind says how a criterion joins the tests with its operands.
type leafKind uint8

const (
	leafTest leafKind = iota // one test
	leafAny
	leafAll
)

type leafFlags uint8

const (
	leafPlain  leafFlags = 1 << iota // an instance with it can be plain
	leafExists                       // it has the operator exists
	leafOdd                          // it holds for the odd event
)

// An outlineNode is a criterion, or an and or an or of parts.
type outlineNode struct {
	leaf      *leaf // nil for an and or an or
	criterion int32
	negated   bool
	or        bool
	parts     []int32
	holds     bool // for a leaf: its criterion holds in the event of the question
	live      bool // its part of an or holds in some event
}

// An outlinePending is a node that must hold by one of its parts.
type outlinePending struct {
	node   int32
	chosen bool
}

// The numbers in a list of nodes that are not nodes.
const (
	nothing = -1 // the zero Formula
	refuted = -2 // the negation of the other instance of Implies
)

// The limits of outlines.
const (
	mostLeafWork     = 1 << 12 // of a criterion
	mostOutlineNodes = 64      // of an instance
	leavesPerCore    = 1 << 12 // number of criteria for which a further core is used
)

// NewOutlines reads the criteria of a file, on as many cores as there are. The fields have the
// types of the solver. Odd is an event for which few tests hold.
func NewOutlines(f *channelfile.File, s *Solver, odd interp.Event) *Outlines {
	n := f.Criteria()
	o := &Outlines{file: f, leaves: make([]leaf, n), fits: map[[2]channelfile.Word]fit{}, seen: make([]int, f.Header.InputsDeclared), at: make([]int32, f.Header.InputsDeclared)}
	o.reader = leafReader{file: f, solver: NewSolver(s.types)}
	cores := min(runtime.GOMAXPROCS(0), 1+n/leavesPerCore)
	var wait sync.WaitGroup
	for k := range cores {
		wait.Go(func() {
			r := leafReader{file: f, solver: NewSolver(s.types)}
			for i := range odd {
				r.odd = append(r.odd, cell{Value: odd[i]})
			}
			for i := k * n / cores; i < (k+1)*n/cores; i++ {
				o.leaves[i] = r.read(i)
			}
		})
	}
	wait.Wait()
	return o
}

// A leafReader makes the leaves of criteria.
type leafReader struct {
	file     *channelfile.File
	solver   *Solver
	odd      []cell // by field
	tests    []Test
	literals []literal
	value    cell // of the last solve
}

func (r *leafReader) read(i int) leaf {
	c := r.file.Criterion(i)
	l := leaf{field: c.Input, tests: uint32(max(1, c.Count))}
	// The work of an expression depends on the questions that were asked before.
	if c.Flags&channelfile.FlagInputs != 0 || c.Operator == channelfile.OpRegexp || int(c.Input) >= len(r.odd) || !r.load(c) {
		return l
	}
	all := c.Flags&channelfile.FlagAll != 0
	switch {
	case len(r.tests) == 1:
	case !all:
		l.kind = leafAny
	default:
		l.kind = leafAll
	}
	before := r.solver.work
	if r.solve(c) != Yes {
		return l
	}
	l.solve = uint32(r.solver.work - before)
	if r.holds(c, &r.odd[c.Input]) {
		l.flags |= leafOdd
	}
	if c.Operator == channelfile.OpExists {
		l.flags |= leafExists
	}
	l.flags |= leafPlain
	return l
}

// load makes the tests of a criterion. It returns false if they are too long, or if a judge takes
// one for another test.
func (r *leafReader) load(c channelfile.Criterion) bool {
	r.tests = r.tests[:0]
	size := 0
	for k := range max(1, c.Count) {
		t := Test{Field: int(c.Input), Operator: c.Operator, Fold: c.Flags&channelfile.FlagFold != 0}
		if c.Count > 0 {
			t.Operand = r.file.Value(r.file.Operand(c.First + k))
		}
		if size += 1 + len(t.Operand); size > mostLeafWork/8 || isSingleCharacter(&t) {
			return false
		}
		r.tests = append(r.tests, t)
	}
	return true
}

// solve finds the value that a question gives to the field of the loaded criterion.
func (r *leafReader) solve(c channelfile.Criterion) Answer {
	r.literals = r.literals[:0]
	for k := range r.tests {
		if r.literals = append(r.literals, literal{test: &r.tests[k]}); c.Flags&channelfile.FlagAll == 0 {
			break
		}
	}
	r.solver.limit = r.solver.work + mostLeafWork
	return r.solver.solveInto(&r.value, r.solver.typeOf(int(c.Input)), r.literals)
}

// holds evaluates the loaded criterion on a value.
func (r *leafReader) holds(c channelfile.Criterion, v *cell) bool {
	all := c.Flags&channelfile.FlagAll != 0
	for k := range r.tests {
		if (v.Present() && r.tests[k].on(v)) != all {
			return !all
		}
	}
	return all
}

// isSingleCharacter reports whether a test looks for one visible character of ASCII, or a space,
// anywhere in a text.
func isSingleCharacter(t *Test) bool {
	return t.Operator == channelfile.OpContains && len(t.Operand) == 1 && ' ' <= t.Operand[0] && t.Operand[0] <= '~'
}

// read makes the nodes of an instance. The last one joins all that must hold. It returns false if
// the instance is not plain.
func (o *Outlines) read(instance int) bool {
	o.run++
	o.nodes, o.lists = o.nodes[:0], o.lists[:0]
	return o.append(instance) && o.claim(int32(len(o.nodes)-1))
}

// claim records the fields that the criteria of a node read. It returns false if one of them is
// already read.
func (o *Outlines) claim(n int32) bool {
	node := &o.nodes[n]
	if l := node.leaf; l != nil {
		if o.seen[l.field] == o.run {
			return false
		}
		o.seen[l.field], o.at[l.field] = o.run, n
	}
	for _, part := range node.parts {
		if !o.claim(part) {
			return false
		}
	}
	return true
}

// append appends the nodes of an instance. It returns false if it has a criterion that no plain
// instance has.
func (o *Outlines) append(instance int) bool {
	in := o.file.Instance(instance)
	if in.Count >= mostOutlineNodes {
		return false
	}
	o.stack = o.stack[:0]
	tests := uint32(0)
	for w := in.First; w < in.First+in.Count; w++ {
		word := o.file.Word(w)
		if !word.IsReference() {
			if !o.join(word.Operands(), word.IsOr()) {
				return false
			}
			continue
		}
		l := &o.leaves[word.Criterion()]
		if l.flags&leafPlain == 0 {
			return false
		}
		// Such a negation can come from an empty text, which makes a difference for Dead.
		if l.flags&leafExists != 0 && word.Negated() && o.file.HasProvenance() {
			return false
		}
		tests += l.tests
		o.stack = append(o.stack, int32(len(o.nodes)))
		o.nodes = append(o.nodes, outlineNode{leaf: l, criterion: int32(word.Criterion()), negated: word.Negated()})
	}
	return tests <= MaxTests && len(o.stack) > 0 && o.join(len(o.stack), false)
}

// join replaces the last nodes of the stack by a node of which they are the parts. It returns false
// if an or has fewer than two.
func (o *Outlines) join(n int, or bool) bool {
	at := len(o.stack) - n
	if at < 0 || or && n < 2 {
		return false
	}
	first := len(o.lists)
	o.lists = append(o.lists, o.stack[at:]...)
	o.stack = append(o.stack[:at], int32(len(o.nodes)))
	o.nodes = append(o.nodes, outlineNode{or: or, parts: o.lists[first:len(o.lists):len(o.lists)]})
	return true
}

// Possible reports whether an instance is plain, and so holds for some event. It then counts the
// work of [Solver.Possible].
func (o *Outlines) Possible(instance int, s *Solver) bool {
	if !o.read(instance) {
		return false
	}
	work := o.question(int32(len(o.nodes) - 1))
	if work > MaxWork {
		return false
	}
	s.work += work
	return true
}

// Unremarkable reports whether an instance is plain, and holds neither for the event without a
// value nor for the odd event. Then it has no dead alternative. Unremarkable then counts the work
// of [Solver.Possible] and [Solver.Dead].
func (o *Outlines) Unremarkable(instance int, s *Solver) bool {
	if !o.read(instance) {
		return false
	}
	root := int32(len(o.nodes) - 1)
	if o.holds(root) {
		return false
	}
	for i := range o.nodes {
		if l := o.nodes[i].leaf; l != nil {
			o.nodes[i].holds = l.flags&leafOdd != 0
		}
	}
	if o.holds(root) {
		return false
	}
	work := o.question(root) + o.question(root, nothing)
	o.mark(root)
	o.beside = append(o.beside[:0], nothing)
	work += o.visit(root, o.beside)
	if work > MaxWork {
		return false // a question may reach its limit
	}
	s.work += work
	return true
}

// Implies decides whether an instance holds only for events for which another one does too. It
// answers Unknown if it cannot tell, and otherwise counts the work of [Solver.Implies], which
// answers the same.
func (o *Outlines) Implies(instance, other int, s *Solver) Answer {
	if !o.read(instance) {
		return Unknown
	}
	o.root, o.other, o.ending = int32(len(o.nodes)-1), other, No
	work := o.question(o.root, refuted)
	if work > MaxWork {
		return Unknown
	}
	if o.ending != Unknown {
		s.work += work
	}
	return o.ending
}

// refute returns the work to make the other instance of Implies fail, by the first of its parts
// that can. If no part can, the ending is Yes. If a part depends on the instance by more than a
// test of the same field, it is Unknown.
func (o *Outlines) refute() (work uint64) {
	if !o.append(o.other) {
		o.ending = Unknown
		return 0
	}
	for _, part := range o.nodes[len(o.nodes)-1].parts {
		if !o.shares(part) {
			if !o.claim(part) {
				o.ending = Unknown
				return 0
			}
			o.negate(part)
			return work + o.assert(part)
		}
		own, answer := o.oppose(part)
		switch work += own; answer {
		case Yes:
			return work
		case Unknown:
			o.ending = Unknown
			return 0
		}
	}
	o.ending = Yes
	return work
}

// shares reports whether a node has a criterion on a field that the instance reads.
func (o *Outlines) shares(n int32) bool {
	node := &o.nodes[n]
	if node.leaf != nil {
		return o.seen[node.leaf.field] == o.run
	}
	return slices.ContainsFunc(node.parts, o.shares)
}

// oppose decides whether a part of the other instance of Implies can fail beside what must hold,
// and returns the work. It answers Unknown if the part is more than a group of tests.
func (o *Outlines) oppose(part int32) (work uint64, answer Answer) {
	o.negate(part)
	o.fields, o.dirty = o.fields[:0], o.dirty[:0]
	work, ok := o.literals(part)
	if !ok {
		return 0, Unknown
	}
	for _, n := range o.dirty {
		node := &o.nodes[n]
		if o.seen[node.leaf.field] != o.run {
			work += uint64(node.leaf.solve)
			continue
		}
		known := o.fitOf(o.nodes[o.at[node.leaf.field]].word(), node.word())
		if work += known.work; known.answer != Yes {
			return work, known.answer
		}
	}
	return work, Yes
}

// literals returns the work to assert the tests of a node. It collects those that the values found
// so far do not fit. It returns false if the node is more than tests that must all hold, each on
// another field.
func (o *Outlines) literals(n int32) (work uint64, ok bool) {
	node := &o.nodes[n]
	work = 4
	if node.leaf == nil {
		for _, part := range node.parts {
			own, ok := o.literals(part)
			if node.or || !ok {
				return 0, false
			}
			work += own
		}
		return work, true
	}
	field := node.leaf.field
	if node.leaf.kind != leafTest || slices.Contains(o.fields, field) {
		return 0, false
	}
	o.fields = append(o.fields, field)
	fits := node.negated
	if at := o.at[field]; o.seen[field] == o.run {
		on := &o.nodes[at]
		if on.leaf.kind != leafTest || !slices.Contains(o.nodes[o.root].parts, at) {
			return 0, false // the field may have no test, or several
		}
		if on.holds {
			holds, ok := o.criterionHolds(int(node.criterion))
			if !ok {
				return 0, false
			}
			fits = holds != node.negated
		}
	}
	if !fits {
		o.dirty = append(o.dirty, n)
	}
	return work, true
}

// word returns the reference of a criterion.
func (n *outlineNode) word() channelfile.Word {
	w := channelfile.Word(2 * n.criterion)
	if n.negated {
		w++
	}
	return w
}

// negate replaces a node by its negation.
func (o *Outlines) negate(n int32) {
	node := &o.nodes[n]
	node.negated, node.or = !node.negated, !node.or
	for _, part := range node.parts {
		o.negate(part)
	}
}

// A fit says whether a field can have a value for two references to criteria.
type fit struct {
	answer Answer
	work   uint64
}

// fitOf returns whether two references to criteria of one test, on the same field, can hold
// together.
func (o *Outlines) fitOf(a, b channelfile.Word) fit {
	f, ok := o.fits[[2]channelfile.Word{a, b}]
	if !ok {
		f = o.reader.fit(a, b)
		o.fits[[2]channelfile.Word{a, b}] = f
	}
	return f
}

func (r *leafReader) fit(a, b channelfile.Word) (f fit) {
	c := r.file.Criterion(a.Criterion())
	r.load(c)
	test := r.tests[0]
	r.load(r.file.Criterion(b.Criterion()))
	r.literals = append(r.literals[:0], literal{test: &test, negated: a.Negated()}, literal{test: &r.tests[0], negated: b.Negated()})
	before := r.solver.work
	r.solver.limit = before + MaxWork
	f.answer = r.solver.solveInto(&r.value, r.solver.typeOf(int(c.Input)), r.literals)
	f.work = r.solver.work - before
	return f
}

// HoldsBeside reports whether an instance holds for the event that [Solver.Possible] finds for
// another one. Ok is false if it cannot tell.
func (o *Outlines) HoldsBeside(instance, other int) (holds, ok bool) {
	if !o.read(other) || o.question(int32(len(o.nodes)-1)) > MaxWork {
		return false, false
	}
	holds, _, ok = o.evaluate(instance)
	return holds, ok
}

// evaluate evaluates an instance on the event of the last question. Parts is the number of formulas
// that its formula joins.
func (o *Outlines) evaluate(instance int) (holds bool, parts int, ok bool) {
	in := o.file.Instance(instance)
	truths := o.truths[:0]
	for w := in.First; w < in.First+in.Count; w++ {
		word := o.file.Word(w)
		if !word.IsReference() {
			at := len(truths) - word.Operands()
			if at < 0 {
				return false, 0, false
			}
			truth := slices.Contains(truths[at:], word.IsOr()) == word.IsOr()
			truths = append(truths[:at], truth)
			continue
		}
		truth, ok := o.criterionHolds(word.Criterion())
		if !ok {
			return false, 0, false
		}
		truths = append(truths, truth != word.Negated())
	}
	o.truths = truths
	return !slices.Contains(truths, false), len(truths), true
}

// criterionHolds evaluates a criterion on the event of the last question.
func (o *Outlines) criterionHolds(i int) (holds, ok bool) {
	l := &o.leaves[i]
	if o.seen[l.field] != o.run {
		return false, true // the field is absent
	}
	if l.flags&leafPlain == 0 {
		return false, false
	}
	node := &o.nodes[o.at[l.field]]
	if !node.holds || int(node.criterion) == i {
		return node.holds, true
	}
	c := o.file.Criterion(int(node.criterion))
	o.reader.load(c)
	if o.reader.solve(c) != Yes {
		return false, false
	}
	v := o.reader.value
	c = o.file.Criterion(i)
	o.reader.load(c)
	return o.reader.holds(c, &v), true
}

// question returns the work to find an event for which some nodes hold, as a question of a solver
// does. Afterwards the nodes have the truth of their criteria in the event.
func (o *Outlines) question(nodes ...int32) (work uint64) {
	for i := range o.nodes {
		o.nodes[i].holds = false
	}
	o.pending = o.pending[:0]
	if len(nodes) > 1 {
		work = 4 // they are the parts of an and
	}
	for _, n := range nodes {
		work += o.assert(n)
	}
	for i := 0; i < len(o.pending); {
		p := &o.pending[i]
		if p.chosen {
			i++
			continue
		}
		if p.node == refuted {
			holds, parts, ok := o.evaluate(o.other)
			if !ok || parts < 2 {
				o.ending = Unknown
				return 0
			}
			if work += 8 * uint64(parts); !holds {
				i++
				continue
			}
			p.chosen = true
			if work += o.refute(); o.ending != No {
				return work
			}
			i = 0
			continue
		}
		node := &o.nodes[p.node]
		work += 8 * uint64(node.size())
		if o.holds(p.node) {
			i++
			continue
		}
		p.chosen = true
		if node.leaf != nil {
			node.holds = true
			work += 4 + uint64(node.leaf.solve)
		} else {
			work += o.assert(node.parts[0])
		}
		i = 0 // each choice looks at all again
	}
	return work
}

// size returns the number of parts of a formula.
func (n *outlineNode) size() int {
	if n.leaf != nil {
		return int(n.leaf.tests)
	}
	return len(n.parts)
}

// assert returns the work to make a node hold, without that of choices.
func (o *Outlines) assert(n int32) (work uint64) {
	work = 4
	if n == refuted {
		o.pending = append(o.pending, outlinePending{node: n})
	}
	if n < 0 {
		return work
	}
	node := &o.nodes[n]
	l := node.leaf
	switch {
	case l == nil && node.or, l != nil && l.kind == leafAny && !node.negated, l != nil && l.kind == leafAll && node.negated:
		o.pending = append(o.pending, outlinePending{node: n})
		return work
	case l == nil:
		for _, part := range node.parts {
			work += o.assert(part)
		}
		return work
	}
	if l.kind != leafTest {
		work += 4 * uint64(l.tests)
	}
	if !node.negated { // if negated, the field stays absent
		node.holds = true
		work += uint64(l.solve)
	}
	return work
}

// holds evaluates a node.
func (o *Outlines) holds(n int32) bool {
	node := &o.nodes[n]
	if node.leaf != nil {
		return node.holds != node.negated
	}
	for _, part := range node.parts {
		if o.holds(part) == node.or {
			return node.or
		}
	}
	return !node.or
}

// mark marks the alternatives that hold in the event of the last question.
func (o *Outlines) mark(n int32) {
	node := &o.nodes[n]
	for _, part := range node.parts {
		if node.or && !o.holds(part) {
			continue
		}
		o.nodes[part].live = true
		o.mark(part)
	}
}

// visit returns the work of [Solver.Dead] for the alternatives in a node. Beside are nodes that
// must hold too.
func (o *Outlines) visit(n int32, beside []int32) (work uint64) {
	node, first := &o.nodes[n], len(o.beside)
	for i, part := range node.parts {
		others := beside
		switch {
		case !node.or && o.nodes[part].leaf != nil:
			continue // its alternatives are tests of one field, so each of them is live
		case !node.or:
			o.beside = append(append(append(o.beside, beside...), node.parts[:i]...), node.parts[i+1:]...)
			others = o.beside[first:]
		case !o.nodes[part].live:
			o.stack = append(append(o.stack[:0], beside...), part)
			work += o.question(o.stack...)
			o.mark(part)
		}
		work += o.visit(part, others)
		o.beside = o.beside[:first]
	}
	return work
}
