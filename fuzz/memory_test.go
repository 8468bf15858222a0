package fuzz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// worstSize is the approximate size of the files of TestMemoryOfFiles, in bytes. The
// larger it is, the smaller beside it is the constant part of the bound.
var worstSize = flag.Int("worst-size", 1<<20, "judge files of about `N` bytes in TestMemoryOfFiles")

// repeat returns as many entries as fit, each generated from its number.
func repeat(size int, entry func(i int) []byte) []byte {
	out := make([]byte, 0, size+64)
	for i := 0; len(out) < size; i++ {
		out = append(out, entry(i)...)
	}
	return out
}

func u32s(list ...int) []byte {
	var out []byte
	for _, n := range list {
		out = le.AppendUint32(out, uint32(n))
	}
	return out
}

// instance returns the record of an instance.
func instance(id [16]byte, first, words int) []byte { return append(id[:], u32s(first, words)...) }

func numbered(i int) (id [16]byte) {
	binary.BigEndian.PutUint32(id[:], uint32(i+1))
	return id
}

// criterion returns the record of a criterion.
func criterion(flags channelfile.Flags, op channelfile.Operator, input, first, count int) []byte {
	return append([]byte{byte(flags), byte(op), byte(input), byte(input >> 8)}, u32s(first, count)...)
}

