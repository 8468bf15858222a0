package logging

import (
	"slices"

	"github.com/cfcheck/cfcheck/sysmon"
)

// An Engine applies the rules of a build. It does not change after [New], so several
// goroutines may use it.
type Engine struct {
	rules    *sysmon.Rules
	schema   *sysmon.Schema
	events   map[uint32]*events
	elements []element

	sure bool // the rules are certain
	traits
	binary sysmon.Version
}

// The traits of a build are the ways in which it applies rules that other builds do not share.
type traits struct {
	linux    bool
	either   bool // the build may combine by "and" or by "or", whatever the rules state
	capitals bool // a value with capital letters may never match
}

func traitsOf(b *sysmon.Build) traits {
	t := traits{linux: b.Platform == sysmon.Linux, either: b.Schema.Compare(groupedSince) < 0}
	for i := range b.Bad {
		switch b.Bad[i].Concern {
		case sysmon.AndRelation:
			t.either = true
		case sysmon.CapitalValue:
			t.capitals = true
		}
	}
	return t
}

// events are an event of the schema, and the elements that the engine tries for it in this order.
type events struct {
	event  *sysmon.Event
	list   []*element
	closed Decision // the verdict is Closed or Open
	// by filter of the elements: the possible results for an event of whose fields nothing is known
	start []set
}

// An element is an event element.
type element struct {
	index   int // in Rules.Elements
	first   int // place of its first filter in events.start
	include bool
	all     bool
	fields  []string // of the event of its record
	filters []filter
	parts   []part
}

// A part is a filter of an element, or the filters of a Rule.
type part struct {
	from, to int  // filters[from:to]
	group    bool // a Rule
	all      bool // its filters are combined by "and"
	name     string
	later    bool // a later filter outside of Rules compares the same field
}

// groupedSince is the first schema whose builds combine filters as the published engine does.
var groupedSince = sysmon.Version{Major: 4, Minor: 30}

// New returns an engine for the rules that a build has after loading. sure is false if it is
// not certain which elements the build kept: then nothing is decided about events that can be
// filtered.
func New(r *sysmon.Rules, b *sysmon.Build, sure bool) *Engine {
	e := &Engine{
		rules: r, schema: b.Manifest(), events: map[uint32]*events{}, sure: sure,
		traits: traitsOf(b), binary: b.Binary,
	}
	e.elements = make([]element, len(r.Elements))
	for i := range r.Elements {
		e.prepare(&e.elements[i], i)
	}
	for i := range e.schema.Events {
		ev := &e.schema.Events[i]
		if ev.Tag != "" {
			of := &events{event: ev, list: e.ordered(ev.Tag)}
			e.close(of)
			e.events[ev.ID] = of
		}
	}
	return e
}

// WithFilter returns an engine with another filter on the same field in the place of filter k of
// element i. It answers for the events of the tag of the element, and must not be asked about
// others or about names. It costs less than [New], because it shares the other filters.
func (e *Engine) WithFilter(i, k int, f *sysmon.Filter) *Engine {
	c := *e
	c.elements, c.events = slices.Clone(e.elements), map[uint32]*events{}
	x := &c.elements[i]
	x.filters = slices.Clone(x.filters)
	x.filters[k] = e.newFilter(f)
	if ev := e.schema.Event(e.rules.Elements[i].Event); ev != nil && ev.Tag != "" {
		list := c.ordered(ev.Tag)
		for _, tagged := range e.schema.Tagged(ev.Tag) {
			of := &events{event: tagged, list: list}
			c.close(of)
			c.events[tagged.ID] = of
		}
	}
	return &c
}

// Alike reports whether two builds apply rules in the same way to events that they both have with
// the same fields.
func Alike(a, b *sysmon.Build) bool { return traitsOf(a) == traitsOf(b) }

