package foreign

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/logging"
	"github.com/cfcheck/cfcheck/validate"
)

// elementsLogSomething is CF8301.
var elementsLogSomething = &validate.Check{
	ID:   "CF8301",
	Name: "elements-log-something",
	Doc: `several elements of one event log something

One exclude logs each event that it does not match. With two or more elements
of one event, Sysmon drops each event that no element matches. So two
excludes, or an exclude beside an empty include, log no event at all. Nor does
any element beside an exclude that matches each event, such as one with an
empty value of "begin with". A file of empty includes alone logs only the
events that it does not name.

Write all excludes of an event into one element, or add an include with
filters. Remove a filter that matches each event.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			if len(r.Elements) > 0 && !slices.ContainsFunc(r.Elements, func(e sysmon.Element) bool { return !e.Include || len(e.Filters) > 0 }) {
				m := r.aboutElement(&r.Elements[0])
				m.what, m.aside = "all", "all"
				m.text = func() (string, []string) {
					return fmt.Sprintf("all elements are includes without filters (%d), so no event that they name is logged", len(r.Elements)), nil
				}
				m.fix = `write onmatch="exclude" to log all events, or add filters`
				say(m)
				return true
			}
			if !r.sure {
				return true
			}
			r.perTag(func(tag string, elements []*sysmon.Element) {
				if e := r.dropsAll(elements); e != nil {
					m := r.aboutElement(e)
					m.what, m.aside = tag, "drops all"
					m.text = func() (string, []string) {
						return fmt.Sprintf("the exclude of %s drops each event, so nothing is logged", tag), r.listed(elements)
					}
					m.fix = "delete the filter that matches each event, such as one with an empty value"
					say(m)
					return
				}
				excludes := 0
				for _, e := range elements {
					if e.Include && len(e.Filters) > 0 {
						return
					}
					if !e.Include {
						excludes++
					}
				}
				if len(elements) < 2 || excludes == 0 {
					return
				}
				m := r.aboutElement(elements[1])
				m.what = tag
				m.text = func() (string, []string) {
					return fmt.Sprintf("the %d elements of %s log no event: Sysmon drops each event that no element matches", len(elements), tag), r.listed(elements)
				}
				m.witness = func() string {
					s := &sample{r.events(elements[0])[0], map[string]string{}}
					if !s.whole() || s.answer(r.engine) != logging.Dropped {
						return ""
					}
					return fmt.Sprintf("witness: %v is dropped", s)
				}
				m.fix = "write all excludes of the event into one element, or add an include with filters"
				say(m)
			})
			return true
		})
	},
}

// dropsAll returns an exclude of a tag that matches each event of it, or nil.
func (r *ruleSet) dropsAll(elements []*sysmon.Element) *sysmon.Element {
	never := func(e *logging.Engine, ev *sysmon.Event) bool { return e.Decide(ev.ID, nil).Verdict == logging.Closed }
	events := r.events(elements[0])
	for _, ev := range events {
		if !never(r.engine, ev) {
			return nil
		}
	}
	for _, x := range elements {
		if x.Include || len(x.Filters) == 0 {
			continue
		}
		alone := logging.New(&sysmon.Rules{Schema: r.Schema, Elements: []sysmon.Element{*x}}, r.versions[0].sysmon, true)
		if !slices.ContainsFunc(events, func(ev *sysmon.Event) bool { return !never(alone, ev) }) {
			return x
		}
	}
	return nil
}

// listed names the places of elements.
func (r *ruleSet) listed(elements []*sysmon.Element) (details []string) {
	const most = 5
	for _, e := range elements[:min(len(elements), most)] {
		details = append(details, fmt.Sprintf("%s: onmatch %s, filters: %d", r.at(e.Place), onmatch(e), len(e.Filters)))
	}
	if more := len(elements) - most; more > 0 {
		details = append(details, fmt.Sprintf("and %d more elements", more))
	}
	return slices.Clip(details)
}
