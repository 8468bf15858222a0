package plainloop_test

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/plainloop"
	"github.com/cfcheck/cfcheck/internal/realdata"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// compare runs events in the loop and in the interpreter, and returns the number of matches.
func compare(t *testing.T, f *channelfile.File, events []interp.Event) (matches int) {
	t.Helper()
	loop, it := plainloop.New(f), interp.New(f, &sensor.Reader{Access: sensor.AccessNamed})
	for _, e := range events {
		err, want := loop.Run(e), it.Run(e)
		if (err != nil) != (want != nil) {
			t.Fatalf("the loop: %v; the interpreter: %v; on %v", err, want, e)
		}
		if err == nil && !slices.Equal(loop.Matched(), it.Matched()) {
			t.Fatalf("the loop matches %v, the interpreter %v, on %v", loop.Matched(), it.Matched(), e)
		}
		matches += len(loop.Matched())
	}
	return matches
}

// TestGenerated compares the answers on random files, on random events and on events that reach
// their criteria. A shorter event lacks inputs, and one of another type faults.
func TestGenerated(t *testing.T) {
	g := generate.New(3)
	matches := 0
	for range 100 {
		d := g.Definition()
		f := testkit.Parse(t, g.File(d))
		s := interp.NewSynthesizer(f, nil, d.Types())
		other := generate.New(5).Definition()
		for i := range min(f.Instances(), 10) {
			s.Events(i, len(d.Inputs), func(e interp.Event) bool {
				matches += compare(t, f, []interp.Event{e, e[:len(e)/2], g.Event(d, len(d.Inputs)), g.Event(other, len(d.Inputs))})
				return true
			})
		}
	}
	if matches < 1000 {
		t.Errorf("only %d matches", matches)
	}
}

// TestWorkload compares the answers on the content of the benchmarks.
func TestWorkload(t *testing.T) {
	f := testkit.Parse(t, workload.File(1000, 1))
	if compare(t, f, workload.Events(f, 100, 1)) < 45 {
		t.Error("too few matches")
	}
}

// TestReal compares the answers of published rules on recorded events.
func TestReal(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling the published rules takes seconds; the full tests do it")
	}
	sets, err := realdata.Load("../../../shared/data/dev", "benign-splunk*", "process_creation", "ipc", "file_event")
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the published rules and recorded events are not there: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sets {
		compare(t, s.File, s.Events)
	}
}

// BenchmarkLoop measures an event.
func BenchmarkLoop(b *testing.B) {
	f := testkit.Parse(b, workload.File(1000, 1))
	events, loop := workload.Events(f, 100, 1), plainloop.New(f)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := loop.Run(events[i%len(events)]); err != nil {
			b.Fatal(err)
		}
	}
}