// prepare fills an element.
func (e *Engine) prepare(x *element, index int) {
	r := &e.rules.Elements[index]
	x.index, x.include, x.all = index, r.Include, r.All
	if ev := e.schema.Event(r.Event); ev != nil {
		x.fields = ev.Fields
	}
	x.filters = make([]filter, len(r.Filters))
	last := map[int]int{} // the part that compares a field last
	for i := range r.Filters {
		f := &r.Filters[i]
		x.filters[i] = e.newFilter(f)
		if f.Group < 0 || f.Group >= len(r.Groups) {
			if before, ok := last[f.Field]; ok {
				x.parts[before].later = true
			}
			last[f.Field] = len(x.parts)
			x.parts = append(x.parts, part{from: i, to: i + 1})
			continue
		}
		if i > 0 && r.Filters[i-1].Group == f.Group {
			x.parts[len(x.parts)-1].to++
			continue
		}
		g := &r.Groups[f.Group]
		x.parts = append(x.parts, part{from: i, to: i + 1, group: true, all: g.All, name: g.Name})
	}
	// Up to binary version 14.1 the name of a Rule counts more than those of its filters.
	if e.binary != (sysmon.Version{}) && e.binary.Compare(sysmon.Version{Major: 14, Minor: 10}) <= 0 {
		for _, p := range x.parts {
			for i := p.from; p.group && p.name != "" && i < p.to; i++ {
				x.filters[i].name = p.name
			}
		}
	}
}

// ordered returns the elements of a tag in the order in which the engine tries them.
func (e *Engine) ordered(tag string) []*element {
	var list []*element
	for i := range e.elements {
		if ev := e.schema.Event(e.rules.Elements[i].Event); ev != nil && ev.Tag == tag {
			list = append(list, &e.elements[i])
		}
	}
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b *element) int {
		switch {
		case a.include == b.include:
			return 0
		case b.include:
			return -1
		}
		return 1
	})
	first := 0
	for _, x := range list {
		x.first, first = first, first+len(x.filters)
	}
	return list
}

// compares reports whether a filter of an element compares a field of ev: the event has the
// same field at its place. Otherwise the filter never matches.
func (x *element) compares(f *filter, ev *sysmon.Event) bool {
	return f.field >= 0 && f.field < len(ev.Fields) && f.field < len(x.fields) && x.fields[f.field] == ev.Fields[f.field]
}

// results returns the possible results of an element. at returns those of a filter.
func (x *element) results(at func(i int) set, either bool) set {
	if len(x.parts) == 0 {
		return miss
	}
	if either {
		return x.or(at, either) | x.and(at, either)
	}
	if x.all {
		return x.and(at, either)
	}
	return x.or(at, either)
}

// or combines parts of which one must match.
func (x *element) or(at func(i int) set, either bool) set {
	var all set
	for i := range x.parts {
		s := x.part(&x.parts[i], at, either)
		all |= s &^ miss
		if s&miss == 0 {
			return all
		}
	}
	return all | miss
}

// and combines parts of which all must match, but of the filters of one field only one. It
// follows the engine, which skips a filter if its field matched before.
func (x *element) and(at func(i int) set, either bool) set {
	var all set
	var matched, open uint64 // fields that may have matched, and those that may have not
	open = ^open
	for i := range x.parts {
		p := &x.parts[i]
		if p.group {
			s := x.part(p, at, either)
			all |= s &^ match
			if s&match == 0 {
				return all
			}
			continue
		}
		field := x.filters[p.from].field
		if field < 0 || field > 63 { // no event has as many: the filter never matches
			if !p.later {
				return all | miss
			}
			continue
		}
		bit := uint64(1) << field
		if open&bit == 0 {
			continue
		}
		s := at(p.from)
		all |= s & failed
		if s&match != 0 {
			matched |= bit
		}
		if s&miss == 0 || !p.later {
			all |= s & miss
			open &^= bit
		}
		if matched&bit == 0 && open&bit == 0 {
			return all
		}
	}
	return all | match
}

// part returns the possible results of a filter or a Rule.
func (x *element) part(p *part, at func(i int) set, either bool) set {
	switch {
	case !p.group:
		return at(p.from)
	case either:
		return x.rule(p, at, miss) | x.rule(p, at, match)
	case p.all:
		return x.rule(p, at, match)
	}
	return x.rule(p, at, miss)
}

// rule combines the filters of a Rule. It goes on to the next filter while the result is
// next: a match for "and", a miss for "or".
func (x *element) rule(p *part, at func(i int) set, next set) set {
	var all set
	for i := p.from; i < p.to; i++ {
		s := at(i)
		all |= s &^ next
		if s&next == 0 {
			return all
		}
	}
	return all | next
}
