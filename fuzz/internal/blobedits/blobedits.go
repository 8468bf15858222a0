// Package blobedits makes single changes of rule blobs of Sysmon, and compares the verdict on each
// with a model of the engine that loads it. Of no change may the verdict be that the blob is
// acceptable if the engine then reads outside of it, never ends, or loses a filter.
package blobedits

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cfcheck/cfcheck/fuzz/internal/sysmonreader"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
)

// A File is a rule blob to change.
type File struct {
	Name string
	Data []byte
}

// Effects are the groups of outcomes of the model that are counted.
type Effects uint8

const (
	Same         Effects = iota // the model has the same filters as before the change
	LosesFilters                // the model has fewer filters
	Refuses
	ReadsOutside // or writes
	NullPointer
	NeverEnds
	NumEffects
)

// String returns a few words for a table.
func (e Effects) String() string {
	return [...]string{"no filter lost", "filters lost", "refused", "reads outside", "null pointer", "never ends"}[e]
}

// Figures are the result of a run.
type Figures struct {
	Changes  uint64
	Accepted uint64             // acceptable after the change
	Rejected [NumEffects]uint64 // by the effect on the model
	Noted    uint64             // accepted with a note

	// Overstated counts rejected blobs whose faults claim harm, and whose model does not come to
	// harm; Understated counts the opposite.
	Overstated, Understated uint64
	Escapes                 []Escape // the first ones, at most maxEscapes
	Escaped                 uint64
}

// maxEscapes is the maximum number of escapes that are kept.
const maxEscapes = 10

// An Escape is an acceptable blob with which the model comes to harm or loses a filter, or which
// the writer does not write.
type Escape struct {
	File   string
	Change string
	Why    string
	Data   []byte
}

func (f *Figures) add(g *Figures) {
	f.Changes += g.Changes
	f.Accepted += g.Accepted
	f.Noted += g.Noted
	f.Overstated += g.Overstated
	f.Understated += g.Understated
	f.Escaped += g.Escaped
	for i := range f.Rejected {
		f.Rejected[i] += g.Rejected[i]
	}
	f.Escapes = append(f.Escapes, g.Escapes...)
	if len(f.Escapes) > maxEscapes {
		f.Escapes = f.Escapes[:maxEscapes]
	}
}

// A Plan states the changes to make.
type Plan struct {
	Files   []File
	Changes int    // number of changes
	Seed    uint64 // the same seed and files give the same changes, with any number of cores
	Cores   int
}

// batch is the number of changes that are drawn from one random stream.
const batch = 1000

