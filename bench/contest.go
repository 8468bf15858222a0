package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cfcheck/cfcheck/internal/turns"
)

// A budget limits the processor time of one engine on one content, and the rounds of all.
type budget struct {
	check  time.Duration // for the answers that are compared
	turn   time.Duration // for a turn of the measurement
	rounds int
	total  time.Duration // on the wall: afterwards no further round begins; 0 if there is no limit
	slow   bool          // also run engines that take long to build
}

// slow is the number of rules for which the slow engines are still built in some seconds. For
// 100,000 they take up to a minute and a half each, of the ten minutes for a whole run.
const slow = 10_000

// A standing is the result of one engine on one content.
type standing struct {
	engine   *engine
	runner   runner
	building time.Duration
	checked  int       // events on which the answers were compared
	matches  int       // in these events
	times    []float64 // nanoseconds for an event, by round
	events   int       // in the last round
}

// contest runs engines on a content. The first one is the reference for the answers. An answer that
// differs is an error.
func contest(log io.Writer, c *content, engines []*engine, b budget) (list []*standing, err error) {
	defer func() {
		for _, s := range list {
			if closed := s.runner.Close(); closed != nil && err == nil {
				err = fmt.Errorf("%s: %w", s.engine.name, closed)
			}
		}
	}()
	for _, e := range engines {
		if e.build == nil || e.missing != "" {
			continue
		}
		if e.most > 0 && len(c.rules.conditions) > e.most && !b.slow {
			fmt.Fprintf(log, "%s: leaving out %s, which takes long to build; -slow measures it\n", c.name, e.name)
			continue
		}
		fmt.Fprintf(log, "%s: building %s\n", c.name, e.name)
		start := turns.CPU()
		r, err := e.build(c)
		if err != nil {
			return list, fmt.Errorf("%s: %w", e.name, err)
		}
		s := &standing{engine: e, runner: r, building: turns.CPU() - start}
		if n, ok := r.(*nativeRunner); ok {
			s.building = n.built
		}
		list = append(list, s)
	}
	if err := compare(log, c, list, b.check); err != nil {
		return list, err
	}
	start := time.Now()
	for round := range b.rounds {
		if round > 0 && b.total > 0 && time.Since(start) > b.total {
			break
		}
		fmt.Fprintf(log, "%s: measuring, round %d of %d\n", c.name, round+1, b.rounds)
		for _, s := range list {
			events, used, err := s.runner.Run(b.turn)
			if err != nil {
				return list, fmt.Errorf("%s: %w", s.engine.name, err)
			}
			s.times, s.events = append(s.times, float64(used)/float64(events)), events
		}
	}
	for _, s := range list {
		fmt.Fprintf(log, "%s: %s takes %s for an event\n", c.name, s.engine.name, duration(median(s.times)))
	}
	return list, nil
}

// compare compares the answers of all engines with those of the first, on the events that each gets
// through in the time. It fails at the first difference.
func compare(log io.Writer, c *content, list []*standing, check time.Duration) error {
	var want [][]int
	for i, s := range list {
		fmt.Fprintf(log, "%s: comparing the answers of %s\n", c.name, s.engine.name)
		got, err := s.runner.Answers(check)
		if err != nil {
			return fmt.Errorf("%s: %w", s.engine.name, err)
		}
		if i == 0 {
			want = got
		}
		s.checked = min(len(got), len(want))
		for event := range s.checked {
			if !slices.Equal(got[event], want[event]) {
				return fmt.Errorf("%s: event %d: %s matches the rules %v; %s the rules %v",
					c.name, event, s.engine.name, c.ids(got[event]), list[0].engine.name, c.ids(want[event]))
			}
			s.matches += len(got[event])
		}
	}
	return nil
}

// ids returns the IDs of rules.
func (c *content) ids(list []int) (ids []string) {
	for _, i := range list {
		ids = append(ids, c.file.Instance(i).ID.String())
	}
	return ids
}

func median(list []float64) float64 {
	return slices.Sorted(slices.Values(list))[len(list)/2]
}
