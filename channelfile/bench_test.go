package channelfile_test

import (
	"fmt"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/workload"
)

// The size of a workload that fits the caches of a machine, and of one that
// does not.
var benchSizes = []int{1_000, 100_000}

// BenchmarkBuild adds instances to a Builder and encodes them.
func BenchmarkBuild(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			type instance struct {
				id        channelfile.ID
				condition channelfile.Expr
			}
			var instances []instance
			for id, e := range workload.Instances(n, 1) {
				instances = append(instances, instance{id, e})
			}
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				builder := channelfile.NewBuilder(workload.Header)
				for _, inst := range instances {
					if err := builder.Add(inst.id, inst.condition, nil); err != nil {
						b.Fatal(err)
					}
				}
				data, err := builder.Encode()
				if err != nil {
					b.Fatal(err)
				}
				size = len(data)
			}
			perInstance(b, n, size)
		})
	}
}

// BenchmarkEncode decodes the model of a file and encodes it anew.
func BenchmarkEncode(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			data := workload.File(n, 1)
			f, err := channelfile.Parse(data)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := channelfile.Encode(f); err != nil {
					b.Fatal(err)
				}
			}
			perInstance(b, n, len(data))
		})
	}
}

// perInstance reports time and size for each of n instances.
func perInstance(b *testing.B, n, size int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/instance")
	b.ReportMetric(float64(size)/float64(n), "B/instance")
}
