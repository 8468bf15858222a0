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
	k, atom, reason := e.know(ev, atoms)
	if reason != NoReason {
		d.Verdict, d.Reason, d.Atom = Never, reason, atom
		return d
	}
	if of == nil || !e.sure {
		return d
	}
	results := make([]set, 0, 8)
	logged, dropped, decided := e.try(of, &results, func(x *element, i int) set { return k.of(x, i, of.event) })
	switch {
	case !logged:
		d.Verdict, d.Reason = Never, NoInclude
		for i, s := range results {
			if x := of.list[i]; s == match && !x.include {
				d.Reason = Excluded
				e.explain(&d, x, k, of.event)
				break
			}
		}
	case !dropped:
		d.Verdict = Sure
		if decided != nil {
			e.explain(&d, decided, k, of.event)
		}
	case len(of.list) == 1 && !of.list[0].include:
		d.Verdict = Wanted
	default:
		d.Verdict = Luck
		for i, s := range results {
			if x := of.list[i]; s == match && x.include {
				d.Verdict = Wanted
				e.explain(&d, x, k, of.event)
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

// closed returns the verdict Closed if no event of the ID can be logged.
func (e *Engine) closed(of *events) Decision {
	d := Decision{Element: -1, Atom: -1}
	var none knowledge
	logged, _, _ := e.try(of, nil, func(x *element, i int) set { return none.of(x, i, of.event) })
	switch {
	case logged:
	case len(of.list) == 0:
		d.Verdict, d.Reason = Closed, TypeDefault
	default:
		d.Verdict, d.Reason, d.Element = Closed, NothingKept, of.list[0].index
	}
	return d
}

// explain sets the element and its filters that match every event. Where one part of the
// element is enough, it is the first one.
func (e *Engine) explain(d *Decision, x *element, k knowledge, ev *sysmon.Event) {
	d.Element = x.index
	for i := range x.parts {
		p := &x.parts[i]
		if x.part(p, func(i int) set { return k.of(x, i, ev) }, e.either) != match {
			continue
		}
		for f := p.from; f < p.to; f++ {
			if k.of(x, f, ev) == match {
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

// A knowledge has the atoms about each field of an event, by its place.
type knowledge [][]known

// A known is an atom, prepared: the field compares so with one of the texts.
type known struct {
	comparison Comparison
	texts      []text
}

// know prepares atoms. If no event of the kind satisfies one of them, it returns its index and
// the reason.
func (e *Engine) know(ev *sysmon.Event, atoms []Atom) (knowledge, int, Reason) {
	k := make(knowledge, len(ev.Fields))
	noNames := ev.ID == 3 && e.sure && e.rules.Options.DnsLookup == sysmon.Off
	for i, name := range ev.Fields {
		if noNames && slices.Contains(lookedUp, name) {
			k[i] = []known{{Equals, []text{{}, {"-", "-"}}}}
		}
	}
	for i := range atoms {
		a := &atoms[i]
		place := ev.Field(a.Field)
		if place < 0 {
			return nil, i, NoField
		}
		if noNames && slices.Contains(lookedUp, a.Field) && !a.emptyHolds() {
			return nil, i, EmptyField
		}
		if (a.Field == "Hashes" || a.Field == "Hash") && e.noAlgorithm(a) {
			return nil, i, NoAlgorithm
		}
		item := known{comparison: a.Comparison, texts: make([]text, len(a.Values))}
		for j, v := range a.Values {
			item.texts[j] = folded(v, e.linux)
		}
		k[place] = append(k[place], item)
	}
	return k, -1, NoReason
}

// lookedUp are the fields of event 3 that stay empty if DnsLookup is off.
var lookedUp = []string{"SourceHostname", "SourcePortName", "DestinationHostname", "DestinationPortName"}

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

// of returns the possible results of a filter of an element for an event.
func (k knowledge) of(x *element, i int, ev *sysmon.Event) set {
	f := &x.filters[i]
	if !x.compares(f, ev) {
		return miss
	}
	all := f.always
	if k == nil || f.fixed {
		return all
	}
	for _, item := range k[f.field] {
		var s set
		for _, v := range item.texts {
			if s |= f.under(item.comparison, v); s&all == all {
				break
			}
		}
		if s&all != 0 { // otherwise no event satisfies the atoms
			all &= s
		}
	}
	return all
}
