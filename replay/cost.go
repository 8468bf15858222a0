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

// joinFields adds up the fields of the groups of new content.
func (r *run) joinFields(workers []*worker) (list []Field) {
	for k, g := range r.groups {
		if g.previous {
			continue
		}
		for input := range g.definition.Inputs {
			f := Field{Definition: g.definition, Input: input, Rules: g.reads[input]}
			for _, w := range workers {
				f.Events += w.perGroup[k]
				f.Present += w.present[k][input]
			}
			list = append(list, f)
		}
	}
	return list
}