// Run makes the changes. It fails if a file is not acceptable before any change, or if ctx ends.
// Done counts the changes while it runs.
func (p *Plan) Run(ctx context.Context, done *atomic.Uint64) (*Figures, error) {
	originals, err := p.prepare()
	if err != nil {
		return nil, err
	}
	batches := (p.Changes + batch - 1) / batch
	results := make([]Figures, batches)
	var next atomic.Int64
	var group sync.WaitGroup
	for range p.Cores {
		group.Go(func() {
			for {
				b := int(next.Add(1)) - 1
				if b >= batches || ctx.Err() != nil {
					return
				}
				random := rand.New(rand.NewPCG(p.Seed, uint64(b)))
				for range min(batch, p.Changes-b*batch) {
					originals[random.IntN(len(originals))].try(random, &results[b])
				}
				done.Add(results[b].Changes)
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var sum Figures
	for i := range results {
		sum.add(&results[i])
	}
	return &sum, nil
}

// An original is a file with the build that it is for.
type original struct {
	File
	build   *sysmon.Build
	engine  *sysmonreader.Engine
	filters int
	offsets []uint32 // of records
}

func (p *Plan) prepare() ([]*original, error) {
	engines := map[*sysmon.Build]*sysmonreader.Engine{}
	var list []*original
	for _, f := range p.Files {
		b, err := blob.Parse(f.Data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		build := buildOf(b.Header.Binary)
		if build == nil || b.Layout != sysmon.Layout15 {
			return nil, fmt.Errorf("%s has binary version %s (want 15.00 to 18.00)", f.Name, b.Header.Binary)
		}
		if faults := append(slices.Clip(b.Faults), b.For(build)...); !blob.Acceptable(faults) {
			return nil, fmt.Errorf("%s is not acceptable before any change: %v", f.Name, &faults[0])
		}
		if engines[build] == nil {
			engines[build] = Engine(build)
		}
		o := &original{File: f, build: build, engine: engines[build], filters: len(b.Filters)}
		for _, e := range b.Events {
			o.offsets = append(o.offsets, uint32(e.Offset))
		}
		for _, f := range b.Filters {
			o.offsets = append(o.offsets, uint32(f.Offset))
		}
		for _, a := range b.Aggregations {
			o.offsets = append(o.offsets, uint32(a.Offset))
		}
		list = append(list, o)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("there is no rule blob to change")
	}
	return list, nil
}

// buildOf returns the newest build of a binary version, or nil.
func buildOf(binary sysmon.Version) *sysmon.Build {
	var newest *sysmon.Build
	for _, b := range sysmon.Builds() {
		if b.Binary == binary && b.Platform == sysmon.Windows {
			newest = b
		}
	}
	return newest
}

// Engine returns the model of the engine of a build.
func Engine(build *sysmon.Build) *sysmonreader.Engine {
	e := &sysmonreader.Engine{Major: build.Binary.Major, Linux: build.Platform == sysmon.Linux}
	for _, t := range build.Manifest().Events {
		e.Types = append(e.Types, sysmonreader.EventType{ID: t.ID, Tag: t.Tag, LoggedByDefault: t.LoggedByDefault, Fields: t.Fields})
	}
	return e
}

// try makes one change and judges it.
func (o *original) try(random *rand.Rand, f *Figures) {
	data, change := o.change(random)
	for bytes.Equal(data, o.Data) {
		data, change = o.change(random)
	}
	f.Changes++
	b, err := blob.Parse(data)
	if err != nil {
		f.escape(Escape{o.Name, change, err.Error(), data})
		return
	}
	faults := append(slices.Clip(b.Faults), b.For(o.build)...)
	l := o.engine.Load(data)
	effect := o.effect(l)
	if blob.Acceptable(faults) {
		f.Accepted++
		if len(faults) > 0 {
			f.Noted++
		}
		if why := o.acceptable(b, l, data); why != "" {
			f.escape(Escape{o.Name, change, why, data})
		}
		return
	}
	f.Rejected[effect]++
	claims := blob.Outcome(faults).Harmful()
	switch harmed := effect >= ReadsOutside || o.decides(b, l) != ""; {
	case claims && !harmed:
		f.Overstated++
	case harmed && !claims:
		f.Understated++
	}
}

func (f *Figures) escape(e Escape) {
	f.Escaped++
	if len(f.Escapes) < maxEscapes {
		f.Escapes = append(f.Escapes, e)
	}
}

// effect returns the effect of a load on the model.
func (o *original) effect(l *sysmonreader.Loaded) Effects {
	switch l.Outcome {
	case sysmonreader.Refused:
		return Refuses
	case sysmonreader.ReadsOutside, sysmonreader.WritesOutside:
		return ReadsOutside
	case sysmonreader.NullPointer:
		return NullPointer
	case sysmonreader.NeverEnds:
		return NeverEnds
	}
	if _, filters := l.Filters(); len(filters) < o.filters {
		return LosesFilters
	}
	return Same
}

// acceptable returns the reason why a blob is not acceptable, or "".
func (o *original) acceptable(b *blob.Blob, l *sysmonreader.Loaded, data []byte) string {
	if l.Outcome != sysmonreader.Accepted {
		return fmt.Sprintf("on loading the model %v: %v", l.Outcome, l.Trouble)
	}
	events, filters := l.Filters()
	if len(filters) < o.filters {
		return fmt.Sprintf("the model has %d filters, and had %d before the change", len(filters), o.filters)
	}
	if len(events) != len(b.Events) || len(filters) != len(b.Filters) {
		return fmt.Sprintf("the model has %d event records and %d filters, the gate %d and %d", len(events), len(filters), len(b.Events), len(b.Filters))
	}
	for i, e := range events {
		if e != int64(b.Events[i].Offset) {
			return fmt.Sprintf("the model has event record %d at %d, the gate at %d", i, e, b.Events[i].Offset)
		}
	}
	for i, f := range filters {
		if f != int64(b.Filters[i].Offset) {
			return fmt.Sprintf("the model has filter %d at %d, the gate at %d", i, f, b.Filters[i].Offset)
		}
	}
	if why := o.decides(b, l); why != "" {
		return why
	}
	return o.written(b, data)
}

// decides lets the model decide about events of each type, with empty and with long values. It
// returns the trouble of the model, or "".
func (o *original) decides(b *blob.Blob, l *sysmonreader.Loaded) string {
	if l.Outcome != sysmonreader.Accepted {
		return ""
	}
	seen := map[uint32]bool{}
	for i := range b.Events {
		id := b.Events[i].ID
		event := o.build.Manifest().Event(id)
		if seen[id] || event == nil || event.Tag == "" {
			continue
		}
		seen[id] = true
		for _, other := range o.build.Manifest().Tagged(event.Tag) {
			for _, value := range []string{"", strings.Repeat(`c:\x;`, 20)} {
				if d := l.Decide(other.ID, slices.Repeat([]string{value}, len(other.Fields))); d.Outcome != sysmonreader.Accepted {
					return fmt.Sprintf("on event %d the model %v: %v", other.ID, d.Outcome, l.Trouble)
				}
			}
		}
	}
	return ""
}

// written compares the blob with the one that the writer makes of its rules.
func (o *original) written(b *blob.Blob, data []byte) string {
	again, err := blob.Encode(b.Rules(o.build.Manifest()), b.Header.Binary)
	if err != nil {
		return "its rules cannot be written: " + err.Error()
	}
	want := bytes.Clone(data)
	for _, g := range b.Gaps {
		clear(want[g.Offset : g.Offset+g.Length])
	}
	if missing := len(again) - len(want); 0 < missing && missing <= 8 {
		// The padding of the last record is cut, which is a note.
		want = append(want, make([]byte, missing)...)
	}
	if !bytes.Equal(again, want) {
		return "its rules are written as another blob"
	}
	return ""
}

// change returns a copy of the blob with one change, and its description.
func (o *original) change(random *rand.Rand) ([]byte, string) {
	data := bytes.Clone(o.Data)
	n := len(data)
	// Most of a blob is names. Half of the changes are near the start of a record.
	at := random.IntN(n)
	if random.IntN(2) == 0 {
		at = min(n-1, int(o.offsets[random.IntN(len(o.offsets))])+o.field(random))
	}
	word := at &^ 3
	switch random.IntN(9) {
	case 0:
		bit := random.IntN(8)
		data[at] ^= 1 << bit
		return data, fmt.Sprintf("bit %d of byte %d flipped", bit, at)
	case 1:
		data[at] = byte(random.Uint32())
		return data, fmt.Sprintf("byte %d set to 0x%02X", at, data[at])
	case 2, 3, 4, 5:
		value := o.interesting(random, uint32(word))
		binary.LittleEndian.PutUint32(data[word:], value)
		return data, fmt.Sprintf("word %d set to 0x%X", word, value)
	case 6:
		return data[:at], fmt.Sprintf("cut to %d bytes", at)
	case 7:
		// Not a whole record: without it the rest can be another blob that is valid.
		count := []int{1, 2, 4, 8}[random.IntN(4)]
		if random.IntN(2) == 0 {
			return slices.Delete(data, at, min(n, at+count)), fmt.Sprintf("%d bytes removed at %d", count, at)
		}
		more := make([]byte, count)
		if random.IntN(2) == 0 {
			copy(more, o.Data[random.IntN(n):])
		}
		return slices.Insert(data, at, more...), fmt.Sprintf("%d bytes inserted at %d", count, at)
	}
	other := random.IntN(n) &^ 3
	if other+4 > n {
		other = n - 4
	}
	copy(data[word:word+4], o.Data[other:other+4])
	return data, fmt.Sprintf("word %d copied from %d", word, other)
}

// field returns the offset of a word in a record.
func (o *original) field(random *rand.Rand) int {
	list := []int{0, 4, 8, 12, 16, 20, 256, 264, 268, 272, 276, 280, 284, 288, 516, 520, 524, 528, 532, 536}
	return list[random.IntN(len(list))] + random.IntN(4)
}

// interesting returns a value for a word: limits, offsets of records and near the end, and the old
// value with a small change.
func (o *original) interesting(random *rand.Rand, at uint32) uint32 {
	size := uint32(len(o.Data))
	old := binary.LittleEndian.Uint32(o.Data[at:])
	switch random.IntN(6) {
	case 0:
		return []uint32{0, 1, 2, 4, 16, 22, 24, 29, 30, 99, 255, 256, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF, 0x40000000}[random.IntN(20)]
	case 1:
		return o.offsets[random.IntN(len(o.offsets))] + uint32(8*(random.IntN(5)-2))
	case 2:
		return size + uint32(random.IntN(1200)) - 1100
	case 3:
		return old + uint32(random.IntN(33)) - 16
	case 4:
		// The record itself, or one before it.
		var before []uint32
		for _, offset := range o.offsets {
			if offset <= at && at-offset < 1200 {
				before = append(before, offset)
			}
		}
		if len(before) > 0 {
			return before[random.IntN(len(before))]
		}
	}
	return random.Uint32()
}
