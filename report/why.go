package report

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/report/internal/page"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/trace"
	"github.com/cfcheck/cfcheck/validate"
)

// The bounds of explained events.
const (
	maxWhys     = 50  // events of a page
	maxNodes    = 100 // parts of a condition
	maxParts    = 20  // parts of one part, besides those that decide
	maxNodeText = 450 // bytes of a text
)

// A whyKey names a finding about a recorded event.
type whyKey struct {
	subject, check string
	instance       int
}

// whyOf returns the key of a finding, and whether it is about a recorded event.
func whyOf(subject string, f *validate.Finding) (whyKey, bool) {
	if f.Event == "" || f.Instance == nil || f.Instance.Index < 0 {
		return whyKey{}, false
	}
	return whyKey{subject, f.Check.ID, f.Instance.Index}, true
}

// lost is the check whose event the rule does not match any more.
const lost = "CF5006"

// whys explains why rules match recorded events, or do not.
type whys struct {
	of   map[whyKey]*page.Why
	left int // findings that are not explained
}

// add explains the findings of a report about recorded events. It reads the events of the report's
// type once more, up to the last one that a finding names. The report must have its File.
func (w *whys) add(r *validate.Report, recorded []*validate.Recorded) {
	wanted := map[string][]whyKey{} // by the place of the event
	n := 0
	for _, list := range [][]validate.Finding{r.Findings, r.Waived} {
		for i := range list {
			key, ok := whyOf(r.Subject.Name, &list[i])
			switch {
			case !ok || w.of[key] != nil:
			case len(w.of)+n == maxWhys:
				w.left++
			default:
				wanted[list[i].Event] = append(wanted[list[i].Event], key)
				n++
			}
		}
	}
	for _, events := range recorded {
		if len(wanted) == 0 || events == nil {
			continue
		}
		// An event that cannot be read is a problem of the check, which says so.
		_ = events.Events(r.Definition, func(where func() string, e interp.Event) bool {
			at := where()
			keys, ok := wanted[at]
			if !ok {
				return true
			}
			// A record can feed a type twice, and the rule matches only one of these events.
			keys = slices.DeleteFunc(keys, func(key whyKey) bool {
				why := explainEvent(trace.OfInstance(r.File, key.instance, r.Definition), e, nil, at, key.check != lost)
				if why != nil {
					if w.of == nil {
						w.of = map[whyKey]*page.Why{}
					}
					w.of[key] = why
				}
				return why != nil
			})
			if wanted[at] = keys; len(keys) == 0 {
				delete(wanted, at)
			}
			return len(wanted) > 0
		})
	}
	for _, keys := range wanted {
		w.left += len(keys)
	}
}

// explainEvent returns why a rule matches an event at a place, or why it does not. It returns nil
// if that is not so. The feed is nil if it is not known.
func explainEvent(rule *trace.Rule, e interp.Event, feed *sensor.Feed, at string, matches bool) *page.Why {
	root, err := rule.Tree(e)
	if err != nil || root.Holds != matches {
		return nil
	}
	why := &page.Why{Title: shown(cutBytes("Why it matches event "+at, maxNodeText))}
	if !matches {
		why.Title = shown(cutBytes("Why it does not match event "+at, maxNodeText))
		why.First = shown(cutBytes(firstText(root), maxNodeText))
	}
	type place struct {
		node  *trace.Node
		depth int
	}
	left := 0
	for stack := []place{{root, 0}}; len(stack) > 0; {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if len(why.Nodes) == maxNodes {
			left++
			continue
		}
		node, parts := nodeOf(top.node, rule.Definition, e, feed)
		node.Depth = min(top.depth, page.MaxDepth)
		why.Nodes = append(why.Nodes, node)
		for _, p := range slices.Backward(parts) {
			stack = append(stack, place{p, top.depth + 1})
		}
	}
	if left > 0 {
		why.More = "more parts; cfcheck explain --event shows all"
	}
	return why
}

// nodeOf returns a part of a condition for a page, and its parts. Of many parts it takes those that
// decide, and the first others.
func nodeOf(n *trace.Node, d *sensor.Definition, e interp.Event, feed *sensor.Feed) (out page.Node, parts []*trace.Node) {
	out = page.Node{Text: shown(cutBytes(headOf(n), maxNodeText)), Holds: n.Holds, Decides: n.Decides}
	if n.Kind == trace.Comparison {
		for _, note := range notesOf(n, d, e, feed) {
			out.Notes = append(out.Notes, shown(cutBytes(note, maxNodeText)))
		}
		return out, nil
	}
	others := 0
	for _, p := range n.Parts {
		if !p.Decides {
			if others++; others > maxParts {
				continue
			}
		}
		parts = append(parts, p)
	}
	if more := others - maxParts; more > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("%s more parts do not decide", numeral.Thousands(uint64(more))))
	}
	return out, parts
}
