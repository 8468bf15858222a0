package interp

import (
	"bytes"
	"iter"
	"runtime"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/cores"
	"github.com/cfcheck/cfcheck/sensor"
)

// Trials run the instances of a file on the events that a [Synthesizer] generates for them, without
// generating the events of each instance.
//
// In the events of an instance, a criterion on an input of its own sees three values: that of the
// first event, one that satisfies the criterion and one that just fails it. They do not depend on
// the instance. So Trials evaluate each criterion once on each value. An instance then combines the
// results, and runs its condition on all its events at once.
//
// The results and the work are those of [Synthesizer.Events] with [Interpreter.RunInstance], and do
// not depend on the number of cores.
type Trials struct {
	s        *Synthesizer
	inputs   int
	hand     func(input int, v *Value)
	criteria []trial
	own      *combiner
}

// A wish is the way in which the first event of an instance treats a criterion.
type wish int

const (
	wantHolds wish = iota
	wantFails
	wantNothing
	wishes
)

// A trial is the result of evaluating a criterion on its values, by wish. Each criterion of a file
// has one, and a file can have a million. So it has 16 bytes, which are in one line of a cache. A
// criterion whose work does not fit has no truths.
type trial struct {
	once   [wishes]int16  // work to make the values and to evaluate them, beyond that of each event
	each   [wishes]uint16 // work to evaluate the value of the first event
	input  uint16
	truths uint16 // truths for each wish
}

// truth returns the truth values for a wish.
func (t *trial) truth(w wish) truths { return truths(t.truths>>(truthBits*w)) % (1 << truthBits) }

// set sets the results for a wish. It returns false if they do not fit.
func (t *trial) set(w wish, once, each uint64, truth truths) bool {
	t.once[w], t.each[w] = int16(once), uint16(each)
	t.truths |= uint16(truth) << (truthBits * w)
	return int64(t.once[w]) == int64(once) && uint64(t.each[w]) == each
}

// Truths are the truth values of a criterion.
type truths uint8

const (
	inFirst truths = 1 << iota // it holds in the first event of the instance
	inHold                     // it holds for the value that should satisfy it
	inFail                     // it holds for the value that should fail it
	same                       // the value that satisfies it is the one of the first event
	known                      // there was no fault

	truthBits = iota
)

// mostTrialWork is the work after which a criterion is not evaluated further. An instance that
// refers to it runs event by event.
const mostTrialWork = 1 << 24

// NewTrials evaluates the criteria of the file of a synthesizer, on as many cores as there are.
// The events have the given number of inputs. Hand changes a value of an input to the one that a
// build hands over. Several goroutines call it. It must return the same for the same value, and a
// changed value as it is.
func NewTrials(s *Synthesizer, inputs int, hand func(input int, v *Value)) *Trials {
	t := &Trials{s: s, inputs: inputs, hand: hand}
	t.own = t.combiner()
	s.fill(inputs)
	n := s.file.Criteria()
	t.criteria = make([]trial, n)
	limit := ^uint64(0)
	if s.it.limit > 0 {
		limit = s.it.limit - min(s.it.work, s.it.limit)
	}
	parts := min(runtime.GOMAXPROCS(0), 1+n/criteriaPerCore)
	cores.Run(parts, func(k int) {
		own := &Synthesizer{file: s.file, types: s.types, filled: s.filled, it: &Interpreter{file: s.file, access: s.it.access}}
		r := trier{Synthesizer: own, hand: hand, event: append(Event(nil), s.filled...)}
		group, ahead := 0, 0 // ends of the criteria that are alike, and of those that were read
		for i := k * n / parts; i < (k+1)*n/parts && own.it.work <= limit; i++ {
			if i >= group {
				group = s.file.AlikeUntil(i)
				r.begin(s.file.Criterion(i))
			}
			if r.plain && i >= ahead {
				ahead = min(i+criteriaAhead, group)
				r.read(i, ahead)
			}
			if !r.plain || !r.tryText(i, &t.criteria[i]) {
				t.criteria[i] = r.try(i)
			}
		}
	})
	return t
}

