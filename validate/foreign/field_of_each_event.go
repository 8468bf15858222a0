package foreign

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/logging"
	"github.com/cfcheck/cfcheck/validate"
)

// fieldOfEachEvent is CF8307.
var fieldOfEachEvent = &validate.Check{
	ID:   "CF8307",
	Name: "field-of-each-event",
	Doc: `a filter counts for each event of its element

RegistryEvent, PipeEvent and WmiEvent stand for several event IDs. Sysmon
compiles such an element for the first ID that has all its fields, and applies
it to the others by the place of the field. Where the field has another place,
the filter never matches: User in RegistryEvent counts only for event 12, or
only for 13 and 14. If no include counts for an ID, it is never logged.

Use a field that all events of the element have at the same place, or add an
include with fields of the other event.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			r.perTag(func(tag string, elements []*sysmon.Element) {
				events := r.schema.Tagged(tag)
				if len(events) < 2 {
					return
				}
				for _, e := range elements {
					for k := range e.Filters {
						r.misplaced(e, &e.Filters[k], events, say)
					}
				}
				if r.sure {
					r.uncounted(tag, elements, events, say)
				}
			})
			return true
		})
	},
}

// misplaced reports a filter on a field that other events of the tag have at another place.
func (r *ruleSet) misplaced(e *sysmon.Element, f *sysmon.Filter, events []*sysmon.Event, say func(remark)) {
	var other, counts []uint32
	for _, ev := range events {
		switch at := ev.Field(f.FieldName); {
		case at < 0 || f.FieldName == "":
		case at == f.Field:
			counts = append(counts, ev.ID)
		default:
			other = append(other, ev.ID)
		}
	}
	if len(other) == 0 {
		return
	}
	m := r.about(e, f)
	m.text = func() (string, []string) {
		return fmt.Sprintf("the filter %s counts for %s only: %s field %s at another place, where the filter never matches",
			filterText(f), ids(counts), has(other), f.FieldName), nil
	}
	m.witness = func() string { return r.apart(e, f, counts, other) }
	m.fix = "filter on a field that these events have at the same place"
	say(m)
}

// apart returns a witness for a filter that counts for some events of a tag only: two events with
// the same texts that have another fate.
func (r *ruleSet) apart(e *sysmon.Element, f *sysmon.Filter, counts, other []uint32) string {
	if !r.fewFilters(e) || len(counts) == 0 {
		return ""
	}
	own := 0
	for &e.Filters[own] != f {
		own++
	}
	s := sampleFor(r.schema.Event(counts[0]), e, own, satisfying(f))
	if s == nil {
		return ""
	}
	t := &sample{r.schema.Event(other[0]), s.values}
	if !t.whole() {
		return ""
	}
	a, b := s.answer(r.engine), t.answer(r.engine)
	if a == logging.Unknown || b == logging.Unknown || a == b {
		return ""
	}
	return fmt.Sprintf("witness: %v is %v, and event %d with the same texts is %v", s, a, t.event.ID, b)
}

// uncounted reports the events of a tag that are never logged, because no filter of an include
// counts for them.
func (r *ruleSet) uncounted(tag string, elements []*sysmon.Element, events []*sysmon.Event, say func(remark)) {
	var never []uint32
	var first *sysmon.Element
	for _, e := range elements {
		if !e.Include {
			if len(elements) == 1 {
				return
			}
			continue
		}
		if len(e.Filters) == 0 {
			continue
		}
		if first == nil {
			first = e
		}
	}
	if first == nil {
		return
	}
	for _, ev := range events {
		if !r.counted(elements, ev) {
			never = append(never, ev.ID)
		}
	}
	if len(never) == 0 || len(never) == len(events) {
		return
	}
	m := r.aboutElement(first)
	m.aside = "uncounted"
	m.text = func() (string, []string) {
		message := fmt.Sprintf("%s of %s: never logged, because no filter of an include counts for it", ids(never), tag)
		if len(never) > 1 {
			message = fmt.Sprintf("%s of %s: never logged, because no filter of an include counts for them", ids(never), tag)
		}
		return message, nil
	}
	m.fix = "add an include with a field of these events; accept the finding if they are not wanted"
	say(m)
}

// counted reports whether an include has filters for which events of an ID can be logged.
func (r *ruleSet) counted(elements []*sysmon.Element, ev *sysmon.Event) bool {
	for _, e := range elements {
		if !e.Include {
			continue
		}
		for a := range alternatives(e) {
			all := true
			for _, f := range a.filters {
				all = all && (f.FieldName == "" || ev.Field(f.FieldName) == f.Field)
			}
			if all {
				return true
			}
		}
	}
	return false
}

// ids lists event IDs.
func ids(list []uint32) string {
	var b strings.Builder
	b.WriteString("event ")
	if len(list) > 1 {
		b.Reset()
		b.WriteString("events ")
	}
	for i, id := range list {
		switch {
		case i == 0:
		case i == len(list)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		fmt.Fprint(&b, id)
	}
	return b.String()
}

func has(list []uint32) string {
	if len(list) > 1 {
		return ids(list) + " have"
	}
	return ids(list) + " has"
}
