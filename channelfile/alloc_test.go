package channelfile_test

import (
	"fmt"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/longtest"
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
	n := 30_000
	switch {
	case testing.Short():
		n = 10_000
	case longtest.Enabled():
		n = 100_000
	}
	few, many := count(1_000), count(n)
	if few != many || many > 8 {
		t.Errorf("%v allocations for 1,000 instances, %v for %d; want as many, and at most 8", few, many, n)
	}
}

// So does a file of many regular expressions.
func TestParseProgramsAllocations(t *testing.T) {
	count := func(programs int) float64 {
		b := channelfile.NewBuilder(workload.Header)
		for i := range programs {
			id := channelfile.ID{0: byte(i >> 8), 1: byte(i), 15: 1}
			if err := b.Add(id, channelfile.Regexp(0, fmt.Sprintf(`^%d[a-%c]+$`, i, 'a'+rune(i))), nil); err != nil {
				t.Fatal(err)
			}
		}
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(3, func() {
			f, err := channelfile.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			if broken := f.Conformance(); broken != 0 || f.Programs() != programs {
				t.Fatalf("%d programs; the file breaks rules %b", f.Programs(), broken)
			}
			matches := 0
			for i := range f.Programs() {
				p := f.Program(i)
				for k := range p.Len() {
					if in := p.Inst(k); in.Op == channelfile.InstRunes && p.Holds(in.Arg, 'a') {
						matches++
					}
				}
			}
			if matches != programs {
				t.Fatalf("%d of %d programs take an a", matches, programs)
			}
		})
	}
	few, many := count(100), count(3_000)
	if few != many || many > 10 {
		t.Errorf("%v allocations for 100 programs, %v for 3,000; want as many, and at most 10", few, many)
	}
}
