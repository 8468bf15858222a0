package logging

import "fmt"

// An Answer says whether an event is logged.
type Answer uint8

const (
	Unknown Answer = iota
	Dropped
	Logged
)

func (a Answer) String() string {
	switch a {
	case Unknown:
		return "unknown"
	case Dropped:
		return "dropped"
	case Logged:
		return "logged"
	}
	return fmt.Sprintf("Answer(%d)", uint8(a))
}

// answerOf returns the answer for the possible ones, of which there is at least one.
func answerOf(logged, dropped bool) Answer {
	switch {
	case logged && !dropped:
		return Logged
	case dropped && !logged:
		return Dropped
	}
	return Unknown
}

// An Event is an event that happened.
type Event struct {
	ID uint32
	// Values has the fields by name. The value of a field that it lacks is not known.
	Values map[string]string
}

// A Result is the fate of an event.
type Result struct {
	Answer Answer

	// RuleName is the field RuleName of a logged event: the name of the filter that matched
	// last, in whatever element. It is known only if NameKnown is true. "" means that the
	// field is empty.
	RuleName  string
	NameKnown bool

	// Element is the element that decides, an index in Rules.Elements, and Filter the one of its
	// filters that matched last. -1 means that the default decides, or that it is not known
	// which element does.
	Element, Filter int

	// OpenElement and OpenFilter are the first filter whose result is not known, if the Answer is
	// Unknown because of it. Otherwise they are -1.
	OpenElement, OpenFilter int
}

// Logged decides about one event.
func (e *Engine) Logged(event *Event) Result {
	r := Result{Answer: Unknown, Element: -1, Filter: -1, OpenElement: -1, OpenFilter: -1}
	ev := e.schema.Event(event.ID)
	if ev == nil || e.linux && !onLinux(event.ID) {
		r.Answer = Dropped
		return r
	}
	of := e.events[event.ID]
	if of == nil {
		r.Answer, r.NameKnown = Logged, true
		return r
	}
	if !e.sure {
		return r
	}
	t := trace{certain: true, known: true, last: -1}
	logged, dropped, decided := e.try(of, nil, func(x *element, i int) set {
		f := &x.filters[i]
		s := miss
		if x.compares(f, of.event) {
			s = f.always
			if v, ok := event.Values[of.event.Fields[f.field]]; ok {
				s = f.eval(folded(v, e.linux))
			}
		}
		t.filter(f, i, s)
		if r.OpenElement < 0 && s != match && s != miss && s != failed {
			r.OpenElement, r.OpenFilter = x.index, i
		}
		return s
	})
	if r.Answer = answerOf(logged, dropped); r.Answer != Unknown {
		r.OpenElement, r.OpenFilter = -1, -1
	}
	if decided != nil {
		r.Element, r.Filter = decided.index, t.last
		r.RuleName, r.NameKnown = t.name, t.known && !e.either
	} else {
		r.NameKnown = t.certain
	}
	if !r.NameKnown {
		r.RuleName = ""
	}
	return r
}

// onLinux reports whether Sysmon for Linux produces an event.
func onLinux(id uint32) bool {
	switch id {
	case 1, 3, 4, 5, 9, 11, 16, 23, 255:
		return true
	}
	return false
}

// A trace follows the name of the last filter that matched. The engine sets it at each match,
// and does not take it back if the Rule or element fails later.
type trace struct {
	certain bool // the engine has come here
	known   bool // name is certain
	name    string
	last    int
}

func (t *trace) filter(f *filter, i int, s set) {
	switch {
	case s&match == 0:
	case s == match && t.certain:
		t.last = i
		if f.name != "" {
			t.name, t.known = f.name, true
		}
	case f.name != "":
		t.known = false
	}
	t.certain = t.certain && (s == match || s == miss || s == failed)
}

// try tries the elements of an event. It returns which answers are possible, and the element
// that matched if it is certain that this one decides. It appends the possible results of the
// elements that it tried to results, if that is not nil.
func (e *Engine) try(of *events, results *[]set, at func(x *element, i int) set) (logged, dropped bool, decided *element) {
	certain := true
	for _, x := range of.list {
		s := x.results(func(i int) set { return at(x, i) }, e.either)
		if results != nil {
			*results = append(*results, s)
		}
		if s&match != 0 {
			logged, dropped = logged || x.include, dropped || !x.include
		}
		if s == match {
			if certain {
				decided = x
			}
			return logged, dropped, decided
		}
		certain = certain && s&match == 0
	}
	byDefault := false
	switch len(of.list) {
	case 0:
		byDefault = of.event.LoggedByDefault
	case 1:
		byDefault = !of.list[0].include
	}
	return logged || byDefault, dropped || !byDefault, nil
}