// worstFiles returns files that make a reader use as much memory for each byte as possible.
// All of them can be read.
func worstFiles(size int) map[string]func() []byte {
	// one adds one criterion on an input that some builds do not supply, and as many instances
	// that refer to it as fit.
	one := func(r *raw, id func(i int) [16]byte, each int) *raw {
		r.sections[instances] = repeat(size*24/each, func(i int) []byte { return instance(id(i), i, 1) })
		n := len(r.sections[instances]) / 24
		r.sections[conditions] = make([]byte, 4*n)
		r.sections[criteria] = criterion(0, channelfile.OpExists, 20, 0, 0)
		return r
	}
	nobody := func(int) [16]byte { return [16]byte{} }
	// regexps adds as many programs as fit, with sources that end in their numbers. Criteria
	// with long lists run all of them.
	regexps := func(source string, insts []byte) []byte {
		r := newRaw(11, 21, 1)
		source += "%06x"
		n := size / (16 + len(fmt.Sprintf(source, 0)) + len(insts) + 4)
		length, each := len(fmt.Sprintf(source, 0)), len(insts)/8
		for i := range n {
			r.sections[programs] = append(r.sections[programs], u32s(length*i, length, each*i, each)...)
			r.sections[sources] = fmt.Appendf(r.sections[sources], source, i)
			r.sections[instructions] = append(r.sections[instructions], insts...)
			r.sections[operands] = append(r.sections[operands], u32s(i)...)
		}
		for at := 0; at < n; at += channelfile.MaxOperands {
			r.sections[criteria] = append(r.sections[criteria], criterion(0, channelfile.OpRegexp, 0, at, min(n-at, channelfile.MaxOperands))...)
		}
		r.sections[classes], r.sections[ranges] = u32s(0, 1), u32s(0, 0x10FFFF)
		r.sections[instances], r.sections[conditions] = instance(numbered(1), 0, 1), u32s(0)
		return r.bytes()
	}
	const matchInst, runesInst = 1, 3
	return map[string]func() []byte{
		"instances": func() []byte { return one(newRaw(6, 21, 21), numbered, 28).bytes() },
		"instances without an ID": func() []byte {
			return one(newRaw(6, 21, 0), nobody, 28).bytes()
		},
		"instances with long texts": func() []byte {
			r := one(newRaw(10, 21, 21), numbered, 60)
			n := len(r.sections[instances]) / 24
			r.sections[origins] = bytes.Repeat(u32s(1, 2, 3, 4, 5, 7), n)
			r.sections[uses] = bytes.Repeat(u32s(9, 6), n)
			r.sections[texts] = u32s(0, 0)
			for k := range 6 {
				r.sections[texts] = append(r.sections[texts], u32s(k*channelfile.MaxTextLength, channelfile.MaxTextLength)...)
				r.sections[textpool] = append(r.sections[textpool], bytes.Repeat([]byte{byte('\x01' + k)}, channelfile.MaxTextLength)...)
			}
			return r.bytes()
		},
		"criteria": func() []byte {
			r := newRaw(6, 21, 21)
			r.sections[criteria] = repeat(size, func(i int) []byte { return criterion(0, channelfile.OpExists, i%21, 0, 0) })
			r.sections[instances] = instance(numbered(1), 0, 1)
			r.sections[conditions] = u32s(0)
			return r.bytes()
		},
		"criteria, each referred to": func() []byte {
			r := newRaw(6, 21, 21)
			r.sections[criteria] = repeat(size*12/16, func(i int) []byte { return criterion(0, channelfile.OpExists, 20-i%21, 0, 0) })
			n := len(r.sections[criteria]) / 12
			for at := 0; at < n; at += 1024 {
				r.sections[instances] = append(r.sections[instances], instance(numbered(at), at, min(1024, n-at))...)
			}
			r.sections[conditions] = repeat(4*n-3, func(i int) []byte { return u32s(2 * (n - 1 - i)) })
			return r.bytes()
		},
		"operands": func() []byte {
			r := newRaw(6, 21, 1)
			r.sections[operands] = make([]byte, size/4*4)
			n := size / 4
			for at := 0; at < n; at += channelfile.MaxOperands {
				r.sections[criteria] = append(r.sections[criteria], criterion(channelfile.FlagFold, channelfile.OpContains, 0, at, min(n-at, channelfile.MaxOperands))...)
			}
			r.sections[values], r.sections[pool] = u32s(0, 1), []byte("A")
			r.sections[instances], r.sections[conditions] = instance(numbered(1), 0, 1), u32s(0)
			return r.bytes()
		},
		"operands that are inputs": func() []byte {
			r := newRaw(6, 21, 21)
			r.sections[operands] = repeat(size, func(i int) []byte { return u32s(i % 21) })
			n := len(r.sections[operands]) / 4
			for at := 0; at < n; at += channelfile.MaxOperands {
				r.sections[criteria] = append(r.sections[criteria], criterion(channelfile.FlagInputs, channelfile.OpEquals, 0, at, min(n-at, channelfile.MaxOperands))...)
			}
			r.sections[instances], r.sections[conditions] = instance(numbered(1), 0, 1), u32s(0)
			return r.bytes()
		},
		"a long list that all words refer to": func() []byte {
			// A list of few inputs, each many times, and a list of values.
			r := newRaw(6, 21, 21)
			n := channelfile.MaxOperands
			r.sections[operands] = repeat(4*n, func(i int) []byte { return u32s(i % 21) })
			r.sections[operands] = append(r.sections[operands], make([]byte, 4*n)...)
			r.sections[criteria] = append(criterion(channelfile.FlagInputs, channelfile.OpPrefix, 20, 0, n),
				criterion(channelfile.FlagFold, channelfile.OpEquals, 20, n, n)...)
			r.sections[values], r.sections[pool] = u32s(0, channelfile.MaxValueLength), bytes.Repeat([]byte("A"), channelfile.MaxValueLength)
			words := size / 4
			r.sections[conditions] = repeat(4*words, func(i int) []byte { return u32s(i % 4) })
			for at := 0; at < words; at += 1024 {
				r.sections[instances] = append(r.sections[instances], instance(numbered(at), at, min(1024, words-at))...)
			}
			return r.bytes()
		},
		"empty values": func() []byte {
			r := newRaw(6, 21, 1)
			r.sections[values] = make([]byte, size/8*8)
			r.sections[criteria] = criterion(0, channelfile.OpPrefix, 0, 0, 1)
			r.sections[operands] = u32s(0)
			r.sections[instances], r.sections[conditions] = instance(numbered(1), 0, 1), u32s(0)
			return r.bytes()
		},
		"words": func() []byte {
			r := newRaw(6, 21, 21)
			r.sections[conditions] = make([]byte, size/4*4)
			n := size / 4
			for at := 0; at < n; at += 1024 {
				r.sections[instances] = append(r.sections[instances], instance(numbered(at), at, min(1024, n-at))...)
			}
			r.sections[criteria] = criterion(0, channelfile.OpExists, 20, 0, 0)
			return r.bytes()
		},
		"texts": func() []byte {
			r := one(newRaw(10, 21, 21), numbered, size)
			r.sections[origins], r.sections[uses] = bytes.Repeat(u32s(0, 0, 0, 0, 0, 0), 2), u32s(1, 0, 1, 0)
			r.sections[instances] = append(instance(numbered(1), 0, 1), instance(numbered(2), 1, 1)...)
			r.sections[conditions] = u32s(0, 0)
			r.sections[texts] = make([]byte, size/8*8)
			return r.bytes()
		},
		"programs of one instruction":      func() []byte { return regexps("", u32s(matchInst, 0)) },
		"programs that would be very long": func() []byte { return regexps("a{1000}b{1000}c{1000}d{1000}e{1000}", u32s(matchInst, 0)) },
		"programs of large classes": func() []byte {
			var insts []byte
			for i := range 7 {
				insts = append(insts, u32s(runesInst|(i+1)<<16, 0)...)
			}
			return regexps(`(?i)\pL{0}[^\PN]`, append(insts, u32s(matchInst, 0)...))
		},
		"long values": func() []byte {
			r := newRaw(6, 21, 1)
			v := bytes.Repeat([]byte("A"), channelfile.MaxValueLength)
			for at := 0; at < size; at += len(v) {
				r.sections[values] = append(r.sections[values], u32s(at, len(v))...)
				r.sections[operands] = append(r.sections[operands], u32s(at/len(v))...)
				r.sections[pool] = append(r.sections[pool], v...)
			}
			n := len(r.sections[operands]) / 4
			r.sections[criteria] = criterion(channelfile.FlagFold, channelfile.OpContains, 0, 0, n)
			r.sections[instances], r.sections[conditions] = instance(numbered(1), 0, 1), u32s(0)
			return r.bytes()
		},
	}
}

