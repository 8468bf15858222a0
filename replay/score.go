package replay

import (
	"slices"

	"github.com/cfcheck/cfcheck/sensor/match"
)

// A score has the counts of a worker, for a block or for all its events.
type score struct {
	events, tried, noType uint64
	untried               map[string]uint64 // by name of the type
	groups                []groupScore      // by group
	matches, changed      tally             // by rule; changed counts records, see Change
	examples, changes     samples           // of matches and changed
	bad                   uint64
	firstBad              []badLine // the first MaxBadLines
	faults                uint64
	fault                 *faulted // the first one
}

type groupScore struct {
	events  uint64
	present []uint64   // by input: events that have it
	work    match.Work // not of previous content
}

func newScore(r *run) *score {
	s := &score{untried: map[string]uint64{}, groups: make([]groupScore, len(r.groups)), matches: newTally(r.rules)}
	s.examples, s.changes = newSamples(r.options.Examples), newSamples(r.options.Examples)
	if r.pairs != nil {
		s.changed = newTally(r.rules)
	}
	for k, g := range r.groups {
		s.groups[k].present = make([]uint64, len(g.definition.Inputs))
		if !g.previous {
			s.groups[k].work.Instances = make([]uint64, g.index.Instances())
		}
	}
	return s
}

// moveTo adds s to another score, and empties s. The time depends on the counts that s has.
func (s *score) moveTo(to *score) {
	to.events += s.events
	to.tried += s.tried
	to.noType += s.noType
	for name, n := range s.untried {
		to.untried[name] += n
	}
	for k := range s.groups {
		from, to := &s.groups[k], &to.groups[k]
		if from.events == 0 {
			continue
		}
		to.events += from.events
		for i, n := range from.present {
			to.present[i] += n
		}
		from.work.MoveTo(&to.work)
	}
	s.matches.moveTo(&to.matches)
	s.changed.moveTo(&to.changed)
	s.examples.moveTo(&to.examples)
	s.changes.moveTo(&to.changes)
	to.bad += s.bad
	for _, b := range s.firstBad {
		to.firstBad = insert(to.firstBad, b, MaxBadLines)
	}
	to.faults += s.faults
	if s.fault != nil && (to.fault == nil || s.fault.compare(to.fault.place) < 0) {
		to.fault = s.fault
	}
	s.empty()
}

// empty sets all counts to 0.
func (s *score) empty() {
	s.events, s.tried, s.noType, s.bad, s.faults, s.fault = 0, 0, 0, 0, 0, nil
	clear(s.untried)
	for k := range s.groups {
		if g := &s.groups[k]; g.events > 0 {
			g.events = 0
			clear(g.present)
		}
		s.groups[k].work.Reset()
	}
	s.matches.empty()
	s.changed.empty()
	clear(s.examples.byRule)
	clear(s.changes.byRule)
	s.firstBad = nil
}

// A tally is a list of counts, most of which are 0.
type tally struct {
	n       []uint64
	touched []int // those that are not 0
}

func newTally(n int) tally { return tally{n: make([]uint64, n)} }

func (t *tally) add(i int, n uint64) {
	if t.n[i] == 0 {
		t.touched = append(t.touched, i)
	}
	t.n[i] += n
}

func (t *tally) moveTo(to *tally) {
	for _, i := range t.touched {
		to.add(i, t.n[i])
	}
}

func (t *tally) empty() {
	for _, i := range t.touched {
		t.n[i] = 0
	}
	t.touched = t.touched[:0]
}

// samples are the first examples of each rule.
type samples struct {
	most   int
	byRule map[int][]example
}

func newSamples(most int) samples { return samples{most, map[int][]example{}} }

// wants reports whether an event at a place is one of the first examples of a rule.
func (s *samples) wants(rule int, at place) bool {
	if s.most == 0 {
		return false
	}
	list := s.byRule[rule]
	return len(list) < s.most || at.compare(list[len(list)-1].place) < 0
}

func (s *samples) add(rule int, e example) { s.byRule[rule] = insert(s.byRule[rule], e, s.most) }

func (s *samples) moveTo(to *samples) {
	for rule, list := range s.byRule {
		for _, e := range list {
			to.add(rule, e)
		}
	}
}

// insert adds an item to a list in the order of their places, and keeps the first ones.
func insert[T interface{ at() place }](list []T, item T, most int) []T {
	i, _ := slices.BinarySearchFunc(list, item, func(a, b T) int { return a.at().compare(b.at()) })
	list = slices.Insert(list, i, item)
	return list[:min(len(list), most)]
}

// matched returns the number of matches, without those of previous content.
func (s *score) matched(r *run) (n uint64) {
	for _, g := range r.groups {
		if g.previous {
			break // they are the last ones
		}
		n = uint64(g.first + g.index.Instances())
	}
	first := int(n)
	n = 0
	for _, rule := range s.matches.touched {
		if rule < first {
			n += s.matches.n[rule]
		}
	}
	return n
}

func (p *Progress) add(events, matches uint64) {
	if p != nil {
		p.Events.Add(events)
		p.Matches.Add(matches)
	}
}
