package match

import (
	"cmp"
	"math"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A node is one reference of a condition, compiled to a test and a jump. If the truth of the
// criterion is the one that the node asks for, the evaluation continues at jump, otherwise at the
// next node. The condition holds when the evaluation arrives behind its last node.
type node struct {
	test uint32 // the number of the criterion, shifted by testShift, plus the bits below
	jump uint32 // a node; never if the condition does not hold
}

// The bits of a test.
const (
	testJump    = 1 << iota // jump if the test holds, not if it fails
	testNegated             // the test holds if the criterion does not
	testFound               // the tables decide the criterion
	testExact               // a literal in the value proves that the criterion holds

	testShift = iota
)

const (
	never       = math.MaxUint32
	maxCriteria = 1<<(32-testShift) - 1 // one number is that of no guard
)

const (
	// workPerByte limits the work to find literals, in units for each byte of the files. mostWork
	// limits it for all of them. 16 units add at most one record and 32 bytes to the records, so 32
	// bits are enough for their places, which are multiples of 4.
	workPerByte = 16
	mostWork    = 1 << 29
	// A criterion with at least this number of operands is decided by the tables, even if it is
	// not an access criterion.
	manyOperands = 4
	// A literal of at least this number of bytes is rare, whatever the content is.
	rareLength = 4
	// The usual length of a value, in bytes.
	usualLength = 30
	// A criterion that this number of words refers to is probably evaluated early in each event.
	manyUses = 32
	// An access criterion has guards if its weight is at least frequentWeight, and more in a large
	// index: one for each frequent instances.
	frequentWeight, frequent = 8, 1000
	// A guard beside another one must have at least this number of words that refer to it.
	sharedUses = 8
)

// A tuning has the limits that decide when tables pay. Tests change them, because the answers do
// not depend on them.
type tuning struct {
	// A field gets tables if its criteria take the interpreter at least leastTime for an event,
	// in nanoseconds, or if all criteria take at least leastAll. Otherwise the pass over the value
	// costs more than it saves.
	leastTime, leastAll uint64
	// scanTime is the usual time to find the literals of a field in a value, in nanoseconds.
	scanTime uint64
	// An event may take one part in share of the estimate for the interpreter. Half of this part
	// must be enough to scan the usual values of all fields with tables.
	share uint64
}

var usual = tuning{leastTime: 200, leastAll: 10_000, scanTime: 150, share: 8}

// A builder builds an index.
type builder struct {
	tuning
	ix      *Index
	uses    []uint32 // by criterion: number of words that refer to it
	ranks   []rank   // by criterion
	folded  [][]bool // by file and value: folding leaves it unchanged
	extract extractor
	access  []access
	fields  []*field // by input of the file; nil without tables
	tables  []*table
	perByte map[int]uint64 // by input: time for contains, nanoseconds for each byte
	numbers []uint32       // by criterion
	eithers []either       // as guards, their numbers follow those of the criteria
	// references is the number of words that are references, and eitherTexts the number of literals
	// of all eithers.
	references, eitherTexts int
	guarded                 uint64 // access criteria of at least this weight have guards

	tree tree
}

// A rank is the data by which the parts of a condition are ordered. All of it is in one place, as
// conditions refer to criteria in no order.
type rank struct {
	weight uint64  // estimate of the frequency; inaccessible if it has no literals
	cost   float32 // of an evaluation
	exact  bool    // a literal in the value proves that the criterion holds
	exists bool    // most events have it
	texts  uint16  // number of literals, or mostTexts if there are more
}

const mostTexts = math.MaxUint16

// inaccessible is the weight of a criterion or condition without literals.
const inaccessible = math.MaxUint64

// An access is an access criterion of an instance.
type access struct {
	criterion uint32
	posting   posting // its guards are criteria or eithers, not numbers
}

func newBuilder(ix *Index, t tuning) *builder {
	return &builder{tuning: t, ix: ix, perByte: map[int]uint64{}}
}

func (b *builder) build() {
	ix := b.ix
	n := ix.criteria[len(ix.files)]
	b.uses, b.ranks, ix.modes = make([]uint32, n), make([]rank, n), make([]mode, n)
	b.extract.rarity = new(rarity)
	for i, f := range ix.files {
		uses := b.uses[ix.criteria[i]:ix.criteria[i+1]]
		for w := range f.Words() {
			if word := f.Word(w); word.IsReference() {
				uses[word.Criterion()]++
				b.references++
			}
		}
		b.folded = append(b.folded, b.extract.rarity.count(f, uses))
		b.fields = append(b.fields, make([]*field, max(0, int(f.Header.InputsDeclared)-len(b.fields)))...)
		b.extract.work = min(b.extract.work+workPerByte*len(f.Data()), mostWork)
	}
	b.extract.rarity.finish()
	b.chooseFields()
	for i := range ix.files {
		b.weigh(i)
	}
	b.guarded = uint64(frequentWeight + ix.Instances()/frequent)
	ix.code, b.access = make([]node, 0, b.references+ix.Instances()), make([]access, 0, ix.Instances())
	for i := range ix.files {
		b.conditions(i)
	}
	b.number()
	b.addTables()
}

// timeOf returns an estimate of the time in which the interpreter evaluates a criterion: a part
// for each event, and a part for each byte of the value, in nanoseconds.
func timeOf(f *channelfile.File, c channelfile.Criterion) (fixed, perByte uint64) {
	n := uint64(c.Count)
	switch c.Operator {
	case channelfile.OpContains:
		return 10 + 10*n, n
	case channelfile.OpPattern:
		return 10 + 15*n, n
	case channelfile.OpRegexp:
		return 10 + 30*n, 10 * n
	case channelfile.OpAddressRange:
		return 40 + 5*n, 0
	}
	return 10 + 10*n, 0
}

// chooseFields decides which inputs get tables.
func (b *builder) chooseFields() {
	ix := b.ix
	fixed := map[int]uint64{}
	accepts := map[int]uint8{}
	read := func(input int, op channelfile.Operator) {
		if _, ok := accepts[input]; !ok {
			accepts[input] = math.MaxUint8
		}
		accepts[input] &= accepted(op)
	}
	for _, f := range ix.files {
		ix.allowance += 2*uint64(f.Words()) + 5*uint64(f.Instances())
		for i := range f.Criteria() {
			c := f.Criterion(i)
			read(int(c.Input), c.Operator)
			for other := range f.OperandInputs(c) {
				read(other, c.Operator)
			}
			if c.Flags&channelfile.FlagInputs != 0 {
				continue
			}
			time, perByte := timeOf(f, c)
			ix.allowance += time
			fixed[int(c.Input)] += time
			b.perByte[int(c.Input)] += perByte
		}
	}
	for index, types := range accepts {
		ix.inputs = append(ix.inputs, input{index: index, accepts: types, perByte: b.perByte[index] / b.share})
	}
	time := func(in input) uint64 { return fixed[in.index] + usualLength*b.perByte[in.index] }
	slices.SortFunc(ix.inputs, func(x, y input) int {
		return cmp.Or(cmp.Compare(time(y), time(x)), cmp.Compare(x.index, y.index))
	})
	all := ix.allowance
	for _, perByte := range b.perByte {
		all += usualLength * perByte
	}
	ix.allowance /= b.share
	ix.share = b.share
	for i := range ix.inputs {
		in := &ix.inputs[i]
		if uint64(i+1)*b.scanTime <= all/b.share/2 && (time(*in) >= b.leastTime || all >= b.leastAll) {
			in.field = new(field)
			b.fields[in.index] = in.field
		}
	}
	slices.SortFunc(ix.inputs, func(x, y input) int { return cmp.Compare(x.index, y.index) })
	for _, in := range ix.inputs {
		if in.field != nil {
			ix.fields = append(ix.fields, in.field)
		}
	}
}

// literals returns the literals of a criterion if tables can have them.
func (b *builder) literals(f *channelfile.File, c channelfile.Criterion) (*literals, bool) {
	if b.fields[c.Input] == nil {
		return nil, false
	}
	return b.extract.find(f, c)
}

// weigh finds the weights of the criteria of a file.
func (b *builder) weigh(file int) {
	ix, f := b.ix, b.ix.files[file]
	for i := range f.Criteria() {
		c, n := f.Criterion(i), ix.criteria[file]+i
		r := &b.ranks[n]
		fixed, perByte := timeOf(f, c)
		*r = rank{weight: inaccessible, cost: float32(20 + fixed + 100*perByte), exists: c.Operator == channelfile.OpExists}
		if l, ok := b.literals(f, c); ok {
			r.weight, r.exact = b.extract.rarity.sum(l.list), l.exact
			r.texts = uint16(min(len(l.list), mostTexts))
			switch c.Operator {
			case channelfile.OpIntegerEquals:
				r.weight = uint64(b.uses[n])
			case channelfile.OpIntegerRange, channelfile.OpAddressRange:
				r.weight = uint64(b.uses[n]) + uint64(ix.Instances()/32)
			}
			if b.decides(c, l) {
				ix.modes[n] |= found
				if c.Operator <= channelfile.OpContains {
					r.cost = 1
				}
			}
		}
		if b.uses[n] >= manyUses {
			r.cost = 1
		}
		if onFolded(f, c, b.folded[file]) {
			ix.modes[n] |= onView
		}
	}
}

// decides reports whether the tables should decide a criterion even if no instance has it as an
// access criterion: because an evaluation takes long, and its literals are long enough to be rare.
func (b *builder) decides(c channelfile.Criterion, l *literals) bool {
	if c.Operator == channelfile.OpRegexp {
		return true
	}
	if int(c.Count) < manyOperands {
		return false
	}
	return !slices.ContainsFunc(l.list, func(l literal) bool { return l.kind == contains && len(l.text) < rareLength })
}

// onFolded reports whether a criterion compares its folded operands with the bytes of the folded
// value. This is so if all operands are valid UTF-8, because then a match starts and ends at runes.
// Folded tells by value whether folding leaves it unchanged.
func onFolded(f *channelfile.File, c channelfile.Criterion, folded []bool) bool {
	if c.Flags&(channelfile.FlagFold|channelfile.FlagInputs) != channelfile.FlagFold ||
		c.Operator < channelfile.OpEquals || c.Operator > channelfile.OpContains {
		return false
	}
	for k := c.First; k < c.First+c.Count; k++ {
		if !folded[f.Operand(k)] {
			return false
		}
	}
	return true
}

// conditions compiles the conditions of the instances of a file, and chooses their access criteria.
func (b *builder) conditions(file int) {
	ix, f := b.ix, b.ix.files[file]
	for i := range f.Instances() {
		n := uint32(ix.instances[file] + i)
		b.read(f, f.Instance(i), ix.criteria[file])
		first := uint32(len(ix.code))
		if t := &b.tree; t.items[t.root].weight == inaccessible {
			ix.always = append(ix.always, first)
		} else {
			b.choose(first)
		}
		ix.code = append(ix.code, node{test: n})
		b.compile()
		ix.code[first].jump = uint32(len(ix.code))
	}
}

// A tree is a condition: references, and items that join others.
type tree struct {
	items []item
	parts []int32 // items, the parts of one behind the other
	root  int
	stack []int32
	ways  []way
	todo  []target
}

// A way is an item on the way to an access criterion, and the guards that were found before, which
// are items.
type way struct {
	item   int32
	guards [2]int32
}

// noItem is the item of no guard.
const noItem = -1

// mostEither is the number of parts that an or has at most if it is a guard.
const mostEither = 4

// An either is a guard that holds if one of several criteria may hold.
type either struct {
	criteria [mostEither]uint32
	count    int
}

// An item is a reference, an and or an or.
type item struct {
	reference   bool
	and         bool
	negated     bool
	criterion   uint32
	first, more int     // its parts
	leaves      uint32  // number of references in it
	weight      uint64  // of the access criteria
	cost        float64 // of an evaluation
	holds       float64 // probability
}

// A target is an item to compile: its first node, and the nodes to go to.
type target struct {
	item             int32
	start, yes, nope uint32
}

// read makes the tree of an instance.
func (b *builder) read(f *channelfile.File, in channelfile.Instance, firstCriterion int) {
	t := &b.tree
	t.items, t.parts, t.stack = t.items[:0], t.parts[:0], t.stack[:0]
	for w := in.First; w < in.First+in.Count; w++ {
		word := f.Word(w)
		if word.IsReference() {
			b.reference(word, firstCriterion)
			continue
		}
		b.join(word.IsAnd(), word.Operands())
	}
	b.join(true, len(t.stack))
	t.root = int(t.stack[0])
}

// reference pushes a reference.
func (b *builder) reference(word channelfile.Word, firstCriterion int) {
	t := &b.tree
	n := firstCriterion + word.Criterion()
	r := &b.ranks[n]
	it := item{reference: true, negated: word.Negated(), criterion: uint32(n), leaves: 1, weight: inaccessible, cost: float64(r.cost), holds: 0.2}
	if r.exists {
		it.holds = 0.9
	}
	if it.negated {
		it.holds = 1 - it.holds
	} else {
		it.weight = r.weight
	}
	t.stack = append(t.stack, int32(len(t.items)))
	t.items = append(t.items, it)
}

// join replaces the last items of the stack by one that joins them, in the best order for an
// evaluation that stops as soon as the result is clear.
func (b *builder) join(and bool, count int) {
	t := &b.tree
	base := len(t.stack) - count
	parts := t.stack[base:]
	it := item{and: and, first: len(t.parts), more: count, holds: 1}
	// rank is the cost to find out by a part that the evaluation can stop.
	rank := func(i int32) float64 {
		p := &t.items[i]
		if and {
			return p.cost / (1.001 - p.holds)
		}
		return p.cost / (0.001 + p.holds)
	}
	if count > 1 {
		slices.SortStableFunc(parts, func(x, y int32) int { return cmp.Compare(rank(x), rank(y)) })
	}
	if and {
		it.weight = inaccessible
	}
	reached := 1.0
	for _, i := range parts {
		p := &t.items[i]
		it.leaves += p.leaves
		it.cost += reached * p.cost
		if and {
			it.weight = min(it.weight, p.weight)
			reached *= p.holds
		} else {
			if it.weight > inaccessible-1-min(p.weight, inaccessible-1) || p.weight == inaccessible {
				it.weight = inaccessible
			} else {
				it.weight += p.weight
			}
			reached *= 1 - p.holds
		}
	}
	if it.holds = reached; !and {
		it.holds = 1 - reached
	}
	t.parts = append(t.parts, parts...)
	t.stack = append(t.stack[:base], int32(len(t.items)))
	t.items = append(t.items, it)
}

// choose records the access criteria of an instance: of an and, those of the rarest part; of an
// or, those of all parts. The guards of an access criterion are parts of the same ands.
func (b *builder) choose(first uint32) {
	t := &b.tree
	from := len(b.access)
	t.ways = append(t.ways[:0], way{int32(t.root), [2]int32{noItem, noItem}})
	for len(t.ways) > 0 {
		w := t.ways[len(t.ways)-1]
		t.ways = t.ways[:len(t.ways)-1]
		it := &t.items[w.item]
		switch {
		case it.reference:
			b.access = append(b.access, access{it.criterion, posting{first, b.guards(it.weight, w.guards)}})
		case it.and:
			w.item = b.rarest(*it)
			for _, i := range t.parts[it.first : it.first+it.more] {
				if i != w.item && b.canGuard(i) {
					w.guards = t.rarer(w.guards, i)
				}
			}
			t.ways = append(t.ways, w)
		default:
			for _, i := range t.parts[it.first : it.first+it.more] {
				t.ways = append(t.ways, way{i, w.guards})
			}
		}
	}
	if list := b.access[from:]; len(list) > 1 {
		slices.SortFunc(list, func(x, y access) int { return cmp.Compare(x.criterion, y.criterion) })
		b.access = b.access[:from+len(slices.Compact(list))]
	}
}

// canGuard reports whether an item can be a guard: a reference with literals, or an or of few.
func (b *builder) canGuard(item int32) bool {
	t := &b.tree
	it := &t.items[item]
	if it.weight == inaccessible || it.reference || it.and || it.more > mostEither {
		return it.weight != inaccessible && it.reference
	}
	return !slices.ContainsFunc(t.parts[it.first:it.first+it.more], func(i int32) bool { return !t.items[i].reference })
}

// rarer returns the two rarest of two guards and another one, the rarest first.
func (t *tree) rarer(guards [2]int32, item int32) [2]int32 {
	weight := func(i int32) uint64 {
		if i == noItem {
			return inaccessible
		}
		return t.items[i].weight
	}
	switch {
	case weight(item) < weight(guards[0]):
		return [2]int32{item, guards[0]}
	case weight(item) < weight(guards[1]):
		guards[1] = item
	}
	return guards
}

// guards returns those of two guards that are worth an entry in the tables, for an access
// criterion of some weight. The second one must be in them for other instances too.
func (b *builder) guards(weight uint64, items [2]int32) [2]uint32 {
	guards := [2]uint32{noGuard, noGuard}
	if weight < b.guarded || items[0] == noItem {
		return guards
	}
	t := &b.tree
	if it := &t.items[items[0]]; it.reference {
		guards[0] = it.criterion
	} else {
		guards[0] = b.either(t.parts[it.first : it.first+it.more])
	}
	if items[1] != noItem {
		if it := &t.items[items[1]]; it.reference && b.uses[it.criterion] >= sharedUses {
			guards[1] = it.criterion
		}
	}
	return guards
}

// either adds an either of references, and returns its number. All eithers together have at most as
// many literals as there are references, so that the tables grow with the files.
func (b *builder) either(parts []int32) uint32 {
	var e either
	texts := 0
	for k, i := range parts {
		c := b.tree.items[i].criterion
		e.criteria[k], e.count = c, k+1
		if texts += int(b.ranks[c].texts); b.ranks[c].texts == mostTexts {
			return noGuard
		}
	}
	if texts > b.references-b.eitherTexts || len(b.eithers) == maxCriteria {
		return noGuard
	}
	b.eitherTexts += texts
	b.eithers = append(b.eithers, e)
	return uint32(len(b.uses) + len(b.eithers) - 1)
}

// rarest returns the part of an item with the least weight.
func (b *builder) rarest(it item) int32 {
	return slices.MinFunc(b.tree.parts[it.first:it.first+it.more], func(x, y int32) int {
		return cmp.Compare(b.tree.items[x].weight, b.tree.items[y].weight)
	})
}

// compile appends the nodes of the tree.
func (b *builder) compile() {
	t := &b.tree
	start := uint32(len(b.ix.code))
	end := start + t.items[t.root].leaves
	t.todo = append(t.todo[:0], target{int32(t.root), start, end, never})
	for len(t.todo) > 0 {
		to := t.todo[len(t.todo)-1]
		t.todo = t.todo[:len(t.todo)-1]
		it := &t.items[to.item]
		if it.reference {
			n := node{test: it.criterion << testShift, jump: to.nope}
			if it.negated {
				n.test |= testNegated
			}
			if to.yes != to.start+1 { // then the other one is the next node
				n.test |= testJump
				n.jump = to.yes
			}
			b.ix.code = append(b.ix.code, n)
			continue
		}
		// The last part is pushed first.
		at := to.start + it.leaves
		parts := t.parts[it.first : it.first+it.more]
		for k := len(parts) - 1; k >= 0; k-- {
			part := target{item: parts[k], start: at - t.items[parts[k]].leaves, yes: to.yes, nope: to.nope}
			if k < len(parts)-1 {
				if it.and {
					part.yes = at
				} else {
					part.nope = at
				}
			}
			at = part.start
			t.todo = append(t.todo, part)
		}
	}
}

// sortAccess sorts the access criteria, each with its instances in their order.
func (b *builder) sortAccess(criteria int) {
	ends := make([]uint32, criteria+1)
	for _, a := range b.access {
		ends[a.criterion+1]++
	}
	for i := range criteria {
		ends[i+1] += ends[i]
	}
	sorted := make([]access, len(b.access))
	for _, a := range b.access {
		sorted[ends[a.criterion]] = a
		ends[a.criterion]++
	}
	b.access = sorted
}

// number gives the criteria their numbers.
func (b *builder) number() {
	ix := b.ix
	modes := ix.modes // by criterion
	b.sortAccess(len(modes))
	for _, a := range b.access {
		modes[a.criterion] |= found
		for _, g := range a.posting.guards {
			if g < uint32(len(modes)) {
				modes[g] |= found
			}
		}
	}
	for _, e := range b.eithers {
		for _, c := range e.criteria[:e.count] {
			modes[c] |= found
		}
	}
	b.numbers = make([]uint32, len(modes))
	ix.criterionOf, ix.modes = make([]uint32, 0, len(modes)), make([]mode, 0, len(modes))
	for _, first := range [...]mode{found, 0} {
		for c, m := range modes {
			if m&found == first {
				b.numbers[c] = uint32(len(ix.criterionOf))
				ix.criterionOf, ix.modes = append(ix.criterionOf, uint32(c)), append(ix.modes, m)
			}
		}
		if first != 0 {
			ix.decided = uint32(len(ix.criterionOf))
		}
	}
	for at := 0; at < len(ix.code); {
		end := ix.code[at].jump
		for at++; at < int(end); at++ {
			n := &ix.code[at]
			c := n.test >> testShift
			n.test = b.numbers[c]<<testShift | n.test&(1<<testShift-1)
			if modes[c]&found != 0 {
				if n.test |= testFound; b.ranks[c].exact {
					n.test |= testExact
				}
			}
		}
	}
}

// addTables fills the tables with the literals of the criteria that they decide.
func (b *builder) addTables() {
	ix := b.ix
	// The criteria have the same literals as before, so the limit need not apply again.
	b.extract.work = math.MaxInt
	r := recorder{
		builder: b, list: make([]text, 0, ix.decided), needs: make([]need, 0, ix.decided),
		starts: make([]uint32, 1, ix.decided+1), far: map[uint32]uint32{},
	}
	for n := range ix.decided {
		f, _, i := ix.criterion(int(ix.criterionOf[n]))
		c := f.Criterion(i)
		l, _ := b.literals(f, c)
		for _, lit := range l.list {
			r.add(n, int(c.Input), lit)
		}
		r.starts = append(r.starts, uint32(len(r.needs)))
	}
	// The literals of the criteria of an either are its own.
	for i, e := range b.eithers {
		for _, c := range e.criteria[:e.count] {
			n := b.numbers[c]
			for _, of := range r.needs[r.starts[n]:r.starts[n+1]] {
				r.need(of.literal, ix.decided+1+uint32(i))
			}
		}
	}
	ix.marks = ix.decided + 1 + uint32(len(b.eithers))
	for _, f := range ix.fields {
		f.fixed, f.perByte = 20, 1 // to fold the value
		for _, t := range f.tables() {
			t.size()
			if f.fixed += 10; slices.Contains(f.contains[:], t) {
				f.perByte += 3
			}
		}
	}
	ix.literals = len(r.list)
	r.write()
}

// table returns the table for a literal of an input, and the width of its grams.
func (b *builder) table(input int, l literal) (*table, int) {
	to, width := b.fields[input].place(l)
	if *to == nil {
		*to = &table{number: len(b.tables), width: width, whole: width == 0}
		b.tables = append(b.tables, *to)
	}
	return *to, width
}
