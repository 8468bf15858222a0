package edits

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
)

// file returns a file of the corpus.
func file(t *testing.T, name string) File {
	t.Helper()
	files, err := Corpus()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(files, func(f File) bool { return f.Name == name || slices.Contains(f.Others, name) })
	if i < 0 {
		t.Fatalf("the corpus has no file of a case %s", name)
	}
	return files[i]
}

// blind returns a meaning that leaves out a part of a file.
func blind(out func(*channelfile.File)) func(*channelfile.File) string {
	return func(f *channelfile.File) string {
		seen := *f
		out(&seen)
		return Meaning(&seen)
	}
}

// A judge that compares too little of a file must find silent mutants.
func TestBlindJudge(t *testing.T) {
	for _, c := range []struct {
		name    string
		meaning func(*channelfile.File) string
		at, end int // range of the first silent change
	}{
		{"the revision", blind(func(f *channelfile.File) { f.Header.Revision = 0 }), 0x10, 0x14},
		{"the time of creation", blind(func(f *channelfile.File) { f.Header.Created = 0 }), 0x20, 0x28},
		{"the values", func(f *channelfile.File) string {
			said := Meaning(f)
			for i := range f.Values() {
				said = strings.ReplaceAll(said, string(f.Value(i)), "")
			}
			return said
		}, 0x170, 1 << 10},
	} {
		p := Plan{Files: []File{file(t, "minimal")}, Cores: 1, Meaning: c.meaning}
		r, err := p.Run(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		n := r.Counts.Sum(Silent)
		if n == 0 || r.First == nil || r.Counts.Sum(Faulty) != 0 {
			t.Errorf("a judge that is blind to %s finds %d silent changes; want some, and no faulty ones", c.name, n)
			continue
		}
		first := r.First
		if first.Outcome != Silent || first.Change.Repair != Digests || first.Change.At < c.at || first.Change.At >= c.end {
			t.Errorf("a judge that is blind to %s finds first: %v, %v", c.name, first.Change, first.Err)
		}
		// The full meaning tells the mutant from the file.
		if o := judged(t, first.File, first.Data, Meaning); o != Different {
			t.Errorf("a judge that sees %s returns %v", c.name, o)
		}
	}
}

func judged(t *testing.T, f *File, data []byte, meaning func(*channelfile.File) string) Outcome {
	t.Helper()
	j, err := NewJudge(f.Data, meaning, f.gate)
	if err != nil {
		t.Fatal(err)
	}
	o, err := j.Judge(data, AskAlways)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// A gate without a verdict, and a panic, make a mutant faulty.
func TestFaulty(t *testing.T) {
	f := file(t, "minimal")
	data := slices.Clone(f.Data)
	data[0x10]++
	kept := Repaired(data)
	var asked []bool
	broken := func(_ []byte, kept bool) error {
		if asked = append(asked, kept); len(asked) == 1 {
			return nil // the file itself
		}
		return errors.New("no verdict")
	}
	j, err := NewJudge(f.Data, Meaning, broken)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why  string
		data []byte
		ask  Ask
		want Outcome
	}{
		{"it is the file", f.Data, AskAlways, Undone},
		{"nobody asks", kept, AskNever, Different},
		{"it is kept", kept, AskKept, Faulty},
		{"its digest is wrong", data, AskKept, Rejected},
		{"its digest is wrong, and the gate is asked", data, AskAlways, Faulty},
	} {
		if o, err := j.Judge(c.data, c.ask); o != c.want || (err != nil) != (o == Faulty) {
			t.Errorf("%s: %v, %v; expected %v", c.why, o, err, c.want)
		}
	}
	if want := []bool{true, true, false}; !slices.Equal(asked, want) {
		t.Errorf("the gate was asked about kept files: %v; want %v", asked, want)
	}
	if _, err := NewJudge(f.Data, func(*channelfile.File) string { panic("no meaning") }, nil); err == nil || !strings.Contains(err.Error(), "panic: no meaning") {
		t.Errorf("a meaning that panics gives the error %v", err)
	}
}

// Each mutant differs from the file by one change, and none occurs twice at one byte. The
// repaired mutants equal those of Repaired, although a Maker does not hash them completely.
func TestMaker(t *testing.T) {
	for _, name := range []string{"minimal", "every-operator", "provenance", "byte-order-file-size", "sections-overlap-in-part"} {
		f := file(t, name)
		m := NewMaker(f.Data)
		for kind := range NumKinds {
			n := 0
			seen := map[string]bool{}
			for i := range len(f.Data) + 1 {
				var plain []byte
				m.At(kind, i, func(c Change, data []byte) {
					if c.Kind != kind || c.At != i {
						t.Fatalf("%s: %v was made for %v at %d", name, c, kind, i)
					}
					switch c.Repair {
					case NoRepair:
						n++
						plain = slices.Clone(data)
						if bytes.Equal(data, f.Data) || seen[string(data)] {
							t.Fatalf("%s: %v equals the file or an earlier mutant", name, c)
						}
						seen[string(data)] = true
					case Digests:
						if !bytes.Equal(data, Repaired(plain)) {
							t.Fatalf("%s: %v differs from the result of Repaired", name, c)
						}
					case DigestsOfSize:
						le.PutUint32(plain[fileSizeAt:], uint32(len(plain)))
						if !bytes.Equal(data, Repaired(plain)) {
							t.Fatalf("%s: %v differs from the result of Repaired", name, c)
						}
					}
				})
				if !bytes.Equal(m.inPlace, f.Data) {
					t.Fatalf("%s: %v at %d is not undone", name, kind, i)
				}
			}
			size := len(f.Data)
			switch kind {
			case Flip:
				if n != 8*size {
					t.Errorf("%s: %d bits of %d bytes were flipped", name, n, size)
				}
			case Cut:
				if n != size {
					t.Errorf("%s: %d of %d lengths were made", name, n, size)
				}
			default:
				if n < size/5 {
					t.Errorf("%s: %v: %d of %d bytes; want more", name, kind, n, size)
				}
			}
		}
	}
}

// A plan gives the same counts on any number of cores. Fewer positions give fewer mutants.
func TestPlan(t *testing.T) {
	files := []File{file(t, "minimal"), file(t, "provenance"), file(t, "limit-stack"), file(t, "filled-with-zero")}
	var last *Result
	for _, c := range []struct{ positions, cores, sampled, long int }{{150, 1, 4, 1}, {150, 3, 4, 1}, {20, 2, 4, 1}} {
		p := Plan{Files: files, Cores: c.cores, Positions: c.positions}
		var progress Progress
		r, err := p.Run(t.Context(), &progress)
		if err != nil || r.First != nil {
			t.Fatal(err, r)
		}
		if r.Sampled != c.sampled || r.Long != c.long || r.Files != len(files) || progress.Files.Load() != int64(len(files)) || progress.Changes.Load() != r.Counts.All() {
			t.Errorf("%+v gives %+v, and the progress %d", c, r, progress.Files.Load())
		}
		if last != nil && (r.Counts == last.Counts) != (c.positions == 150) {
			t.Errorf("%+v gives %v, after %v", c, r.Counts, last.Counts)
		}
		last = r
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&Plan{Files: files}).Run(ended, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped plan returns the error %v", err)
	}
}

func TestChangeString(t *testing.T) {
	for want, c := range map[string]Change{
		"one bit flipped: bit 3 of byte 0x10, digests repaired": {Flip, 16, 3, Digests},
		"one byte set: byte 0x0 is 0xff, digests left":          {Set, 0, 0xFF, NoRepair},
		"bytes swapped: the 4 from 0x28 on, digests left":       {Swap, 0x28, 4, NoRepair},
		"cut off: 47 are left, digests left":                    {Cut, 47, 0, NoRepair},
		"one byte deleted: 0x2f, digests and size repaired":     {Delete, 0x2F, 0, DigestsOfSize},
		"one byte inserted: 0x00 before 0x30, digests left":     {Insert, 0x30, 0, NoRepair},
	} {
		if got := c.String(); got != want {
			t.Errorf("found %q; expected %q", got, want)
		}
	}
}
