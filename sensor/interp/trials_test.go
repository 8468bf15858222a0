package interp_test

import (
	"fmt"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A build hands over values in one of several ways.
var hands = []struct {
	why  string
	hand func(input int, v *interp.Value)
}{
	{"as they are", func(int, *interp.Value) {}},
	{"short texts", func(_ int, v *interp.Value) { v.Text = v.Text[:min(len(v.Text), 5)] }},
	{"some inputs are absent", func(input int, v *interp.Value) {
		if input%3 == 0 {
			*v = interp.Value{}
		}
	}},
	{"an input of another type", func(input int, v *interp.Value) {
		if input == 1 && v.Type == sensor.TypeString {
			*v = interp.Number(int64(len(v.Text)))
		}
	}},
}

// sameTrials compares Trials with Events and RunInstance, for each instance of a file. It returns
// how many instances Trials ran, and how many it did not.
func sameTrials(t *testing.T, f *channelfile.File, types []sensor.InputType, inputs int, access sensor.Access, hand func(int, *interp.Value)) (ran, left int) {
	t.Helper()
	reader := &sensor.Reader{Access: access}
	fast, slow := interp.NewSynthesizer(f, nil, types), interp.NewSynthesizer(f, nil, types)
	fast.Interpreter().As(reader)
	slow.Interpreter().As(reader)
	trials := interp.NewTrials(fast, inputs, hand)
	if fast.Work() > 0 {
		t.Fatalf("%d units of work before the first instance", fast.Work())
	}
	e := slow.Filled(inputs)
	for input := range e {
		hand(input, &e[input])
	}
	for _, limit := range []uint64{1 << 60, slow.Work()/2 + 50} { // the second one is too little for most files
		fast.Limit(limit)
		slow.Limit(limit)
		got, want := trials.RunFilled(), slow.Interpreter().Run(e)
		if fmt.Sprint(got) != fmt.Sprint(want) || fast.Work() != slow.Work() {
			t.Fatalf("the filled event: %v with %d units of work; want %v with %d", got, fast.Work(), want, slow.Work())
		}
	}
	slow.Limit(1 << 60)
	fast.Limit(1 << 60)
	for i := range f.Instances() {
		var matched uint64
		events, start := 0, slow.Work()
		faulted := false
		slow.Events(i, inputs, func(e interp.Event) bool {
			for input := range e {
				hand(input, &e[input])
			}
			m, err := slow.Interpreter().RunInstance(i, e)
			if faulted = err != nil; faulted {
				return false
			}
			if m && events < 64 {
				matched |= 1 << events
			}
			events++
			return true
		})
		work, before := slow.Work()-start, fast.Work()
		// One unit less than the work takes is too little.
		fast.Limit(work - 1)
		if _, _, ok := trials.Run(i); ok && work > 1 || fast.Work() != before {
			t.Fatalf("instance %d runs within %d units of work; it takes %d", i, work-1, work)
		}
		fast.Limit(work)
		gotMatched, gotEvents, ok := trials.Run(i)
		switch {
		case !ok:
			left++
			if fast.Work() != before {
				t.Fatalf("instance %d did not run, and took work", i)
			}
		case faulted:
			t.Fatalf("instance %d runs, and has a fault", i)
		case gotMatched != matched || gotEvents != events || fast.Work()-before != work:
			t.Fatalf("instance %d matches %b of %d events with %d units of work; want %b of %d with %d",
				i, gotMatched, gotEvents, fast.Work()-before, matched, events, work)
		default:
			ran++
		}
	}
	// All does the same, and counts the work of an instance before it yields it.
	start := fast.Work()
	fast.Limit(1 << 60)
	ranAll, works := make([]bool, f.Instances()), make([]uint64, f.Instances())
	for i, ok := range trials.All() {
		ranAll[i], works[i] = ok, fast.Work()-start
		start = fast.Work()
	}
	for i := range ranAll {
		before := fast.Work()
		if _, _, ok := trials.Run(i); ok != ranAll[i] || fast.Work()-before != works[i] {
			t.Fatalf("of all instances, instance %d ran: %v, with %d units of work; want %v with %d", i, ranAll[i], works[i], ok, fast.Work()-before)
		}
	}
	return ran, left
}

// TestTrials compares Trials with the runs of single events, on random files and on the content of
// the benchmarks.
func TestTrials(t *testing.T) {
	ran, left := 0, 0
	compare := func(f *channelfile.File, types []sensor.InputType) {
		t.Helper()
		for _, h := range hands {
			for _, access := range []sensor.Access{sensor.AccessNamed, sensor.AccessPositional} {
				for _, inputs := range []int{len(types), len(types) / 2} {
					r, l := sameTrials(t, f, types, inputs, access, h.hand)
					ran, left = ran+r, left+l
				}
			}
		}
	}
	g := generate.New(11)
	for range 150 {
		d := g.Definition()
		compare(testkit.Parse(t, g.File(d)), d.Types())
	}
	if ran < 1000 || left < 1000 {
		t.Errorf("%d instances ran, and %d did not; want a thousand of each", ran, left)
	}
	ran, left = 0, 0
	compare(testkit.Parse(t, workload.File(500, 3)), workload.Definition().Types())
	if ran < left {
		t.Errorf("of the workload, %d instances ran, and %d did not", ran, left)
	}
}
