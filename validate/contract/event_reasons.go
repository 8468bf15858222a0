//mutation:equivalent: only report texts depend on it

package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// eventReasons are the reasons why a rule matches no single event of a feed.
type eventReasons struct {
	absent []uint32 // event IDs that the rule names and that the feed does not have
	off    []uint32 // event IDs that the rule names and that hosts do not record
	others bool     // whether the rule needs an event that it does not name, which the feed lacks
	lacks  []eventsLack
}

// An eventsLack is a set of events that lack the same inputs.
type eventsLack struct {
	ids      []uint32 // event IDs, ascending
	provider string   // "" if the IDs name the events
	inputs   []int    // inputs that the rule needs
}

// key returns a text that differs for different reasons.
func (r *eventReasons) key() string {
	if r == nil {
		return ""
	}
	return fmt.Sprint(*r)
}

func (r *eventReasons) compare(o *eventReasons) int { return cmp.Compare(r.key(), o.key()) }

// addEventCause adds to the list the cause of an instance that matches no single event of the feeds
// of a lack.
func (r *outcomeReporter) addEventCause(instance int, l *lack) {
	reasons := new(eventReasons)
	e := r.events
	e.begin(l.events, instance, l)
	for c := range e.causes() {
		switch {
		case c.off && c.class.named:
			reasons.off = append(reasons.off, c.class.id)
			continue
		case c.off: // all events of the feed that the rule could match
			reasons.off = slices.DeleteFunc(slices.Clone(l.off), func(id uint32) bool { return !l.events.has(id) })
			continue
		case c.inputs == nil && c.class.named:
			reasons.absent = append(reasons.absent, c.class.id)
			continue
		case c.inputs == nil:
			reasons.others = true
			continue
		}
		kind := &l.events.feed.Kinds[c.class.kind]
		ids := []uint32{c.class.id}
		if !c.class.named {
			ids = slices.DeleteFunc(slices.Clone(kind.Events), func(id uint32) bool { return slices.Contains(e.ids, id) })
		}
		i := slices.IndexFunc(reasons.lacks, func(o eventsLack) bool {
			return o.provider == kind.Provider && slices.Equal(o.inputs, c.inputs)
		})
		if i < 0 {
			i = len(reasons.lacks)
			reasons.lacks = append(reasons.lacks, eventsLack{provider: kind.Provider, inputs: c.inputs})
		}
		reasons.lacks[i].ids = append(reasons.lacks[i].ids, ids...)
	}
	for i := range reasons.lacks {
		slices.Sort(reasons.lacks[i].ids)
	}
	found := cause{outcome: outcome.Blind, events: reasons}
	found.word, found.input = r.pointEvent(instance, l, reasons)
	r.list = append(r.list, found)
}

// pointEvent returns the word to which the reasons lead, and its input: the first word that names
// an event ID or reads an input of the reasons.
func (r *outcomeReporter) pointEvent(instance int, l *lack, reasons *eventReasons) (word, input int) {
	f := r.pass.File
	in := f.Instance(instance)
	for w := in.First; w < in.First+in.Count; w++ {
		if !f.Word(w).IsReference() {
			continue
		}
		criterion := f.Word(w).Criterion()
		c := f.Criterion(criterion)
		if len(reasons.lacks) == 0 {
			first := slices.Concat(reasons.absent, reasons.off)
			if ids := l.events.named[criterion]; reasons.others && ids != nil || len(first) > 0 && slices.Contains(ids, first[0]) {
				return w, int(c.Input)
			}
			continue
		}
		for input := range inputsOf(f, c) {
			if input == reasons.lacks[0].inputs[0] {
				return w, input
			}
		}
	}
	return in.First, 0
}

// eventGroup returns the group of findings for rules that match no single event of feeds, for the
// same reasons.
func (r *outcomeReporter) eventGroup(c *cause, who *lackers) *outcomeGroup {
	p, d := r.pass, r.pass.Definition
	t := eventTexts{pass: p}
	for _, f := range who.feeds {
		if of := d.Feed(f.supply.Feed); !slices.Contains(t.feeds, of) {
			t.feeds = append(t.feeds, of)
		}
	}
	g := &outcomeGroup{builds: who.builds}
	g.reasons = " can never match: " + t.reasons(c.events)
	if !t.whole() {
		g.reasons = fmt.Sprintf(" can never match %s: %s", who.events, t.reasons(c.events))
	}
	if len(c.events.off) > 0 {
		g.details = details(sides(who.feeds, collectionNote), func(s *side) string { return fmt.Sprintf("events of %v %s: %s", s, s.note, s.hosts(p)) })
	} else {
		g.details = append(details(sides(who.feeds, nil), func(s *side) string { return fmt.Sprintf("%v: %s", s, s.hosts(p)) }), t.sources()...)
	}
	if who.spared != "" {
		g.details = append(g.details, who.spared)
	}
	g.fix = "read a field that the event has, or select an event that has the field"
	switch {
	case len(c.events.lacks) > 0:
	case len(c.events.off) > 0:
		g.fix = "make the hosts record the event, or hold the rule back from them"
	case c.events.others || slices.ContainsFunc(c.events.absent, t.inType):
		g.fix = "name the events of this feed too, or write a rule of its own for them"
	default:
		g.fix = "correct the event ID, or the logsource of the rule"
	}
	index := c.input
	g.FindingGroup = p.FindingGroup(fmt.Sprintf("%s input %04d events %s %s", p.Check.ID, index, g.reasons, strings.Join(g.details, "\n")), func(found int) validate.Summary {
		return validate.Summary{Input: p.InputAt(index), Builds: g.builds, Message: rulesOf(p, found) + g.reasons, Details: g.details, Fix: g.fix}
	})
	return g
}

