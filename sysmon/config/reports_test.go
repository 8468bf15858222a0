package config

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
)

// data is the folder with real configurations, which are not part of the repository.
const data = "../../../shared/data/sysmon"

// needData returns the paths that match a pattern in the folder of real data, and skips the
// test if it is not there.
func needData(t testing.TB, pattern string) []string {
	t.Helper()
	list, _ := filepath.Glob(filepath.Join(data, pattern))
	if len(list) == 0 {
		t.Skip("public configurations are not ours to publish, and are not beside this checkout")
	}
	return list
}

// engine returns a build with the newest schema v and no known bug.
func engine(t testing.TB, v string) *sysmon.Build {
	t.Helper()
	version, err := sysmon.ParseVersion(v)
	if err != nil {
		t.Fatal(err)
	}
	s, ok := sysmon.SchemaOf(version)
	if !ok {
		t.Fatalf("no schema %s", v)
	}
	return sysmon.NewBuild("of "+v, sysmon.Windows, s)
}

// TestReports compares the verdicts with those of public reports.
func TestReports(t *testing.T) {
	line := regexp.MustCompile(`^  (\d+\.\d+): (accepted|refused)(?: \| (.*))?$`)
	verdicts := 0
	for _, name := range needData(t, "reports/*/config.xml") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		expected, err := os.ReadFile(filepath.Join(filepath.Dir(name), "expected.txt"))
		if err != nil {
			t.Fatal(err)
		}
		c, fault := Parse(text)
		for s := bufio.NewScanner(bytes.NewReader(expected)); s.Scan(); {
			m := line.FindStringSubmatch(s.Text())
			if m == nil {
				continue
			}
			verdicts++
			if fault != nil {
				if m[2] != "refused" || !strings.Contains(m[3], "not well-formed") {
					t.Errorf("%s: %v, want %s", name, fault, s.Text())
				}
				continue
			}
			l := c.Load(engine(t, m[1]))
			got := "accepted"
			if !l.Took() {
				got = "refused"
			}
			if got != m[2] {
				t.Errorf("%s for %s: %s, want %s\n%+v", name, m[1], got, s.Text(), l.Problems)
			}
			if dropped := strings.Contains(m[3], "dropped"); dropped != (len(l.Problems) > 0 && l.Problems[0].Kind == Dropped) {
				t.Errorf("%s for %s: %+v, want %s", name, m[1], l.Problems, s.Text())
			}
			if l.Refused != nil {
				t.Logf("%s %s: %s; fix: %s", filepath.Base(filepath.Dir(name)), m[1], l.Refused.Text, l.Refused.Fix)
			}
		}
	}
	t.Logf("%d verdicts", verdicts)
}
