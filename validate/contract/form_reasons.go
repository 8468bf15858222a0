//mutation:equivalent: only report texts depend on it

package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// formReason returns the part of a message that names the comparison and the values of the events,
// for one rule or several. With is the text of the operands of the rule.
func formReason(p *validate.Pass, c *cause, several bool, with string) string {
	it := "it"
	if several {
		it = "they"
	}
	s := func(verb string) string {
		if several {
			return verb
		}
		return verb + "s"
	}
	input := ofType(p, c.input)
	if c.form.kind == formPresent {
		return fmt.Sprintf("%s %s that %s is absent, and the events always have it: %s stands for a missing value", it, s("require"), input, c.form.text)
	}
	if c.outcome == outcome.Widened {
		return fmt.Sprintf("%s %s by a comparison of %s with %s, where the events have %s", it, s("exclude"), input, with, valuesText(c.form.text, c.form.example))
	}
	return fmt.Sprintf("%s %s %s with %s, where the events have %s", it, s("compare"), input, with, valuesText(c.form.text, c.form.example))
}

// valuesText describes values, with an example.
func valuesText(text, example string) string {
	if example == "" {
		return text
	}
	return text + ", such as " + example
}

// formEffect returns the start of a message: the outcome of the rules on the events.
func formEffect(c *cause, rules, events string, several bool) string {
	s := "s"
	if several {
		s = ""
	}
	switch c.outcome {
	case outcome.Widened:
		return fmt.Sprintf("%s match%s %s that %s should not", rules, map[bool]string{true: "", false: "es"}[several], events, map[bool]string{true: "they", false: "it"}[several])
	case outcome.Weakened:
		return fmt.Sprintf("%s lose%s an alternative on %s", rules, s, events)
	}
	return fmt.Sprintf("%s can never match %s", rules, events)
}

// formMessage returns the message of a finding.
func (r *outcomeReporter) formMessage(g *outcomeGroup, c *cause, in *validate.Instance) string {
	message := formEffect(c, rule(in), g.events, false) + ": " + formReason(r.pass, c, false, operandsOf(r.pass.File, c.word))
	if c.form.joint {
		message += "; this alone is not the cause"
	}
	return message
}

// formGroup returns the group of findings for rules that compare an input with values in another
// form than feeds have.
func (r *outcomeReporter) formGroup(c *cause, who *lackers) *outcomeGroup {
	p := r.pass
	g := &outcomeGroup{builds: who.builds, events: who.events, form: true}
	g.details = details(sides(who.feeds, nil), func(s *side) string { return fmt.Sprintf("%v: %s", s, s.hosts(p)) })
	g.details = append(g.details, otherForms(p, c, who.feeds)...)
	t := eventTexts{pass: p}
	for _, f := range who.feeds {
		if of := p.Definition.Feed(f.supply.Feed); !slices.Contains(t.feeds, of) {
			t.feeds = append(t.feeds, of)
		}
	}
	g.details = append(g.details, t.sources()...)
	if who.spared != "" {
		g.details = append(g.details, who.spared)
	}
	switch {
	case c.form.kind == formPresent:
		g.fix = fmt.Sprintf("look for %s too", c.form.text)
	case c.form.hashes:
		g.fix = "compare with a hash that the events have too, or make the hosts compute this one"
	case c.form.kind == formDeadVoid:
		g.fix = "correct the value, or leave the comparison out"
	case c.outcome == outcome.Widened:
		g.fix = "exclude the value in this form too"
	default:
		g.fix = "compare with the value in this form too"
	}
	what := *c
	g.FindingGroup = p.FindingGroup(fmt.Sprintf("%s input %04d form %v %s %s", p.Check.ID, c.input, c.outcome, formReason(p, c, true, ""), strings.Join(g.details, "\n")), func(found int) validate.Summary {
		return validate.Summary{
			Input: p.InputAt(what.input), Builds: g.builds, Details: g.details, Fix: g.fix,
			Message: formEffect(&what, rulesOf(p, found), g.events, true) + ": " + formReason(p, &what, true, "other values"),
		}
	})
	return g
}

// otherForms states what other feeds of the type have in place of an input.
func otherForms(p *validate.Pass, c *cause, bad []feed) []string {
	isBad := map[string]bool{}
	for _, f := range bad {
		isBad[f.supply.Feed] = true
	}
	var parts []string
	for i := range p.Definition.Feeds {
		f := &p.Definition.Feeds[i]
		field := f.Field(p.Definition.Inputs[c.input].Name)
		if isBad[f.Name] || field == nil {
			continue
		}
		if of := newFormField(f, field); of.text != "" && of.text != c.form.text {
			parts = append(parts, fmt.Sprintf("feed %s has %s", f.Name, valuesText(of.text, of.example)))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []string{strings.Join(parts, "; ")}
}

// operandsOf names the first operand of the criterion of a word, and the number of the others.
func operandsOf(f *channelfile.File, word int) string {
	c := f.Criterion(f.Word(word).Criterion())
	text := "nothing"
	if c.Count > 0 {
		text = operand(f, c)
	}
	if c.Count > 1 {
		text += fmt.Sprintf(" and %d more", c.Count-1)
	}
	return text
}

// operand describes the first operand of a criterion.
func operand(f *channelfile.File, c channelfile.Criterion) string {
	n := f.Operand(c.First)
	switch c.Operator {
	case channelfile.OpRegexp:
		return fmt.Sprintf("`%.80s`", f.Program(n).Source())
	case channelfile.OpIntegerEquals:
		return fmt.Sprintf("the number %d", f.Value(n).Integer())
	case channelfile.OpIntegerRange:
		least, greatest := f.Value(n).IntegerRange()
		return fmt.Sprintf("the numbers %d to %d", least, greatest)
	case channelfile.OpAddressRange:
		first, last := f.Value(n).AddressRange()
		return fmt.Sprintf("the addresses %v to %v", first, last)
	}
	return fmt.Sprintf("%.80q", []byte(f.Value(n)))
}

// quoted returns a text in quotes, as JSON has it.
func quoted(s string) string { return strictjson.Quote(s) }

// orList joins texts, in quotes, by "or".
func orList(texts []string) string {
	var list []string
	for _, s := range texts {
		list = append(list, quoted(s))
	}
	return strings.Join(list, " or ")
}
