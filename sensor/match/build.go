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
	test uint32 // the criterion times 8, plus the bits below
	jump uint32 // a node; never if the condition does not hold
}

// The bits of a test.
const (
	testJump    = 1 << iota // jump if the test holds, not if it fails
	testNegated             // the test holds if the criterion does not
	testFound               // the mode found of the criterion

	testShift = iota
)

const (
	never       = math.MaxUint32
	maxCriteria = 1 << (32 - testShift)
)

const (
	// workPerByte limits the work to find literals, in units for each byte of the files. mostWork
	// limits it for all of them. A unit adds at most four bytes to the text of an index and one
	// needle, so 32 bits are enough for their numbers.
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
	weights []uint64 // by criterion: estimate of its frequency; inaccessible if it has no literals
	folded  [][]bool // by file and value: folding leaves it unchanged
	extract extractor
	access  []access
	fields  map[int]*field
	perByte map[int]uint64 // by input: time for contains, nanoseconds for each byte

	tree tree
}

// inaccessible is the weight of a criterion or condition without literals.
const inaccessible = math.MaxUint64

// An access is an access criterion of an instance.
type access struct {
	criterion uint32
	holder    holder
}

func newBuilder(ix *Index, t tuning) *builder {
	return &builder{tuning: t, ix: ix, fields: map[int]*field{}, perByte: map[int]uint64{}}
}

func (b *builder) build() {
	ix := b.ix
	n := ix.criteria[len(ix.files)]
	b.uses, b.weights, ix.modes = make([]uint32, n), make([]uint64, n), make([]mode, n)
	b.extract.rarity = new(rarity)
	for i, f := range ix.files {
		uses := b.uses[ix.criteria[i]:ix.criteria[i+1]]
		for w := range f.Words() {
			if word := f.Word(w); word.IsReference() {
				uses[word.Criterion()]++
			}
		}
		b.folded = append(b.folded, b.extract.rarity.count(f, uses))
		b.extract.work = min(b.extract.work+workPerByte*len(f.Data()), mostWork)
	}
	b.chooseFields()
	for i := range ix.files {
		b.weigh(i)
	}
	for i := range ix.files {
		b.conditions(i)
	}
	b.addGroups()
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
	if b.fields[int(c.Input)] == nil {
		return nil, false
	}
	return b.extract.find(f, c)
}

