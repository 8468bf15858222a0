package suite_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A raw is a channel file as an attacker writes it: tables of what is wanted,
// whatever the requirements say. Its lengths, counts and digests are right
// unless the shape changes them, or the first fault would hide the others.
type raw struct {
	typ        uint32
	declared   uint16
	provenance bool
	section    [10]bytes.Buffer
}

// The sections, by their place.
const (
	instances = iota
	conditions
	criteria
	operands
	values
	pool
	origins
	uses
	texts
	textpool
)

var entrySizes = [10]int{24, 4, 12, 4, 8, 1, 24, 8, 8, 1}

func (r *raw) put(section int, numbers ...any) {
	for _, n := range numbers {
		switch n := n.(type) {
		case []byte:
			r.section[section].Write(n)
		case string:
			r.section[section].WriteString(n)
		case int:
			_ = binary.Write(&r.section[section], binary.LittleEndian, uint32(n))
		default:
			_ = binary.Write(&r.section[section], binary.LittleEndian, n)
		}
	}
}

func (r *raw) count(section int) int { return r.section[section].Len() / entrySizes[section] }

// value adds a value or a text of its pool.
func (r *raw) value(section int, v string) {
	r.put(section, r.section[section+1].Len(), len(v))
	r.put(section+1, v)
}

// criterion adds a criterion and its operands.
func (r *raw) criterion(flags, operator uint8, input uint16, list ...int) {
	r.put(criteria, flags, operator, input, r.count(operands), len(list))
	for _, o := range list {
		r.put(operands, o)
	}
}

// instance adds an instance with the words of its condition, and without a
// line its provenance.
func (r *raw) instance(id []byte, words ...uint32) {
	r.put(instances, id, r.count(conditions), len(words))
	for _, w := range words {
		r.put(conditions, w)
	}
	if r.provenance {
		r.put(origins, 0, 0, 0, 0, 0, 1)
		for range words {
			r.put(uses, 0, 0)
		}
	}
}

// reference is the word that pushes a criterion.
func reference(criterion int) uint32 { return uint32(criterion) << 1 }

const (
	and = 1 << 31
	or  = 1<<31 | 1<<30
)

// id returns an ID that ascends with n.
func id(n int) []byte {
	b := make([]byte, 16)
	binary.BigEndian.PutUint32(b[8:], uint32(n+1))
	return b
}

// file returns the whole. Change may damage the table before the digests are
// computed.
func (r *raw) file() []byte {
	n := 6
	if r.provenance {
		n = 10
	}
	first := 80 + 48*n
	header := make([]byte, first)
	copy(header, "\x89CFC\r\n\x1a\n")
	le := binary.LittleEndian
	le.PutUint16(header[0x08:], channelfile.MajorVersion)
	le.PutUint16(header[0x0A:], channelfile.MinorVersion)
	le.PutUint32(header[0x0C:], 291)
	le.PutUint32(header[0x10:], 1)
	le.PutUint32(header[0x14:], r.typ)
	le.PutUint32(header[0x18:], 1)
	le.PutUint16(header[0x1C:], r.declared)
	le.PutUint16(header[0x1E:], 21)
	le.PutUint32(header[0x2C:], uint32(n))
	out := header
	for i := range n {
		s := r.section[i].Bytes()
		typ := uint32(i + 1)
		if i >= 6 {
			typ = 1<<31 | uint32(i-5)
		}
		rec := out[48+48*i:]
		le.PutUint32(rec, typ)
		le.PutUint32(rec[4:], uint32(len(out)))
		le.PutUint32(rec[8:], uint32(len(s)))
		le.PutUint32(rec[12:], uint32(len(s)/entrySizes[i]))
		digest := sha256.Sum256(s)
		copy(rec[16:], digest[:])
		out = append(out, s...)
		out = append(out, make([]byte, (8-len(out)%8)%8)...)
	}
	le.PutUint32(out[0x28:], uint32(len(out)))
	digest := sha256.Sum256(out[:first-32])
	copy(out[first-32:], digest[:])
	return out
}

func newRaw(provenance bool) *raw { return &raw{typ: 1, declared: 21, provenance: provenance} }

// wide is a template type with as many inputs as a type can have.
var wide = func() *sensor.Definition {
	d := &sensor.Definition{Name: "wide", Number: 200_000, Version: 1, Channel: 291}
	for i := range channelfile.MaxInputs {
		d.Inputs = append(d.Inputs, sensor.Input{Name: fmt.Sprintf("Input%d", i), Type: sensor.TypeString})
	}
	return d
}()

