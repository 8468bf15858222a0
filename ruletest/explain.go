package ruletest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/trace"
)

// A word is a part of the condition of an instance, with its truth on an event.
type word struct {
	at       int // index in the file
	truth    bool
	operands []int // indices of words of the condition
}

// explain adds the criteria that decide whether the rule matches an event. If it does not match,
// they do not have the truth value that the condition needs; if it matches, they have it. Each has
// its place in the rule and the values of the event.
func (r *runner) explain(c *compiled, e interp.Event, o *Outcome) {
	in := c.file.Instance(c.instance)
	words := make([]word, 0, in.Count)
	var stack []int
	for i := in.First; i < in.First+in.Count; i++ {
		w := c.file.Word(i)
		part := word{at: i}
		if w.IsReference() {
			holds, err := c.interpreter.RunCriterion(w.Criterion(), e)
			if err != nil {
				return // the event has no result, which the outcome says
			}
			part.truth = holds != w.Negated()
		} else {
			n := len(stack) - w.Operands()
			part.operands = slices.Clone(stack[n:])
			stack = stack[:n]
			part.truth = w.IsAnd()
			for _, operand := range part.operands {
				if words[operand].truth != w.IsAnd() {
					part.truth = !w.IsAnd()
				}
			}
		}
		stack = append(stack, len(words))
		words = append(words, part)
	}
	// An operand decides if it is as true as the whole. The parts on the stack are joined by and.
	whole := true
	for _, i := range stack {
		whole = whole && words[i].truth
	}
	slices.Reverse(stack)
	seen := map[string]bool{}
	for len(stack) > 0 {
		part := words[stack[len(stack)-1]]
		stack = stack[:len(stack)-1]
		if part.truth != whole {
			continue
		}
		for _, operand := range slices.Backward(part.operands) {
			stack = append(stack, operand)
		}
		if len(part.operands) > 0 {
			continue
		}
		place, text := r.criterion(c, part.at, e)
		if key := place.String() + text; !seen[key] {
			seen[key] = true
			o.detail(place, "%s", text)
		}
	}
}

// criterion describes a reference to a criterion, and its truth on an event.
func (r *runner) criterion(c *compiled, at int, e interp.Event) (Place, string) {
	w := c.file.Word(at)
	criterion := c.file.Criterion(w.Criterion())
	line, source := c.file.Use(at)
	id := c.file.Instance(c.instance).ID
	name, pos, _ := r.built.Locate(id, line, source)
	what := source
	if search, item := itemAt(r.built.Rule(id), name, pos); item != nil {
		what = search + ": " + source
	}
	holds, _ := c.interpreter.RunCriterion(w.Criterion(), e)
	verb := "does not hold"
	if holds {
		verb = "holds"
	}
	if w.Negated() {
		verb += ", and the condition negates it"
	}
	values := []string{valueOf(c.def, int(criterion.Input), e)}
	if criterion.Flags&channelfile.FlagInputs != 0 {
		for input := range c.file.OperandInputs(criterion) {
			values = append(values, valueOf(c.def, input, e))
		}
	}
	return Place{name, pos}, fmt.Sprintf("%s %s: the event has %s", what, verb, strings.Join(values, " and "))
}

// itemAt returns the item of a rule at a position, and the name of its search. It returns nil if
// the item is in another rule, such as a filter.
func itemAt(rule *sigma.Rule, name string, at sigma.Position) (search string, item *sigma.Item) {
	if rule == nil || rule.Name != name {
		return "", nil
	}
	for _, s := range rule.Detection.Searches {
		for _, a := range s.Alternatives {
			for _, it := range a.Items {
				if it.Position == at {
					return s.Name.Value, it
				}
			}
		}
	}
	return "", nil
}

// valueOf returns an input and its value for a message.
func valueOf(def *sensor.Definition, input int, e interp.Event) string {
	name := def.Inputs[input].Name
	if input >= len(e) || !e[input].Present() {
		return "no " + name
	}
	return name + " " + trace.ValueText(&e[input])
}