// criteriaAhead is the number of criteria whose operands are read together.
const criteriaAhead = 32

// operandsAhead is the number of their operands that are read together.
const operandsAhead = 2 * criteriaAhead

// criteriaPerCore is the number of criteria for which a further core is used.
const criteriaPerCore = 1 << 12

// A trier evaluates criteria.
type trier struct {
	*Synthesizer
	hand              func(input int, v *Value)
	event             Event      // has the value of each input that no criterion asks for
	filled, good, bad evaluation // on this value, and those that satisfy and fail the criterion
	other             evaluation
	touched           byte

	// The group of criteria that are alike.
	alike  channelfile.Criterion // with the operands of the first one
	at     *Value                // of its input in the event
	plain  bool                  // tryText can evaluate the group
	texts  bool                  // the operands are texts
	folded bool
}

// An evaluation is a value of an input, as it is made and as a build hands it over, with the
// result of a criterion on both.
type evaluation struct {
	made, handed Value
	making       uint64 // work to make the value
	madeHolds    bool
	madeWork     uint64
	holds        bool // for handed
	work         uint64
}

// begin prepares for a group of criteria that are like c.
func (t *trier) begin(c channelfile.Criterion) {
	input := int(c.Input)
	t.plain = false
	if c.Operator == channelfile.OpExists || c.Operator == channelfile.OpRegexp || c.Flags&(channelfile.FlagInputs|channelfile.FlagAll) != 0 ||
		input >= len(t.event) || t.typeOf(input) != sensor.TypeString {
		return
	}
	v := t.Synthesizer.filled[input]
	t.hand(input, &v)
	t.plain = v.equals(&t.Synthesizer.filled[input])
	t.alike, t.at, t.folded = c, &t.event[input], c.Flags&channelfile.FlagFold != 0
	switch c.Operator {
	case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains, channelfile.OpPattern:
		t.texts = true
	default:
		t.texts = false
	}
}

// read reads the first bytes of the operands of some criteria. They are far from each other in the
// file, so the processor should fetch them at the same time. Long lists are not read to the end.
func (t *trier) read(from, to int) {
	touched := byte(0)
	first := t.file.Criterion(from).First
	for k := range min(t.file.Criterion(to-1).First+1-first, operandsAhead) {
		if v := t.file.Value(t.file.Operand(first + k)); len(v) > 0 {
			touched ^= v[0]
		}
	}
	t.touched = touched
}

// tryText is try for a criterion that compares the text of an input with one of its operands, as
// most criteria do. It returns false if the build hands over other texts, or if the criterion does
// not fail for "" and hold for the text that should satisfy it. Then try evaluates it.
func (t *trier) tryText(i int, r *trial) bool {
	c := t.file.Criterion(i)
	first, count := c.First, c.Count
	t.it.limit = t.it.work + mostTrialWork
	t.arena = t.arena[:0]
	filled, filledWork, ok := t.holdsFor(i, first, count, nil)
	if filled || !ok {
		return false
	}
	good, making := t.goodText(first, count)
	holds, goodWork, ok := t.holdsFor(i, first, count, good)
	if !holds || !ok {
		return false
	}
	joining := t.joining(&t.alike, making, len(good))
	if count > 1 { // solve joins the text of the first operand
		text, making := t.goodText(first, 1)
		joining = t.joining(&t.alike, making, len(text))
	}
	bad, badMaking := t.badText(first, count, good, making)
	holds, badWork, ok := t.holdsFor(i, first, count, bad)
	if !ok {
		return false
	}
	// In an event that should satisfy the criterion, solve tries the filled value, and then the
	// good one. In the others it keeps the filled value, because the criterion fails.
	truth := known | inHold
	if holds {
		truth |= inFail
	}
	own := making + badMaking + badWork // for the events of the criterion
	r.input, r.truths = t.alike.Input, 0
	return r.set(wantHolds, making+joining+filledWork+own, goodWork, truth|inFirst|same) &&
		r.set(wantFails, badMaking+own+goodWork-filledWork, filledWork, truth) &&
		r.set(wantNothing, own+goodWork-2*filledWork, filledWork, truth)
}

