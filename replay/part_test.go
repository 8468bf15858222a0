package replay_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// TestParts checks that parts, which are merged in random order and grouping and encoded now and
// then, give the result of Run: with examples and bad lines beyond their limits, files that cannot
// be read, and content that faults.
func TestParts(t *testing.T) {
	own := &sensor.Definition{
		Name: "own", Title: "Own", Number: 900, Version: 1, Channel: 900, Inputs: []sensor.Input{{Name: "Size", Type: sensor.TypeInteger}},
		Feeds: []sensor.Feed{{Name: "own", Channel: "Own", Fields: []sensor.FeedField{{Input: "Size"}}}},
	}
	defs := builtin.Definitions()
	if err := defs.Add(own); err != nil {
		t.Fatal(err)
	}
	d := defs.ByNumber(testkit.IPC.Type, testkit.IPC.TypeVersion)
	pipe, _ := d.Input("PipeName")
	content := []replay.Content{
		{File: testkit.File(t, testkit.IPC, channelfile.Suffix(pipe, "99"), channelfile.Equals(pipe, "none")), Definition: d},
		{File: testkit.File(t, testkit.HeaderOf(own), channelfile.Suffix(0, "x")), Definition: own},
		{File: testkit.File(t, testkit.IPC, channelfile.Exists(pipe)), Definition: d},
	}
	previous := []replay.Content{
		{File: testkit.File(t, testkit.IPC, channelfile.Suffix(pipe, "9"), channelfile.Equals(pipe, "none"), channelfile.Suffix(pipe, "8")), Definition: d},
	}
	fault := line(own, &own.Feeds[0], interp.Event{interp.Number(5)})
	sources := []replay.Source{
		text("a", pipes(40)), text("b", pipes(600)+fault), text("c", ""), text("d", pipes(1100)),
		{Name: "missing", Open: func() (io.ReadCloser, error) { return nil, errors.New("missing: cannot be read") }},
		text("cut", "\x1f\x8b\x08"), text("e", fault+"\n"+pipes(3000)), text("f", pipes(2000)),
	}
	equal := cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })
	for _, examples := range []int{0, 1, 7, replay.MaxExamples} {
		o := replay.Options{Examples: examples}
		if examples != 1 {
			o.Previous = previous
		}
		want, err := replay.Run(defs, content, sources, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(want.Problems) != 3 || len(want.FirstBad) != replay.MaxBadLines || len(want.Untried) != 1 || want.Rules[0].Matches < 20 {
			t.Fatalf("the sources do not try all: %v", want)
		}
		if o.Previous != nil && (len(want.Removed) != 1 || want.Removed[0].Change.Lost.Records < 200 || want.Rules[0].Change.Lost.Records < 200) {
			t.Fatalf("the previous content does not try all: %v, removed %v", want.Rules, want.Removed)
		}
		plan, err := replay.NewPlan(defs, content, o)
		if err != nil {
			t.Fatal(err)
		}
		var encoded [][]byte
		for i, s := range sources {
			encoded = append(encoded, encode(t, plan.Run(i, s)))
		}
		random := rand.New(rand.NewPCG(1, uint64(examples)))
		for range 20 {
			parts := []*replay.Part{{}}
			for _, data := range encoded {
				parts = append(parts, decode(t, data))
			}
			for len(parts) > 1 {
				random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
				last := len(parts) - 1
				parts[0].Merge(parts[last])
				if parts = parts[:last]; random.IntN(2) == 0 {
					parts[0] = decode(t, encode(t, parts[0]))
				}
			}
			if diff := cmp.Diff(want, plan.Result(parts[0]), equal); diff != "" || parts[0].Sources() != len(sources) {
				t.Fatalf("%d examples, %d sources: parts differ from one run; -run +parts:\n%s", examples, parts[0].Sources(), diff)
			}
		}
	}
	if err := new(replay.Part).UnmarshalBinary([]byte("x")); err == nil {
		t.Error("bytes that are no part are read")
	}
}

func encode(t *testing.T, p *replay.Part) []byte {
	t.Helper()
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t *testing.T, data []byte) *replay.Part {
	t.Helper()
	p := new(replay.Part)
	if err := p.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	return p
}
