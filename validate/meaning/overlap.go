package meaning

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/meaning"
	"github.com/cfcheck/cfcheck/validate"
)

// An overlap is a rule all of whose events another rule matches too.
type overlap struct {
	rule, by int32 // instances
	same     bool  // the other rule matches no other event
}

// overlaps are the overlaps of a file, one at most for each rule, ordered by the rule.
type overlaps struct {
	list   []overlap
	same   int    // overlaps beyond maxVerdicts with rules that match the same events
	wider  int    // other overlaps beyond maxVerdicts
	passed uint64 // pairs of rules that were not compared, because a rule has too many candidates
}

// maxCandidates is the number of rules with which a rule is compared.
const maxCandidates = 64

// overlapsOf compares the rules of a file with each other. A rule is compared with the rules that
// also need its rarest criterion: the one of those which it needs that fewest rules need.
var overlapsOf = validate.OfSubject(func(p *validate.Pass) *overlaps {
	c := &comparer{judge: newJudge(p), overlaps: new(overlaps), outlines: outlinesOf.Get(p)}
	c.events = meaning.NewSolver(c.types)
	if p.Broken.Len() == 0 {
		c.skip, c.found = make([]bool, p.File.Instances()), make([]bool, p.File.Instances())
		for _, v := range verdictsOf.Get(p).list {
			if v.kind == neverMatches {
				c.skip[v.instance] = true // it implies every rule
			}
		}
		c.repeated()
		c.implied()
	}
	slices.SortFunc(c.list, func(a, b overlap) int { return cmp.Compare(a.rule, b.rule) })
	return c.overlaps
})

// A comparer compares the rules of one file.
type comparer struct {
	*judge
	*overlaps
	outlines *meaning.Outlines
	events   *meaning.Solver // finds events whose work was counted before

	skip  []bool             // by instance: it never matches, or repeats another one
	found []bool             // by instance: it has an overlap
	stack []channelfile.Word // of the condition that is read: the word of each truth

	reads      []uint64    // by instance: see positive
	candidates []candidate // for the rarest criterion that is looked at
	refs       []channelfile.Word
	beyond     uint64 // number of rules that are not among the candidates
}

// repeated finds the rules whose condition is that of an earlier rule, word by word. The format has
// one form for a condition, so most rules with the same tests have the same words.
func (c *comparer) repeated() {
	f := c.pass.File
	list := c.alike()
	slices.SortFunc(list, func(a, b int32) int { return cmp.Or(compareWords(f, int(a), int(b)), cmp.Compare(a, b)) })
	for i := 1; i < len(list); i++ {
		rule, by := int(list[i]), int(list[i-1])
		if !c.skip[rule] && compareWords(f, rule, by) == 0 {
			c.add(rule, by, true)
			c.skip[rule] = true
		}
	}
}

// alike returns the instances that can have the condition of another one: those whose conditions
// have the same hash.
func (c *comparer) alike() (list []int32) {
	f := c.pass.File
	const perInstance = 16 // places, so that few conditions share one by chance
	places := uint64(1) << bits.Len(uint(perInstance*f.Instances()))
	once, twice := make([]uint64, places/64+1), make([]uint64, places/64+1)
	place := func(i int) (word int, bit uint64) {
		in, h := f.Instance(i), uint64(0)
		for w := in.First; w < in.First+in.Count; w++ {
			h = (h ^ uint64(f.Word(w))) * 0x9E3779B97F4A7C15 // odd, so that it loses nothing
			h ^= h >> 32
		}
		h &= places - 1
		return int(h / 64), 1 << (h % 64)
	}
	for i := range f.Instances() {
		word, bit := place(i)
		twice[word] |= once[word] & bit
		once[word] |= bit
	}
	for i := range f.Instances() {
		if word, bit := place(i); twice[word]&bit != 0 {
			list = append(list, int32(i))
		}
	}
	return list
}