// goodText returns the text that should satisfy a criterion of the group, and the work to make it,
// as value does. The criterion has count operands from first on.
func (t *trier) goodText(first, count int) (text []byte, work uint64) {
	if !t.texts {
		return t.otherText(first, count, true)
	}
	text = t.file.Value(t.file.Operand(first + count - 1))
	if t.alike.Operator == channelfile.OpPattern {
		from := len(t.arena)
		t.arena = appendLikeness(t.arena, text)
		work = uint64(len(t.arena) - from)
		return t.arena[from:min(len(t.arena), from+maxSynthesized)], work
	}
	text = text[:min(len(text), maxSynthesized)]
	return text, uint64(len(text))
}

// badText returns the text that should just fail a criterion of the group, and the work to make it,
// as value does. The good text took the work making.
func (t *trier) badText(first, count int, good []byte, making uint64) (text []byte, work uint64) {
	if !t.texts {
		return t.otherText(first, count, false)
	}
	from := len(t.arena)
	if t.arena = append(t.arena, good...); len(good) == 0 {
		t.arena = append(t.arena, 'x')
	} else {
		t.arena[len(t.arena)-1] ^= 1
	}
	return t.arena[from:], making + uint64(len(t.arena)-from)
}

// otherText returns the text of a number or an address, and the work to make it.
func (t *trier) otherText(first, count int, hold bool) (text []byte, work uint64) {
	c, before := t.alike, t.it.work
	c.First, c.Count = first, count
	return t.value(c, hold, Value{}).Text, t.it.work - before
}

// holdsFor evaluates criterion i of the group on a text that a build hands over. The criterion has
// count operands from first on. Ok is false if the build hands over another value, or if the
// evaluation fails.
func (t *trier) holdsFor(i, first, count int, text []byte) (holds bool, work uint64, ok bool) {
	t.at.Text = text
	if len(text) > 0 { // begin has handed over ""
		t.hand(int(t.alike.Input), t.at)
		if t.at.Type != sensor.TypeString || len(t.at.Text) != len(text) || &t.at.Text[0] != &text[0] {
			*t.at = t.Synthesizer.filled[t.alike.Input]
			return false, 0, false
		}
	}
	it := t.it
	before := it.work
	if count == 1 && t.texts { // as holds does
		holds = it.text(t.alike.Operator, t.folded, text, t.file.Value(t.file.Operand(first)))
		it.work += 16
		return holds, it.work - before, !it.spent()
	}
	c := t.alike
	c.First, c.Count = first, count
	holds, err := it.holds(i, c, t.at, t.event)
	return holds, it.work - before, err == nil
}

// try evaluates criterion i. It returns a trial without truths if an instance with the criterion
// must run event by event.
func (t *trier) try(i int) trial {
	c := t.file.Criterion(i)
	input := int(c.Input)
	// The work of an expression depends on the expression that was run before.
	if input >= len(t.event) || c.Flags&channelfile.FlagInputs != 0 || c.Operator == channelfile.OpRegexp {
		return trial{}
	}
	t.Limit(mostTrialWork)
	t.arena = t.arena[:0]
	r := trial{input: c.Input}
	if !t.values(i, c) || !t.wishes(i, c, &r) {
		r.truths = 0
	}
	t.event[input] = t.Synthesizer.filled[input]
	return r
}

