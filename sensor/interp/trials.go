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

// A trial is the result of evaluating a criterion on its values, by wish.
type trial struct {
	once  [wishes]int32  // work to make the values and to evaluate them, beyond that of each event
	each  [wishes]uint32 // work to evaluate the value of the first event
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
			e := append(Event(nil), s.filled...)
			for i := k * n / cores; i < (k+1)*n/cores && own.it.work <= limit; i++ {
				t.criteria[i] = t.try(own, e, i)
			}
		})
	}
	wait.Wait()
	return t
}

// criteriaPerCore is the number of criteria for which a further core is used.
const criteriaPerCore = 1 << 12

// An evaluation is a value of an input, as it is made and as a build hands it over, with the
// result of a criterion on both.
type evaluation struct {
	made, handed struct {
		value Value
		holds bool
		work  uint64
	}
	making uint64 // work to make the value
}

// try evaluates criterion i. E has the value of each input that no criterion asks for. Try returns
// the zero trial if an instance with the criterion must run event by event.
func (t *Trials) try(s *Synthesizer, e Event, i int) (r trial) {
	c := s.file.Criterion(i)
	input := int(c.Input)
	// The work of an expression depends on the expression that was run before.
	if input >= len(e) || c.Flags&channelfile.FlagInputs != 0 || c.Operator == channelfile.OpRegexp {
		return trial{}
	}
	s.Limit(mostTrialWork)
	s.arena = s.arena[:0]
	defer func() { e[input] = s.filled[input] }()
	// The value of the filled event, and those that satisfy and fail the criterion.
	var filled, good, bad evaluation
	filled.made.value = s.filled[input]
	if !t.evaluate(s, e, i, c, &filled) {
		return trial{}
	}
	before := s.it.work
	good.made.value = s.value(c, true, filled.handed.value)
	good.making = s.it.work - before
	before = s.it.work
	bad.made.value = s.value(c, false, filled.handed.value)
	bad.making = s.it.work - before
	if !t.evaluate(s, e, i, c, &good) || !t.evaluate(s, e, i, c, &bad) {
		return trial{}
	}
	r.input = c.Input
	for w := range wishes {
		first, once := &filled, uint64(0)
		switch {
		case w == wantNothing:
		case c.Operator == channelfile.OpExists || filled.made.holds || w == wantHolds && (!good.made.holds || c.Count > 1):
			// solve chooses between more values.
			first = new(evaluation)
			e[input] = s.filled[input]
			before := s.it.work
			s.wanted = append(s.wanted[:0], channelfile.Word(2*i+int(w))) // negated for wantFails
			if !s.solve(e, input, s.wanted) {
				return trial{}
			}
			once = s.it.work - before
			first.made.value = e[input]
			if !t.evaluate(s, e, i, c, first) {
				return trial{}
			}
		case w == wantHolds: // solve tries the filled value, and then the good one
			first = &good
			once = good.making + s.joining(c, &good.made.value) + filled.made.work + good.made.work
		default: // solve keeps the filled value, because the criterion fails
			once = bad.making + filled.made.work
		}
		holding := &good
		if c.Operator == channelfile.OpExists { // which keeps a value that is present
			holding = new(evaluation)
			holding.made.value = s.value(c, true, first.handed.value)
			if !t.evaluate(s, e, i, c, holding) {
				return trial{}
			}
		}
		truth := known
		if first.handed.holds {
			truth |= inFirst
		}
		once += holding.making + bad.making + bad.handed.work - first.handed.work
		if first.handed.value.equals(&holding.made.value) {
			truth |= same
		} else {
			once += holding.handed.work - first.handed.work
		}
		if holding.handed.holds {
			truth |= inHold
		}
		if bad.handed.holds {
			truth |= inFail
		}
		r.once[w], r.each[w], r.truth[w] = int32(once), uint32(first.handed.work), truth
	}
	return r
}

// evaluate evaluates criterion i on a value, as it is made and as a build hands it over. It
// returns false if it fails.
func (t *Trials) evaluate(s *Synthesizer, e Event, i int, c channelfile.Criterion, v *evaluation) bool {
	at := &e[c.Input]
	*at = v.made.value
	t.hand(int(c.Input), at)
	before := s.it.work
	holds, err := s.it.RunCriterion(i, e)
	if err != nil {
		return false
	}
	v.handed.value, v.handed.holds, v.handed.work = *at, holds, s.it.work-before
	if at.equals(&v.made.value) {
		v.made = v.handed
		return true
	}
	before = s.it.work
	v.made.holds, err = s.it.holds(i, c, &v.made.value, e)
	v.made.work = s.it.work - before
	return err == nil
}

// equals reports whether two values are the same.
func (v *Value) equals(o *Value) bool {
	return v.Type == o.Type && v.Integer == o.Integer && v.Address == o.Address && bytes.Equal(v.Text, o.Text)
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
