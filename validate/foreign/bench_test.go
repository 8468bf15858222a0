package foreign_test

import (
	"testing"

	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/validate"
)

// BenchmarkSource judges a configuration of 250,000 bytes for a fleet of 20 versions.
// BenchmarkSourceOneVersion does so for one of them.
func BenchmarkSource(b *testing.B)           { benchmarkSource(b, 20) }
func BenchmarkSourceOneVersion(b *testing.B) { benchmarkSource(b, 1) }

func benchmarkSource(b *testing.B, versions int) {
	data, fleet := workload.SysmonSource(250_000), workload.SysmonFleet(workload.SysmonBuilds(versions))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if r := judge(validate.SysmonSource("config.xml", data), fleet); len(r.Undecided) > 0 {
			b.Fatal(r.Undecided)
		}
	}
}
