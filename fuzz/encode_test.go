package fuzz

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/fuzz/internal/edits"
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
		if file.Conformance() == 0 && edits.OwnPrograms(file) {
			if err != nil {
				t.Fatalf("a file in normal form does not encode: %v", err)
			}
			if !bytes.Equal(once, data) {
				t.Fatalf("a file in normal form encodes to another, from byte %d on", edits.FirstDifference(once, data))
			}
		}
		if err != nil {
			if once != nil || err.Error() == "" || strings.HasSuffix(err.Error(), ".") {
				t.Errorf("%d bytes together with the error %q", len(once), err)
			}
			return
		}
		again := conforming(t, once)
		twice, err := channelfile.Encode(again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("an encoded file encodes to another file, from byte %d on; error %v", edits.FirstDifference(once, twice), err)
		}
		if file.Conformance()&^digestRules == 0 && edits.OwnPrograms(file) && edits.Meaning(file) != edits.Meaning(again) {
			t.Errorf("encoding a file that only has wrong digests changes its meaning:\n%s\n%s", edits.Meaning(file), edits.Meaning(again))
		}
	})
}

// digestRules are the requirements that a changed file in normal form breaks.
const digestRules channelfile.Requirements = 1<<channelfile.RequirementHeaderDigest | 1<<channelfile.RequirementSectionDigest

// conforming reads a file that must be in normal form.
func conforming(t testing.TB, data []byte) *channelfile.File {
	t.Helper()
	f, err := channelfile.Parse(data)
	if err != nil {
		t.Fatalf("the new file cannot be read: %v", err)
	}
	if broken := f.Conformance(); broken != 0 {
		t.Fatalf("the new file breaks the requirements %021b", broken)
	}
	if !edits.OwnPrograms(f) {
		t.Fatal("the new file has programs that differ from their sources")
	}
	return f
}
