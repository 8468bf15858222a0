package channelfile_test

import (
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/workload"
)

// Reading and verifying a file allocates as often for a hundred thousand
// instances as for a thousand.
func TestParseAllocations(t *testing.T) {
	count := func(instances int) float64 {
		data := workload.File(instances, 1)
		return testing.AllocsPerRun(3, func() {
			f, err := channelfile.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			if broken := f.Conformance(); broken != 0 {
				t.Fatalf("the file breaks rules %b", broken)
			}
			f.ContentDigest()
		})
	}
	few, many := count(1_000), count(100_000)
	if few != many || many > 8 {
		t.Errorf("%v allocations for 1,000 instances, %v for 100,000; want as many, and at most 8", few, many)
	}
}