// compareWords orders instances by their conditions.
func compareWords(f *channelfile.File, i, k int) int {
	a, b := f.Instance(i), f.Instance(k)
	if a.Count != b.Count {
		return cmp.Compare(a.Count, b.Count)
	}
	for w := range a.Count {
		if x, y := f.Word(a.First+w), f.Word(b.First+w); x != y {
			return cmp.Compare(x, y)
		}
	}
	return 0
}

func (c *comparer) add(rule, by int, same bool) {
	c.found[rule] = true
	switch {
	case len(c.list) < maxVerdicts:
		c.list = append(c.list, overlap{int32(rule), int32(by), same})
	case same:
		c.same++
	default:
		c.wider++
	}
}

// references calls visit for each reference that must hold for an instance to match, ascending.
func (c *comparer) references(i int, visit func(w channelfile.Word)) {
	f, in := c.pass.File, c.pass.File.Instance(i)
	stack := c.stack[:0]
	for k := in.First; k < in.First+in.Count; k++ {
		w := f.Word(k)
		if !w.IsReference() {
			stack = stack[:len(stack)-w.Operands()]
		}
		stack = append(stack, w)
	}
	for _, w := range stack {
		if w.IsReference() {
			visit(w)
		}
	}
	c.stack = stack
}

// needed calls visit for each criterion that must hold for an instance to match.
func (c *comparer) needed(i int, visit func(criterion int32)) {
	c.references(i, func(w channelfile.Word) {
		if !w.Negated() {
			visit(int32(w.Criterion()))
		}
	})
}

// implied finds the rules that another rule covers.
func (c *comparer) implied() {
	f := c.pass.File
	first := make([]int32, f.Criteria()+1) // by criterion: index in rules of the first rule
	for i := range f.Instances() {
		c.needed(i, func(criterion int32) { first[criterion+1]++ })
	}
	if !slices.Contains(c.skip, false) {
		return
	}
	for k := range f.Criteria() {
		first[k+1] += first[k]
	}
	rules := make([]int32, first[f.Criteria()]) // that need a criterion, by criterion
	next := slices.Clone(first)
	for i := range f.Instances() {
		c.needed(i, func(criterion int32) {
			rules[next[criterion]] = int32(i)
			next[criterion]++
		})
	}
	// The rules whose rarest criterion is the same have the same candidates.
	var order []rarest
	for i := range f.Instances() {
		r := rarest{int32(i), -1, 0}
		fewest := int32(0)
		c.needed(i, func(criterion int32) {
			r.needs |= inputBit(f, int(criterion))
			if n := first[criterion+1] - first[criterion]; r.criterion < 0 || n < fewest {
				r.criterion, fewest = criterion, n
			}
		})
		if fewest > 1 && !c.skip[i] {
			order = append(order, r)
		}
	}
	if len(order) == 0 {
		return
	}
	c.reads = c.positive()
	slices.SortFunc(order, func(a, b rarest) int {
		return cmp.Or(cmp.Compare(a.criterion, b.criterion), cmp.Compare(a.instance, b.instance))
	})
	for k, r := range order {
		before := c.solver.Work()
		//mutation:missed: only files of very expensive expressions reach the limit
		if before > workOf(c.pass) {
			c.passed += uint64(first[r.criterion+1] - first[r.criterion] - 1)
			continue
		}
		if k == 0 || order[k-1].criterion != r.criterion {
			c.prepare(rules[first[r.criterion]:first[r.criterion+1]])
		}
		c.compare(r)
		//mutation:missed: TestBudget or budget.txtar detects it
		if !c.pass.Spend((c.solver.Work() - before + 64*uint64(len(c.candidates))) * stepsPerWork) {
			return
		}
	}
}

// A rarest is the rarest criterion that an instance needs, and the inputs of all criteria that it
// needs, as bits of inputBit.
type rarest struct {
	instance  int32
	criterion int32
	needs     uint64
}

// A candidate is a rule that other rules may cover.
type candidate struct {
	instance int
	refs     []channelfile.Word // that must hold, ascending

	// The fields below are set if made is true.
	made    bool
	formula meaning.Formula
	event   interp.Event // that the rule matches
}

