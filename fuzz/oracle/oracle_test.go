package oracle

import (
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/fuzz/generate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func TestTry(t *testing.T) {
	o, err := New(suite.Checks)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	s := generate.NewStream(1)
	kinds := [generate.NumKinds][3]int{}
	size := 0
	start := time.Now()
	for o.Counts.Decisions < 60000 {
		b := s.Next()
		for _, f := range b.Files {
			size += len(f.Data)
			if p := o.Load(b.Definitions, b.Definition, f.Data); p != nil {
				t.Fatal(p, p.Did)
			}
			for _, fl := range b.Fleets {
				v, p := o.Decide(fl.Fleet, fl.Distinct, fl.Whole && f.Kind == generate.Valid)
				kinds[f.Kind][v]++
				if p != nil {
					t.Fatalf("%v %v %v %v", p, f.Kind, p.Did, p.Event)
				}
			}
		}
	}
	d := time.Since(start)
	t.Logf("%v %.0f/s accept %.3f size %d", kinds, float64(o.Counts.Decisions)/d.Seconds(), o.Counts.Accepted(), size/int(o.Counts.Files))
	t.Logf("%+v", o.Counts)
	for _, c := range suite.Checks {
		t.Log(c.ID, c.Name, o.Counts.Hits[c])
	}
}
