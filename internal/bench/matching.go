package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/plainloop"
	"github.com/cfcheck/cfcheck/internal/realdata"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/match"
)

// A matcher is a way to find the instances that match an event.
type matcher interface {
	// match returns the matching instances, in the order of the file. The next call overwrites
	// the result.
	match(e interp.Event) ([]int, error)
}

type loopMatcher struct{ *plainloop.Loop }

func (m loopMatcher) match(e interp.Event) ([]int, error) {
	err := m.Run(e)
	return m.Matched(), err
}

type interpreterMatcher struct{ *interp.Interpreter }

func (m interpreterMatcher) match(e interp.Event) ([]int, error) {
	err := m.Run(e)
	return m.Matched(), err
}

type indexMatcher struct{ *match.Matcher }

func (m indexMatcher) match(e interp.Event) ([]int, error) { return m.Match(e) }

// A candidate is a matcher that is timed beside the others.
type candidate struct {
	name string
	new  func(f *channelfile.File) (matcher, error)
}

// The first candidate is the unit.
var candidates = []candidate{
	{"plain loop", func(f *channelfile.File) (matcher, error) { return loopMatcher{plainloop.New(f)}, nil }},
	{"interpreter", func(f *channelfile.File) (matcher, error) {
		return interpreterMatcher{interp.New(f, &sensor.Reader{Access: sensor.AccessNamed})}, nil
	}},
	{"index", func(f *channelfile.File) (matcher, error) {
		ix, err := match.New(f)
		if err != nil {
			return nil, err
		}
		return indexMatcher{ix.Matcher()}, nil
	}},
}

// A contest is content on which the candidates run, and events for it.
type contest struct {
	name   string
	file   *channelfile.File
	events []interp.Event
	whole  bool // the first candidate must see each event, because they differ much

	matchers []matcher
	building []time.Duration // to make the matcher
	times    []time.Duration // total, by candidate
	done     []int           // number of events, by candidate
}

