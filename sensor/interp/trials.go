package interp

import (
	"bytes"
	"runtime"
	"sync"

	"github.com/cfcheck/cfcheck/channelfile"
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

	// The buffers below are reused for the next instance.
	run   int
	seen  []int // by input: the last run with a criterion on it
	stack []uint64
	list  []tried
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
// has one, and a file can have a million. A criterion whose work does not fit has no truths.
type trial struct {
	once  [wishes]int16  // work to make the values and to evaluate them, beyond that of each event
	each  [wishes]uint16 // work to evaluate the value of the first event
	input uint16
	truth [wishes]truths
}

// A tried is a criterion of the instance that runs.
type tried struct {
	*trial
	wish  wish
	event int // number of its first event
}

// Truths are the truth values of a criterion.
type truths uint8

const (
	inFirst truths = 1 << iota // it holds in the first event of the instance
	inHold                     // it holds for the value that should satisfy it
	inFail                     // it holds for the value that should fail it
	same                       // the value that satisfies it is the one of the first event
	known                      // there was no fault
)

// mostTrialWork is the work after which a criterion is not evaluated further. An instance that
// refers to it runs event by event.
const mostTrialWork = 1 << 24

// NewTrials evaluates the criteria of the file of a synthesizer, on as many cores as there are.
// The events have the given number of inputs. Hand changes a value of an input to the one that a
// build hands over. Several goroutines call it. It must return the same for the same value, and a
// changed value as it is.
func NewTrials(s *Synthesizer, inputs int, hand func(input int, v *Value)) *Trials {
	t := &Trials{s: s, inputs: inputs, hand: hand, seen: make([]int, inputs), stack: make([]uint64, 0, channelfile.MaxStack)}
	s.fill(inputs)
	n := s.file.Criteria()
	t.criteria = make([]trial, n)
	limit := ^uint64(0)
	if s.it.limit > 0 {
		limit = s.it.limit - min(s.it.work, s.it.limit)
	}
	cores := min(runtime.GOMAXPROCS(0), 1+n/criteriaPerCore)
	var wait sync.WaitGroup
	for k := range cores {
		wait.Go(func() {
			own := &Synthesizer{file: s.file, types: s.types, filled: s.filled, it: &Interpreter{file: s.file, access: s.it.access}}
			r := trier{Synthesizer: own, hand: hand, event: append(Event(nil), s.filled...)}
			for i := k * n / cores; i < (k+1)*n/cores && own.it.work <= limit; i++ {
				t.criteria[i] = r.try(i)
			}
		})
	}
	wait.Wait()
	return t
}

// criteriaPerCore is the number of criteria for which a further core is used.
const criteriaPerCore = 1 << 12

// A trier evaluates criteria.
type trier struct {
	*Synthesizer
	hand              func(input int, v *Value)
	event             Event      // has the value of each input that no criterion asks for
	filled, good, bad evaluation // on this value, and those that satisfy and fail the criterion
	other             evaluation
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
		r.truth = [wishes]truths{}
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
			once = t.good.making + t.joining(c, &t.good.made) + t.filled.madeWork + t.good.madeWork
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
		r.once[w], r.each[w], r.truth[w] = int16(once), uint16(first.work), truth
		if int64(r.once[w]) != int64(once) || uint64(r.each[w]) != first.work {
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
		all = all && t.criteria[i].truth[wantNothing] != 0
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

// mostEvents is the number of events that a run of a condition can have.
const mostEvents = 64

// Run runs an instance on all its events. Matched has a bit for each event that it matches, the
// lowest for the first one. Ok is false if the instance must run event by event: a fault is
// possible, it would reach the limit of the work, or it has criteria that depend on each other.
func (t *Trials) Run(instance int) (matched uint64, events int, ok bool) {
	f := t.s.file
	in := f.Instance(instance)
	wanted := t.s.choose(in.First, in.Count)
	work := uint64(0)
	events = 1
	t.run++
	t.list = t.list[:0]
	each := uint64(8 * in.Count)
	for w := in.First; w < in.First+in.Count; w++ {
		word := f.Word(w)
		if !word.IsReference() {
			continue
		}
		c := tried{&t.criteria[word.Criterion()], wantNothing, events}
		if c.truth[wantHolds] == 0 || t.seen[c.input] == t.run {
			return 0, 0, false
		}
		t.seen[c.input] = t.run
		if len(wanted) > 0 && wanted[0] == word {
			c.wish, wanted = wantHolds, wanted[1:]
			if word.Negated() {
				c.wish = wantFails
			}
		}
		if events += 2; c.truth[c.wish]&same != 0 {
			events--
		}
		work += uint64(c.once[c.wish])
		each += uint64(c.each[c.wish])
		t.list = append(t.list, c)
	}
	work += uint64(t.inputs+16*in.Count) + uint64(events)*each
	if events > mostEvents || t.s.it.limit > 0 && t.s.it.work+work > t.s.it.limit {
		return 0, 0, false
	}
	t.s.it.work += work
	return t.condition(in) & (1<<events - 1), events, true
}

// condition evaluates the words of an instance, whose criteria are in the list. Each truth value
// has a bit for each event.
func (t *Trials) condition(in channelfile.Instance) uint64 {
	stack, next := t.stack[:0], 0
	for w := in.First; w < in.First+in.Count; w++ {
		word := t.s.file.Word(w)
		if word.IsReference() {
			stack = append(stack, t.list[next].events(word.Negated()))
			next++
			continue
		}
		at := len(stack) - word.Operands()
		truth := uint64(0)
		if word.IsAnd() {
			truth = ^truth
		}
		for _, operand := range stack[at:] {
			if word.IsAnd() {
				truth &= operand
			} else {
				truth |= operand
			}
		}
		stack = append(stack[:at], truth)
	}
	all := ^uint64(0)
	for _, truth := range stack {
		all &= truth
	}
	return all
}

// events returns the truth value of a reference in each event.
func (c *tried) events(negated bool) uint64 {
	truth, all := c.truth[c.wish], uint64(0)
	if truth&inFirst != 0 {
		all = ^uint64(0)
	}
	own := c.event
	if truth&same == 0 {
		all = all&^(1<<own) | uint64(truth&inHold/inHold)<<own
		own++
	}
	all = all&^(1<<own) | uint64(truth&inFail/inFail)<<own
	if negated {
		return ^all
	}
	return all
}