// wideFleet has builds that supply the first input of wide alone.
func wideFleet(access sensor.Access) *sensor.Fleet {
	f := &sensor.Fleet{Name: "wide"}
	for i := range 20 {
		s := testkit.Supply(wide)
		s.Inputs = s.Inputs[:1]
		c := testkit.Contract(fmt.Sprint(i), uint64(i+1), access, s)
		c.Reader.Budget = sensor.Budget{Steps: 1 << 40, Memory: 1<<40 + uint64(i)}
		f.Contracts = append(f.Contracts, c)
	}
	return f
}

// A shape is a kind of file that is as dear as it can be for its size.
type shape struct {
	name string
	why  string
	// make returns a file of about so many bytes.
	make  func(size int) []byte
	check string // that must find something, or the shape tests nothing
	fleet *sensor.Fleet
}

// wordsOf fills instances with words that refer to each of n criteria.
func (r *raw) wordsOf(n int) {
	for i := 0; i < n; i += 1000 {
		var words []uint32
		for k := i; k < min(n, i+1000); k++ {
			words = append(words, reference(k))
		}
		r.instance(id(i), words...)
	}
}

// longest is as long as a value can be.
const longest = channelfile.MaxValueLength

func shapes(t testing.TB) []shape {
	positional := gatetest.Fleet(t, "supplies-21", gatetest.Case(t, "minimal").FleetData)
	lacking := gatetest.Fleet(t, "291", nil)
	named := gatetest.Fleet(t, "reference", nil)
	// one is a file whose criteria all compare with one long value.
	one := func(flags, operator uint8, input uint16, value string, each int) func(int) []byte {
		return func(size int) []byte {
			r := newRaw(false)
			r.value(values, value)
			n := max(1, (size-len(value))/(12+4+4*each))
			for range n {
				r.criterion(flags, operator, input, slices.Repeat([]int{0}, each)...)
			}
			r.wordsOf(n)
			return r.file()
		}
	}
	// each calls add until the file is large enough.
	each := func(provenance bool, add func(r *raw, i int)) func(int) []byte {
		return func(size int) []byte {
			r := newRaw(provenance)
			if provenance {
				r.value(texts, "")
			}
			total := func() (n int) {
				for i := range r.section {
					n += r.section[i].Len()
				}
				return n
			}
			for i := 0; i%64 > 0 || total() < size; i++ {
				add(r, i)
			}
			return r.file()
		}
	}
	long := strings.Repeat("a", longest-1)
	return []shape{
		{"not-folded", "many criteria of one long value whose last letter is not folded", one(1, 2, 5, long+"A", 1), "CF1045", positional},
		{"not-folded-lists", "the same in lists", one(1, 2, 5, long+"A", 1000), "CF1045", positional},
		{"folded", "many criteria of one long value that is folded to its end", one(1, 2, 5, long, 1), "CF1040", positional},
		{"not-simple", "many criteria of one long pattern that is none", one(0, 6, 5, long+"*", 1), "CF1046", positional},
		{"simple", "many criteria of one long pattern, which is one at its end", one(0, 6, 5, long[2:]+"*?", 100), "CF1046", positional},
		{"too-long", "many criteria of one value that is too long for its input, in runes", one(1, 2, 1, strings.Repeat("\u00e4", longest/2), 1), "CF2007", positional},
		{"too-long-lists", "the same in lists", one(1, 2, 1, strings.Repeat("\u00e4", longest/2), 1000), "CF2007", positional},
		{"not-too-long", "many criteria of one value that is just not too long, in runes", one(1, 2, 6, strings.Repeat("\u00e4", longest/2), 1), "CF1040", positional},
		{"deep", "conditions as deep as they can be, in no order", each(false, func(r *raw, i int) {
			if i == 0 {
				r.value(values, "a")
				r.criterion(0, 2, 5, 0)
			}
			words := []uint32{reference(0)}
			for d := range channelfile.MaxDepth {
				words = append(words, reference(0), []uint32{and, or}[d%2]|2)
			}
			r.instance(id(i), words...)
		}), "CF1039", positional},
		{"deep-and-long", "long operands that differ at their ends", each(false, func(r *raw, i int) {
			if i == 0 {
				r.value(values, "a")
				r.criterion(0, 2, 5, 0)
				r.criterion(0, 2, 6, 0)
			}
			half := append(slices.Repeat([]uint32{reference(0)}, 1000), reference(1), or|1001)
			r.instance(id(i), append(append(append(half, slices.Repeat([]uint32{reference(0)}, 1001)...), or|1001), and|2)...)
		}), "CF1039", positional},
		{"zero-ids", "instances of one ID, and that is none", each(false, func(r *raw, i int) {
			if i == 0 {
				r.value(values, "a")
				r.criterion(0, 2, 5, 0)
			}
			r.instance(make([]byte, 16), reference(0))
		}), "CF1035", positional},
		{"long-origins", "instances that name one long text wherever they can", each(true, func(r *raw, i int) {
			if i == 0 {
				r.value(values, "a")
				r.criterion(0, 2, 20, 0)
				r.value(texts, long)
			}
			r.put(instances, make([]byte, 16), i, 1)
			r.put(conditions, reference(0))
			r.put(origins, 1, 1, 1, 1, 1, 1)
			r.put(uses, 1, 1)
		}), "CF3001", lacking},
		{"long-uses", "operators whose use names one long text", each(true, func(r *raw, i int) {
			if i == 0 {
				r.value(values, "a")
				r.criterion(0, 2, 5, 0)
				r.value(texts, long)
			}
			r.instance(id(i), reference(0), reference(0), or|2)
			at := r.section[uses].Len() - 4
			binary.LittleEndian.PutUint32(r.section[uses].Bytes()[at:], 1)
		}), "CF1050", positional},
		{"unused", "criteria, values and texts of nobody", each(true, func(r *raw, i int) {
			if i == 0 {
				r.value(values, "a")
				r.criterion(0, 2, 5, 0)
				r.instance(id(0), reference(0))
			}
			r.criterion(0, 1, uint16(i%21))
			r.value(values, "")
			r.value(texts, "")
		}), "CF1044", positional},
		{"not-utf-8", "texts that are no texts", each(true, func(r *raw, i int) {
			if i == 0 {
				r.value(values, "a")
				r.criterion(0, 2, 5, 0)
				r.instance(id(0), reference(0))
			}
			r.value(texts, "\xff")
		}), "CF1049", positional},
		{"empty-values", "values and operands of no bytes", each(false, func(r *raw, i int) {
			r.value(values, "")
			r.criterion(0, 5, 5, i)
			r.instance(id(i), reference(i))
		}), "CF1046", positional},
		{"backwards", "ranges of no number", each(false, func(r *raw, i int) {
			r.put(values, r.section[pool].Len(), 16)
			r.put(pool, int64(1), int64(-int64(i)))
			r.criterion(0, 9, 5, i)
			r.instance(id(i), reference(i))
		}), "CF1046", positional},
		{"every-rule-reads-it", "each rule reads what a build does not supply", each(false, func(r *raw, i int) {
			if i == 0 {
				r.value(values, "a")
				r.criterion(0, 2, 20, 0)
			}
			r.instance(id(i), reference(0))
		}), "CF3001", lacking},
		{"every-rule-is-blind", "each rule reads what named builds do not supply", each(false, func(r *raw, i int) {
			if i == 0 {
				r.value(values, "a")
				r.criterion(0, 2, 7, 0)
				r.criterion(0, 2, 20, 0)
			}
			r.instance(id(i), reference(0), reference(1))
		}), "CF3012", named},
		{"every-input", "rules that read all inputs of each other", each(false, func(r *raw, i int) {
			all := make([]int, 20)
			for k := range all {
				all[k] = (i + k) % 21
			}
			r.criterion(4, 2, uint16(i%21), all...)
			r.instance(id(i), reference(i))
		}), "CF3012", named},
		{"wide", "a rule for each of very many inputs that no build supplies, and long texts to name them by", each(true, func(r *raw, i int) {
			if i == 0 {
				r.typ, r.declared = wide.Number, channelfile.MaxInputs
				r.value(values, "a")
				r.value(texts, long)
			}
			r.criterion(0, 2, uint16(i%channelfile.MaxInputs), 0)
			r.put(instances, id(i), i, 1)
			r.put(conditions, reference(i))
			r.put(origins, 1, 1, 1, 1, 1, 1)
			r.put(uses, 1, 1)
		}), "CF3001", wideFleet(sensor.AccessPositional)},
		{"wide-comparisons", "rules that compare all inputs with all", each(false, func(r *raw, i int) {
			r.typ, r.declared = wide.Number, channelfile.MaxInputs
			all := make([]int, channelfile.MaxInputs)
			for k := range all {
				all[k] = k
			}
			r.criterion(4, 2, uint16(i%channelfile.MaxInputs), all...)
			r.instance(id(i), reference(i))
		}), "CF3001", wideFleet(sensor.AccessPositional)},
		{"wide-comparisons-named", "the same, at readers that go by name", each(false, func(r *raw, i int) {
			r.typ, r.declared = wide.Number, channelfile.MaxInputs
			all := make([]int, channelfile.MaxInputs)
			for k := range all {
				all[k] = k
			}
			r.criterion(4, 2, uint16(i%channelfile.MaxInputs), all...)
			r.instance(id(i), reference(i), reference(i), reference(i), reference(i))
		}), "CF3012", wideFleet(sensor.AccessNamed)},
		{"wide-lengths", "patterns on very many inputs whose length nobody states", each(false, func(r *raw, i int) {
			if i == 0 {
				r.typ, r.declared = wide.Number, channelfile.MaxInputs
				r.value(values, "a")
			}
			r.criterion(0, 5, uint16(i%channelfile.MaxInputs), 0)
			r.instance(id(i), reference(i))
		}), "CF3011", wideFleet(sensor.AccessPositional)},
		{"another-file", "no channel file at all", func(size int) []byte { return bytes.Repeat([]byte("text "), size/5) }, "CF1002", positional},
		{"filled", "zeros", func(size int) []byte { return make([]byte, size) }, "CF0004", positional},
	}
}