// measureMatching compares the candidates: on generated content, and on the published rules and
// recorded events in a folder if it is there. A candidate runs for the time of a turn before the
// next one does.
func measureMatching(w io.Writer, folder string, sizes []int, rounds int, turn time.Duration) error {
	runtime.GOMAXPROCS(1)
	contests, err := realContests(folder)
	if errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(w, "the published rules and recorded events are not measured: %v\n", err)
	} else if err != nil {
		return err
	}
	for _, n := range sizes {
		f, err := workload.Selective(n, workload.Instances)
		if err != nil {
			return err
		}
		contests = append(contests, &contest{name: fmt.Sprintf("%d generated instances", n), file: f, events: workload.Events(f, 2000, 1)})
	}
	hostile, err := hostileContests(sizes[len(sizes)-1] / 10)
	if err != nil {
		return err
	}
	contests = append(contests, hostile...)
	fmt.Fprintf(w, "%-38s %8s %-12s %12s %14s %10s %10s\n", "content", "events", "", "µs an event", "of plain loop", "building", "matches")
	for _, c := range contests {
		if err := c.measure(w, rounds, turn); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

func encoded(b *channelfile.Builder) (*channelfile.File, error) {
	data, err := b.Encode()
	if err != nil {
		return nil, err
	}
	return channelfile.Parse(data)
}

// hostileContests returns contests on n instances that defeat an index.
func hostileContests(n int) ([]*contest, error) {
	const commandLine = 2
	text := strings.Repeat("the quick brown fox jumps over a lazy dog, 0123456789; ", 8)
	var list []*contest
	for _, h := range []struct {
		name      string
		condition func(i int) channelfile.Expr
	}{
		{"literals of 1 to 3 bytes", func(i int) channelfile.Expr {
			return channelfile.Contains(commandLine, text[i%300:][:1+i%3], fmt.Sprintf("%03x", i%4096)).Fold()
		}},
		{"unanchored expressions", func(i int) channelfile.Expr {
			return channelfile.Regexp(commandLine, fmt.Sprintf("[a-f]+[0-9]{%d}.*[x-z]?", 1+i%8))
		}},
		{"one literal in all", func(i int) channelfile.Expr {
			return channelfile.And(channelfile.Contains(commandLine, "brown fox").Fold(), channelfile.IntegerRange(14, [2]int64{int64(i), int64(i + 70000)}))
		}},
		{"negations only", func(i int) channelfile.Expr {
			return channelfile.Not(channelfile.Suffix(commandLine, fmt.Sprint(i)).Fold())
		}},
	} {
		b := channelfile.NewBuilder(workload.Header)
		for i := range n {
			if err := b.Add(channelfile.ID{12: 1, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}, h.condition(i), nil); err != nil {
				return nil, err
			}
		}
		f, err := encoded(b)
		if err != nil {
			return nil, err
		}
		events := workload.Events(f, 100, 1)
		for i := range events {
			events[i][commandLine] = interp.Text(text[i:])
		}
		list = append(list, &contest{name: fmt.Sprintf("hostile: %s", h.name), file: f, events: events})
	}
	return list, nil
}

// realContests returns the contests on published rules.
func realContests(folder string) ([]*contest, error) {
	sets, err := realdata.Load(folder, "*.ndjson.gz", "process_creation", "ipc")
	if err != nil {
		return nil, err
	}
	var list []*contest
	for _, s := range sets {
		r := rand.New(rand.NewPCG(1, 1))
		r.Shuffle(len(s.Events), func(i, k int) { s.Events[i], s.Events[k] = s.Events[k], s.Events[i] })
		s.Events = s.Events[:min(len(s.Events), 1000)] // the plain loop takes milliseconds for each
		list = append(list, &contest{name: fmt.Sprintf("%d published rules, %s", s.File.Instances(), s.Definition.Name), file: s.File, events: s.Events, whole: true})
	}
	return list, nil
}

// measure runs the candidates in turns, on the same events, and prints a line for
// each. It compares the answers of each candidate with those of the first.
func (c *contest) measure(w io.Writer, rounds int, turn time.Duration) error {
	for _, m := range candidates {
		start := processorTime()
		made, err := m.new(c.file)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		c.building = append(c.building, processorTime()-start)
		c.matchers = append(c.matchers, made)
	}
	matches, err := c.compare(5 * turn)
	if err != nil {
		return err
	}
	c.times, c.done = make([]time.Duration, len(candidates)), make([]int, len(candidates))
	for round := 0; round < rounds || c.whole && c.done[0] < len(c.events); round++ {
		for i := range candidates {
			if err := c.run(i, turn); err != nil {
				return err
			}
		}
	}
	unit := c.perEvent(0)
	for i, m := range candidates {
		fmt.Fprintf(w, "%-38s %8d %-12s %12.2f %14.1f %7.1f ms %10d\n", c.name, len(c.events), m.name, c.perEvent(i)/1e3, unit/c.perEvent(i), milliseconds(c.building[i]), matches)
	}
	return nil
}

// perEvent returns the time of a candidate for one event, in nanoseconds.
func (c *contest) perEvent(i int) float64 { return float64(c.times[i]) / float64(c.done[i]) }

// run runs one candidate for a turn. The next turn continues with the next event, so each
// candidate sees all events equally often if the turns are long enough.
func (c *contest) run(i int, turn time.Duration) error {
	start := processorTime()
	for {
		n := max(1, min(200, c.done[i]/8)) // so that reading the clock costs nothing
		for range n {
			if _, err := c.matchers[i].match(c.events[c.done[i]%len(c.events)]); err != nil {
				return err
			}
			c.done[i]++
		}
		if used := processorTime() - start; used >= turn {
			c.times[i] += used
			return nil
		}
	}
}

// compare compares the answers of all candidates on some of the events, until the time is used. It
// returns the number of matches.
func (c *contest) compare(budget time.Duration) (matches int, err error) {
	start := processorTime()
	for i := 0; i < len(c.events) && processorTime()-start < budget; i += 7 {
		want, err := c.answer(0, c.events[i])
		if err != nil {
			return 0, err
		}
		matches += len(want)
		for k := range candidates[1:] {
			if got, err := c.answer(k+1, c.events[i]); err != nil || !slices.Equal(got, want) {
				return 0, fmt.Errorf("event %d: %s matches %v (%v), %s %v", i, candidates[k+1].name, got, err, candidates[0].name, want)
			}
		}
	}
	return matches, nil
}

func (c *contest) answer(i int, e interp.Event) ([]int, error) {
	list, err := c.matchers[i].match(e)
	return slices.Clone(list), err
}
