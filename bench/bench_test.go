package main

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// The contents have each operator, so that the languages of the peers say each.
func TestAlike(t *testing.T) {
	every := channelfile.NewBuilder(workload.Header)
	for i, e := range []channelfile.Expr{
		channelfile.Exists(1),
		channelfile.Not(channelfile.Exists(1)),
		channelfile.Equals(1, ""),
		channelfile.Equals(1, "ABC", "x"),
		channelfile.Prefix(1, "äb").Fold(),
		channelfile.Suffix(1, "c", "B"),
		channelfile.Contains(1, "b", "c").All().Fold(),
		channelfile.Pattern(1, "?b*", `\*`).Fold(),
		channelfile.Regexp(1, "^[a-c]+$", `(?i)x\.y`),
		channelfile.Not(channelfile.Regexp(1, "b")),
		channelfile.IntegerEquals(1, 0, 7),
		channelfile.IntegerRange(1, [2]int64{-3, 9}),
		channelfile.EqualsInput(1, 2),
		channelfile.SuffixInput(1, 2).Fold(),
		channelfile.IntegerEqualsInput(1, 2),
		channelfile.Or(channelfile.And(channelfile.Equals(1, "x"), channelfile.Not(channelfile.Equals(2, "x"))), channelfile.IntegerEquals(2, 7)),
	} {
		if err := every.Add(channelfile.ID{15: byte(i + 1)}, e, nil); err != nil {
			t.Fatal(err)
		}
	}
	data, err := every.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f, err := channelfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var events []interp.Event
	values := []string{"", "abc", "ABC", "ÄBC", "x", "X.Y", "*", "7", "-3", "007", "abc\n", "10.0.0.1"}
	for _, a := range values {
		events = append(events, interp.Event{{}, interp.Text(a)}, interp.Event{{}, {}, interp.Text(a)})
		for _, b := range values {
			events = append(events, interp.Event{{}, interp.Text(a), interp.Text(b)})
		}
	}
	c, err := newContent("every operator", f, events)
	if err != nil {
		t.Fatal(err)
	}
	c.first, c.whole = 7, true // as with recorded events
	if !testing.Short() {      // compiling C++ takes half a minute
		dir := t.TempDir()
		if err := os.CopyFS(dir, sources); err != nil {
			t.Fatal(err)
		}
		buildNative(dir)
	}
	list, err := contest(io.Discard, c, engines, budget{check: time.Minute, turn: time.Nanosecond, rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		t.Logf("%s: %d matches", s.engine.name, s.matches)
		if s.events != len(events)-c.first {
			t.Errorf("%s: a turn evaluated %d events; expected %d", s.engine.name, s.events, len(events)-c.first)
		}
		if s.checked != len(events) || s.matches < 100 {
			t.Errorf("%s: %d matches in %d events were compared; expected at least 100 in %d", s.engine.name, s.matches, s.checked, len(events))
		}
	}
}

func TestDifference(t *testing.T) {
	f, err := channelfile.Parse(workload.File(10, 1))
	if err != nil {
		t.Fatal(err)
	}
	c, err := newContent("ten", f, workload.Events(f, 10, 1))
	if err != nil {
		t.Fatal(err)
	}
	wrong := &engine{name: "wrong", build: func(c *content) (runner, error) {
		return c.runner(func(event int) ([]int, error) { return []int{3}, nil }), nil
	}}
	_, err = contest(io.Discard, c, []*engine{ours, wrong}, budget{check: time.Minute, turn: time.Nanosecond, rounds: 1})
	if want := "ten: event 0: wrong matches the rules [" + f.Instance(3).ID.String() + "]"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("found the error %v; expected %s", err, want)
	}
}

func TestHalved(t *testing.T) {
	recorded := map[string]float64{"a / b": 100}
	for _, c := range []struct {
		work   string
		theirs float64
		want   string // in the error; empty if there is none
	}{
		{"a", 51, ""},
		{"a", 49, "a / b: the ratio is 49.0; expected at least half of the recorded 100"},
		{"new", 100, "new / b: not in ratios.json"},
	} {
		err := halved([]row{{work: c.work, peer: "b", theirs: c.theirs, ours: 1}}, recorded)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %v: found the error %v; expected %q", c.work, c.theirs, err, c.want)
		}
	}
}
