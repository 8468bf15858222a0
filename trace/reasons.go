package trace

import (
	"fmt"
	"iter"
	"slices"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// Reasons yields the comparisons that give the part its truth, in the order of the condition. If
// the part does not hold, each of them stands in its way. The first is that of [Node.First]. The
// second value reports whether an odd number of "not" stand above the comparison.
func (n *Node) Reasons() iter.Seq2[*Node, bool] {
	return func(yield func(*Node, bool) bool) { n.reasons(false, yield) }
}

// reasons returns false if yield did. It does not recurse deeper than the condition.
func (n *Node) reasons(negated bool, yield func(*Node, bool) bool) bool {
	if n.Kind == Comparison {
		return yield(n, negated)
	}
	for _, p := range n.Parts {
		if n.Kind != Not && p.Holds != n.Holds {
			continue
		}
		if !p.reasons(negated != (n.Kind == Not), yield) {
			return false
		}
	}
	return true
}

// Truth says whether a comparison holds, such as "selection: Image|endswith: x does not hold".
// Negated is the second value of [Node.Reasons].
func (n *Node) Truth(negated bool) string {
	text := n.Text
	if n.Name != "" {
		text = n.Name + ": " + text
	}
	if n.Holds {
		text += " holds"
	} else {
		text += " does not hold"
	}
	if negated {
		text += ", and the condition negates it"
	}
	return text
}

// Evidence returns short sentences on why a comparison of the rule holds or does not hold: the
// value that decides if only some of several do, and the values that the event has. Feed is the
// source of the event; nil means that it is not known.
func (r *Rule) Evidence(n *Node, e interp.Event, feed *sensor.Feed) (list []string) {
	mixed := slices.ContainsFunc(n.Parts, func(v *Node) bool { return v.Holds != n.Parts[0].Holds })
	if i := slices.IndexFunc(n.Parts, func(v *Node) bool { return v.Holds == n.Holds }); i >= 0 && mixed {
		truth := " holds"
		if !n.Holds {
			truth = " does not hold"
		}
		list = append(list, "the value "+n.Parts[i].Text+truth)
	}
	for _, input := range n.Inputs {
		name := r.Definition.Inputs[input].Name
		switch {
		case input < len(e) && e[input].Present():
			list = append(list, "the event has "+name+" "+ValueText(&e[input]))
		case feed != nil && feed.Field(name) == nil:
			list = append(list, fmt.Sprintf("the event has no %s: feed %s never has it", name, feed.Name))
		default:
			list = append(list, "the event has no "+name)
		}
	}
	return list
}
