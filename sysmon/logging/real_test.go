package logging

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
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

// TestReports compares with events that were given to the published engine.
func TestReports(t *testing.T) {
	line := regexp.MustCompile(`^  event (\d+) \{(.*)\} -> (logged|dropped)`)
	pair := regexp.MustCompile(`'(\w+)': '((?:[^'\\]|\\.)*)'`)
	events := 0
	for _, name := range needData(t, "reports/*/config.xml") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		expected, err := os.ReadFile(filepath.Join(filepath.Dir(name), "expected.txt"))
		if err != nil {
			t.Fatal(err)
		}
		for s := bufio.NewScanner(bytes.NewReader(expected)); s.Scan(); {
			m := line.FindStringSubmatch(s.Text())
			if m == nil {
				continue
			}
			events++
			id, _ := strconv.Atoi(m[1])
			e := Event{ID: uint32(id), Values: map[string]string{}}
			for _, p := range pair.FindAllStringSubmatch(m[2], -1) {
				e.Values[p[1]] = strings.ReplaceAll(p[2], `\\`, `\`)
			}
			c, err := config.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			b := build(t, "4.90", sysmon.Windows)
			l := c.Load(b)
			if !l.Took() {
				t.Fatalf("%s: %s", name, l.Refused.Text)
			}
			if r := New(l.Rules, b, l.Sure).Logged(&e); r.Answer.String() != m[3] {
				t.Errorf("%s: %s, want %s", name, r.Answer, s.Text())
			}
		}
	}
	t.Logf("%d events", events)
}

// TestRealDecisions decides about alternatives of public rules under public configurations.
func TestRealDecisions(t *testing.T) {
	engines := map[string]*Engine{}
	for _, path := range needData(t, "configs/*.xml") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := config.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		b := build(t, "4.90", sysmon.Windows)
		l := c.Load(b)
		if !l.Took() {
			t.Fatal(l.Refused.Text)
		}
		engines[filepath.Base(path)] = New(l.Rules, b, l.Sure)
	}
	swift, modular := engines["swiftonsecurity.xml"], engines["sysmon-modular.xml"]
	atom := func(field string, c Comparison, values ...string) Atom { return Atom{field, c, values} }
	for _, row := range []struct {
		reason  string
		e       *Engine
		id      uint32
		verdict Verdict
		why     Reason
		filter  string // that excludes, or is wanted
		atoms   []Atom
	}{
		{"autologgers: the exclude is the rule's own atom", swift, 13, Never, Excluded, `\Control\WMI\Autologger\`, []Atom{atom("TargetObject", Contains, `\Control\WMI\Autologger\`), atom("TargetObject", Ends, `\Start`), atom("Details", Equals, "DWORD (0x00000000)")}},
		{"the same exclude", modular, 13, Never, Excluded, `\Control\WMI\Autologger\`, []Atom{atom("TargetObject", Contains, `\Control\WMI\Autologger\`)}},
		{"a pipe that fails all includes", swift, 17, Never, NoInclude, "", []Atom{atom("PipeName", Equals, `\REDSUN`)}},
		{"a domain that is excluded", swift, 22, Never, Excluded, ".microsoft.com", []Atom{atom("QueryName", Ends, "remoteassistance.support.services.microsoft.com")}},
		{"the same", modular, 22, Never, Excluded, ".microsoft.com", []Atom{atom("QueryName", Ends, "remoteassistance.support.services.microsoft.com")}},
		{"a key that fails all includes", modular, 13, Never, NoInclude, "", []Atom{atom("TargetObject", Equals, `HKLM\SYSTEM\CurrentControlSet\Control\MiniNt\(Default)`)}},
		{"one value of three fails all includes", modular, 13, Never, NoInclude, "", []Atom{atom("TargetObject", Equals, `HKLM\SYSTEM\CurrentControlSet\Control\FileSystem\LongPathsEnabled`)}},
		{"another does not", modular, 13, Wanted, NoReason, "", []Atom{atom("TargetObject", Equals, `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\LocalAccountTokenFilterPolicy`), atom("Image", Equals, `C:\a.exe`)}},
		{"the name of a key", swift, 14, Luck, NoReason, "", []Atom{atom("NewName", Equals, `HKLM\SYSTEM\CurrentControlSet\Control\MiniNt`)}},
		{"a stream of a package", modular, 15, Sure, NoReason, "", []Atom{atom("Contents", Starts, "[ZoneTransfer]  ZoneId=3"), atom("Contents", Contains, "://1", "://2"), atom("TargetFilename", Ends, ":Zone.Identifier"), atom("TargetFilename", Contains, `\AppData\Local\Temp\WinGet\`)}},
		{"a process without a name", modular, 10, Luck, NoReason, "", []Atom{atom("TargetImage", Ends, `\lsass.exe`)}},
		{"creation of keys is excluded", swift, 12, Never, Excluded, "CreateKey", []Atom{atom("EventType", Equals, "CreateKey")}},
		{"no image is loaded", swift, 7, Closed, NothingKept, "", nil},
		{"nor a process accessed", swift, 10, Closed, NothingKept, "", nil},
		{"files are deleted without a record", swift, 23, Closed, TypeDefault, "", nil},
		{"a named pipe of an include", swift, 17, Sure, NoReason, "", []Atom{atom("PipeName", Starts, `\PAExec`)}},
		{"every subscription", swift, 20, Sure, NoReason, "", nil},
		{"one include on Operation", modular, 20, Luck, NoReason, "", []Atom{atom("Type", Equals, "Command Line")}},
		{"no host names", modular, 3, Never, EmptyField, "", []Atom{atom("DestinationHostname", Ends, ".ngrok.io")}},
		{"host names by default", swift, 3, Luck, NoReason, "", []Atom{atom("DestinationHostname", Ends, ".ngrok.io")}},
		{"a hash that is not configured", swift, 1, Never, NoAlgorithm, "", []Atom{atom("Hashes", Contains, "SHA1=00")}},
	} {
		d := row.e.Decide(row.id, row.atoms)
		filter := ""
		if len(d.Filters) > 0 && row.filter != "" {
			filter = row.e.rules.Elements[d.Element].Filters[d.Filters[0]].Value
		}
		if d.Verdict != row.verdict || d.Reason != row.why || filter != row.filter {
			t.Errorf("%s: %s, %s by %q (%+v), want %s, %s by %q", row.reason, d.Verdict, d.Reason, filter, d, row.verdict, row.why, row.filter)
		}
	}
}