// weigh finds the weights of the criteria of a file.
func (b *builder) weigh(file int) {
	ix, f := b.ix, b.ix.files[file]
	for i := range f.Criteria() {
		c, n := f.Criterion(i), ix.criteria[file]+i
		b.weights[n] = inaccessible
		if l, ok := b.literals(f, c); ok {
			b.weights[n] = b.extract.rarity.sum(l.list)
			switch c.Operator {
			case channelfile.OpIntegerEquals:
				b.weights[n] = uint64(b.uses[n])
			case channelfile.OpIntegerRange, channelfile.OpAddressRange:
				b.weights[n] = uint64(b.uses[n]) + uint64(ix.Instances()/32)
			}
			if b.decides(c, l) {
				ix.modes[n] |= found
			}
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
	if int(c.Count) < manyOperands && c.Operator != channelfile.OpPattern {
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
	todo  []target
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
			b.reference(f, word, firstCriterion)
			continue
		}
		b.join(word.IsAnd(), word.Operands())
	}
	b.join(true, len(t.stack))
	t.root = int(t.stack[0])
}

// reference pushes a reference.
func (b *builder) reference(f *channelfile.File, word channelfile.Word, firstCriterion int) {
	t := &b.tree
	n := firstCriterion + word.Criterion()
	c := f.Criterion(word.Criterion())
	it := item{reference: true, negated: word.Negated(), criterion: uint32(n), leaves: 1, weight: inaccessible, holds: 0.2}
	fixed, perByte := timeOf(f, c)
	it.cost = float64(20 + fixed + 100*perByte)
	if b.uses[n] >= manyUses || b.ix.modes[n]&found != 0 && c.Operator <= channelfile.OpContains {
		it.cost = 1
	}
	if c.Operator == channelfile.OpExists {
		it.holds = 0.9
	}
	if it.negated {
		it.holds = 1 - it.holds
	} else {
		it.weight = b.weights[n]
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
// or, those of all parts. It also chooses another criterion that must hold.
func (b *builder) choose(first uint32) {
	t := &b.tree
	from := len(b.access)
	h := holder{first, never}
	rarest, weight := b.rarest(t.items[t.root]), uint64(inaccessible)
	for _, i := range t.parts[t.items[t.root].first:][:t.items[t.root].more] {
		if it := &t.items[i]; i != rarest && it.reference && it.weight < weight {
			h.second, weight = it.criterion, it.weight
		}
	}
	t.stack = append(t.stack[:0], rarest)
	for len(t.stack) > 0 {
		it := &t.items[t.stack[len(t.stack)-1]]
		t.stack = t.stack[:len(t.stack)-1]
		switch {
		case it.reference:
			b.access = append(b.access, access{it.criterion, h})
		case it.and:
			t.stack = append(t.stack, b.rarest(*it))
		default:
			t.stack = append(t.stack, t.parts[it.first:it.first+it.more]...)
		}
	}
	list := b.access[from:]
	slices.SortFunc(list, func(x, y access) int { return cmp.Compare(x.criterion, y.criterion) })
	b.access = b.access[:from+len(slices.Compact(list))]
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

// addGroups makes the groups of all criteria that the tables decide.
func (b *builder) addGroups() {
	ix := b.ix
	slices.SortStableFunc(b.access, func(x, y access) int { return cmp.Compare(x.criterion, y.criterion) })
	for _, a := range b.access {
		ix.modes[a.criterion] |= found
		if a.holder.second != never {
			ix.modes[a.holder.second] |= found
		}
	}
	for at := 0; at < len(ix.code); {
		end := ix.code[at].jump
		for at++; at < int(end); at++ {
			if n := &ix.code[at]; ix.modes[n.test>>testShift]&found != 0 {
				n.test |= testFound
			}
		}
	}
	at := 0
	ix.holders = make([]holder, 0, len(b.access))
	for n := range ix.modes {
		if ix.modes[n]&found == 0 {
			continue
		}
		g := group{criterion: uint32(n), first: uint32(len(ix.holders))}
		for ; at < len(b.access) && b.access[at].criterion == uint32(n); at++ {
			ix.holders = append(ix.holders, b.access[at].holder)
			g.count++
		}
		ix.groups = append(ix.groups, g)
	}
}

// An entry is a needle on the way to its table.
type entry struct {
	key   uint64
	table *table
}

// addTables fills the tables with the literals of the groups.
func (b *builder) addTables() {
	ix := b.ix
	// The criteria have the same literals as before, so the limit need not apply again.
	b.extract.work = math.MaxInt
	var entries []entry
	for k := range ix.groups {
		g := &ix.groups[k]
		f, _, i := ix.criterion(int(g.criterion))
		c := f.Criterion(i)
		l, _ := b.literals(f, c)
		g.exact = l.exact
		for _, lit := range l.list {
			n := needle{off: uint32(len(ix.text)), size: uint32(len(lit.text)), criterion: g.criterion, group: uint32(k)}
			ix.text = append(ix.text, lit.text...)
			to, width := b.fields[int(c.Input)].place(lit)
			if *to == nil {
				*to = &table{width: width}
			}
			t := *to
			t.count++
			e := entry{table: t}
			switch {
			case lit.kind == whole || lit.kind == integer || lit.kind == address:
				e.key = hash(lit.text)
			case lit.kind == prefix:
				e.key = key(lit.text, width)
			case lit.kind == suffix:
				n.at = uint32(len(lit.text) - width)
				e.key = key(lit.text[n.at:], width)
			default:
				n.at = uint32(b.extract.rarity.rarest(lit.text, width))
				e.key = key(lit.text[n.at:], width)
			}
			ix.needles = append(ix.needles, n)
			entries = append(entries, e)
		}
	}
	for _, f := range ix.fields {
		f.fixed, f.perByte = 20, 1 // to fold the value
		for _, t := range f.tables() {
			scanned := slices.Contains(f.contains[:], t)
			t.size(scanned)
			if f.fixed += 10; scanned {
				f.perByte += 3
			}
		}
	}
	for i, e := range entries {
		ix.needles[i].next = e.table.insert(e.key, uint32(i))
	}
	ix.text = slices.Clip(ix.text)
}