// judgeRaw judges a hostile file.
func judgeRaw(data []byte, f *sensor.Fleet) *validate.Report { return judgeBy(suite.Checks, data, f) }

func judgeBy(checks []*validate.Check, data []byte, f *sensor.Fleet) *validate.Report {
	defs := builtin.Definitions()
	if err := defs.Add(wide); err != nil {
		panic(err)
	}
	return validate.Run(validate.ChannelFile("C-00000291-00000001-00000001.cf", data), validate.Options{
		Checks: checks, Definitions: defs, Fleet: f,
	})
}

// TestHostileFiles holds the bars for bad input: memory by the size of the
// file, and work in proportion to it, whatever the file says.
func TestHostileFiles(t *testing.T) {
	if gatetest.RaceDetector {
		t.Skip("it measures memory and time, and the race detector changes both")
	}
	small, large := 1<<18, 1<<20
	if longtest.Enabled() {
		large = 1 << 21
	}
	for i, s := range shapes(t) {
		if testing.Short() && i%3 != 0 {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			var sizes, bytes, mallocs [2]float64
			judgeRaw(s.make(1<<12), s.fleet) // allocates what a process allocates once
			for i, size := range []int{small, large} {
				data := s.make(size)
				if len(data) < size/2 || len(data) > 2*size {
					t.Fatalf("a file of %d bytes, of about %d", len(data), size)
				}
				var r *validate.Report
				var meaning uint64
				checks := countingMeaning(&meaning)
				judge := func() { r = judgeBy(checks, data, s.fleet) }
				u := use(judge)
				if !slices.ContainsFunc(r.Totals, func(x validate.Total) bool { return x.Check.ID == s.check }) {
					t.Fatalf("%s finds nothing, but %v, so the shape tests nothing: %s", s.check, found(r), s.why)
				}
				gatetest.CheckReport(t, validate.Options{Checks: checks}, r)
				ofOthers := u.mallocs - meaning
				limit := 4*uint64(len(data)) + 8<<20
				// The peak has what the collector was late for, which is more
				// the busier the machine is. The least of some runs has least.
				for n := 0; n < 20 && u.peak+uint64(len(data)) > limit; n++ {
					u.peak = min(u.peak, use(judge).peak)
				}
				sizes[i], bytes[i], mallocs[i] = float64(len(data)), float64(u.bytes), float64(ofOthers)
				if u.peak+uint64(len(data)) > limit {
					t.Errorf("%d bytes of heap for a file of %d, at most %d: %s", u.peak+uint64(len(data)), len(data), limit, s.why)
				}
				// Machines are noisy, so only a time is judged that is a hundred times the usual
				// one. A value that is compared once for every four bytes takes it.
				if u.time > time.Minute {
					t.Errorf("%d bytes: judged in %v, expected less than a minute: %s", len(data), u.time, s.why)
				}
				hash := use(func() { sha256.Sum256(data) }).time
				t.Logf("%d bytes: %v, hashed in %v; peak %d of %d", len(data), u.time, hash, u.peak+uint64(len(data)), limit)
			}
			// What is allocated grows no faster than the file: the exponent of
			// the power law through both sizes. What is small at both sizes
			// has no law.
			grows := func(what string, n [2]float64, least float64) {
				exponent := math.Log(max(n[1], least)/max(n[0], least)) / math.Log(sizes[1]/sizes[0])
				if exponent > 1.1 {
					t.Errorf("%s: %.0f at %.0f bytes, %.0f at %.0f, which is with the power %.2f of the size: %s", what, n[0], sizes[0], n[1], sizes[1], exponent, s.why)
				}
			}
			grows("bytes allocated", bytes, 1<<20)
			grows("allocations", mallocs, 1<<14)
			// Of findings as many are kept as always: a file eight times as
			// large allocates no more objects.
			if mallocs[1] > 2*mallocs[0]+1000 {
				t.Errorf("%.0f allocations at %.0f bytes, %.0f at %.0f: some for each finding that is not kept", mallocs[0], sizes[0], mallocs[1], sizes[1])
			}
		})
	}
}

