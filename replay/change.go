package replay

import (
	"bytes"
	"slices"
	"sort"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/events"
)

// pair sets r.pairs. A rule has at most one partner, which the first of several rules of one ID
// gets.
func (r *run) pair() {
	r.pairs = slices.Repeat([]int{-1}, r.rules)
	var newer, old []*group
	for _, g := range r.groups {
		if g.previous {
			old = append(old, g)
		} else {
			newer = append(newer, g)
		}
	}
	same := func(a, b *group) bool { return a.definition == b.definition }
	for _, g := range newer {
		// A version without predecessor is compared with another version that has no successor.
		at := slices.IndexFunc(old, func(o *group) bool { return same(g, o) })
		if at < 0 {
			at = slices.IndexFunc(old, func(o *group) bool {
				return o.definition.Number == g.definition.Number && !slices.ContainsFunc(newer, func(n *group) bool { return same(n, o) })
			})
		}
		if at >= 0 {
			r.pairGroups(g, old[at])
		}
	}
}

// pairGroups pairs the rules of two groups that have the same ID.
func (r *run) pairGroups(newer, old *group) {
	for i := range newer.index.Instances() {
		file, instance := newer.index.Locate(i)
		id := newer.files[file].Instance(instance).ID
		before := 0 // instances of the files before
		for _, f := range old.files {
			if k, ok := find(f, id); ok && r.pairs[old.first+before+k] < 0 {
				r.pairs[newer.first+i], r.pairs[old.first+before+k] = old.first+before+k, newer.first+i
				break
			}
			before += f.Instances()
		}
	}
}

// find returns the instance of a file that has an ID. A file has its instances in their order.
func find(f *channelfile.File, id channelfile.ID) (int, bool) {
	return sort.Find(f.Instances(), func(i int) int {
		other := f.Instance(i).ID
		return bytes.Compare(id[:], other[:])
	})
}

// changes collects the rules that match a record, and the differences between partners.
type changes struct {
	pairs    []int    // of the run; nil means that nothing is compared
	epoch    uint64   // number of the record
	last     []uint64 // by rule: the last record that it matched
	matched  []hit    // rules that match the record, each once
	records  []uint64 // by rule: the records that it matches and its partner does not
	examples map[int][]example
}

// A hit is a rule with its group, and the first feed by which it matches the record.
type hit struct {
	group      *group
	rule, feed int
}

func newChanges(r *run) changes {
	c := changes{pairs: r.pairs}
	if c.pairs != nil {
		c.last, c.records, c.examples = make([]uint64, r.rules), make([]uint64, r.rules), map[int][]example{}
	}
	return c
}

func (c *changes) begin() {
	c.epoch++
	c.matched = c.matched[:0]
}

func (c *changes) add(g *group, rule, feed int) {
	if c.pairs != nil && c.last[rule] != c.epoch {
		c.last[rule] = c.epoch
		c.matched = append(c.matched, hit{g, rule, feed})
	}
}

// compare counts the rules that match the record without their partners.
func (w *worker) compare(at place, feeds []*events.Mapping) {
	c := &w.changes
	for _, m := range c.matched {
		if p := c.pairs[m.rule]; p >= 0 && c.last[p] == c.epoch {
			continue
		}
		if c.records[m.rule]++; c.records[m.rule] > uint64(w.options.Examples) {
			continue
		}
		at.feed = m.feed
		// The rule has matched this event, so there is no error.
		w.event, _ = feeds[m.feed].Event(w.event, &w.record)
		e, _ := w.example(at, m.group, m.rule-m.group.first)
		c.examples[m.rule] = append(c.examples[m.rule], e)
	}
}

// joinChange adds up the differences of a rule and its predecessor, or of a removed rule.
func (r *run) joinChange(workers []*worker, g *group, rule int) *Change {
	side := func(rule int) (s Side) {
		for _, w := range workers {
			s.Records += w.changes.records[rule]
		}
		s.Examples = r.joinExamples(workers, func(w *worker) []example { return w.changes.examples[rule] })
		return s
	}
	if g.previous {
		return &Change{Lost: side(rule)}
	}
	c := &Change{Gained: side(rule), New: r.pairs[rule] < 0}
	if !c.New {
		c.Lost = side(r.pairs[rule])
	}
	return c
}
