package ruletest

import (
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/trace"
)

// explain adds the comparisons that decide whether the rule matches an event, in the words of
// package trace. Each has its place in the rule. Feed is the source of the event; nil means that
// the test has the event.
func (r *runner) explain(c *compiled, e interp.Event, feed *sensor.Feed, o *Outcome) {
	rule := r.traces[c.rule]
	if rule == nil {
		var err error
		if rule, err = trace.OfRule(c.rule, c.def, r.options.Placeholders); err != nil {
			o.detail(o.Where, "the rule cannot be explained: %v", err)
			return
		}
		r.traces[c.rule] = rule
	}
	root, err := rule.Tree(e)
	if err != nil {
		o.detail(o.Where, "the rule cannot be explained: %v", err)
		return
	}
	seen := map[string]bool{} // a search that the condition names twice stands twice in the tree
	for n, negated := range root.Reasons() {
		place := Place{n.Place.File, sigma.Position{Line: n.Place.Line, Column: n.Place.Column}}
		text := n.Truth(negated) + ": " + strings.Join(rule.Evidence(n, e, feed), "; ")
		if key := place.String() + text; !seen[key] {
			seen[key] = true
			o.detail(place, "%s", text)
		}
	}
}
