package blob

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
)

// realData has rule blobs of Sysmon. They are not part of the repository.
const realData = "../../../shared/data/sysmon"

// TestRealPairs shows that blobs which Microsoft's compiler made have no fault, and are written
// again byte for byte.
func TestRealPairs(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(filepath.FromSlash(realData), "pairs", "*.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Skipf("the rule blobs of Sysmon are not here: there is no %s/pairs", realData)
	}
	build, err := sysmon.BuildNamed("13.24")
	if err != nil {
		t.Fatal(err)
	}
	size, filters := 0, 0
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range append(b.Faults, b.For(build)...) {
			t.Errorf("%s: %v", filepath.Base(name), &f)
		}
		again, err := Encode(b.Rules(build.Manifest()), b.Header.Binary)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		for _, g := range b.Gaps {
			clear(data[g.Offset : g.Offset+g.Length])
		}
		if !bytes.Equal(again, data) {
			t.Errorf("%s: the blob of its rules differs", filepath.Base(name))
		}
		size, filters = size+len(data), filters+len(b.Filters)
	}
	t.Logf("%d blobs, %d bytes, %d filters", len(names), size, filters)
}

// A measured case is a line of the table of damaged blobs.
type measuredCase struct{ file, what, measured, verdict string }

func measuredCases(t *testing.T) []measuredCase {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.FromSlash(realData), "blobs", "expected.tsv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the damaged blobs are not here: there is no %s/blobs/expected.tsv", realData)
	}
	if err != nil {
		t.Fatal(err)
	}
	var list []measuredCase
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if c := strings.Split(line, "\t"); i > 0 {
			list = append(list, measuredCase{c[0], c[1], c[2], c[3]})
		}
	}
	return list
}

// TestMeasuredBlobs compares verdict and effect with the table.
func TestMeasuredBlobs(t *testing.T) {
	build, err := sysmon.BuildNamed("13.30") // the engine of the table has binary version 16
	if err != nil {
		t.Fatal(err)
	}
	// Filters of other fields are valid by themselves: only the configuration tells.
	undecidable := map[string]string{"067.bin": "the filter of another field is a valid filter; only its configuration tells"}
	for _, c := range measuredCases(t) {
		data, err := os.ReadFile(filepath.Join(filepath.FromSlash(realData), "blobs", c.file))
		if err != nil {
			t.Fatal(err)
		}
		b, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		faults := append(b.Faults, b.For(build)...)
		accept := Acceptable(faults)
		if reason := undecidable[c.file]; reason != "" {
			if !accept {
				t.Errorf("%s (%s) is rejected now, so it is decidable", c.file, c.what)
			}
			t.Logf("%s (%s) is accepted: %s", c.file, c.what, reason)
			continue
		}
		if accept != (c.verdict == "accept") {
			t.Errorf("%s (%s): acceptable is %v; want %s: %v", c.file, c.what, accept, c.verdict, faults)
		}
		if accept {
			continue
		}
		got := Outcome(faults)
		fits := map[string][]Effect{
			"refused": {Refused}, "reads outside": {ReadsOutside, WritesOutside}, "null pointer": {NullPointer}, "hang": {NeverEnds},
		}[c.measured]
		if strings.HasPrefix(c.measured, "accepted") {
			fits = []Effect{LosesTheRest, NeverMatches, Misread, NoEffect}
		}
		ok := false
		for _, e := range fits {
			ok = ok || e == got
		}
		if !ok {
			t.Errorf("%s (%s): the effect is that the driver %v; measured: %s: %v", c.file, c.what, got, c.measured, faults)
		}
	}
}
