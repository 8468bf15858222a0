package foreign

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/logging"
)

// The bounds of a witness: the filters of the tag, so that a report with many findings ends soon,
// and the length of a value, which a person reads.
const (
	maxWitnessFilters = 2000
	maxWitnessValue   = 100
)

// A sample is an event with texts in some fields. The other fields are empty.
type sample struct {
	event  *sysmon.Event
	values map[string]string
}

// String describes the event, such as `event 6 (DriverLoad) with ImageLoaded "\a.sys" alone`.
func (s *sample) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "event %d (%s)", s.event.ID, s.event.Tag)
	n := 0
	for _, name := range s.event.Fields {
		v := s.values[name]
		if v == "" {
			continue
		}
		b.WriteString(map[bool]string{true: " with ", false: ", "}[n == 0])
		b.WriteString(name + " " + quote(v))
		n++
	}
	if n == 0 {
		return b.String() + " without any text"
	}
	return b.String() + " alone"
}

// whole fills the other fields, and reports whether the values are short enough for a person.
func (s *sample) whole() bool {
	for _, name := range s.event.Fields {
		if len(s.values[name]) > maxWitnessValue {
			return false
		}
		if _, ok := s.values[name]; !ok {
			s.values[name] = ""
		}
	}
	return true
}

// satisfying returns a text that a filter matches, if there is a short one.
func satisfying(f *sysmon.Filter) string {
	switch f.Op {
	case sysmon.IsAny, sysmon.ContainsAny:
		first, _, _ := strings.Cut(f.Value, ";")
		return first
	case sysmon.ContainsAll:
		return strings.ReplaceAll(f.Value, ";", ",")
	case sysmon.MoreThan:
		return f.Value + "0"
	case sysmon.LessThan, sysmon.IsNot, sysmon.Excludes, sysmon.ExcludesAny, sysmon.ExcludesAll, sysmon.NotBeginWith, sysmon.NotEndWith:
		return ""
	}
	return f.Value
}

// sampleFor returns an event with a value in the field of filter at of an element, and texts for
// the filters that must match beside it. It returns nil if the event has the field at another
// place.
func sampleFor(ev *sysmon.Event, e *sysmon.Element, at int, value string) *sample {
	f := &e.Filters[at]
	if f.FieldName == "" || ev.Field(f.FieldName) != f.Field {
		return nil
	}
	s := &sample{ev, map[string]string{f.FieldName: value}}
	for i := range e.Filters {
		o := &e.Filters[i]
		beside := e.All || o.Group >= 0 && o.Group == f.Group && e.Groups[o.Group].All
		if _, ok := s.values[o.FieldName]; ok || !beside || o.FieldName == "" {
			continue
		}
		s.values[o.FieldName] = satisfying(o)
	}
	if !s.whole() {
		return nil
	}
	return s
}

// fewFilters reports whether the rules are certain, and those for the tag of an element few enough
// for a witness.
func (r *ruleSet) fewFilters(e *sysmon.Element) bool {
	filters := 0
	for i := range r.Elements {
		if o := &r.Elements[i]; o.Event == e.Event || r.tag(o) == r.tag(e) {
			filters += len(o.Filters)
		}
	}
	return r.sure && filters <= maxWitnessFilters
}

// answer returns the answer of an engine about the event.
func (s *sample) answer(e *logging.Engine) logging.Answer {
	return e.Logged(&logging.Event{ID: s.event.ID, Values: s.values}).Answer
}

