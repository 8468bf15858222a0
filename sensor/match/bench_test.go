package match_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/realdata"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/match"
)

// BenchmarkMatch measures an event on generated content of several sizes.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := testkit.Parse(b, workload.File(n, 1))
			benchmark(b, f, workload.Events(f, 2000, 1))
		})
	}
}

// BenchmarkReal measures an event of the published rules on process creation.
func BenchmarkReal(b *testing.B) {
	sets, err := realdata.Load("../../../shared/data/dev", "*.ndjson.gz", "process_creation")
	if errors.Is(err, os.ErrNotExist) {
		b.Skipf("the published rules and recorded events are not there: %v", err)
	}
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, sets[0].File, sets[0].Events)
}

func benchmark(b *testing.B, f *channelfile.File, events []interp.Event) {
	ix, err := match.New(f)
	if err != nil {
		b.Fatal(err)
	}
	m := ix.Matcher()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := m.Match(events[i%len(events)]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(ix.Statistics().Always), "always")
	b.ReportMetric(float64(ix.Statistics().Bytes)/float64(f.Instances()), "B/instance")
}

// BenchmarkNew measures building an index.
func BenchmarkNew(b *testing.B) {
	f := testkit.Parse(b, workload.File(100_000, 1))
	for b.Loop() {
		if _, err := match.New(f); err != nil {
			b.Fatal(err)
		}
	}
}
