package fuzz

import (
	"bytes"
	"fmt"
	"iter"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/fuzz/naive"
)

// An outcome is what becomes of a file that was changed.
type outcome uint8

const (
	rejected  outcome = iota
	different         // accepted, and says something else
	undone            // the repair made the file what it was
	silent            // accepted, and nothing shows the change
	outcomes
)

// judgeChange says what becomes of a changed file. Before is the file as it
// was, and said what it said.
func judgeChange(before []byte, said string, data []byte) (outcome, error) {
	if bytes.Equal(before, data) {
		return undone, nil
	}
	f, err := channelfile.Parse(data)
	if err != nil || f.Conformance() != 0 || !ownPrograms(f) {
		return rejected, nil
	}
	encoded, err := channelfile.Encode(f)
	if err != nil {
		return silent, fmt.Errorf("it is in normal form and does not encode: %w", err)
	}
	if !bytes.Equal(encoded, data) {
		return silent, fmt.Errorf("it is in normal form and encodes to another file, from byte %d on", firstDifference(encoded, data))
	}
	if dump(f) == said {
		return silent, fmt.Errorf("it says what it said before")
	}
	return different, nil
}

// A change is a file with something done to it. Its data is good until the
// next.
type change struct {
	what string
	data []byte
}

// changes are what is done to every byte of a file.
var changes = []struct {
	name string
	of   func(data []byte) iter.Seq[change]
}{
	{"one bit flipped", func(data []byte) iter.Seq[change] {
		return func(yield func(change) bool) {
			data := slices.Clone(data)
			for i := range data {
				for bit := range 8 {
					data[i] ^= 1 << bit
					if !yield(change{fmt.Sprintf("bit %d of byte %#x", bit, i), data}) {
						return
					}
					data[i] ^= 1 << bit
				}
			}
		}
	}},
	{"one byte set", func(data []byte) iter.Seq[change] {
		return func(yield func(change) bool) {
			data := slices.Clone(data)
			for i, was := range data {
				for _, to := range []byte{0, 0xFF, 0xAA, was + 1, was - 1} {
					if data[i] = to; to != was && !yield(change{fmt.Sprintf("byte %#x is %#x", i, to), data}) {
						return
					}
				}
				data[i] = was
			}
		}
	}},
	{"cut off", func(data []byte) iter.Seq[change] {
		return func(yield func(change) bool) {
			for n := range data {
				if !yield(change{fmt.Sprintf("%d bytes", n), data[:n:n]}) {
					return
				}
			}
		}
	}},
	{"one byte left out", func(data []byte) iter.Seq[change] {
		return func(yield func(change) bool) {
			for i := range data {
				if !yield(change{fmt.Sprintf("byte %#x", i), slices.Delete(slices.Clone(data), i, i+1)}) {
					return
				}
			}
		}
	}},
	{"one byte put in", func(data []byte) iter.Seq[change] {
		return func(yield func(change) bool) {
			for i := range len(data) + 1 {
				for _, b := range []byte{0, data[max(i-1, 0)], 0xFF} {
					if !yield(change{fmt.Sprintf("%#x at %#x", b, i), slices.Insert(slices.Clone(data), i, b)}) {
						return
					}
				}
			}
		}
	}},
}

// repairs are what somebody does who wants the change to go unnoticed.
var repairs = []struct {
	name string
	do   func([]byte) []byte
}{
	{"digests left", func(data []byte) []byte { return data }},
	{"digests repaired", repair},
	{"digests and size repaired", func(data []byte) []byte {
		if len(data) < 48 {
			return data
		}
		data = slices.Clone(data)
		le.PutUint32(data[0x28:], uint32(len(data)))
		return repair(data)
	}},
}

