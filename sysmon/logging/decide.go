package logging

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
)

// An Atom is a condition on a field of an event. It holds if the field compares so with one of
// the values, without regard to the case of ASCII letters.
type Atom struct {
	Field      string
	Comparison Comparison
	Values     []string
}

// A Verdict says what becomes of the events that satisfy some atoms.
type Verdict uint8

const (
	Open   Verdict = iota // nothing is known, because the rules are not certain
	Closed                // no event of this ID is logged, whatever its fields
	Never                 // no event that satisfies the atoms is logged
	Luck                  // one is logged if a filter matches it by another value
	Wanted                // each is logged, unless an exclude matches it
	Sure                  // each is logged
)

var verdictNames = [...]string{"open", "closed", "never", "by luck", "wanted", "sure"}

func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// A Reason is the cause of a verdict [Closed] or [Never].
type Reason uint8

const (
	NoReason    Reason = iota // the verdict is another one
	NoEvent                   // the build has no such event
	TypeDefault               // without an element the type is not logged
	NothingKept               // the elements of the tag log no event at all
	Excluded                  // an exclude matches every such event
	NoInclude                 // no include matches such an event
	NoField                   // the event does not have the field of an atom
	EmptyField                // the field of an atom stays empty, because DnsLookup is off
	NoAlgorithm               // the atom wants a hash of an algorithm that is not configured
)

var reasonNames = [...]string{"", "no event", "type default", "nothing kept", "excluded", "no include", "no field", "empty field", "no algorithm"}

func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// A Decision is the answer of [Engine.Decide].
type Decision struct {
	Verdict Verdict
	Reason  Reason

	// Element is the exclude that matches every such event, for [Sure] and [Wanted] the include
	// that does, and for [NothingKept] the first element that the engine tries: an index in
	// Rules.Elements. -1 means that no single element decides. Filters are those of its filters
	// that match.
	Element int
	Filters []int

	// Atom is the index of the atom for the reasons NoField, EmptyField and NoAlgorithm, or -1.
	Atom int
}

// Decide answers for the events of an ID that satisfy all atoms. It is sound: a verdict Closed,
// Never or Sure holds for every event. It is not complete: events may be dropped for
// reasons that concern several filters together, and the verdict is Luck or Wanted.
func (e *Engine) Decide(id uint32, atoms []Atom) Decision {
	list := make([]*Narrowing, len(atoms))
	for i := range atoms {
		list[i] = e.Narrow(id, &atoms[i])
	}
	return e.DecideNarrowed(id, list)
}

// A Narrowing has the effect of an atom on the filters that an event of an ID meets. It belongs to
// the engine and the ID, does not change, and may be part of many questions.
type Narrowing struct {
	reason Reason // why no event satisfies the atom; NoReason means that events can
	to     []narrowed
}

// A narrowed filter has fewer possible results than for a field of which nothing is known.
type narrowed struct {
	at      int // place in events.start
	results set
}

// Narrow prepares an atom for questions about events of an ID.
func (e *Engine) Narrow(id uint32, a *Atom) *Narrowing {
	n := new(Narrowing)
	ev := e.schema.Event(id)
	if ev == nil {
		return n
	}
	place := ev.Field(a.Field)
	if n.reason = e.unsatisfied(ev, place, a); n.reason != NoReason {
		return n
	}
	of := e.events[id]
	if of == nil || !e.sure {
		return n
	}
	texts := e.texts(a)
	for _, x := range of.list {
		for i := range x.filters {
			f := &x.filters[i]
			if f.field != place || f.fixed || !x.compares(f, ev) {
				continue
			}
			if s := f.underAny(a.Comparison, texts); s&f.always != f.always {
				n.to = append(n.to, narrowed{x.first + i, s})
			}
		}
	}
	return n
}

// unsatisfied returns why no event satisfies an atom about the field at a place, or NoReason.
func (e *Engine) unsatisfied(ev *sysmon.Event, place int, a *Atom) Reason {
	switch {
	case place < 0:
		return NoField
	case e.noNames(ev.ID) && slices.Contains(lookedUp, a.Field) && !a.emptyHolds():
		return EmptyField
	case (a.Field == "Hashes" || a.Field == "Hash") && e.noAlgorithm(a):
		return NoAlgorithm
	}
	return NoReason
}

// texts returns the values of an atom.
func (e *Engine) texts(a *Atom) []text {
	texts := make([]text, len(a.Values))
	for i, v := range a.Values {
		texts[i] = folded(v, e.linux)
	}
	return texts
}

