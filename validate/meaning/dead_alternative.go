package meaning

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sensor/meaning"
	"github.com/cfcheck/cfcheck/validate"
)

// deadAlternative is CF4003.
var deadAlternative = &validate.Check{
	ID:   "CF4003",
	Name: "dead-alternative",
	Doc: `each alternative of a rule can make it match

An alternative is a value of a list, or a search of several of which one is
enough. This one contradicts the rest of the rule, so the rule never matches
by it. The author wanted to detect the value, and the rule does not. The
details list tests that exclude each other.

A filter with an empty text among its values, such as "contains: ''", holds
for every event that has the field. An alternative that such a filter always
removes counts as dead, although it can match events without the field.

Drop the alternative, or correct the test that excludes it.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		each(p, alternativeDead, func(j *judge, v verdict) validate.Finding {
			what, details := j.deadDetails(v)
			input := -1
			if word := p.File.Word(v.word); v.operand >= 0 {
				input = int(p.File.Criterion(word.Criterion()).Input)
			}
			where, in := p.LocateWord(v.instance, v.word, input)
			message := fmt.Sprintf("%s can never match by %s", rule(in), what)
			if len(v.assumed) > 0 {
				message += fmt.Sprintf(", unless an event lacks %s: a filter has an empty text among its values, which each value contains", j.names(v.assumed))
			}
			f := validate.Finding{
				Where: where, Instance: in, Details: details, Message: message,
				Fix: "drop the alternative, or correct the test that excludes it",
			}
			if input >= 0 {
				f.Input = p.InputAt(input)
			}
			return f
		})
	},
}

// deadDetails describes a dead alternative, and tests that contradict it.
func (j *judge) deadDetails(v verdict) (what string, details []string) {
	for _, a := range j.deadOf(v) {
		first, n := firstTest(a)
		if first.Word != v.word || (n > 1) != (v.operand < 0) || n == 1 && first.Number != v.operand {
			continue
		}
		what = j.describe(first)
		if n > 1 {
			what = "the alternative that begins with " + what
		}
		together := a.Formula.Parts()
		if a.Negated {
			together = meaning.Not(a.Formula).Parts()
		}
		for _, b := range a.Beside {
			together = append(together, b.Parts()...)
		}
		_, details = j.conflict(together)
		return what, details
	}
	return "one of its alternatives", nil
}

// deadOf returns the dead alternatives of the instance of a verdict. Findings of one instance
// follow each other.
func (j *judge) deadOf(v verdict) []meaning.Alternative {
	if j.instance == v.instance && j.under == len(v.assumed) {
		return j.found
	}
	j.instance, j.under, j.found = v.instance, len(v.assumed), nil
	f, _ := j.instances.Formula(v.instance)
	under := meaning.Formula{}
	if len(v.assumed) > 0 {
		under = meaning.Present(v.assumed...)
	}
	j.solver.Dead(f, under, func(a meaning.Alternative) {
		if first, _ := firstTest(a); first != nil {
			j.found = append(j.found, a)
		}
	})
	return j.found
}
