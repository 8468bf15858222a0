package main

import (
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/plainloop"
	"github.com/cfcheck/cfcheck/internal/turns"
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

// A runner is an engine with the rules of a content. [turns.Loop] has the meaning of the methods;
// one runs in this process.
type runner interface {
	Answers(budget time.Duration) ([][]int, error)
	Run(budget time.Duration) (events int, used time.Duration, err error)
	Close() error
}

// runner returns a runner in this process. The function returns the rules that match an event.
func (c *content) runner(match func(event int) ([]int, error)) runner {
	return &turns.Loop{Match: match, Events: len(c.events), First: c.first, Whole: c.whole}
}

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
