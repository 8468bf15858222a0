package facts_test

import (
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/facts/certify"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
)

// BenchmarkCheck measures the checker on many rules, for a fleet with different builds.
func BenchmarkCheck(b *testing.B) {
	file := workload.File(100_000, 1)
	f := must(channelfile.Parse(file))
	doc := must(workload.Fleet(20, 20).JSON())
	fleet := must(sensor.ReadFleet("fleet", doc))
	d := workload.Definition()
	defs := testkit.Definitions(b, d)
	claims := must(certify.Facts(f, sensor.NeedsOf(f, defs), d, fleet).JSON())
	if err := facts.Check(file, doc, claims); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if err := facts.Check(file, doc, claims); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(claims)), "bytes-of-facts")
}