// No byte is without meaning: whatever is changed in a file, it is rejected or
// says something else, also for one who makes its digests right again.
func TestEveryByteCounts(t *testing.T) {
	counts := map[string]*[outcomes]int{}
	for _, name := range []string{"every-operator", "provenance", "mixed-text"} {
		data := corpusFile(t, name)
		said := dump(conforming(t, data))
		for _, c := range changes {
			for _, r := range repairs {
				key := c.name + ", " + r.name
				if counts[key] == nil {
					counts[key] = new([outcomes]int)
				}
				for change := range c.of(data) {
					o, err := judgeChange(data, said, r.do(change.data))
					counts[key][o]++
					if err != nil {
						t.Errorf("%s, %s (%s), %s: %v", name, c.name, change.what, r.name, err)
					}
				}
			}
		}
	}
	for _, c := range changes {
		for _, r := range repairs {
			n := counts[c.name+", "+r.name]
			t.Logf("%s, %s: %d rejected, %d say something else, %d undone by the repair, %d silent",
				c.name, r.name, n[rejected], n[different], n[undone], n[silent])
			changesBytes := c.name == "one bit flipped" || c.name == "one byte set"
			if want := r.name != "digests left" && changesBytes; (n[different] > 0) != want {
				t.Errorf("%s, %s: %d files say something else; want some: %v", c.name, r.name, n[different], want)
			}
		}
	}
}

// An integer of the header in the wrong byte order is rejected, or makes the
// header say something else.
func TestHeaderFieldsSwapped(t *testing.T) {
	fields := []struct {
		name     string
		at, size int
	}{
		{"magic", 0x00, 8}, {"major", 0x08, 2}, {"minor", 0x0A, 2}, {"channel", 0x0C, 4}, {"revision", 0x10, 4},
		{"type", 0x14, 4}, {"type version", 0x18, 4}, {"inputs declared", 0x1C, 2}, {"inputs read", 0x1E, 2},
		{"created", 0x20, 8}, {"file size", 0x28, 4}, {"section count", 0x2C, 4},
	}
	swapped := map[string]int{}
	for _, c := range corpus.Cases() {
		f, err := channelfile.Parse(c.Data)
		if err != nil || f.Conformance() != 0 || len(c.Data) > maxSeed {
			continue
		}
		said := dump(f)
		for _, field := range fields {
			data := slices.Clone(c.Data)
			slices.Reverse(data[field.at:][:field.size])
			if bytes.Equal(data, c.Data) {
				continue
			}
			swapped[field.name]++
			if _, err := judgeChange(c.Data, said, repair(data)); err != nil {
				t.Errorf("%s with %s in big-endian order: %v", c.Name, field.name, err)
			}
		}
	}
	for _, field := range fields {
		if swapped[field.name] == 0 && field.name != "minor" { // which is 0
			t.Errorf("no file has a %s that swapping changes", field.name)
		}
	}
}

// readable returns the small files of the corpus that can be read, with their
// names.
func readable(t testing.TB) (names []string, files []*raw) {
	t.Helper()
	for _, c := range corpus.Cases() {
		if r, ok := rawOf(c.Data); ok && len(c.Data) <= maxSeed {
			names, files = append(names, c.Name), append(files, r)
		}
	}
	if len(files) < 50 {
		t.Fatalf("the corpus has %d files that can be read; expected many", len(files))
	}
	return names, files
}

// Sections of two files make one file that is rejected, or one that encodes to
// itself: nothing of the file that a section came from is taken on trust.
func TestSplices(t *testing.T) {
	names, files := readable(t)
	seen := [outcomes]int{}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(files)-1).Draw(t, "file")
		j := rapid.IntRange(0, len(files)-1).Draw(t, "other")
		a, b := files[i], files[j]
		spliced := raw{header: a.header, order: rapid.SampledFrom([][]int{a.order, b.order}).Draw(t, "sections")}
		from := rapid.Uint16().Draw(t, "sections of the other")
		for _, k := range spliced.order {
			spliced.sections[k] = a.sections[k]
			if from&(1<<k) != 0 && b.sections[k] != nil {
				spliced.sections[k] = b.sections[k]
			}
		}
		if from&(1<<15) != 0 {
			spliced.header = b.header
		}
		data := spliced.bytes()
		o, err := judgeChange(nil, "", data)
		if err != nil {
			t.Fatalf("%s and %s: %v", names[i], names[j], err)
		}
		seen[o]++
		agree(t, data)
	})
	if seen[rejected] == 0 || seen[different] == 0 {
		t.Errorf("of the spliced files %d are rejected and %d accepted; want some of each", seen[rejected], seen[different])
	}
}