// eventTexts writes about events of feeds.
type eventTexts struct {
	pass  *validate.Pass
	feeds []*sensor.Feed // of the definition
}

// whole reports whether the type has no other feeds.
func (t *eventTexts) whole() bool { return len(t.feeds) == len(t.pass.Definition.Feeds) }

// maxReasons is the largest number of sets of events in a message.
const maxReasons = 3

// reasons returns the reasons as one text.
func (t *eventTexts) reasons(r *eventReasons) string {
	var parts []string
	if len(r.absent) > 0 {
		parts = append(parts, t.absent(r.absent))
	}
	if len(r.off) > 0 {
		parts = append(parts, "the hosts do not record "+eventsNamed(r.off))
	}
	if r.others {
		parts = append(parts, t.only())
	}
	for i := range r.lacks {
		if i == maxReasons {
			parts = append(parts, fmt.Sprintf("%d more kinds of events lack other fields", len(r.lacks)-i))
			break
		}
		parts = append(parts, t.lack(&r.lacks[i]))
	}
	return strings.Join(parts, "; ")
}

// subject names the type, or its feeds that the message has named, with the verb.
func (t *eventTexts) subject() string {
	if t.whole() {
		return t.pass.Definition.Name + " has"
	}
	if len(t.feeds) > 1 {
		return "these feeds have"
	}
	return "the feed has"
}

// only returns the statement that the feeds have no other events.
func (t *eventTexts) only() string {
	var ids []uint32
	for _, f := range t.feeds {
		ids = append(ids, f.Events...)
		for i := range f.Kinds {
			ids = append(ids, f.Kinds[i].Events...)
		}
	}
	slices.Sort(ids)
	return fmt.Sprintf("%s only %s", t.subject(), eventsNamed(slices.Compact(ids)))
}

// absent returns the statement that the feeds do not have events, and who has them.
func (t *eventTexts) absent(ids []uint32) string {
	text := fmt.Sprintf("%s no %s", t.subject(), eventsNamed(ids))
	var owners []string
	for _, id := range ids {
		for _, owner := range t.owners(id) {
			if owner += " has"; len(ids) > 1 {
				owner += fmt.Sprint(" ", id)
			}
			owners = append(owners, owner)
		}
	}
	if len(owners) > 0 {
		text += fmt.Sprintf(" (%s)", list(owners, "feeds"))
	}
	return text
}

// inType reports whether a feed of the type has an event.
func (t *eventTexts) inType(id uint32) bool {
	return slices.ContainsFunc(t.pass.Definition.Feeds, func(f sensor.Feed) bool { return slices.Contains(f.Events, id) })
}

// owners returns the feeds of the type that have an event, or else the types that have feeds with
// the event in the same log.
func (t *eventTexts) owners(id uint32) []string {
	var owners []string
	for i := range t.pass.Definition.Feeds {
		if f := &t.pass.Definition.Feeds[i]; slices.Contains(f.Events, id) {
			owners = append(owners, "feed "+f.Name)
		}
	}
	if len(owners) > 0 || t.pass.Known == nil {
		return owners
	}
	for other := range t.pass.Known.All() {
		has := func(f sensor.Feed) bool {
			sameLog := func(o *sensor.Feed) bool { return o.Provider == f.Provider && o.Channel == f.Channel }
			return slices.Contains(f.Events, id) && slices.ContainsFunc(t.feeds, sameLog)
		}
		if slices.ContainsFunc(other.Feeds, has) && !slices.Contains(owners, other.Name) {
			owners = append(owners, other.Name)
		}
	}
	return owners
}

// lack returns the statement that events lack inputs, and the events that have the input.
func (t *eventTexts) lack(l *eventsLack) string {
	subject, has := eventsNamed(l.ids), "has"
	if len(l.ids) > 1 {
		has = "have"
	}
	if l.provider != "" {
		subject += " of " + l.provider
	}
	var names []string
	for _, index := range l.inputs {
		names = append(names, t.pass.Definition.Inputs[index].Name)
	}
	text := fmt.Sprintf("%s %s no %s", subject, has, strings.Join(names, " and no "))
	if len(names) > 1 {
		return text
	}
	var with []uint32
	for _, f := range t.feeds {
		for i := range f.Kinds {
			if field := f.Field(names[0]); field != nil && f.Kinds[i].Has(field) {
				with = append(with, f.Kinds[i].Events...)
			}
		}
	}
	slices.Sort(with)
	if with = slices.Compact(with); len(with) > 0 {
		text += fmt.Sprintf(" (events with it: %s)", idList(with))
	}
	return text
}

// sources returns a line with the sources of the statements about the events of the feeds.
func (t *eventTexts) sources() []string {
	var sources []string
	for _, f := range t.feeds {
		if source := cmp.Or(f.Source, t.pass.Definition.Source); source != "" && !slices.Contains(sources, source) {
			sources = append(sources, source)
		}
	}
	if len(sources) == 0 {
		return nil
	}
	return []string{"source of the events and fields: " + strings.Join(sources, "; ")}
}

// eventsNamed names events by their IDs.
func eventsNamed(ids []uint32) string {
	if len(ids) == 1 {
		return "event " + idList(ids)
	}
	return "events " + idList(ids)
}

// idList joins event IDs as [list] does.
func idList(ids []uint32) string {
	var names []string
	for _, id := range ids {
		names = append(names, fmt.Sprint(id))
	}
	return list(names, "events")
}
