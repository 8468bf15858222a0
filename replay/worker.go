package replay

import (
	"cmp"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/match"
)

// A worker runs the content on the events of sources, in a goroutine of its own.
type worker struct {
	*run
	feeds    *events.Matcher
	matchers []*match.Matcher // by group; nil before the first event of its type
	record   events.Record
	event    interp.Event
	readings []match.Reading

	events, tried, noType uint64
	untried               map[string]uint64 // by name of the type
	perGroup              []uint64          // events by group
	present               [][]uint64        // by group and input: events that have it
	work                  []match.Work      // by group
	matches               []uint64          // by rule
	examples              map[int][]example // by rule: the first ones
	bad                   uint64
	firstBad              []badLine
	faults                uint64
	fault                 *faulted // the first one
	changes               changes
}

// A place is an event or a bad line of a source, by its number, and one of the feeds that the
// event belongs to. Several events can be on one line.
type place struct{ source, number, feed, line int }

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.source, o.source), cmp.Compare(p.number, o.number), cmp.Compare(p.feed, o.feed))
}

type example struct {
	place
	values []Value
}

type badLine struct {
	place
	err *events.LineError
}

// A faulted is an event on which content faults.
type faulted struct {
	place
	typ string
	err error
}

func newWorker(r *run) *worker {
	w := &worker{
		run: r, feeds: events.NewMatcher(r.defs), matchers: make([]*match.Matcher, len(r.groups)),
		untried: map[string]uint64{}, perGroup: make([]uint64, len(r.groups)), matches: make([]uint64, r.rules), examples: map[int][]example{},
		changes: newChanges(r), present: make([][]uint64, len(r.groups)), work: make([]match.Work, len(r.groups)),
	}
	for k, g := range r.groups {
		w.present[k] = make([]uint64, len(g.definition.Inputs))
	}
	return w
}

// read runs the content on the events of a source. It returns the error after which the rest of
// the source cannot be read.
func (w *worker) read(source int) error {
	s := w.sources[source]
	file, err := s.Open()
	if err != nil {
		return err
	}
	defer file.Close()
	reader := events.NewReader(s.Name, file)
	defer reader.Close()
	for n := 0; ; n++ {
		err := reader.Read(&w.record)
		at := place{source: source, number: n, line: reader.Line()}
		switch err := err.(type) {
		case nil:
			feeds, err := w.feeds.Match(&w.record)
			if err != nil {
				w.addBad(at, &events.LineError{Name: s.Name, Line: at.line, Err: err})
				continue
			}
			w.try(at, feeds)
		case *events.LineError:
			w.addBad(at, err)
		default:
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

func (w *worker) addBad(at place, err *events.LineError) {
	if w.bad++; len(w.firstBad) < MaxBadLines {
		w.firstBad = append(w.firstBad, badLine{at, err})
	}
}

// try runs the content on the record as an event of each of its feeds.
func (w *worker) try(at place, feeds []*events.Mapping) {
	w.events++
	if len(feeds) == 0 {
		w.noType++
		return
	}
	tried := false
	w.changes.begin()
	for i, f := range feeds {
		groups := w.of[f.Definition]
		if len(groups) == 0 {
			continue
		}
		at.feed = i
		var err error
		w.event, err = f.Event(w.event, &w.record)
		for _, g := range groups {
			tried = tried || !g.previous
			if err == nil {
				err = w.match(at, g)
			}
		}
		if err != nil {
			if w.faults++; w.fault == nil {
				w.fault = &faulted{at, f.Definition.Name, err}
			}
		}
	}
	w.compare(at, feeds)
	if tried {
		w.tried++
	} else {
		w.untried[feeds[0].Definition.Name]++
	}
}

// match runs a group on w.event.
func (w *worker) match(at place, g *group) error {
	k := g.number
	m := w.matchers[k]
	if m == nil {
		m = g.index.Matcher()
		if !g.previous {
			w.work[k].Instances = make([]uint64, g.index.Instances())
			m.Measure(&w.work[k])
		}
		w.matchers[k] = m
	}
	list, err := m.Match(w.event)
	if err != nil {
		return err
	}
	w.perGroup[k]++
	present := w.present[k]
	for i := range min(len(present), len(w.event)) {
		if w.event[i].Present() {
			present[i]++
		}
	}
	for _, i := range list {
		rule := g.first + i
		w.changes.add(g, rule, at.feed)
		if w.matches[rule]++; w.matches[rule] > uint64(w.options.Examples) || g.previous {
			continue
		}
		e, err := w.example(at, g, i)
		if err != nil {
			return err
		}
		w.examples[rule] = append(w.examples[rule], e)
	}
	return nil
}

// example returns w.event as an example for instance i of a group.
func (w *worker) example(at place, g *group, i int) (example, error) {
	var err error
	w.readings, err = w.matchers[g.number].Readings(w.readings[:0], i, w.event)
	return example{at, w.values(g, i)}, err
}

// values returns the inputs of w.event that criteria of w.readings read and hold on.
func (w *worker) values(g *group, i int) (list []Value) {
	file, _ := g.index.Locate(i)
	f := g.files[file]
	var seen []int
	for _, r := range w.readings {
		input := int(f.Criterion(r.Criterion).Input)
		if !r.Holds || r.Negated || input >= len(w.event) || !w.event[input].Present() || slices.Contains(seen, input) {
			continue
		}
		seen = append(seen, input)
		list = append(list, valueOf(g.definition.Inputs[input].Name, &w.event[input]))
	}
	return list
}

// valueOf returns a value for an example. It keeps no memory of the event.
func valueOf(input string, v *interp.Value) Value {
	text := ""
	switch v.Type {
	case sensor.TypeInteger:
		text = strconv.FormatInt(v.Integer, 10)
	case sensor.TypeAddress:
		text = netip.AddrFrom16(v.Address).Unmap().String()
	default:
		return Value{input, strings.ToValidUTF8(string(v.Text[:min(len(v.Text), MaxValue)]), ""), len(v.Text)}
	}
	return Value{input, text, len(text)}
}