// values makes the values of criterion i and evaluates it on them. It returns false if it fails.
func (t *trier) values(i int, c channelfile.Criterion) bool {
	t.filled.made = t.Synthesizer.filled[c.Input]
	if !t.evaluate(i, c, &t.filled) {
		return false
	}
	before := t.it.work
	t.good.made = t.value(c, true, t.filled.handed)
	t.good.making = t.it.work - before
	before = t.it.work
	switch c.Operator {
	case channelfile.OpExists, channelfile.OpIntegerEquals, channelfile.OpIntegerRange, channelfile.OpAddressRange:
		t.bad.made = t.value(c, false, t.filled.handed)
		t.bad.making = t.it.work - before
	default: // value makes the good text, and changes it
		t.bad.made = t.nearly(t.good.made)
		t.bad.making = t.good.making + t.it.work - before
	}
	return t.evaluate(i, c, &t.good) && t.evaluate(i, c, &t.bad)
}

// wishes fills in the results of criterion i for each wish. It returns false if it fails.
func (t *trier) wishes(i int, c channelfile.Criterion, r *trial) bool {
	for w := range wishes {
		first, once := &t.filled, uint64(0)
		switch {
		case w == wantNothing:
		case c.Operator == channelfile.OpExists || t.filled.madeHolds || w == wantHolds && (!t.good.madeHolds || c.Count > 1):
			// solve chooses between more values.
			first = new(evaluation)
			t.event[c.Input] = t.Synthesizer.filled[c.Input]
			before := t.it.work
			t.wanted = append(t.wanted[:0], channelfile.Word(2*i+int(w))) // negated for wantFails
			if !t.solve(t.event, int(c.Input), t.wanted) {
				return false
			}
			once = t.it.work - before
			first.made = t.event[c.Input]
			if !t.evaluate(i, c, first) {
				return false
			}
		case w == wantHolds: // solve tries the filled value, and then the good one
			first = &t.good
			once = t.good.making + t.joining(&c, t.good.making, len(t.good.made.Text)) + t.filled.madeWork + t.good.madeWork
		default: // solve keeps the filled value, because the criterion fails
			once = t.bad.making + t.filled.madeWork
		}
		holding := &t.good
		if c.Operator == channelfile.OpExists { // which keeps a value that is present
			holding = &t.other
			holding.made, holding.making = t.value(c, true, first.handed), 0
			if !t.evaluate(i, c, holding) {
				return false
			}
		}
		truth := known
		if first.holds {
			truth |= inFirst
		}
		once += holding.making + t.bad.making + t.bad.work - first.work
		if first.handed.equals(&holding.made) {
			truth |= same
		} else {
			once += holding.work - first.work
		}
		if holding.holds {
			truth |= inHold
		}
		if t.bad.holds {
			truth |= inFail
		}
		if !r.set(w, once, first.work, truth) {
			return false
		}
	}
	return true
}

// evaluate evaluates criterion i on a value, as it is made and as a build hands it over. It
// returns false if it fails.
func (t *trier) evaluate(i int, c channelfile.Criterion, v *evaluation) bool {
	at := &t.event[c.Input]
	*at = v.made
	t.hand(int(c.Input), at)
	before := t.it.work
	_, err := t.it.value(i, c, t.event, int(c.Input))
	if err != nil {
		return false
	}
	if v.holds, err = t.it.holds(i, c, at, t.event); err != nil {
		return false
	}
	v.handed, v.work = *at, t.it.work-before
	if at.equals(&v.made) {
		v.madeHolds, v.madeWork = v.holds, v.work
		return true
	}
	before = t.it.work
	v.madeHolds, err = t.it.holds(i, c, &v.made, t.event)
	v.madeWork = t.it.work - before
	return err == nil
}

// equals reports whether two values are the same.
func (v *Value) equals(o *Value) bool {
	return v.Type == o.Type && v.Integer == o.Integer && v.Address == o.Address && bytes.Equal(v.Text, o.Text)
}

