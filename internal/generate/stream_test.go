package generate

import (
	"bytes"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// TestStream checks that a seed always gives the same stream, that valid files are valid, that
// many of the others can be read, and that every fleet can be encoded.
func TestStream(t *testing.T) {
	s, again := NewStream(1), NewStream(1)
	var files, readable [NumKinds]int
	whole := 0
	for range 200 {
		b, c := s.Next(), again.Next()
		for i, f := range b.Files {
			if !bytes.Equal(f.Data, c.Files[i].Data) || f.Kind != c.Files[i].Kind {
				t.Fatal("two streams of one seed differ")
			}
			files[f.Kind]++
			parsed, err := channelfile.Parse(f.Data)
			if err == nil {
				readable[f.Kind]++
			}
			if f.Kind == Valid && (err != nil || parsed.Conformance() != 0) {
				t.Fatalf("a valid file is not: %v", err)
			}
		}
		for _, f := range b.Fleets {
			if f.Whole {
				whole++
			}
			data, err := f.JSON()
			if err != nil {
				t.Fatalf("%v\n%+v", err, f.Contracts)
			}
			if _, err := sensor.ReadFleet("drawn", data); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Definitions.JSON(); err != nil {
			t.Fatal(err)
		}
	}
	for k, n := range files {
		if n < 50 || readable[k] == 0 {
			t.Errorf("%d files are %v, %d of them readable; want some of each", n, Kind(k), readable[k])
		}
	}
	if whole < 200 {
		t.Errorf("%d fleets lack nothing; want more", whole)
	}
	if other := NewStream(2).Next(); bytes.Equal(other.Files[0].Data, NewStream(1).Next().Files[0].Data) {
		t.Error("two seeds give the same file")
	}
}

// TestSmall checks that the parts of the small scope together have each file once, and that
// all files are valid.
func TestSmall(t *testing.T) {
	collect := func(parts int) (files map[string]int, decisions int) {
		files = map[string]int{}
		for part := range parts {
			s := NewSmall(part, parts)
			for b := s.Next(); b != nil; b = s.Next() {
				for _, f := range b.Files {
					files[b.Definition.Inputs[0].Type.String()+b.Definition.Inputs[1].Type.String()+string(f.Data)]++
					decisions += len(b.Fleets)
				}
			}
		}
		return files, decisions
	}
	one, decisions := collect(1)
	three, _ := collect(3)
	if len(one) < 5_000 || decisions < 20*len(one) || len(one) != len(three) {
		t.Fatalf("%d files, %d decisions; in three parts %d files", len(one), decisions, len(three))
	}
	for data, n := range one {
		if three[data] != n {
			t.Fatalf("a file is there %d times, in three parts %d", n, three[data])
		}
	}
}

// TestRemoveInstance checks that a file without an instance is in normal form and has the
// other instances.
func TestRemoveInstance(t *testing.T) {
	s := NewStream(3)
	dropped := 0
	for range 100 {
		for _, file := range s.Next().Files {
			f, err := channelfile.Parse(file.Data)
			if err != nil || f.Conformance() != 0 || f.HasProvenance() {
				continue
			}
			if _, err := channelfile.Encode(f); err != nil {
				continue // a program differs from its source's, which a reader need not notice
			}
			for i := range f.Instances() {
				less, ok := RemoveInstance(file.Data, i)
				if !ok {
					t.Fatalf("instance %d of %d of a file in normal form cannot be dropped", i, f.Instances())
				}
				g, err := channelfile.Parse(less)
				if err != nil {
					t.Fatalf("without instance %d of %d: %v", i, f.Instances(), err)
				}
				if broken := g.Conformance(); broken != 0 || g.Instances() != f.Instances()-1 {
					t.Fatalf("without instance %d of %d there are %d, and the rules %025b are broken", i, f.Instances(), g.Instances(), broken)
				}
				encoded, err := channelfile.Encode(g)
				if err != nil || !bytes.Equal(encoded, less) {
					t.Fatalf("without instance %d of %d the file is not in normal form: %v", i, f.Instances(), err)
				}
				dropped++
			}
		}
	}
	if dropped < 500 {
		t.Errorf("%d instances were removed; want more", dropped)
	}
	if _, ok := RemoveInstance([]byte("no file"), 0); ok {
		t.Error("an instance was removed from bytes that are not a file")
	}
}

// TestRepair checks that repaired digests are correct.
func TestRepair(t *testing.T) {
	g := New(1)
	for range 50 {
		data := g.File(g.Definition())
		data[len(data)-20] ^= 1
		Repair(data)
		f, err := channelfile.Parse(data)
		if err == nil && (f.Conformance().Has(channelfile.RequirementHeaderDigest) || f.Conformance().Has(channelfile.RequirementSectionDigest)) {
			t.Fatal("the digests of a repaired file are wrong")
		}
	}
	for n := range 100 {
		Repair(make([]byte, n)) // it must return
	}
}
