package sysmonreader

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
)

// effects are the effects of the gate for the outcomes of the model.
var effects = map[Outcome]blob.Effect{
	ReadsOutside: blob.ReadsOutside, WritesOutside: blob.WritesOutside, NullPointer: blob.NullPointer, NeverEnds: blob.NeverEnds,
}

// TestAccess holds that the witness of a fault of a blob is the access that the model makes. The
// model has no memory behind the blob, so it stops at the first access outside: that must be the
// access of one of the faults. The blobs are those of the corpus, and random changes of them.
func TestAccess(t *testing.T) {
	rounds := 6000
	if testing.Short() {
		rounds = 1500
	}
	var seeds [][]byte
	for _, c := range corpus.Sysmon() {
		if c.IsBlob() && len(c.Data) < 100_000 {
			seeds = append(seeds, c.Data)
		}
	}
	data, _ := small(t, sysmon.Element{
		Event: 1, Include: true,
		Filters: []sysmon.Filter{filter(imageField, sysmon.Is, "a", "", 0), filter(imageField, sysmon.Is, "b", "", 0), filter(imageField, sysmon.Is, "c", "", -1)},
		Groups:  []sysmon.Group{{All: true}},
	})
	seeds = append(seeds, data)
	engines := map[uint16]*Engine{}
	builds := map[uint16]*sysmon.Build{}
	for _, name := range []string{"13.24", "13.30", "14.0", "15.15"} {
		b, err := sysmon.BuildNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		engines[b.Binary.Major], builds[b.Binary.Major] = engine(t, name), b
	}
	r := rand.New(rand.NewPCG(1, 1))
	seen := map[string]int{}
	for i := range len(seeds) + rounds {
		data := seeds[i%len(seeds)]
		if i >= len(seeds) {
			data = changed(r, data)
		}
		if len(data) < 4 {
			continue
		}
		build := builds[uint16(data[2])|uint16(data[3])<<8]
		if build == nil {
			continue
		}
		b, err := blob.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		faults := slices.Concat(b.Faults, b.For(build))
		if slices.ContainsFunc(faults, func(f blob.Fault) bool { return f.Effect == blob.Misread }) {
			continue // the engine follows records that the gate does not
		}
		var accesses []blob.Access
		for k := range faults {
			if a, ok := b.Access(&faults[k]); ok {
				accesses = append(accesses, a)
			} else if faults[k].Effect.Harmful() {
				t.Errorf("%v: no access of %v\n% X", &faults[k], faults[k].Effect, data)
			}
		}
		l := engines[build.Binary.Major].Load(data)
		onEvent := !l.Outcome.Harmful()
		for k := 0; onEvent && l.Outcome == Accepted && k < len(b.Events) && len(l.Trouble) == 0; k++ {
			l.Decide(b.Events[k].ID, nil)
		}
		if len(l.Trouble) == 0 {
			continue
		}
		first := l.Trouble[0]
		matches := func(a blob.Access) bool {
			switch first.Outcome {
			case NeverEnds, NullPointer: // the model does not say which record it is
				return a.Effect == effects[first.Outcome]
			}
			// A write outside begins with a read.
			return a.OnEvent == onEvent && a.Offset == first.At && a.Size == first.Size && (a.Effect == effects[first.Outcome] || a.Effect == blob.WritesOutside && first.Outcome == ReadsOutside)
		}
		if !slices.ContainsFunc(accesses, matches) {
			t.Fatalf("the model: %v, on event %t; the witnesses: %v\nfaults: %v\n% X", first.Error(), onEvent, accesses, faults, data)
		}
		seen[fmt.Sprint(first.Outcome, onEvent)]++
	}
	t.Log(seen)
	for _, outcome := range []string{"reads outside false", "reads outside true", "null pointer false", "never ends false"} {
		if seen[outcome] == 0 {
			t.Errorf("no blob %s", outcome)
		}
	}
}

// changed returns a blob with one or two changed words of its records, or with another end.
func changed(r *rand.Rand, data []byte) []byte {
	b, err := blob.Parse(data)
	if err != nil {
		panic(err) // the corpus is small
	}
	places := []int{4, 16}
	for _, e := range b.Events {
		places = append(places, e.Offset, e.Offset+4, e.Offset+12, e.Offset+16, e.Offset+20)
	}
	for _, f := range b.Filters {
		places = append(places, f.Offset+520, f.Offset+524, f.Offset+528, f.Offset+532)
	}
	for _, g := range b.Aggregations {
		places = append(places, g.Offset+264)
	}
	data = slices.Clone(data)
	for range 1 + r.IntN(2) {
		at := places[r.IntN(len(places))]
		if at+4 > len(data) || r.IntN(8) == 0 {
			data = data[:r.IntN(len(data)+1)]
			continue
		}
		words := []uint32{0, 4, 1, uint32(at), uint32(len(data)), uint32(max(0, len(data)-r.IntN(300))), uint32(r.IntN(len(data) + 8)), 1 << 31, r.Uint32()}
		put(data, at, words[r.IntN(len(words))])
	}
	return data
}