// RunFilled runs all criteria on the event of [Synthesizer.Filled], as a build hands it over. Its
// error and its work are those of [Interpreter.Run] on this event.
func (t *Trials) RunFilled() error {
	work, all := uint64(0), true
	for i := range t.criteria {
		work += uint64(t.criteria[i].each[wantNothing])
		all = all && t.criteria[i].truths != 0
	}
	it := t.s.it
	if all && (it.limit == 0 || it.work+work <= it.limit) {
		it.work += work
		return nil
	}
	e := t.s.Filled(t.inputs)
	for i := range e {
		t.hand(i, &e[i])
	}
	return it.Run(e)
}

// Run runs an instance on all its events. Matched has a bit for each event that it matches, the
// lowest for the first one. Ok is false if the instance must run event by event: a fault is
// possible, it would reach the limit of the work, or it has criteria that depend on each other.
func (t *Trials) Run(instance int) (matched uint64, events int, ok bool) {
	matched, events, work := t.own.run(instance)
	if work == 0 || !t.spend(work) {
		return 0, 0, false
	}
	return matched, events, true
}

// mostEvents is the number of events that a run of an instance can have.
const mostEvents = 64

// spend counts work, unless it would reach the limit.
func (t *Trials) spend(work uint64) bool {
	it := t.s.it
	if it.limit > 0 && it.work+work > it.limit {
		return false
	}
	it.work += work
	return true
}

// All runs each instance of the file on all its events, as Run does, on as many cores as there are.
// It yields the index of each, and whether it ran. The instances are in the order of the file, and
// the work of an instance counts before it is yielded.
func (t *Trials) All() iter.Seq2[int, bool] {
	return func(yield func(int, bool) bool) {
		n := t.s.file.Instances()
		combiners := make([]*combiner, min(runtime.GOMAXPROCS(0), 1+n/instancesPerCore))
		for k := range combiners {
			combiners[k] = t.combiner()
		}
		works := make([]uint64, min(n, instancesTogether))
		for first := 0; first < n; first += len(works) {
			works = works[:min(len(works), n-first)]
			cores.Run(len(combiners), func(k int) {
				from, to := k*len(works)/len(combiners), (k+1)*len(works)/len(combiners)
				combiners[k].runAll(first+from, works[from:to])
			})
			for i, work := range works {
				if !yield(first+i, work > 0 && t.spend(work)) {
					return
				}
			}
		}
	}
}

// runAll runs consecutive instances, and sets the work of each.
func (c *combiner) runAll(first int, works []uint64) {
	for i := range works {
		if i%instancesAhead == 0 {
			c.read(first+i, first+min(i+instancesAhead, len(works)))
		}
		_, _, works[i] = c.run(first + i)
	}
}

// Limits of All.
const (
	instancesPerCore  = 1 << 12 // instances for which a further core is used
	instancesTogether = 1 << 17 // instances that run before their results are used
)

// instancesAhead is the number of instances whose criteria are read together.
const instancesAhead = 16

// A combiner runs instances with the results of their criteria.
type combiner struct {
	*Trials
	chooser *Synthesizer

	// The buffers below are reused for the next instance.
	touched uint16
	runs    int
	seen    []int // by input: the last run with a criterion on it
	stack   []uint64
}

func (t *Trials) combiner() *combiner {
	return &combiner{
		Trials: t, chooser: &Synthesizer{file: t.s.file},
		seen: make([]int, t.inputs), stack: make([]uint64, 0, channelfile.MaxStack),
	}
}

// read reads the results of the criteria of some instances. They are far from each other, so the
// processor should fetch them at the same time.
func (c *combiner) read(from, to int) {
	touched := uint16(0)
	last := c.s.file.Instance(to - 1)
	for w := c.s.file.Instance(from).First; w < last.First+min(last.Count, instancesAhead); w++ {
		i := min(c.s.file.Word(w).Criterion(), len(c.criteria)-1) // without a branch
		touched ^= c.criteria[i].truths
	}
	c.touched = touched
}

