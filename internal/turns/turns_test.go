package turns

import (
	"slices"
	"testing"
	"time"
)

func TestLoop(t *testing.T) {
	var seen []int
	matched := []int{0, 0}
	l := &Loop{Events: 5, First: 2, Match: func(event int) ([]int, error) {
		seen = append(seen, event)
		matched[0], matched[1] = event+1, event // the same memory each time, and not in order
		return matched, nil
	}}
	got, err := l.Answers(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}}; !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("the answers are %v; expected %v", got, want)
	}
	for _, c := range []struct {
		why   string
		whole bool
		want  []int
	}{
		{"a turn is one event at least, and only of those that are timed", false, []int{2}},
		{"the next turn goes on", false, []int{3}},
		{"a whole turn sees each timed event, from where the last one stopped", true, []int{4, 2, 3}},
		{"and again", true, []int{4, 2, 3}},
	} {
		seen, l.Whole = nil, c.whole
		events, _, err := l.Run(-1)
		if err != nil || events != len(c.want) || !slices.Equal(seen, c.want) {
			t.Errorf("%s: found %d events, %v (%v); expected %v", c.why, events, seen, err, c.want)
		}
	}
	seen = nil
	if got, err := l.Answers(-1); err != nil || len(got) != 1 {
		t.Errorf("without time there are %d answers (%v); expected 1", len(got), err)
	}
}
