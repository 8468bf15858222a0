package replay

import (
	"github.com/cfcheck/cfcheck/sensor/match"
)

// Work returns all work of the index, in estimated nanoseconds.
func (r *Result) Work() uint64 {
	n := r.Cost.Search + r.Cost.Interpreter
	for i := range r.Rules {
		n += r.Rules[i].Work
	}
	return n
}

func (c *Cost) add(w *match.Work) {
	c.Search += w.Search
	c.Interpreter += w.Interpreter
	c.Interpreted += w.Interpreted
}

// joinFields returns the fields of the groups of new content.
func (r *run) joinFields(s *score) (list []Field) {
	for k, g := range r.groups {
		if g.previous {
			continue
		}
		for input, n := range s.groups[k].present {
			list = append(list, Field{Definition: g.definition, Input: input, Events: s.groups[k].events, Present: n, Rules: g.reads[input]})
		}
	}
	return list
}
