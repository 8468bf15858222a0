package suite

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

var update = flag.Bool("update", false, "write the files that the tests compare with")

// canary builds one of the embedded files anew.
func canaryFile(t *testing.T, withLast bool) []byte {
	t.Helper()
	b := channelfile.NewBuilder(channelfile.Header{Channel: 291, Revision: 1, Type: 1, TypeVersion: 1, InputsDeclared: 21})
	add := func(id byte, e channelfile.Expr) {
		if err := b.Add(channelfile.ID{15: id}, e, nil); err != nil {
			t.Fatal(err)
		}
	}
	pipe := channelfile.Prefix(5, `\canary`).Fold()
	add(1, channelfile.And(pipe, channelfile.Not(channelfile.Suffix(6, `\canary.exe`).Fold())))
	if withLast {
		add(2, channelfile.And(pipe, channelfile.Equals(20, "canary")))
	}
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCanariesAreWhatTheyAreSaidToBe(t *testing.T) {
	for name, withLast := range map[string]bool{"good.cf": false, "291.cf": true} {
		want := canaryFile(t, withLast)
		path := filepath.Join("canary", name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s is not what the Builder makes of it; run go test ./validate/suite -update", path)
		}
	}
}

func TestSelfTest(t *testing.T) {
	if err := SelfTest(Checks); err != nil {
		t.Fatal(err)
	}
}

// Without any one of the checks that the canaries are for, the gate must
// notice that it is broken.
func TestSelfTestNoticesAMissingCheck(t *testing.T) {
	for _, c := range selfTests {
		for _, id := range c.checks {
			var without []*validate.Check
			for _, check := range Checks {
				if check.ID != id && !slices.Contains(check.Requires, id) {
					without = append(without, check)
				}
			}
			if err := SelfTest(without); err == nil {
				t.Errorf("without %s the self-test passes", id)
			}
		}
	}
}
