package main

import (
	"slices"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/plainloop"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/match"
)

// An engine finds the rules that match an event.
type engine struct {
	name    string
	version string // of the peer; empty for our own
	most    int    // with more rules, building takes too long; 0 if it never does
	missing string // why the engine is not here; empty if it is

	// build is nil until the program of the engine is built.
	build func(c *content) (runner, error)
}

// A content is rules and events on which the engines run.
type content struct {
	name   string
	file   *channelfile.File
	rules  *rules
	events []interp.Event
	values [][]value // by event
	first  int       // the first event that is timed; those before are only for comparing answers
	whole  bool      // a turn must see each event, because they differ much
}

func newContent(name string, f *channelfile.File, events []interp.Event) (*content, error) {
	r, err := rulesOf(f)
	if err != nil {
		return nil, err
	}
	c := &content{name: name, file: f, rules: r, events: events}
	for _, e := range events {
		c.values = append(c.values, valuesOf(e, len(r.names)))
	}
	return c, nil
}

// A runner is an engine with the rules of a content.
type runner interface {
	// answers returns the matching rules of the first events, each in ascending order. It stops
	// when the time is used.
	answers(budget time.Duration) ([][]int, error)
	// run evaluates events, beginning where the last call stopped, until the time is used. If the
	// content is whole, it evaluates all timed events at least once, and each equally often.
	// It returns their number and the processor time.
	run(budget time.Duration) (events int, used time.Duration, err error)
	close() error
}

// A matchRunner is a runner in this process. The function returns the rules that match an event,
// in any order. The next call may overwrite the result.
type matchRunner struct {
	match  func(event int) ([]int, error)
	events int
	first  int
	whole  bool
	next   int
}

func (c *content) runner(match func(event int) ([]int, error)) *matchRunner {
	return &matchRunner{match: match, events: len(c.events), first: c.first, next: c.first, whole: c.whole}
}

func (m *matchRunner) answers(budget time.Duration) ([][]int, error) {
	var list [][]int
	for start := processorTime(); len(list) < m.events && (len(list) == 0 || processorTime()-start < budget); {
		got, err := m.match(len(list))
		if err != nil {
			return nil, err
		}
		got = slices.Clone(got)
		slices.Sort(got)
		list = append(list, got)
	}
	return list, nil
}

func (m *matchRunner) run(budget time.Duration) (events int, used time.Duration, err error) {
	start := processorTime()
	for {
		n := max(1, min(200, events/8)) // so that reading the clock costs nothing
		if m.whole {
			n = m.events - m.first
		}
		for range n {
			if _, err := m.match(m.next); err != nil {
				return events, 0, err
			}
			events++
			if m.next++; m.next == m.events {
				m.next = m.first
			}
		}
		if used = processorTime() - start; used >= budget {
			return events, used, nil
		}
	}
}

func (m *matchRunner) close() error { return nil }

// ours is the engine to which the others are compared.
var ours = &engine{name: "cfcheck", build: func(c *content) (runner, error) {
	ix, err := match.New(c.file)
	if err != nil {
		return nil, err
	}
	m := ix.Matcher()
	return c.runner(func(i int) ([]int, error) { return m.Match(c.events[i]) }), nil
}}

var plain = &engine{name: "plain loop", build: func(c *content) (runner, error) {
	l := plainloop.New(c.file)
	return c.runner(func(i int) ([]int, error) {
		err := l.Run(c.events[i])
		return l.Matched(), err
	}), nil
}}
