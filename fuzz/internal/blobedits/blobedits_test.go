package blobedits

import (
	"sync/atomic"
	"testing"
)

// TestSamples makes changes of blobs of our own. The command fuzz/blobedits makes more, and of
// real blobs.
func TestSamples(t *testing.T) {
	files, err := Samples()
	if err != nil {
		t.Fatal(err)
	}
	plan := Plan{Files: files, Changes: 10_000, Seed: 1, Cores: 2}
	if testing.Short() {
		plan.Changes = 4_000
	}
	var done atomic.Uint64
	f, err := plan.Run(t.Context(), &done)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range f.Escapes {
		t.Errorf("%s, %s: %s", e.File, e.Change, e.Why)
	}
	if done.Load() != uint64(plan.Changes) || f.Changes != uint64(plan.Changes) {
		t.Errorf("%d changes, %d of them counted; want %d", f.Changes, done.Load(), plan.Changes)
	}
	// A run that accepts nothing, or whose changes do no harm, tests nothing.
	if f.Accepted < f.Changes/100 || f.Rejected[ReadsOutside] == 0 || f.Rejected[NeverEnds] == 0 || f.Rejected[NullPointer] == 0 || f.Rejected[LosesFilters] == 0 {
		t.Errorf("figures %+v: one outcome is missing", *f)
	}
	// The faults say what the engine does. In few of the blobs one fault hides another.
	if wrong := f.Overstated + f.Understated; wrong > f.Changes/1000 {
		t.Errorf("%d claims about harm are overstated, %d understated; want at most one in a thousand", f.Overstated, f.Understated)
	}
	t.Logf("%+v", *f)
}

// TestEscape shows that the comparison notices a gate that accepts too much: it judges the changes
// of a blob as if they were those of a blob with one filter more.
func TestEscape(t *testing.T) {
	files, err := Samples()
	if err != nil {
		t.Fatal(err)
	}
	plan := Plan{Files: files[:1], Changes: 1}
	originals, err := plan.prepare()
	if err != nil {
		t.Fatal(err)
	}
	o := originals[0]
	o.filters++
	l := o.engine.Load(o.Data)
	if effect := o.effect(l); effect != LosesFilters {
		t.Errorf("the effect is %v; want %v", effect, LosesFilters)
	}
}
