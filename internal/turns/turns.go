// Package turns measures ways to answer the same question about events, in turns. It counts the
// processor time of this process.
package turns

import (
	"slices"
	"time"

	"github.com/cfcheck/cfcheck/internal/progress"
)

// CPU returns the processor time of this process, or 0 if the system has no clock of it.
func CPU() time.Duration {
	return time.Duration(progress.CPUSeconds() * float64(time.Second))
}

// A Loop evaluates the same events again and again.
type Loop struct {
	// Match returns the rules that match an event, in any order. The next call may overwrite the
	// result.
	Match  func(event int) ([]int, error)
	Events int  // their number
	First  int  // the first event that is timed; those before are only for comparing answers
	Whole  bool // a turn sees each timed event equally often, because they differ much

	next int // the event with which the next turn begins, counted from First
}

// Answers returns the rules that match the first events, each in ascending order. It stops when the
// time is used, but not before the first event.
func (l *Loop) Answers(budget time.Duration) ([][]int, error) {
	var list [][]int
	for start := CPU(); len(list) < l.Events && (len(list) == 0 || CPU()-start < budget); {
		got, err := l.Match(len(list))
		if err != nil {
			return nil, err
		}
		list = append(list, slices.Sorted(slices.Values(got)))
	}
	return list, nil
}

// Run evaluates events, beginning where the last call stopped, until the time is used. It returns
// their number and the processor time.
func (l *Loop) Run(budget time.Duration) (events int, used time.Duration, err error) {
	start, timed := CPU(), l.Events-l.First
	for {
		n := max(1, min(200, events/8)) // so that reading the clock costs nothing
		if l.Whole {
			n = timed
		}
		for range n {
			if _, err := l.Match(l.First + l.next); err != nil {
				return events, 0, err
			}
			events++
			l.next = (l.next + 1) % timed
		}
		if used = CPU() - start; used >= budget {
			return events, used, nil
		}
	}
}

// Close does nothing. It is for those who also measure other processes.
func (l *Loop) Close() error { return nil }
