package foreign

import (
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/logging"
	"github.com/cfcheck/cfcheck/validate"
)

// An alternative is a condition of an element that is enough for a match: a filter or a Rule of an
// element that combines by "or", or all filters of one that combines by "and".
type alternative struct {
	element *sysmon.Element
	filters []*sysmon.Filter // all must match, but of those of one field that stand alone only one
	place   sysmon.Place
	whole   bool             // the alternative is the whole element
	known   []*sysmon.Filter // those that must all match, see together

	// fate is logging.Never if no event of the alternative is logged, or if no event satisfies it,
	// and reason is the cause: Excluded if an exclude matches each of them. by is that exclude, and
	// its filters. apart are two filters of which no event matches both, or nil.
	apart  []*sysmon.Filter
	fate   logging.Verdict
	reason logging.Reason
	by     *sysmon.Element
	byAt   []int
}

// dead are the alternatives of each set of rules that have no effect: those of includes of which no
// event is logged, and those of excludes that no event satisfies. They are in the order of
// ruleSets. It is nil if the work would exceed the budget.
var dead = validate.OfFleet(func(p *validate.Pass) map[*ruleSet][]alternative {
	of := map[*ruleSet][]alternative{}
	for _, r := range ruleSets.Get(p) {
		if !r.sure {
			continue
		}
		ok := true
		r.perTag(func(_ string, elements []*sysmon.Element) {
			size := 0
			for _, e := range elements {
				for i := range e.Filters {
					size += itemsOf(&e.Filters[i])
				}
			}
			for _, e := range elements {
				events := r.events(e)
				own := 0
				for &r.Elements[own] != e {
					own++
				}
				for a := range alternatives(e) {
					if !ok {
						return
					}
					// Each filter of the tag is compared with each item of the alternative.
					a.known = a.together(r.versions[0].sysmon.Platform == sysmon.Windows)
					items := 1
					for _, f := range a.known {
						items += itemsOf(f)
					}
					if !p.Spend(uint64(len(events)) * uint64(items) * uint64(size)) {
						ok = false
						return
					}
					if r.unsatisfiable(&a, own, events) || e.Include && r.decide(&a, own, events) {
						of[r] = append(of[r], a)
					}
				}
			}
		})
		if !ok {
			return nil
		}
	}
	return of
})

// itemsOf returns the cost of a comparison with the value of a filter: its items, and its length.
func itemsOf(f *sysmon.Filter) int { return 1 + strings.Count(f.Value, ";") + len(f.Value)/64 }

// alternatives yields the alternatives of an include.
func alternatives(e *sysmon.Element) func(yield func(alternative) bool) {
	return func(yield func(alternative) bool) {
		if e.All {
			a := alternative{element: e, place: e.Place, whole: true}
			for i := range e.Filters {
				if f := &e.Filters[i]; f.Group < 0 || e.Groups[f.Group].All || single(e, i) {
					a.filters = append(a.filters, f)
				}
			}
			if len(e.Filters) > 0 {
				yield(a)
			}
			return
		}
		for i := 0; i < len(e.Filters); {
			f := &e.Filters[i]
			a := alternative{element: e, place: f.Place, filters: []*sysmon.Filter{f}}
			i++
			if f.Group >= 0 && e.Groups[f.Group].All {
				a.place = e.Groups[f.Group].Place
				for ; i < len(e.Filters) && e.Filters[i].Group == f.Group; i++ {
					a.filters = append(a.filters, &e.Filters[i])
				}
			}
			if !yield(a) {
				return
			}
		}
	}
}

// single reports whether filter i is the only one of its Rule.
func single(e *sysmon.Element, i int) bool {
	g := e.Filters[i].Group
	return (i == 0 || e.Filters[i-1].Group != g) && (i == len(e.Filters)-1 || e.Filters[i+1].Group != g)
}

// unsatisfiable sets the fate of an alternative of the element own, and returns true, if no event
// satisfies it: two of its filters exclude each other, or an option leaves its field empty.
func (r *ruleSet) unsatisfiable(a *alternative, own int, events []*sysmon.Event) bool {
	for i, f := range a.known {
		for _, g := range a.known[i+1:] {
			if f.Field != g.Field {
				continue
			}
			if slices.ContainsFunc(atomsOf(f), func(x logging.Atom) bool { return r.engine.Contradicts(g, &x) }) ||
				slices.ContainsFunc(atomsOf(g), func(x logging.Atom) bool { return r.engine.Contradicts(f, &x) }) {
				a.fate, a.reason, a.apart = logging.Never, logging.NoInclude, []*sysmon.Filter{f, g}
				return true
			}
		}
	}
	if a.element.Include || len(events) != 1 {
		return false // decide finds the others
	}
	for _, f := range a.known {
		if !slices.Contains(byOption, f.FieldName) {
			continue
		}
		d := r.engine.Never(events[0].ID, atomsOf(f), own)
		if d.Reason == logging.EmptyField || d.Reason == logging.NoAlgorithm {
			a.fate, a.reason = d.Verdict, d.Reason
			return true
		}
	}
	return false
}