// differs returns a witness for a filter that does not mean what it seems to mean: an event with a
// value in its field that has another fate with the filter as it seems to be meant. meant says
// whether that filter matches the value. It returns "" if there is no such event.
func (r *ruleSet) differs(e *sysmon.Element, f *sysmon.Filter, value string, meant bool) string {
	exactly := logging.Atom{Field: f.FieldName, Comparison: logging.Equals, Values: []string{value}}
	if meant != r.engine.Contradicts(f, &exactly) || !r.fewFilters(e) {
		return "" // the filter does not differ from the one that is meant
	}
	own, at := 0, 0
	for &e.Filters[own] != f {
		own++
	}
	for &r.Elements[at] != e {
		at++
	}
	other := *f
	other.Op, other.Value = sysmon.IsNot, value
	if meant {
		other.Op = sysmon.Is
	}
	var engine *logging.Engine
	for _, ev := range r.events(e) {
		s := sampleFor(ev, e, own, value)
		if s == nil {
			continue
		}
		is := s.answer(r.engine)
		if is == logging.Unknown {
			continue
		}
		if engine == nil {
			engine = r.engine.WithFilter(at, own, &other)
		}
		if would := s.answer(engine); would != logging.Unknown && is != would {
			return fmt.Sprintf("witness: %v is %v; with the filter as it seems to be meant it would be %v", s, is, would)
		}
	}
	return ""
}

// differsOn is differs for the first of several values that has an event. holds says whether the
// filter as it seems to be meant matches a value.
func (r *ruleSet) differsOn(e *sysmon.Element, f *sysmon.Filter, holds func(value string) bool, values ...string) string {
	const most = 8
	for _, v := range values[:min(len(values), most)] {
		if w := r.differs(e, f, v, holds(v)); w != "" {
			return w
		}
	}
	return ""
}

// without returns a witness for elements that other elements of the tag take the effect from: an
// event that is dropped, and would be logged without those that drop says.
func (r *ruleSet) without(e *sysmon.Element, s *sample, drop func(o *sysmon.Element) bool, words string) string {
	if !r.fewFilters(e) || !s.whole() || s.answer(r.engine) != logging.Dropped {
		return ""
	}
	rest := &sysmon.Rules{Schema: r.Schema, Options: r.Options}
	for i := range r.Elements {
		if o := &r.Elements[i]; r.tag(o) == r.tag(e) && !drop(o) {
			rest.Elements = append(rest.Elements, *o)
		}
	}
	if s.answer(logging.New(rest, r.versions[0].sysmon, true)) != logging.Logged {
		return ""
	}
	return fmt.Sprintf("witness: %v is dropped; without %s it would be logged", s, words)
}

// holdsFor reports whether a condition with a list of texts holds for a value, as authors mean it:
// a positive condition for one text, and all texts for "contains all"; a negative one for no text,
// and not all texts for "excludes all".
func holdsFor(o sysmon.Operator, items []string, value string) bool {
	v := lowerASCII(value)
	one := func(item string) bool {
		item = lowerASCII(item)
		switch o {
		case sysmon.Is, sysmon.IsAny, sysmon.IsNot:
			return v == item
		case sysmon.BeginWith, sysmon.NotBeginWith:
			return strings.HasPrefix(v, item)
		case sysmon.EndWith, sysmon.NotEndWith:
			return strings.HasSuffix(v, item)
		case sysmon.Image:
			return v == item || strings.HasSuffix(v, `\`+item)
		}
		return strings.Contains(v, item)
	}
	some, every := false, true
	for _, item := range items {
		some, every = some || one(item), every && one(item)
	}
	switch {
	case o == sysmon.ContainsAll:
		return every
	case o == sysmon.ExcludesAll:
		return !every
	}
	return some != negative(o)
}

// itemsOfList returns the items of a list without the blanks around them and without empty ones.
func itemsOfList(value string) (items []string) {
	for item := range strings.SplitSeq(value, ";") {
		if item = strings.Trim(item, blanks); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// differsAsList is differs for a filter that seems to be meant as a condition on a list of items.
func (r *ruleSet) differsAsList(e *sysmon.Element, f *sysmon.Filter, o sysmon.Operator) string {
	items := itemsOfList(f.Value)
	values := append([]string{"x", ""}, items[:min(len(items), 4)]...)
	values = append(values, strings.Join(items, ","))
	return r.differsOn(e, f, func(v string) bool { return holdsFor(o, items, v) }, values...)
}
