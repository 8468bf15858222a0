package anatomy

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/sysmon/blob"
)

// The parts of a file that can be read are those of its own reader.
func TestPartsAreThoseOfLayout(t *testing.T) {
	n := 0
	for _, c := range corpus.Cases() {
		f, err := channelfile.Parse(c.Data)
		if err != nil {
			continue
		}
		n++
		var want, got []string
		for path, r := range f.Layout() {
			want = append(want, fmt.Sprint(path, r.Start, r.End))
		}
		for p := range Of("x.cf", c.Data).Parts() {
			if p.Path != "belongs to no section" {
				got = append(got, fmt.Sprint(p.Path, p.Start, p.End))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the parts are\n%s\nexpected\n%s", c.Name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if n < 100 {
		t.Errorf("%d files were compared; expected more", n)
	}
}

// covers returns an error if a byte of a file belongs to no part, or if a part lies outside.
func covers(m *Map, size int) error {
	seen := make([]bool, size)
	for p := range m.Parts() {
		if p.Start < 0 || p.End > size || p.Start >= p.End {
			return fmt.Errorf("%s: 0x%x to 0x%x of 0x%x bytes", p.Path, p.Start, p.End, size)
		}
		for i := p.Start; i < p.End; i++ {
			seen[i] = true
		}
	}
	if i := slices.Index(seen, false); i >= 0 {
		return fmt.Errorf("byte 0x%x belongs to no part", i)
	}
	for _, n := range m.Notes {
		if n.Start < 0 || n.End > size || n.Start > n.End {
			return fmt.Errorf("the note %q is about 0x%x to 0x%x of 0x%x bytes", n.Text, n.Start, n.End, size)
		}
	}
	return nil
}

func FuzzOf(f *testing.F) {
	f.Add("", []byte{})
	for i, c := range corpus.Cases() {
		if i%8 == 0 && len(c.Data) < 4096 {
			f.Add(c.FileName, c.Data)
			f.Add(c.FileName, c.Data[:len(c.Data)/2])
		}
	}
	for i, c := range corpus.Sysmon() {
		if c.IsBlob() && i%4 == 0 && len(c.Data) < 4096 {
			f.Add(c.FileName, c.Data)
		}
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if err := covers(Of(name, data), len(data)); err != nil {
			t.Error(err)
		}
	})
}

// Each row is a kind of damage, and the note that must tell it.
func TestDamage(t *testing.T) {
	file := caseNamed(t, "regexps")
	edited := func(edit func([]byte)) []byte {
		data := bytes.Clone(file)
		edit(data)
		return data
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"an upload that stopped", file[:len(file)-100], "100 are missing"},
		{"a file that ends in its header", file[:20], "the header has 48 bytes, but the file ends after 20"},
		{"a file that ends in its section table", file[:100], "the section table should end at 0x240 (576)"},
		{"an empty file", nil, "the file is empty"},
		{"a file system that wrote no content", make([]byte, 4096), "all 4096 bytes are 0x00 (0)"},
		{"a page of zeros", edited(func(b []byte) { clear(b[700:900]) }), "to 0x384 (900): the content here may never"},
		{"a changed byte of the pool", edited(func(b []byte) { b[len(b)-1] ^= 1 }), "section ranges"},
		{"a changed byte of the header", edited(func(b []byte) { b[0x10] ^= 1 }), "the header, of the section table"},
		{"a second file behind the first", append(bytes.Clone(file), file...), "984 more bytes follow"},
		{"a section table with a huge count", edited(func(b []byte) { b[0x2F] = 0xFF }), "no file has more than 15 sections"},
		{"a section behind the end", edited(func(b []byte) { b[headerSize+7] = 0x7F }), "section instances should stand from 0x7F000260"},
		{"a section of an unknown type", edited(func(b []byte) { b[headerSize+2] = 0x7F }), "section type 0x007F0001"},
	} {
		m := Of("x.cf", c.data)
		if err := covers(m, len(c.data)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !slices.ContainsFunc(m.Notes, func(n Note) bool { return strings.Contains(n.Text, c.want) }) {
			t.Errorf("%s: the notes are %v, expected %q", c.name, m.Notes, c.want)
		}
	}
	if m := Of("x.cf", file); len(m.Notes) > 0 {
		t.Errorf("a whole file has the notes %v", m.Notes)
	}
}

func caseNamed(t *testing.T, name string) []byte {
	for _, c := range corpus.Cases() {
		if c.Name == name {
			return c.Data
		}
	}
	t.Fatalf("the corpus has no case %s", name)
	return nil
}

// The records of a blob are those that its reader reaches, and a blob without faults has no note.
func TestBlobs(t *testing.T) {
	n := 0
	for _, c := range corpus.Sysmon() {
		if !c.IsBlob() {
			continue
		}
		n++
		m := Of("rules.bin", c.Data)
		if err := covers(m, len(c.Data)); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		b, err := blob.Parse(c.Data)
		if err != nil || m.Format != RuleBlob {
			continue
		}
		if (len(m.Notes) > 0) != (len(b.Faults) > 0) {
			t.Errorf("%s: %d notes for %d faults", c.Name, len(m.Notes), len(b.Faults))
		}
		filters := 0
		for _, r := range m.Regions {
			if m.Kinds[r.Kind].Name == "filter" {
				filters++
			}
		}
		if filters != len(b.Filters) {
			t.Errorf("%s: %d filters, expected %d", c.Name, filters, len(b.Filters))
		}
	}
	if n < 10 {
		t.Errorf("%d blobs were read; expected more", n)
	}
}