// run runs an instance on all its events. Work is 0 if the instance must run event by event.
func (c *combiner) run(instance int) (matched uint64, events int, work uint64) {
	f := c.s.file
	in := f.Instance(instance)
	words, ok := uint64(in.Count), false
	var once, each uint64
	//mutation:equivalent: the slow path gives the same result
	if f.Word(in.First + in.Count - 1).IsReference() {
		matched, events, once, each, ok = c.conjunction(in)
	}
	if !ok {
		matched, events, once, each, ok = c.condition(in)
	}
	if !ok || events > mostEvents {
		return 0, 0, 0
	}
	return matched & (1<<events - 1), events, once + uint64(c.inputs) + 16*words + uint64(events)*(8*words+each)
}

// conjunction runs an instance whose words are all references. Ok is false if it has other words or
// depends on a criterion without truths.
func (c *combiner) conjunction(in channelfile.Instance) (matched uint64, events int, once, each uint64, ok bool) {
	c.runs++
	matched, events = ^uint64(0), 1
	for w := in.First; w < in.First+in.Count; w++ {
		word := c.s.file.Word(w)
		if !word.IsReference() {
			return 0, 0, 0, 0, false
		}
		x, negated := &c.criteria[word.Criterion()], word.Negated()
		wish := wantHolds
		if negated {
			wish = wantFails
		}
		if x.truths == 0 || c.seen[x.input] == c.runs {
			return 0, 0, 0, 0, false
		}
		c.seen[x.input] = c.runs
		truth := x.truth(wish)
		matched &= truth.in(events, negated)
		events += truth.events()
		once += uint64(x.once[wish])
		each += uint64(x.each[wish])
	}
	return matched, events, once, each, true
}

// condition is conjunction for a condition of any form.
func (c *combiner) condition(in channelfile.Instance) (matched uint64, events int, once, each uint64, ok bool) {
	c.runs++
	wanted := c.chooser.choose(in.First, in.Count)
	events = 1
	stack := c.stack[:0]
	for w := in.First; w < in.First+in.Count; w++ {
		word := c.s.file.Word(w)
		if !word.IsReference() {
			at := len(stack) - word.Operands()
			stack = append(stack[:at], combined(word, stack[at:]))
			continue
		}
		x, wish := &c.criteria[word.Criterion()], wantNothing
		if x.truths == 0 || c.seen[x.input] == c.runs {
			return 0, 0, 0, 0, false
		}
		c.seen[x.input] = c.runs
		if len(wanted) > 0 && wanted[0] == word {
			wish, wanted = wantHolds, wanted[1:]
			if word.Negated() {
				wish = wantFails
			}
		}
		truth := x.truth(wish)
		stack = append(stack, truth.in(events, word.Negated()))
		events += truth.events()
		once += uint64(x.once[wish])
		each += uint64(x.each[wish])
	}
	matched = ^uint64(0)
	for _, truth := range stack {
		matched &= truth
	}
	return matched, events, once, each, true
}

// combined returns the truth value of an and or an or of operands. Each truth value has a bit for
// each event.
func combined(word channelfile.Word, operands []uint64) uint64 {
	truth := uint64(0)
	if word.IsAnd() {
		truth = ^truth
	}
	for _, operand := range operands {
		if word.IsAnd() {
			truth &= operand
		} else {
			truth |= operand
		}
	}
	return truth
}

// events returns the number of events for a criterion, beside the first event of the instance.
func (t truths) events() int { return 2 - int(t&same/same) }

// in returns the truth value of a reference in each event. Own is the number of the first event for
// its criterion.
func (t truths) in(own int, negated bool) uint64 {
	all := -uint64(t & inFirst / inFirst)
	if t&same == 0 {
		all = all&^(1<<own) | uint64(t&inHold/inHold)<<own
		own++
	}
	all = all&^(1<<own) | uint64(t&inFail/inFail)<<own
	if negated {
		return ^all
	}
	return all
}
