//mutation:equivalent: only report texts depend on it

package contract

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// addValueCauses adds to the list the causes of an outcome that follows from the values of
// constant inputs: each constant input that is sufficient, or else one of several inputs that
// are sufficient together.
func (r *outcomeReporter) addValueCauses(instance int, l *lack, k *folded) {
	enough := r.enough(instance, l, k)
	candidates := r.candidates(instance, l, k)
	before := len(r.list)
	for _, input := range candidates {
		if l.stated.constant(input) != nil && enough(r.only(input)) {
			r.list = append(r.list, r.valueCause(instance, l, k.outcome, input))
		}
	}
	if len(r.list) > before {
		return
	}
	kept := slices.Clone(candidates)
	has := func(input int) bool { return slices.Contains(kept, input) }
	more := !enough(has)
	for i := len(kept) - 1; i >= 0 && !more; i-- {
		input := kept[i]
		if kept = slices.Delete(kept, i, i+1); !enough(has) {
			kept = slices.Insert(kept, i, input)
		}
	}
	first := max(0, slices.IndexFunc(kept, func(input int) bool { return l.stated.constant(input) != nil }))
	if len(kept) == 0 {
		return // cannot happen: a constant input took part in the decision
	}
	c := r.valueCause(instance, l, k.outcome, kept[first])
	c.with, c.more = slices.Delete(slices.Clone(kept), first, first+1), more
	r.list = append(r.list, c)
}

// enough returns a function that reports whether the outcome of an instance follows from what
// is known about the kept inputs.
func (r *outcomeReporter) enough(instance int, l *lack, k *folded) func(kept func(int) bool) bool {
	if k.host == 0 {
		r.values.begin(instance, l)
		return r.values.never
	}
	kind, f := &r.kinds[k.host-1], r.pass.File
	return func(kept func(int) bool) bool {
		of := func(criterion int) bool { return kept(int(f.Criterion(criterion).Input)) }
		return r.fold(instance, outcome.Known{Constant: kind.constant(of)}) == k.outcome
	}
}

// candidates returns the inputs that can cause an outcome by values: the first maxTried that
// the instance reads.
func (r *outcomeReporter) candidates(instance int, l *lack, k *folded) (list []int) {
	f := r.pass.File
	in := f.Instance(instance)
	for w := in.First; w < in.First+in.Count && len(list) < maxTried; w++ {
		if !f.Word(w).IsReference() {
			continue
		}
		criterion := f.Word(w).Criterion()
		for input := range inputsOf(f, f.Criterion(criterion)) {
			known := l.stated.truths[criterion] != nil || k.host == 0 && (l.missing(input) || l.lost(criterion))
			if known && !slices.Contains(list, input) {
				list = append(list, input)
			}
		}
	}
	return list
}

// valueCause returns the cause that a constant input gives an instance an outcome. It leads to
// the first word that the values of the input decide against the rule.
func (r *outcomeReporter) valueCause(instance int, l *lack, o outcome.Outcome, input int) cause {
	f := r.pass.File
	c := cause{outcome: o, input: input, word: -1, values: valueReason{constant: l.stated.always(input, r.pass.Definition.Inputs[input].Type)}}
	in := f.Instance(instance)
	for w := in.First; w < in.First+in.Count; w++ {
		word := f.Word(w)
		if !word.IsReference() || int(f.Criterion(word.Criterion()).Input) != input {
			continue
		}
		if c.word < 0 {
			c.word = w
		}
		if holds, ok := l.stated.criterionOf(word.Criterion()); ok && holds == word.Negated() {
			c.word = w
			break
		}
	}
	c.word = max(c.word, in.First)
	return c
}

// constant returns the values of a constant input, or nil.
func (v *valueFacts) constant(input int) *constantInput {
	i := slices.IndexFunc(v.constants, func(c constantInput) bool { return c.index == input })
	if i < 0 {
		return nil
	}
	return &v.constants[i]
}

// always states the values of a constant input.
func (v *valueFacts) always(input int, typ sensor.InputType) string {
	c := v.constant(input)
	if c == nil {
		return "is known"
	}
	return "is always " + valueList(c.texts, typ)
}

// valueList joins the values of a constant input with "or".
func valueList(values []string, typ sensor.InputType) string {
	var texts []string
	for k, text := range values {
		if k == maxTexts {
			return fmt.Sprintf("%s or one of %d more values", strings.Join(texts, ", "), len(values)-k)
		}
		if typ == sensor.TypeString {
			text = strconv.Quote(shorten(text))
		}
		texts = append(texts, text)
	}
	if n := len(texts) - 1; n > 0 {
		return strings.Join(texts[:n], ", ") + " or " + texts[n]
	}
	return strings.Join(texts, "")
}

// maxTexts is the largest number of values of a constant input in a message.
const maxTexts = 3

// shorten returns a text of at most 40 characters for a message.
func shorten(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "..."
	}
	return text
}

// stating returns the details for feeds that cut an input, or that give it constant values: the
// statement with its basis, and the number of hosts.
func stating(p *validate.Pass, index int, feeds []feed) []string {
	name := p.Definition.Inputs[index].Name
	return details(sides(feeds, func(f feed) string {
		in := f.input(p, index)
		says := fmt.Sprintf("is cut at %s bytes", numeral.Thousands(uint64(in.CutAt)))
		if in.State == sensor.StateConstant {
			says = "is always " + valueList(in.Values, in.Type)
		}
		if in.Basis != nil {
			if why := basisText(f.cohort.Contract, in.Basis); why != "" {
				says += " (" + why + ")"
			}
		}
		return says
	}), func(s *side) string { return fmt.Sprintf("in events of %v, %s %s: %s", s, name, s.note, s.hosts(p)) })
}
