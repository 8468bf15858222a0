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

	hits    hits
	matched uint64         // rules that match the event
	reader  *events.Reader // of blocks; nil before the first one of a source
	source  int            // of reader
	now     *score         // block or all
	all     *score
	block   *score // of a block; nil with one worker
}

// A place is an event or a bad line of a source, by its block and its number there, and one of the
// feeds that the event belongs to. Several events can be on one line.
type place struct{ source, block, number, feed, line int }

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.source, o.source), cmp.Compare(p.block, o.block), cmp.Compare(p.number, o.number), cmp.Compare(p.feed, o.feed))
}

func (p place) at() place { return p }

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
	w := &worker{run: r, feeds: events.NewMatcher(r.defs), matchers: make([]*match.Matcher, len(r.groups)), hits: newHits(r), all: newScore(r)}
	w.now = w.all
	return w
}

// read runs the content on the events of a source, in their order. It returns the error after
// which the rest of the source cannot be read.
func (w *worker) read(source int) error {
	s := w.sources[source]
	file, err := s.Open()
	if err != nil {
		return err
	}
	defer file.Close()
	reader := events.NewReader(s.Name, file)
	defer reader.Close()
	return w.readAll(reader, place{source: source})
}

// readAll runs the content on the events of a reader. The first one is at the given place. The
// error is nil at the end of the file.
func (w *worker) readAll(reader *events.Reader, at place) error {
	name := w.sources[at.source].Name
	for ; ; at.number++ {
		err := reader.Read(&w.record)
		at.line = reader.Line()
		switch err := err.(type) {
		case nil:
			feeds, err := w.feeds.Match(&w.record)
			if err != nil {
				w.addBad(at, &events.LineError{Name: name, Line: at.line, Err: err})
				continue
			}
			w.try(at, feeds)
			if w.now == w.all {
				w.run.options.Progress.add(1, w.matched)
			}
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
	if w.now.bad++; w.now.bad <= MaxBadLines || at.compare(w.now.firstBad[MaxBadLines-1].place) < 0 {
		w.now.firstBad = insert(w.now.firstBad, badLine{at, err}, MaxBadLines)
	}
}

// try runs the content on the record as an event of each of its feeds.
func (w *worker) try(at place, feeds []*events.Mapping) {
	w.now.events++
	w.matched = 0
	if len(feeds) == 0 {
		w.now.noType++
		return
	}
	tried := false
	w.hits.begin()
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
			if w.now.faults++; w.now.fault == nil || at.compare(w.now.fault.place) < 0 {
				w.now.fault = &faulted{at, f.Definition.Name, err}
			}
		}
	}
	w.compare(at, feeds)
	if tried {
		w.now.tried++
	} else {
		w.now.untried[feeds[0].Definition.Name]++
	}
}

// match runs a group on w.event.
func (w *worker) match(at place, g *group) error {
	k := g.number
	m := w.matchers[k]
	if m == nil {
		m = g.index.Matcher()
		w.matchers[k] = m
	}
	if !g.previous {
		m.Measure(&w.now.groups[k].work)
	}
	list, err := m.Match(w.event)
	if err != nil {
		return err
	}
	w.now.groups[k].events++
	present := w.now.groups[k].present
	for i := range min(len(present), len(w.event)) {
		if w.event[i].Present() {
			present[i]++
		}
	}
	for _, i := range list {
		rule := g.first + i
		w.hits.add(g, rule, at.feed)
		w.now.matches.add(rule, 1)
		if !g.previous {
			w.matched++
		}
		if g.previous || !w.all.examples.wants(rule, at) || !w.now.examples.wants(rule, at) {
			continue
		}
		e, err := w.example(at, g, i)
		if err != nil {
			return err
		}
		w.now.examples.add(rule, e)
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