// prepare makes candidates of the first of some rules.
func (c *comparer) prepare(rules []int32) {
	c.candidates, c.beyond = c.candidates[:0], uint64(max(0, len(rules)-maxCandidates-1))
	c.refs = c.refs[:0]
	for _, k := range rules[:min(len(rules), maxCandidates+1)] {
		other := candidate{instance: int(k)}
		if c.skip[k] || !c.outlines.Possible(other.instance, c.solver) && !c.make(&other, c.solver) {
			continue
		}
		first := len(c.refs)
		c.references(other.instance, func(w channelfile.Word) { c.refs = append(c.refs, w) })
		other.refs = c.refs[first:len(c.refs):len(c.refs)]
		c.candidates = append(c.candidates, other)
	}
}

// make makes the formula of a candidate, and its event. It returns false if no event is found.
func (c *comparer) make(other *candidate, s *meaning.Solver) (ok bool) {
	if other.made {
		return true
	}
	if other.formula, ok = c.instances.Formula(other.instance); !ok {
		return false
	}
	answer, event := s.Possible(other.formula)
	other.event, other.made = event, answer == meaning.Yes
	return other.made
}

// positive returns for each instance the inputs of its criteria that are not negated. If one of
// them is absent in each event that an instance matches, it cannot imply a rule that needs it.
func (c *comparer) positive() []uint64 {
	f := c.pass.File
	reads := make([]uint64, f.Instances())
	for i := range reads {
		in := f.Instance(i)
		for k := in.First; k < in.First+in.Count; k++ {
			if w := f.Word(k); w.IsReference() && !w.Negated() {
				reads[i] |= inputBit(f, w.Criterion())
			}
		}
	}
	return reads
}

// inputBit returns a set with the input of a criterion. Several inputs share a bit.
func inputBit(f *channelfile.File, criterion int) uint64 {
	return 1 << (f.Criterion(criterion).Input % 64)
}

// compare finds the candidates that an instance covers.
func (c *comparer) compare(r rarest) {
	i := int(r.instance)
	c.passed += c.beyond
	if c.instances.Size(i) > meaning.MaxTests {
		return
	}
	for k := range c.candidates {
		other := &c.candidates[k]
		if other.instance == i || c.found[other.instance] || r.needs&^c.reads[other.instance] != 0 {
			continue
		}
		if !c.includes(other.refs, i) {
			holds, ok := c.outlines.HoldsBeside(i, other.instance)
			if !ok && c.make(other, c.events) {
				formula, _ := c.instances.Formula(i)
				holds = formula.Holds(other.event)
			}
			if !holds {
				continue
			}
			if c.implies(other.instance, i) != meaning.Yes {
				continue
			}
		}
		if c.implies(i, other.instance) != meaning.Yes {
			c.add(other.instance, i, false)
		} else if same := max(i, other.instance); !c.found[same] {
			c.add(same, min(i, other.instance), true)
		}
	}
}

// implies decides whether a rule implies another one.
func (c *comparer) implies(rule, other int) meaning.Answer {
	if answer := c.outlines.Implies(rule, other, c.solver); answer != meaning.Unknown {
		return answer
	}
	a, known := c.instances.Formula(rule)
	b, also := c.instances.Formula(other)
	if !known || !also {
		return meaning.Unknown
	}
	answer, _ := c.solver.Implies(a, b)
	return answer
}

// includes reports whether an instance consists of references that are all in refs. A rule with
// these references then implies it. This saves most proofs.
func (c *comparer) includes(refs []channelfile.Word, instance int) bool {
	f, in := c.pass.File, c.pass.File.Instance(instance)
	for k := in.First; k < in.First+in.Count; k++ {
		w := f.Word(k)
		if _, ok := slices.BinarySearch(refs, w); !ok || !w.IsReference() {
			return false
		}
	}
	return true
}
