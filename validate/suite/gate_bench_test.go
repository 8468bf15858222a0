package suite_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// BenchmarkGate compares judging a file with hashing it, which is what the
// machine's speed cancels out of: with all checks, for a fleet of one build and
// for one of 500 builds with 20 contracts that differ.
func BenchmarkGate(b *testing.B) {
	defs := testkit.Definitions(b, workload.Definition())
	for _, n := range []int{100_000, 1_000_000} {
		if testing.Short() && n > 100_000 {
			continue // a run takes 15 s
		}
		data := workload.File(n, 1)
		b.Run(fmt.Sprintf("sha256/%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				sha256.Sum256(data)
			}
		})
		for _, fleet := range []struct{ builds, contracts int }{{1, 1}, {500, 20}} {
			b.Run(fmt.Sprintf("builds=%d/%d", fleet.builds, n), func(b *testing.B) {
				opts := validate.Options{
					Checks: suite.Checks, Definitions: defs, Fleet: workload.Fleet(fleet.builds, fleet.contracts),
					Now: time.Unix(1_767_225_600, 0),
				}
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if r := validate.Run(validate.ChannelFile("", data), opts); r.Verdict() != validate.Accepted || r.Counts.Contracts != fleet.contracts {
						b.Fatalf("%v, %d contracts: %v %v", r.Verdict(), r.Counts.Contracts, r.Findings, r.Undecided)
					}
				}
			})
		}
	}
}

// withoutMeaning are the checks that allocate only for findings. Family CF4 makes a
// formula of each instance.
var withoutMeaning = slices.DeleteFunc(slices.Clone(suite.Checks), func(c *validate.Check) bool { return c.Family() == 4 })

// Judging a file allocates as often for twenty thousand instances as for a
// thousand. With family CF4 it allocates in proportion to the instances.
func TestGateAllocations(t *testing.T) {
	defs := testkit.Definitions(t, workload.Definition())
	count := func(checks []*validate.Check, instances int) float64 {
		data := workload.File(instances, 1)
		opts := validate.Options{Checks: checks, Definitions: defs, Fleet: workload.Fleet(1, 1), Now: time.Unix(0, 0)}
		return testing.AllocsPerRun(1, func() {
			if r := validate.Run(validate.ChannelFile("", data), opts); r.Errors() > 0 {
				t.Fatalf("%v: %v %v", r.Verdict(), r.Findings, r.Undecided)
			}
		})
	}
	n := 20_000
	if longtest.Enabled() {
		n = 100_000
	}
	if few, many := count(withoutMeaning, 1_000), count(withoutMeaning, n); many > few+20 { // buffers that are kept grow a few times more
		t.Errorf("%v allocations for 1,000 instances, %v for %d; want about as many", few, many, n)
	}
	const most = 400
	if all := count(suite.Checks, 1_000); all > 1_000*most {
		t.Errorf("%v allocations for 1,000 instances, at most %d for each", all, most)
	}
}