// Contradicts reports whether a filter matches no field that satisfies an atom. The caller sees to
// it that both are about one field.
func (e *Engine) Contradicts(f *sysmon.Filter, a *Atom) bool {
	x := e.newFilter(f)
	return !x.fixed && x.underAny(a.Comparison, e.texts(a))&(match|failed) == 0
}

// Never is [Engine.Decide] for callers who ask only whether the verdict is Closed or Never. In
// place of any other verdict it returns Open.
//
// It tries the excludes, then the include with the index first, and then the other includes, and
// stops at the first include that may match. So it is faster where a caller knows such an
// include.
func (e *Engine) Never(id uint32, atoms []Atom, first int) Decision {
	d := Decision{Element: -1, Atom: -1}
	ev, of := e.schema.Event(id), e.events[id]
	if ev == nil || of == nil || !e.sure || of.closed.Verdict == Closed || e.linux && !onLinux(id) {
		if d = e.Decide(id, atoms); d.Verdict > Never {
			d = Decision{Element: -1, Atom: -1}
		}
		return d
	}
	type prepared struct {
		place      int
		comparison Comparison
		texts      []text
	}
	list := make([]prepared, len(atoms))
	for i := range atoms {
		a := &atoms[i]
		place := ev.Field(a.Field)
		if d.Reason = e.unsatisfied(ev, place, a); d.Reason != NoReason {
			d.Verdict, d.Atom = Never, i
			return d
		}
		list[i] = prepared{place, a.Comparison, e.texts(a)}
	}
	at := func(x *element, i int) set {
		s, f := of.start[x.first+i], &x.filters[i]
		if f.fixed || !x.compares(f, ev) {
			return s
		}
		for k := range list {
			if a := &list[k]; a.place == f.field {
				t := s & f.underAny(a.comparison, a.texts)
				if t != 0 { // otherwise no event satisfies the atoms
					s = t
				}
			}
		}
		return s
	}
	results := func(x *element) set { return x.results(func(i int) set { return at(x, i) }, e.either) }
	for _, x := range of.list {
		if !x.include && results(x) == match {
			d.Verdict, d.Reason = Never, Excluded
			e.explain(&d, x, at)
			return d
		}
		if x.include && x.index == first && results(x)&match != 0 {
			return d
		}
	}
	for _, x := range of.list {
		if x.include && x.index != first && results(x)&match != 0 {
			return d
		}
	}
	if byDefault := len(of.list) == 0 && ev.LoggedByDefault || len(of.list) == 1 && !of.list[0].include; byDefault {
		return d
	}
	d.Verdict, d.Reason = Never, NoInclude
	return d
}

// underAny returns the possible results for all values of the field that satisfy a comparison
// with one of the texts.
func (f *filter) underAny(c Comparison, texts []text) set {
	var s set
	for _, v := range texts {
		if s |= f.under(c, v); s&f.always == f.always {
			break
		}
	}
	return s
}

// DecideNarrowed is [Engine.Decide] for atoms that [Engine.Narrow] has prepared for the ID.
func (e *Engine) DecideNarrowed(id uint32, atoms []*Narrowing) Decision {
	d := Decision{Element: -1, Atom: -1}
	ev := e.schema.Event(id)
	if ev == nil || e.linux && !onLinux(id) {
		d.Verdict, d.Reason = Closed, NoEvent
		return d
	}
	of := e.events[id]
	if of == nil {
		d.Verdict = Sure
	} else if of.closed.Verdict == Closed && e.sure {
		return of.closed
	}
	for i, n := range atoms {
		if n.reason != NoReason {
			d.Verdict, d.Reason, d.Atom = Never, n.reason, i
			return d
		}
	}
	if of == nil || !e.sure {
		return d
	}
	sets := slices.Clone(of.start)
	for _, n := range atoms {
		for _, t := range n.to {
			if s := sets[t.at] & t.results; s != 0 { // otherwise no event satisfies the atoms
				sets[t.at] = s
			}
		}
	}
	at := func(x *element, i int) set { return sets[x.first+i] }
	results := make([]set, 0, 8)
	logged, dropped, decided := e.try(of, &results, at)
	switch {
	case !logged:
		d.Verdict, d.Reason = Never, NoInclude
		for i, s := range results {
			if x := of.list[i]; s == match && !x.include {
				d.Reason = Excluded
				e.explain(&d, x, at)
				break
			}
		}
	case !dropped:
		d.Verdict = Sure
		if decided != nil {
			e.explain(&d, decided, at)
		}
	case len(of.list) == 1 && !of.list[0].include:
		d.Verdict = Wanted
	default:
		d.Verdict = Luck
		for i, s := range results {
			if x := of.list[i]; s == match && x.include {
				d.Verdict = Wanted
				e.explain(&d, x, at)
				break
			}
		}
	}
	return d
}