// maxTogether is the number of filters of an alternative that are compared with each other and with
// those of other elements. An alternative of a public configuration has fewer.
const maxTogether = 64

// byOption are the fields that are empty, or lack a hash, by an option of the configuration.
var byOption = []string{"SourceHostname", "SourcePortName", "DestinationHostname", "DestinationPortName", "Hashes", "Hash"}

// together are the filters of an alternative that must all match, on fields whose names and values
// are known, up to maxTogether.
func (a *alternative) together(windows bool) []*sysmon.Filter {
	alone := map[int]int{} // of an element that combines by "and": filters by field
	for _, f := range a.filters {
		if f.Group < 0 {
			alone[f.Field]++
		}
	}
	var list []*sysmon.Filter
	for _, f := range a.filters {
		if f.Group < 0 && alone[f.Field] > 1 || f.FieldName == "" || windows && strings.Contains(f.Value, "%") {
			continue
		}
		if list = append(list, f); len(list) == maxTogether {
			break
		}
	}
	return list
}

// decide sets the fate of an alternative of the element own, and returns true if no event of it is
// logged.
func (r *ruleSet) decide(a *alternative, own int, events []*sysmon.Event) bool {
	a.fate = logging.Open
	for _, atoms := range a.atoms() {
		for _, ev := range events {
			d := r.engine.Never(ev.ID, atoms, own)
			if d.Verdict == logging.Closed && d.Reason == logging.NoEvent {
				continue
			}
			if d.Verdict != logging.Never {
				return false
			}
			a.fate = logging.Never
			if a.reason == logging.NoReason || a.reason == logging.NoField || d.Reason == logging.Excluded {
				a.reason = d.Reason
				if d.Element >= 0 {
					a.by, a.byAt = &r.Elements[d.Element], d.Filters
				}
			}
		}
	}
	return a.fate == logging.Never && a.reason != logging.NoField
}

// atoms returns conditions that the events of an alternative satisfy: each event satisfies those
// of one of the lists. Other events can satisfy them too.
func (a *alternative) atoms() [][]logging.Atom {
	var all []logging.Atom
	var name *sysmon.Filter // the filter on the last part of a path, which makes two lists
	for _, f := range a.known {
		if f.Op == sysmon.Image && !strings.Contains(f.Value, `\`) && name == nil {
			name = f
			continue
		}
		all = append(all, atomsOf(f)...)
	}
	if name == nil {
		return [][]logging.Atom{all}
	}
	with := func(c logging.Comparison, value string) []logging.Atom {
		return append(slices.Clone(all), logging.Atom{Field: name.FieldName, Comparison: c, Values: []string{value}})
	}
	return [][]logging.Atom{with(logging.Ends, `\`+name.Value), with(logging.Equals, name.Value)}
}

// atomsOf returns the conditions on the fields that match a filter.
func atomsOf(f *sysmon.Filter) []logging.Atom {
	atom := func(c logging.Comparison, values ...string) []logging.Atom {
		if slices.Contains(values, "") && c != logging.Equals {
			return nil
		}
		return []logging.Atom{{Field: f.FieldName, Comparison: c, Values: values}}
	}
	switch f.Op {
	case sysmon.Is:
		return atom(logging.Equals, f.Value)
	case sysmon.IsAny:
		return atom(logging.Equals, strings.Split(f.Value, ";")...)
	case sysmon.Contains:
		return atom(logging.Contains, f.Value)
	case sysmon.ContainsAny:
		return atom(logging.Contains, strings.Split(f.Value, ";")...)
	case sysmon.ContainsAll:
		var list []logging.Atom
		for item := range strings.SplitSeq(f.Value, ";") {
			list = append(list, atom(logging.Contains, item)...)
		}
		return list
	case sysmon.BeginWith:
		return atom(logging.Starts, f.Value)
	case sysmon.EndWith:
		return atom(logging.Ends, f.Value)
	case sysmon.Image:
		if strings.Contains(f.Value, `\`) {
			return atom(logging.Equals, f.Value)
		}
		return atom(logging.Ends, f.Value)
	}
	return nil
}

// text describes an alternative.
func (a *alternative) text(r *ruleSet) string {
	switch {
	case a.whole:
		return "the element"
	case len(a.filters) > 1:
		return "the Rule"
	}
	return "the filter " + filterText(a.filters[0])
}

// about returns a remark about an alternative.
func (r *ruleSet) aboutAlternative(a *alternative) remark {
	var m remark
	if a.whole {
		m = r.aboutElement(a.element)
	} else {
		m = r.about(a.element, a.filters[0])
	}
	m.place = a.place
	for _, f := range a.filters {
		m.what += ", " + fieldText(f) + " " + f.Op.String() + " " + f.Value
	}
	return m
}
