package fuzz

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
)

func FuzzEncode(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := channelfile.Parse(data)
		if err != nil {
			return
		}
		once, err := channelfile.Encode(file)
		if file.Conformance() == 0 && ownPrograms(file) {
			if err != nil {
				t.Fatalf("a file in normal form does not encode: %v", err)
			}
			if !bytes.Equal(once, data) {
				t.Fatalf("a file in normal form encodes to another, from byte %d on", firstDifference(once, data))
			}
		}
		if err != nil {
			if once != nil || err.Error() == "" || strings.HasSuffix(err.Error(), ".") {
				t.Errorf("%d bytes beside the error %q", len(once), err)
			}
			return
		}
		again := conforming(t, once)
		twice, err := channelfile.Encode(again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("what was encoded encodes to another file, from byte %d on; error %v", firstDifference(once, twice), err)
		}
		if file.Conformance()&^digestRules == 0 && ownPrograms(file) && dump(file) != dump(again) {
			t.Errorf("encoding a file that only has wrong digests changes what it says:\n%s\n%s", dump(file), dump(again))
		}
	})
}

// ownPrograms reports whether all programs are those of their sources. Others
// are made anew when a file is encoded.
func ownPrograms(f *channelfile.File) bool {
	for i := range f.Programs() {
		if f.CompareProgram(i) != "" {
			return false
		}
	}
	return true
}

// digestRules are the rules that a file breaks that was changed in normal form.
const digestRules channelfile.Rules = 1<<channelfile.RuleHeaderDigest | 1<<channelfile.RuleSectionDigest

// conforming reads a file that must be in normal form.
func conforming(t testing.TB, data []byte) *channelfile.File {
	t.Helper()
	f, err := channelfile.Parse(data)
	if err != nil {
		t.Fatalf("what was made cannot be read: %v", err)
	}
	if broken := f.Conformance(); broken != 0 {
		t.Fatalf("what was made breaks the rules %021b", broken)
	}
	if !ownPrograms(f) {
		t.Fatal("what was made has programs that are not those of their sources")
	}
	return f
}

func firstDifference(a, b []byte) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}

// dump writes what a file says, all of it and nothing else: two files that say
// the same have the same dump, however they say it.
func dump(f *channelfile.File) string {
	var b strings.Builder
	h := f.Header
	fmt.Fprintln(&b, h.Channel, h.Revision, h.Type, h.TypeVersion, h.InputsDeclared, h.InputsRead, h.Created, f.HasProvenance())
	for i := range f.Instances() {
		in := f.Instance(i)
		fmt.Fprintf(&b, "%v %q\n", in.ID, fmt.Sprint(f.Origin(i)))
		for w := in.First; w < in.First+in.Count; w++ {
			line, text := f.Use(w)
			word := f.Word(w)
			if !word.IsReference() {
				fmt.Fprintf(&b, "  %v %d %q\n", word, line, text)
				continue
			}
			c := f.Criterion(word.Criterion())
			fmt.Fprintf(&b, "  %v %d %v %v", word.Negated(), c.Input, c.Operator, c.Flags)
			for v := range f.OperandValues(c) {
				fmt.Fprintf(&b, " %x", v)
			}
			for p := range f.OperandPrograms(c) {
				fmt.Fprintf(&b, " %q", p.Source())
				for k := range p.Len() {
					fmt.Fprintf(&b, " %s", p.InstString(k))
				}
			}
			for other := range f.OperandInputs(c) {
				fmt.Fprintf(&b, " %d", other)
			}
			fmt.Fprintf(&b, " %d %q\n", line, text)
		}
	}
	return b.String()
}
