package suite

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/validate"
)

var update = flag.Bool("update", false, "write the files that the tests compare with")

// canaryFile builds one of the embedded files.
func canaryFile(t *testing.T, withLast bool) []byte {
	t.Helper()
	pipe := channelfile.Prefix(5, `\canary`).Fold()
	rules := []channelfile.Expr{channelfile.And(pipe, channelfile.Not(channelfile.Suffix(6, `\canary.exe`).Fold()))}
	if withLast {
		rules = append(rules, channelfile.And(pipe, channelfile.Equals(20, "canary")))
	}
	return testkit.Encode(t, testkit.IPC, rules...)
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
