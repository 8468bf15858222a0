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

// hits are the rules that match a record.
type hits struct {
	pairs []int    // of the run; nil means that nothing is compared
	epoch uint64   // number of the record
	last  []uint64 // by rule: the last record that it matched
	list  []hit    // rules that match the record, each once
}

// A hit is a rule with its group, and the first feed by which it matches the record.
type hit struct {
	group      *group
	rule, feed int
}

func newHits(r *run) hits {
	h := hits{pairs: r.pairs}
	if h.pairs != nil {
		h.last = make([]uint64, r.rules)
	}
	return h
}

func (h *hits) begin() {
	h.epoch++
	h.list = h.list[:0]
}

func (h *hits) add(g *group, rule, feed int) {
	if h.pairs != nil && h.last[rule] != h.epoch {
		h.last[rule] = h.epoch
		h.list = append(h.list, hit{g, rule, feed})
	}
}

// compare counts the rules that match the record without their partners.
func (w *worker) compare(at place, feeds []*events.Mapping) {
	for _, m := range w.hits.list {
		if p := w.hits.pairs[m.rule]; p >= 0 && w.hits.last[p] == w.hits.epoch {
			continue
		}
		w.now.changed.add(m.rule, 1)
		at.feed = m.feed
		if !w.all.changes.wants(m.rule, at) || !w.now.changes.wants(m.rule, at) {
			continue
		}
		// The rule has matched this event, so there is no error.
		w.event, _ = feeds[m.feed].Event(w.event, &w.record)
		e, _ := w.example(at, m.group, m.rule-m.group.first)
		w.now.changes.add(m.rule, e)
	}
}

// joinChange returns the differences of a rule and its predecessor, or of a removed rule.
func (r *run) joinChange(s *score, g *group, rule int) *Change {
	side := func(rule int) Side { return Side{s.changed.n[rule], r.examples(s.changes.byRule[rule])} }
	if g.previous {
		return &Change{Lost: side(rule)}
	}
	c := &Change{Gained: side(rule), New: r.pairs[rule] < 0}
	if !c.New {
		c.Lost = side(r.pairs[rule])
	}
	return c
}