// agree holds that Parse says of a file what the naive reader says.
func agree(t interface {
	Helper()
	Fatalf(string, ...any)
}, data []byte) {
	t.Helper()
	f, err := channelfile.Parse(data)
	broken, want := naive.Read(data)
	if kindOf(err) != want {
		t.Fatalf("Parse says %v; by FORMAT.md it is %v", err, want)
	}
	if err == nil && f.Conformance() != broken {
		t.Fatalf("Parse finds the rules %021b broken; by FORMAT.md these are %021b", f.Conformance(), broken)
	}
}

// The readers agree on files whose numbers were changed, few of them and to
// what is just inside or outside of something: random bytes seldom get as far.
func TestReadersAgreeOnNumbers(t *testing.T) {
	_, files := readable(t)
	sizes := []int{1, 2, 4, 4, 4, 8, 8}
	broken := channelfile.Rules(0)
	errs := map[error]int{}
	rapid.Check(t, func(t *rapid.T) {
		for range 40 { // of each draw of a file; drawing one costs more than reading it
			r := files[rapid.IntRange(0, len(files)-1).Draw(t, "file")]
			c := raw{header: r.header, order: r.order}
			for k, s := range r.sections {
				c.sections[k] = slices.Clone(s)
			}
			for range rapid.IntRange(1, 3).Draw(t, "changes") {
				s := c.sections[rapid.SampledFrom(c.order).Draw(t, "section")]
				size := rapid.SampledFrom(sizes).Draw(t, "size")
				if len(s) < size {
					continue
				}
				at := rapid.IntRange(0, len(s)/size-1).Draw(t, "at") * size
				copy(s[at:], genNumber(t, size, s[at:at+size]))
			}
			data := c.bytes()
			agree(t, data)
			f, err := channelfile.Parse(data)
			errs[kindOf(err)]++
			if err == nil {
				broken |= f.Conformance()
			}
		}
	})
	t.Logf("%d kinds of errors, %d rules broken", len(errs), broken.Len())
	if len(errs) < 10 || broken.Len() < 10 {
		t.Errorf("the changes make %d kinds of errors and break %d rules; expected more: %v", len(errs), broken.Len(), errs)
	}
}

// genNumber draws the bytes of a number that stands where another did.
func genNumber(t *rapid.T, size int, was []byte) []byte {
	n := uint64(0)
	for i := size - 1; i >= 0; i-- {
		n = n<<8 | uint64(was[i])
	}
	switch rapid.IntRange(0, 5).Draw(t, "number") {
	case 0:
		n++
	case 1:
		n--
	case 2:
		n = rapid.Uint64Range(0, 24).Draw(t, "small")
	case 3:
		n = math.MaxUint64 - rapid.Uint64Range(0, 2).Draw(t, "large")
	case 4:
		n ^= 1 << rapid.IntRange(0, 8*size-1).Draw(t, "bit")
	case 5:
		n = rapid.SampledFrom([]uint64{20, 21, 1024, 1025, 4096, 4097, 65_535, 65_536, 65_537, 1 << 30, 1<<31 | 2, 3<<30 | 2, 3<<30 | 1}).Draw(t, "edge")
	}
	out := make([]byte, 8)
	le.PutUint64(out, n)
	return out[:size]
}
