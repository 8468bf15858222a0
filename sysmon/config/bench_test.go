package config

import (
	"testing"

	"github.com/cfcheck/cfcheck/internal/workload"
)

// BenchmarkLoad parses 250 KB once and loads it for 20 builds.
func BenchmarkLoad(b *testing.B) {
	text, builds := workload.SysmonSource(250_000), workload.SysmonBuilds(20)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		c, err := Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		for _, build := range builds {
			if l := c.Load(build); !l.Took() {
				b.Fatal(l.Refused)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text := workload.SysmonSource(250_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