// For every channel file, the gate uses at most four times its size and 8 MiB of heap, from
// the bytes to the report. Time is not measured, but a step that takes the square of the size
// would not end here.
func TestMemoryOfFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("judging large files takes seconds; the full tests run it")
	}
	judge := func(data []byte) {
		for _, name := range builtin.Fleets() {
			fleet, _ := builtin.Fleet(name)
			opts := validate.Options{Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: fleet, Now: now}
			run := report.NewRun(report.Judged(validate.Run(validate.ChannelFile("", data), opts), ""))
			for _, format := range report.Formats {
				if err := format.Write(io.Discard, run); err != nil {
					t.Fatal(err)
				}
				runtime.GC() // garbage of one report is not memory that the next needs
			}
		}
	}
	files := worstFiles(*worstSize)
	files["a few bytes that claim large sizes"] = func() []byte {
		data := newRaw(6, 21, 0).bytes()
		for i := range 6 {
			le.PutUint32(data[48+48*i+12:], 0xFFFFFFFF)
		}
		return data
	}
	files["a small file with long texts"] = worstFiles(64 << 10)["instances with long texts"]
	files["zeros"] = func() []byte { return make([]byte, *worstSize) }
	for why, file := range files {
		data := file()
		if _, err := channelfile.Parse(data); err != nil && len(data) > 1<<10 && why != "zeros" {
			t.Errorf("%s: %v; want it to be read", why, err)
		}
		// The file itself is in memory too, once.
		most := 3*len(data) + 8<<20
		peak := peakOf(func() { judge(data) })
		for n := 0; n < 5 && peak > most; n++ { // the collector may have been late
			peak = min(peak, peakOf(func() { judge(data) }))
		}
		t.Logf("%-30s %8d bytes, peak %8d more: %.2f times", why, len(data), peak, float64(peak)/float64(len(data)))
		if peak > most {
			t.Errorf("%s: judging a file of %d bytes takes %d bytes more; want at most %d", why, len(data), peak, most)
		}
	}
}

// Showing or encoding these files ends too.
func TestWorstFilesAreShown(t *testing.T) {
	size := 128 << 10
	if testing.Short() {
		size = 16 << 10
	}
	for why, file := range worstFiles(size) {
		data := file()
		f, err := channelfile.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", why, err)
			continue
		}
		if err := errors.Join(
			report.Inspect(io.Discard, f, builtin.Definitions()),
			report.Hex(io.Discard, f),
			report.Needs(io.Discard, why, sensor.NeedsOf(f, builtin.Definitions()), nil),
		); err != nil {
			t.Error(err)
		}
		start := time.Now()
		peak := peakOf(func() { _, err = channelfile.Encode(f) })
		t.Logf("%-40s %8d bytes; encoding takes %v and %.1f times as much: %v", why, len(data), time.Since(start), float64(peak)/float64(len(data)), err)
	}
}

// peakOf returns the maximum number of bytes of heap that a function uses, including garbage,
// with the default collector settings.
func peakOf(f func()) int {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	runtime.GC()
	heap := func() int {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := heap()
	stop, peak := make(chan struct{}), make(chan int)
	go func() {
		most := 0
		for {
			most = max(most, heap())
			select {
			case <-stop:
				peak <- most
				return
			case <-time.After(200 * time.Microsecond):
			}
		}
	}()
	f()
	close(stop)
	return max(0, <-peak-before)
}

// Other documents have their own size limits, and tests of the memory that reading them takes.
func TestMemoryOfDocumentsIsTested(t *testing.T) {
	for _, tt := range []struct{ file, test string }{
		{"../sensor/interp/memory_test.go", "func TestJSONMemory("},
		{"../sigma/parse_test.go", "func TestMemory("},
	} {
		data, err := os.ReadFile(tt.file)
		if err != nil || !strings.Contains(string(data), tt.test) {
			t.Errorf("%s has no %s", tt.file, strings.TrimSuffix(tt.test, "("))
		}
	}
}
