package main

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/internal/workload"
)

// A liveHeap is a writer that measures how much of the heap is in use while
// something is written to it.
type liveHeap struct{ next, written, most int }

func (l *liveHeap) Write(p []byte) (int, error) {
	const every = 4 << 20 // bytes
	if l.written += len(p); l.written >= l.next {
		l.next = l.written + every
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		l.most = max(l.most, int(m.HeapAlloc))
	}
	return len(p), nil
}

// The memory of a run does not grow with the number of its results: 5,000 files take no
// more than 1,000, within random variation.
func TestMemoryOfManyFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("judges 12,000 files to measure memory, too slow for -short; go test without -short runs it")
	}
	const (
		few, many = 1000, 5000
		most      = 200 // bytes of heap for each further file
	)
	for _, findings := range []int{0, 2} {
		folders := map[int]string{few: t.TempDir(), many: t.TempDir()}
		for n, folder := range folders {
			if err := workload.WriteSmall(folder, n, findings); err != nil {
				t.Fatal(err)
			}
		}
		fleet, status := "reference", statusAccepted
		if findings > 0 {
			fleet, status = "291", statusRejected
		}
		for _, format := range []string{"text", "json"} {
			if !longtest.Enabled() && (format == "json") != (findings > 0) {
				continue // one folder for each format, and one format for each folder
			}
			used := map[int]int{}
			for n, folder := range folders {
				var heap liveHeap
				var said bytes.Buffer
				if have := run([]string{"check", "--fleet", fleet, "--format", format, folder}, new(bytes.Buffer), &heap, &said); have != status {
					t.Fatalf("exit status %d, expected %d: %s", have, status, &said)
				}
				used[n] = heap.most
			}
			each := (used[many] - used[few]) / (many - few)
			t.Logf("%d findings each, as %s: %.1f MB of heap for %d files, %d bytes for each further file", findings, format, float64(used[few])/1e6, few, each)
			if each > most {
				t.Errorf("%d findings each, as %s: a further file takes %d bytes of the heap, expected at most %d", findings, format, each, most)
			}
		}
	}
}

func BenchmarkManyFiles(b *testing.B) {
	folder := b.TempDir()
	if err := workload.WriteSmall(folder, 2000, 2); err != nil {
		b.Fatal(err)
	}
	for _, format := range []string{"text", "json"} {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if status := run([]string{"check", "--fleet", "291", "--format", format, folder}, new(bytes.Buffer), io.Discard, io.Discard); status != statusRejected {
					b.Fatal(status)
				}
			}
		})
	}
}
