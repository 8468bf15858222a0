package meaning

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/meaning"
	"github.com/cfcheck/cfcheck/validate"
)

// operandSelects is CF4005.
var operandSelects = &validate.Check{
	ID:   "CF4005",
	Name: "operand-selects",
	Doc: `each value of a test excludes something

Every text contains the empty text, starts with it and ends with it. A regular
expression that matches the empty text matches in every text. A test with such
a value holds whenever the event has the field, and the other values of its
list have no effect. In a selection the rule matches more than it says. In a
filter it reports less: a published rule had '' in the list of a filter, and
has never reported the program that the filter was about.

Drop the empty value. To ask whether the field is there, write exists.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		if p.Broken.Len() > 0 {
			return // normal form is a part of the meaning
		}
		j := newJudge(p)
		texts := meaning.NewSolver(nil) // an expression reads a string
		always := map[int]bool{}        // by program
		for i := range p.File.Criteria() {
			c := p.File.Criterion(i)
			if c.Operator != channelfile.OpRegexp || c.Flags&channelfile.FlagAll != 0 {
				continue // with all, the other values still select
			}
			for k := c.First; k < c.First+c.Count; k++ {
				n := p.File.Operand(k)
				holds, known := always[n]
				//mutation:missed comparison: only very expensive expressions reach it
				if !known && texts.Work() <= workOf(p) {
					before := texts.Work()
					holds = matchesAll(texts, p.File.Program(n))
					always[n] = holds
					if !p.Spend((texts.Work() - before + uint64(p.File.Program(n).Len())) * stepsPerWork) {
						return
					}
				}
				if holds {
					p.Report(func() validate.Finding {
						where, in := p.LocateCriterion(i, int(c.Input))
						return validate.Finding{
							Where: where, Instance: in, Input: p.InputAt(int(c.Input)),
							Message: fmt.Sprintf("the expression `%.80s` matches every value of %s: it matches the empty text", p.File.Program(n).Source(), p.Definition.InputName(int(c.Input))),
							Fix:     "write an expression that needs at least one character, or test whether the field exists",
						}
					})
				}
			}
		}
		j.emptyTexts()
	},
}

// matchesAll reports whether a program matches in every text.
func matchesAll(s *meaning.Solver, p channelfile.Program) bool {
	test := meaning.Is(meaning.Test{Operator: channelfile.OpRegexp, Program: &p})
	if !test.Holds(interp.Event{oddText}) { // most programs do not match it
		return false
	}
	answer, _ := s.Implies(meaning.Present(0), test)
	return answer == meaning.Yes
}

// emptyTexts reports the lists of values with an empty text. The format turns such a list into
// exists, and only the provenance shows the list.
func (j *judge) emptyTexts() {
	p := j.pass
	if !p.File.HasProvenance() { //mutation:equivalent: no use has a text
		return
	}
	for i := range p.File.Instances() {
		in := p.File.Instance(i)
		for w := in.First; w < in.First+in.Count; w++ {
			word := p.File.Word(w)
			if !word.IsReference() {
				continue
			}
			c := p.File.Criterion(word.Criterion())
			if c.Operator != channelfile.OpExists || !j.hasEmptyText(w) {
				continue
			}
			p.Report(func() validate.Finding {
				where, in := p.LocateWord(i, w, int(c.Input))
				return validate.Finding{
					Where: where, Instance: in, Input: p.InputAt(int(c.Input)),
					Message: fmt.Sprintf("the values of this test include the empty text, so it holds whenever an event has %s, and its other values have no effect", p.Definition.InputName(int(c.Input))),
					Fix:     "drop the empty text; to ask whether the field is there, write exists",
				}
			})
		}
	}
}
