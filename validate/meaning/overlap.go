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
	if p.Broken.Len() == 0 {
		c.skip, c.found = make([]bool, p.File.Instances()), make([]bool, p.File.Instances())
		c.of = verdictsOf.Get(p)
		for _, v := range c.of.list {
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
	of       *verdicts

	skip  []bool             // by instance: it never matches, or repeats another one
	found []bool             // by instance: it has an overlap
	stack []channelfile.Word // of the condition that is read: the word of each truth

	needs      []uint32    // the criteria that must hold, of all instances
	ends       []uint32    // by instance: end of its part of needs
	candidates []candidate // for the rarest criterion that is looked at
	parts      []part      // for freeParts
	free       []uint64    // for freeParts
	beyond     uint64      // number of rules that are not among the candidates
}

// repeated finds the rules whose condition is that of an earlier rule, word by word. The format has
// one form for a condition, so most rules with the same tests have the same words.
func (c *comparer) repeated() {
	f := c.pass.File
	list, hashes := c.alike()
	slices.SortFunc(list, func(a, b int32) int {
		if order := cmp.Compare(hashes[a], hashes[b]); order != 0 {
			return order
		}
		return cmp.Or(compareWords(f, int(a), int(b)), cmp.Compare(a, b))
	})
	for i := 1; i < len(list); i++ {
		rule, by := int(list[i]), int(list[i-1])
		if !c.skip[rule] && compareWords(f, rule, by) == 0 {
			c.add(rule, by, true)
			c.skip[rule] = true
		}
	}
}

// alike returns the instances that can have the condition of another one, and the hashes of all
// conditions. Hashes that are the same in their last bits are alike.
func (c *comparer) alike() (list []int32, hashes []uint32) {
	f := c.pass.File
	const perInstance = 16 // places, so that few conditions share one by chance
	places := uint64(1) << min(32, bits.Len(uint(perInstance*f.Instances())))
	once, twice := make([]uint64, places/64+1), make([]uint64, places/64+1)
	hashes = make([]uint32, f.Instances())
	for i := range hashes {
		in, h := f.Instance(i), uint64(0)
		for w := in.First; w < in.First+in.Count; w++ {
			h = (h ^ uint64(f.Word(w))) * 0x9E3779B97F4A7C15 // odd, so that it loses nothing
			h ^= h >> 32
		}
		hashes[i] = uint32(h)
		h &= places - 1
		word, bit := h/64, uint64(1)<<(h%64)
		twice[word] |= once[word] & bit
		once[word] |= bit
	}
	for i := range hashes {
		if h := uint64(hashes[i]) & (places - 1); twice[h/64]>>(h%64)&1 != 0 {
			list = append(list, int32(i))
		}
	}
	return list, hashes
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

// references returns the references that must hold for an instance to match, ascending. They are
// valid until the next call.
func (c *comparer) references(i int) []channelfile.Word {
	f, in := c.pass.File, c.pass.File.Instance(i)
	stack := c.stack[:0]
	joined := false
	for k := in.First; k < in.First+in.Count; k++ {
		w := f.Word(k)
		if !w.IsReference() {
			stack, joined = stack[:len(stack)-w.Operands()], true
		}
		stack = append(stack, w)
	}
	c.stack = stack
	if joined {
		return slices.DeleteFunc(stack, func(w channelfile.Word) bool { return !w.IsReference() })
	}
	return stack
}

// needed returns the criteria that must hold for an instance to match. It is valid in implied.
func (c *comparer) needed(i int) []uint32 {
	if i == 0 {
		return c.needs[:c.ends[0]]
	}
	return c.needs[c.ends[i-1]:c.ends[i]]
}

// implied finds the rules that another rule covers.
func (c *comparer) implied() {
	f := c.pass.File
	if !slices.Contains(c.skip, false) {
		return
	}
	counts := make([]uint32, f.Criteria()) // by criterion: number of rules that need it
	c.needs, c.ends = make([]uint32, 0, f.Words()), make([]uint32, f.Instances())
	for i := range c.ends {
		for _, w := range c.references(i) {
			if !w.Negated() {
				c.needs = append(c.needs, uint32(w.Criterion()))
				counts[w.Criterion()]++
			}
		}
		c.ends[i] = uint32(len(c.needs))
	}
	// The rules whose rarest criterion is the same have the same candidates.
	var order []rarest
	for i := range f.Instances() {
		if c.skip[i] {
			continue
		}
		r := rarest{int32(i), -1}
		fewest := uint32(0)
		for _, k := range c.needed(i) {
			if n := counts[k]; r.criterion < 0 || n < fewest {
				r.criterion, fewest = int32(k), n
			}
		}
		if fewest > 1 {
			order = append(order, r)
		}
	}
	slices.SortFunc(order, func(a, b rarest) int {
		return cmp.Or(cmp.Compare(a.criterion, b.criterion), cmp.Compare(a.instance, b.instance))
	})
	rules := c.firstRules(order, counts)
	owed := uint64(0)
	for k, r := range order {
		before := c.solver.Work()
		//mutation:missed: only files of very expensive expressions reach the limit
		if before > workOf(c.pass) {
			c.passed += uint64(counts[r.criterion] - 1)
			continue
		}
		if k == 0 || order[k-1].criterion != r.criterion {
			c.prepare(rules[0], uint64(counts[r.criterion]))
			rules = rules[1:]
		}
		c.compare(r)
		//mutation:missed: TestBudget or budget.txtar detects it
		owed += c.solver.Work() - before + 64*uint64(len(c.candidates))
		if owed >= mostOwed && !c.pass.Spend(owed*stepsPerWork) {
			return
		} else if owed >= mostOwed {
			owed = 0
		}
	}
	c.pass.Spend(owed * stepsPerWork)
}

// A rarest is the rarest criterion that an instance needs.
type rarest struct {
	instance  int32
	criterion int32
}

// firstRules returns, for each rarest criterion of an ordered list, the first rules that need it.
func (c *comparer) firstRules(order []rarest, counts []uint32) [][]int32 {
	f := c.pass.File
	var rules [][]int32
	wanted := make([]uint64, f.Criteria()/64+1) // a bit for each of the criteria
	number := make([]int32, f.Criteria())       // by criterion: index in rules
	room := 0
	for k, r := range order {
		if k == 0 || order[k-1].criterion != r.criterion {
			wanted[r.criterion/64] |= 1 << (r.criterion % 64)
			number[r.criterion] = int32(len(rules))
			room += int(min(counts[r.criterion], maxCandidates+1))
			rules = append(rules, nil)
		}
	}
	list := make([]int32, room)
	for k, r := range order {
		if k == 0 || order[k-1].criterion != r.criterion {
			n := int(min(counts[r.criterion], maxCandidates+1))
			rules[number[r.criterion]], list = list[:0:n], list[n:]
		}
	}
	for i := 0; i < f.Instances() && len(rules) > 0; i++ {
		for _, k := range c.needed(i) {
			if wanted[k/64]>>(k%64)&1 == 0 {
				continue
			}
			if to := &rules[number[k]]; len(*to) < cap(*to) {
				*to = append(*to, int32(i))
			}
		}
	}
	return rules
}

// A candidate is a rule that other rules may cover.
type candidate struct {
	instance int

	// The fields below are set if made is true.
	made    bool
	refs    []channelfile.Word // that must hold, ascending
	formula meaning.Formula
	event   interp.Event // that the rule matches
}

// prepare makes candidates of the first rules that need a criterion.
func (c *comparer) prepare(rules []int32, all uint64) {
	c.candidates, c.beyond = c.candidates[:0], all-min(all, maxCandidates+1)
	for _, k := range rules {
		if !c.skip[k] {
			c.candidates = append(c.candidates, candidate{instance: int(k)})
		}
	}
}

// make makes the formula of a candidate, and its event. It returns false if no event is found.
func (c *comparer) make(other *candidate) (ok bool) {
	if other.made {
		return true
	}
	if other.formula, ok = c.instances.Formula(other.instance); !ok {
		return false
	}
	answer, event := c.solver.Possible(other.formula)
	other.event, other.made = event, answer == meaning.Yes
	other.refs = slices.Clone(c.references(other.instance))
	return other.made
}

// positive returns the inputs that are present in each event that an instance matches, as bits of
// [meaning.Fields]. They are those of the criteria that must hold.
func (c *comparer) positive(i int) (inputs uint64) {
	if c.of.usual[i] {
		return c.of.fields[i].Needed
	}
	for _, k := range c.needed(i) {
		inputs |= 1 << (c.outlines.Field(int(k)) % 64)
	}
	return inputs
}

// present returns inputs. Each other input is absent in some event that the instance matches, so
// the instance implies no rule that needs another one.
func (c *comparer) present(i int) uint64 {
	if c.of.usual[i] {
		return c.of.fields[i].Needed
	}
	return c.of.fields[i].Positive
}

// freeParts returns the inputs of each part of the condition of an instance that can fail by
// itself, apart from single criteria that are not negated.
func (c *comparer) freeParts(i int) []uint64 {
	c.parts = c.parts[:0]
	if !c.of.usual[i] {
		return nil
	}
	f, in := c.pass.File, c.pass.File.Instance(i)
	for k := in.First; k < in.First+in.Count; k++ {
		w := f.Word(k)
		if w.IsReference() {
			c.parts = append(c.parts, part{1 << (c.outlines.Field(w.Criterion()) % 64), !w.Negated()})
			continue
		}
		at := len(c.parts) - w.Operands()
		var joined part
		for _, p := range c.parts[at:] {
			joined.inputs |= p.inputs
		}
		c.parts = append(c.parts[:at], joined)
	}
	c.free = c.free[:0]
	for _, p := range c.parts {
		if !p.positive {
			c.free = append(c.free, p.inputs)
		}
	}
	return c.free
}

// A part is a part of a condition.
type part struct {
	inputs   uint64
	positive bool // it is a criterion that is not negated
}

// compare finds the candidates that an instance covers.
func (c *comparer) compare(r rarest) {
	i := int(r.instance)
	c.passed += c.beyond
	needs, free := c.positive(i), c.freeParts(i)
	for k := range c.candidates {
		other := &c.candidates[k]
		if other.instance == i || c.found[other.instance] || needs&^c.present(other.instance) != 0 {
			continue
		}
		// If a rule reads no input of a part of the instance, the part can fail beside it.
		all := c.of.fields[other.instance].All
		if slices.ContainsFunc(free, func(inputs uint64) bool { return inputs&all == 0 }) || !c.covers(i, other) {
			continue
		}
		if c.positive(other.instance)&^c.present(i) != 0 || c.implies(i, other.instance) != meaning.Yes {
			c.add(other.instance, i, false)
		} else if same := max(i, other.instance); !c.found[same] {
			c.add(same, min(i, other.instance), true)
		}
	}
}

// covers reports whether an instance matches each event that a candidate matches.
func (c *comparer) covers(i int, other *candidate) bool {
	if answer := c.outlines.Implies(other.instance, i, c.solver); answer != meaning.Unknown {
		return answer == meaning.Yes
	}
	if c.instances.Size(i) > meaning.MaxTests || !c.make(other) {
		return false
	}
	if c.includes(other.refs, i) {
		return true
	}
	formula, _ := c.instances.Formula(i)
	if !formula.Holds(other.event) { // most rules do not, and this saves the proof
		return false
	}
	answer, _ := c.solver.Implies(other.formula, formula)
	return answer == meaning.Yes
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