// Combine returns the verdict for events of several IDs, such as those of a Sigma category, from
// the decisions about each:
//
//   - Closed, if each is;
//   - Never, if no event of any ID is logged;
//   - Sure, if it is Sure for every ID of which events can satisfy the atoms;
//   - otherwise Wanted if it is Wanted or Sure for one, and then Luck;
//   - Open, if nothing better is known and one is Open.
func Combine(list ...Decision) Verdict {
	closed, logged, best := true, true, Never
	for i := range list {
		d := &list[i]
		closed = closed && d.Verdict == Closed
		if d.Reason != NoEvent && d.Reason != NoField {
			logged = logged && d.Verdict == Sure
		}
		if d.Verdict > best || d.Verdict == Open && best == Never {
			best = d.Verdict
		} else if best == Open && d.Verdict > Never {
			best = d.Verdict
		}
	}
	switch {
	case closed:
		return Closed
	case best == Sure && !logged:
		return Wanted
	}
	return best
}

// close sets what the elements of the tag do with an event of whose fields nothing is known, and
// whether no event can be logged.
func (e *Engine) close(of *events) {
	for _, x := range of.list {
		for i := range x.filters {
			s := miss
			if f := &x.filters[i]; x.compares(f, of.event) {
				s = f.always
			}
			of.start = append(of.start, s)
		}
	}
	d := Decision{Element: -1, Atom: -1}
	logged, _, _ := e.try(of, nil, func(x *element, i int) set { return of.start[x.first+i] })
	switch {
	case logged:
	case len(of.list) == 0:
		d.Verdict, d.Reason = Closed, TypeDefault
	default:
		d.Verdict, d.Reason, d.Element = Closed, NothingKept, of.list[0].index
	}
	of.closed = d
	if !e.noNames(of.event.ID) {
		return
	}
	empty := []text{{}, {"-", "-"}}
	for _, x := range of.list {
		for i := range x.filters {
			f := &x.filters[i]
			if f.fixed || !x.compares(f, of.event) || !slices.Contains(lookedUp, of.event.Fields[f.field]) {
				continue
			}
			if s := f.always & f.underAny(Equals, empty); s != 0 {
				of.start[x.first+i] = s
			}
		}
	}
}

// explain sets the element and its filters that match every event. Where one part of the
// element is enough, it is the first one. at returns the possible results of the filters.
func (e *Engine) explain(d *Decision, x *element, at func(x *element, i int) set) {
	d.Element = x.index
	for i := range x.parts {
		p := &x.parts[i]
		if x.part(p, func(i int) set { return at(x, i) }, e.either) != match {
			continue
		}
		for f := p.from; f < p.to; f++ {
			if at(x, f) == match {
				d.Filters = append(d.Filters, f)
				if p.group && !p.all && !e.either {
					break
				}
			}
		}
		if !x.all || e.either {
			return
		}
	}
}

// lookedUp are the fields of event 3 that stay empty if DnsLookup is off.
var lookedUp = []string{"SourceHostname", "SourcePortName", "DestinationHostname", "DestinationPortName"}

// noNames reports whether the looked-up fields of an event stay empty.
func (e *Engine) noNames(id uint32) bool {
	return id == 3 && e.sure && e.rules.Options.DnsLookup == sysmon.Off
}

// emptyHolds reports whether an empty field satisfies the atom. Sysmon shows one as "" or "-".
func (a *Atom) emptyHolds() bool {
	for _, v := range a.Values {
		if v == "" || v == "-" {
			return true
		}
	}
	return false
}

// noAlgorithm reports whether all values of an atom are hashes of algorithms that are not
// configured. The field is a list such as MD5=...,SHA256=....
func (e *Engine) noAlgorithm(a *Atom) bool {
	if !e.sure || e.rules.Options.HashAlgorithms == nil {
		return false
	}
	for _, v := range a.Values {
		name, _, ok := strings.Cut(lowerASCII(v), "=")
		if !ok || !slices.Contains([]string{"md5", "sha1", "sha256", "imphash"}, name) ||
			slices.Contains(e.rules.Options.HashAlgorithms, strings.ToUpper(name)) {
			return false
		}
	}
	return len(a.Values) > 0
}