// countingMeaning returns all checks, of which those that make a formula of each instance add
// the objects that they allocate to a count. All others allocate only for findings.
func countingMeaning(count *uint64) []*validate.Check {
	checks := slices.Clone(suite.Checks)
	for i, c := range checks {
		if c.Family() != 4 {
			continue
		}
		copied := *c
		copied.Run = func(p *validate.Pass) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c.Run(p)
			runtime.ReadMemStats(&after)
			*count += after.Mallocs - before.Mallocs
		}
		checks[i] = &copied
	}
	return checks
}

// A usage is what something took.
type usage struct {
	bytes, mallocs uint64
	peak           uint64 // of the heap, over what was there before
	time           time.Duration
}

// use measures what one call of f takes.
func use(f func()) usage {
	// Objects that other tests keep alive let the collector wait for as much
	// garbage again; with this percentage it does not.
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	var done atomic.Bool
	peak := make(chan uint64)
	go func() { // allocates nothing in the loop, for f's allocations are counted
		var most uint64
		var m runtime.MemStats
		for !done.Load() {
			// A sample stops the world, so a long run has fewer of them.
			time.Sleep(max(time.Millisecond, time.Since(start)/200))
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
		peak <- most
	}()
	f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	done.Store(true)
	most := max(<-peak, after.HeapAlloc)
	return usage{after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs, most - min(most, before.HeapAlloc), took}
}

// TestCountBombs holds that a number that claims much costs nothing.
func TestCountBombs(t *testing.T) {
	good := gatetest.Case(t, "provenance").Data
	opts := gatetest.Case(t, "provenance")
	f := gatetest.Fleet(t, opts.Fleet, opts.FleetData)
	le := binary.LittleEndian
	for section := range 10 {
		for _, tt := range []struct {
			name   string
			change func(record []byte)
		}{
			{"count", func(b []byte) { le.PutUint32(b[12:], math.MaxUint32) }},
			{"length", func(b []byte) { le.PutUint32(b[8:], math.MaxUint32) }},
			{"count and length", func(b []byte) {
				le.PutUint32(b[8:], 1<<30)
				le.PutUint32(b[12:], uint32(1<<30/entrySizes[section]))
			}},
			{"count that wraps", func(b []byte) { le.PutUint32(b[12:], uint32(1<<32/uint64(entrySizes[section])+1)) }},
			{"offset", func(b []byte) { le.PutUint32(b[4:], math.MaxUint32-7) }},
		} {
			data := slices.Clone(good)
			tt.change(data[48+48*section:][:48])
			var r *validate.Report
			u := use(func() { r = judgeRaw(data, f) })
			if r.Verdict() != validate.Rejected || r.File != nil {
				t.Errorf("%s of section %d: %v", tt.name, section, r.Verdict())
			}
			if u.bytes > 1<<20 {
				t.Errorf("%s of section %d: %d bytes allocated to refuse it", tt.name, section, u.bytes)
			}
		}
	}
	huge := slices.Clone(good)
	le.PutUint32(huge[0x28:], math.MaxUint32)
	if u := use(func() { judgeRaw(huge, f) }); u.bytes > 1<<20 {
		t.Errorf("file size: %d bytes allocated to refuse it", u.bytes)
	}
}

// TestHostileFindings holds that hostile files get findings like all
// others: a million of them, of which the first are shown.
func TestHostileFindings(t *testing.T) {
	for _, s := range shapes(t) {
		data := s.make(1 << 16)
		r := judgeRaw(data, s.fleet)
		for _, f := range r.Findings {
			presentable(t, r, f)
			for _, text := range []string{f.Message, f.Fix, f.Where.Source.Path, f.Where.Source.Text, strings.Join(f.Details, "")} {
				if len(text) > 8000 {
					t.Errorf("%s: %s has a text of %d bytes", s.name, f.Check.ID, len(text))
				}
			}
		}
		if fmt.Sprint(found(r)) == "[]" {
			t.Errorf("%s: nothing was found", s.name)
		}
	}
}
