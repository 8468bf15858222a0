package behaviour

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/match"
	"github.com/cfcheck/cfcheck/validate"
)

// readingAnEvent is the number of steps charged for reading an event, in addition to
// the charge of FORMAT.md and one step for each byte of its values. It is close to the
// measured time.
const readingAnEvent = 100

// matches runs the content on recorded events, in a reader that finds inputs by name.
// It calls report for each instance that matches an event, with the number of matches
// and the place of the first one. It ends early if the budget of the run is spent or
// events cannot be read.
func matches(p *validate.Pass, recorded *validate.Recorded, report func(instance int, n uint64, first string)) {
	it := interp.New(p.File, &sensor.Reader{Access: sensor.AccessNamed})
	var m *match.Matcher
	t := newTally(p.File.Instances())
	c := costs{p: p, lengths: make([]uint64, len(p.Definition.Inputs))}
	err := recorded.Events(p.Definition, func(where func() string, e interp.Event) bool {
		//mutation:missed: TestBudget or budget.txtar detects it
		if !p.Spend(c.of(it, e)) {
			return false
		}
		if m == nil && c.events > fewEvents {
			m = matcherOf.Get(p)
		}
		for _, i := range matching(it, m, e) {
			t.add(i, where)
		}
		return true
	})
	//mutation:missed condition: TestEventsThatCannotBeRead detects it
	if err != nil {
		p.Unfinished(err)
	}
	c.name()
	for i, n := range t.counts {
		if n > 0 {
			report(i, n, t.first[i])
		}
	}
}

// compare runs the content and the previous content of the same version of the type on recorded
// events. It calls each with the instances of both that match an event. It ends early as matches
// does.
func compare(p *validate.Pass, recorded *validate.Recorded, each func(where func() string, before, now []int)) {
	reader := &sensor.Reader{Access: sensor.AccessNamed}
	now, before := interp.New(p.File, reader), interp.New(p.Previous.File, reader)
	var m, previous *match.Matcher
	c := costs{p: p, lengths: make([]uint64, len(p.Definition.Inputs))}
	err := recorded.Events(p.Definition, func(where func() string, e interp.Event) bool {
		//mutation:missed: TestBudget or budget.txtar detects it
		if !p.Spend(c.of(now, e)) || !p.Spend(before.Charge(e)) {
			return false
		}
		if m == nil && c.events > fewEvents {
			m, previous = matcherOf.Get(p), previousMatcherOf.Get(p)
		}
		each(where, matching(before, previous, e), matching(now, m, e))
		return true
	})
	//mutation:missed condition: TestEventsThatCannotBeRead detects it
	if err != nil {
		p.Unfinished(err)
	}
	c.name()
}

// A tally has for each instance a number of events, and the place of the first of them.
type tally struct {
	counts []uint64
	first  []string
}

func newTally(instances int) *tally {
	return &tally{make([]uint64, instances), make([]string, instances)}
}

// add counts an event.
func (t *tally) add(instance int, where func() string) {
	//mutation:equivalent: only report texts depend on it
	if t.counts[instance]++; t.counts[instance] == 1 {
		t.first[instance] = where()
	}
}

// fewEvents is the number of events on which all instances run. An index takes about as
// long to build.
const fewEvents = 10

// matcherOf keeps the matcher of a subject for all checks that run it on recorded events.
// It is nil if the file has more criteria than an index can have.
//
//mutation:equivalent: only the speed depends on it
var matcherOf = validate.OfSubject(func(p *validate.Pass) *match.Matcher {
	ix, err := match.New(p.File)
	if err != nil {
		return nil
	}
	return ix.Matcher()
})

// matching returns the instances that match an event. It uses the index of m, or runs all
// instances if m is nil. There is no budget, and all inputs have their declared types, so
// no event fails.
func matching(it *interp.Interpreter, m *match.Matcher, e interp.Event) []int {
	//mutation:equivalent: only the speed depends on it
	if m != nil {
		list, _ := m.Match(e)
		return list
	}
	if it.Run(e) != nil {
		return nil
	}
	return it.Matched()
}

// costs adds up the charges of events.
type costs struct {
	p       *validate.Pass
	events  uint64
	lengths []uint64 // total length of the values of each input
}

// of returns the charge of an event, and adds it to the costs.
//
//mutation:missed: TestBudget or budget.txtar detects it
func (c *costs) of(it *interp.Interpreter, e interp.Event) uint64 {
	c.events++
	n := addSat(readingAnEvent, it.Charge(e))
	for i := range min(len(e), len(c.lengths)) {
		length := uint64(len(e[i].Text))
		c.lengths[i] += length
		n = addSat(n, length)
	}
	return n
}

// name finds the instance with the highest charge for all events.
//
//mutation:equivalent: only the message about a spent budget depends on it
func (c *costs) name() {
	if c.events == 0 {
		return
	}
	f := c.p.File
	charges, perByte := sensor.ChargesOf(f)
	for i := range charges {
		charges[i] = addSat(mulSat(charges[i], c.events), mulSat(perByte[i], c.lengths[f.Criterion(i).Input]))
	}
	most, at := uint64(0), -1
	for i := range f.Instances() {
		in := f.Instance(i)
		sum := mulSat(uint64(in.Count)+1, c.events)
		for w := in.First; w < in.First+in.Count; w++ {
			if word := f.Word(w); word.IsReference() {
				sum = addSat(sum, charges[word.Criterion()])
			}
		}
		if sum > most {
			most, at = sum, i
		}
	}
	if at >= 0 {
		c.p.CostOf(most, func() (validate.Location, *validate.Instance) { return c.p.LocateInstance(at) })
	}
}

// addSat and mulSat return math.MaxUint64 instead of a larger result.
//
//mutation:missed: TestBudget or budget.txtar detects it
func addSat(a, b uint64) uint64 { return a + min(b, math.MaxUint64-a) }

//mutation:equivalent: only the message about a spent budget depends on it
func mulSat(a, b uint64) uint64 {
	if hi, lo := bits.Mul64(a, b); hi == 0 {
		return lo
	}
	return math.MaxUint64
}

//mutation:equivalent: only report texts depend on it
func count(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// rule names an instance for messages.
//
//mutation:equivalent: only report texts depend on it
func rule(in *validate.Instance) string {
	switch {
	case in.Title != "":
		return fmt.Sprintf("rule %q", in.Title)
	case in.Rule != "":
		return "rule " + in.Rule
	}
	return fmt.Sprintf("instance %d", in.Index)
}
