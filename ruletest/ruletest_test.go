package ruletest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/events/evtx"
	"github.com/cfcheck/cfcheck/internal/evtxtest"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sigma"
)

const ruleText = `title: Demo
id: 5a0c1d2e-0098-4000-8000-cfc0cfc00001
logsource: {product: windows, category: process_creation}
detection:
    selection:
        Image|endswith:
            - '\a.exe'
            - '\b.exe'
        CommandLine|contains: demo
    filter:
        User: admin
    condition: selection and not filter
`

// outcomes loads the rules of files, and runs their tests.
func outcomes(t *testing.T, files map[string]string) (*Set, []Outcome) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, data := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(data)}
	}
	list, err := sigma.LoadFS(fsys, "rules")
	if err != nil {
		t.Fatal(err)
	}
	set := Load(list, func(name string, limit int64) ([]byte, error) {
		if !fs.ValidPath(name) {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return fs.ReadFile(fsys, name)
	})
	all, err := set.Run(list, builtin.Definitions(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set, all
}

// text returns an outcome as lines.
func text(o *Outcome) string {
	s := fmt.Sprintf("%v: %s: %v: %s\n", o.Where, o.Name, o.Status, o.Message)
	for _, d := range o.Details {
		s += fmt.Sprintf("  %v: %s\n", d.Place, d.Message)
	}
	return s
}

// eventLog is an event log of Windows with the event of process.
var eventLog = evtxtest.Log(evtxtest.Event{
	Record: 1, EventID: 1, Channel: "Microsoft-Windows-Sysmon/Operational", Provider: "Microsoft-Windows-Sysmon", Computer: "h",
	Data: []evtxtest.Field{{Name: "Image", Value: `C:\a.exe`}, {Name: "CommandLine", Value: "demo"}},
})

const process = `{"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider": "Microsoft-Windows-Sysmon", "EventData": {"Image": "C:\\a.exe", "CommandLine": "%s"}}`

func TestRun(t *testing.T) {
	yes, no := fmt.Sprintf(process, "demo"), fmt.Sprintf(process, "other")
	pipe := strings.Replace(strings.Replace(yes, `"EventID": 1,`, `"EventID": 17,`, 1), "Image", "PipeName", 1)
	for _, test := range []struct {
		name, tests string
		recorded    string
		want        []string // parts of each outcome
	}{
		{"passes", "must_match:\n  - event: {Image: '\\a.exe', CommandLine: demo}\nmust_not_match:\n  - event: {Image: '\\a.exe', CommandLine: demo, User: admin}\n", "", []string{"must_match 1: passed", "must_not_match 1: passed"}},
		{"a criterion of a search does not hold", "must_match:\n  - event: {Image: '\\c.exe', CommandLine: demo}\n", "", []string{
			"rules/a.test.yml:2:5: must_match 1: failed: the rule does not match the event\n  rules/a.yml:6:9: selection: Image|endswith: ['\\a.exe', '\\b.exe'] does not hold: the event has Image \"\\\\c.exe\"\n"}},
		{"all that do not hold, and an absent field", "must_match:\n  - event: {Image: '\\c.exe', User: admin}\n", "", []string{
			"CommandLine|contains: demo does not hold: the event has no CommandLine"}},
		{"a search that the condition negates", "must_match:\n  - event: {Image: '\\a.exe', CommandLine: demo, User: admin}\n", "", []string{
			"failed: the rule does not match the event\n  rules/a.yml:11:9: filter: User: admin holds, and the condition negates it: the event has User \"admin\"\n"}},
		{"a match that must not be", "must_not_match:\n  - event: {Image: '\\a.exe', CommandLine: demo}\n", "", []string{
			"filter: User: admin does not hold, and the condition negates it: the event has no User"}},
		{"a name in another case is the field", "must_match:\n  - event: {image: '\\a.exe', commandline: demo}\n", "", []string{"passed"}},
		{"a field twice", "must_match:\n  - event: {image: '\\a.exe', Image: demo}\n", "", []string{"has the field Image twice"}},
		{"a misspelt field", "must_match:\n  - event: {Imag: '\\a.exe'}\n", "", []string{"failed: the event is not one of type process_creation, for which the rule is\n  rules/a.test.yml:2:13: type process_creation has no field \"Imag\"; did you mean \"Image\"?"}},
		{"null is absent", "must_not_match:\n  - event: {Image: '\\a.exe', CommandLine: null}\n", "", []string{"passed"}},
		{"an event without fields", "must_not_match:\n  - event: {}\n", "", []string{"passed"}},
		{"recorded events", "must_match:\n  - file: r.json\n", yes + "\n[" + yes + "," + yes + "]", []string{"passed"}},
		{"one of them does not match", "must_match:\n  - file: r.json\n", yes + "\n" + no, []string{"the rule does not match 1 of 2 events in rules/r.json\n  rules/r.json:2:1: the rule does not match this event\n  rules/a.yml:9:9: selection: CommandLine|contains: demo does not hold: the event has CommandLine \"other\""}},
		{"a value of several", "must_not_match:\n  - event: {Image: '\\b.exe', CommandLine: demo}\n", "", []string{"'\\b.exe'] holds: the value '\\b.exe' holds; the event has Image"}},
		{"a number of matches", "must_match:\n  - {file: r.json, matches: 1}\n", yes + no, []string{"passed"}},
		{"too few matches", "must_match:\n  - {file: r.json, matches: 2}\n", yes + no, []string{"failed: the rule matches 1 of the 2 events of its type in rules/r.json; the test demands 2\n  rules/r.json:1:"}},
		{"too many matches", "must_match:\n  - {file: r.json, matches: 1}\n", yes + yes, []string{"matches 2 of the 2"}},
		{"an event that must not match", "must_not_match:\n  - file: r.json\n", no + yes, []string{"the rule matches 1 of 2 events"}},
		{"an event of another type", "must_not_match:\n  - file: r.json\n", no + pipe, []string{"1 of 2 events in rules/r.json are not of type process_creation\n"}},
		{"other types do not count beside a number", "must_match:\n  - {file: r.json, matches: 1}\n", yes + pipe, []string{"passed"}},
		{"only events of another type", "must_match:\n  - {file: r.json, matches: 1}\n", pipe, []string{"failed: no event in rules/r.json is of type process_creation, for which the rule is; the first is event 17 of channel"}},
		{"a misspelt field of a recorded event", "must_not_match:\n  - file: r.json\n", strings.Replace(yes, "CommandLine", "ComandLine", 1), []string{`undecided: 1 of 1 events in rules/r.json cannot be tried`}},
		{"no event", "must_not_match:\n  - file: r.json\n", "\n", []string{"undecided: rules/r.json: found no event"}},
		{"an empty list", "must_not_match:\n  - file: r.json\n", "[]", []string{"undecided: rules/r.json: found no event"}},
		{"an array over several lines in UTF-16", "must_match:\n  - file: r.json\n", wide("[\n" + yes + "\n]"), []string{"passed"}},
		{"not JSON", "must_not_match:\n  - file: r.json\n", no + "\n  {'a': 1}", []string{"undecided: 1 of 2 events in rules/r.json cannot be tried\n  rules/r.json:2:4: found '\\'', which is not JSON here"}},
		{"cut off", "must_not_match:\n  - file: r.json\n", no[:50], []string{"undecided: 1 of 1 events in rules/r.json cannot be tried\n  rules/r.json:1:"}},
		{"an event log", "must_match:\n  - file: r.json\n", string(eventLog), []string{"passed"}},
		{"an event log that is cut off", "must_not_match:\n  - file: r.json\n", string(eventLog[:5000]), []string{"the file was cut off"}},
		{"a missing file", "must_not_match:\n  - file: gone.json\n", "", []string{"undecided: open rules/gone.json: file does not exist"}},
		{"a file that is not a test", "must_match:\n  - evnt: {Image: a}\n", "", []string{`rules/a.test.yml:2:5: tests: failed: must_match[0]: unknown key "evnt"; did you mean "event"?`}},
		{"another rule", "rule: Other\nmust_match:\n  - event: {Image: a}\n", "", []string{`failed: rules/a.yml has 0 rules with the ID or title "Other"`}},
		{"the rule by its title", "rule: Demo\nmust_not_match:\n  - event: {Image: a}\n", "", []string{"passed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{"rules/a.yml": ruleText, "rules/a.test.yml": test.tests}
			if test.recorded != "" {
				files["rules/r.json"] = test.recorded
			}
			_, got := outcomes(t, files)
			if len(got) != len(test.want) {
				t.Fatalf("%d outcomes, want %d: %+v", len(got), len(test.want), got)
			}
			for i := range got {
				if s := text(&got[i]); !strings.Contains(s, test.want[i]) {
					t.Errorf("got\n%s\nwant a part\n%s", s, test.want[i])
				}
			}
		})
	}
}

// A test on a recorded event knows the source of the event, and so why an input is absent.
func TestFeed(t *testing.T) {
	_, got := outcomes(t, map[string]string{
		"rules/a.yml":      strings.Replace(ruleText, "User: admin", "OriginalFileName: x", 1),
		"rules/a.test.yml": "must_not_match:\n  - file: r.json\n",
		"rules/r.json":     `{"EventID": 4688, "Channel": "Security", "Provider": "Microsoft-Windows-Security-Auditing", "EventData": {"NewProcessName": "C:\\a.exe", "CommandLine": "demo"}}`,
	})
	const want = "filter: OriginalFileName: x does not hold, and the condition negates it: the event has no OriginalFileName: feed security-4688 never has it"
	if s := text(&got[0]); !strings.Contains(s, want) {
		t.Errorf("got\n%s\nwant a part\n%s", s, want)
	}
}

// TestNothingPassesByAbsence has rules and tests of which one is missing or cannot be used.
func TestNothingPassesByAbsence(t *testing.T) {
	const match = "must_match:\n  - event: {Image: '\\a.exe', CommandLine: demo}\n"
	withInfo := ruleText + "regression_tests_path: data/info.yml\n"
	info := "id: a\ndescription: a\ndate: a\nauthor: a\nrule_metadata:\n  - id: 5A0C1D2E-0098-4000-8000-cfc0cfc00001\n    title: a\nregression_tests_info:\n  - name: n\n    type: evtx\n    path: data/e.evtx\n"
	event := fmt.Sprintf(process, "demo")
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string // part of the only outcome
	}{
		{"the rule is missing", map[string]string{"rules/a.test.yml": match}, "undecided: the rules of these tests are missing"},
		{"the rule is malformed", map[string]string{"rules/a.yml": "title: x\n", "rules/a.test.yml": match}, "undecided: rules/a.yml has no rule to test; rules/a.yml:1:1:"},
		{"the rule reads an unknown field", map[string]string{"rules/a.yml": strings.Replace(ruleText, "User", "Usr", 1), "rules/a.test.yml": match}, "failed: the rule does not compile: rules/a.yml:11:9:"},
		{"the rule is not supported", map[string]string{"rules/a.yml": strings.Replace(ruleText, "title:", "status: unsupported\ntitle:", 1), "rules/a.test.yml": match}, "undecided: the rule does not compile: rules/a.yml:1:9:"},
		{"several rules", map[string]string{"rules/a.yml": ruleText + "---\n" + strings.Replace(ruleText, "00001", "00002", 1), "rules/a.test.yml": match}, "failed: rules/a.yml has 2 rules; name one"},
		{"no info", map[string]string{"rules/a.yml": withInfo}, "rules/a.yml:13:24: regression_tests_path: undecided"},
		{"a path above the folder", map[string]string{"rules/a.yml": ruleText + "regression_tests_path: ../info.yml\n"}, "undecided: regression_tests_path: found \"../info.yml\""},
		{"a list of paths", map[string]string{"rules/a.yml": ruleText + "regression_tests_path: [a]\n"}, ""},
		{"info for another rule", map[string]string{"rules/a.yml": withInfo, "data/info.yml": strings.Replace(info, "00001", "00002", 1)}, "undecided: regression_tests_path: the tests in data/info.yml are for rule"},
		{"info without tests", map[string]string{"rules/a.yml": withInfo, "data/info.yml": info[:strings.Index(info, "regression")]}, "failed: the file has no test"},
		{"info with an unknown key", map[string]string{"rules/a.yml": withInfo, "data/info.yml": info + "    mach_count: 2\n"}, `data/info.yml:12:5: tests: failed: regression_tests_info: unknown key "mach_count"; did you mean "match_count"?`},
		{"no events", map[string]string{"rules/a.yml": withInfo, "data/info.yml": info}, "undecided: open data/e.evtx: file does not exist"},
		{"an event log", map[string]string{"rules/a.yml": withInfo, "data/info.yml": info, "data/e.evtx": string(eventLog)}, "data/info.yml:9:5: n: passed"},
		{"it passes", map[string]string{"rules/a.yml": withInfo, "data/info.yml": info, "data/e.json": event + event}, "data/info.yml:9:5: n: passed"},
		{"at least as many", map[string]string{"rules/a.yml": withInfo, "data/info.yml": info + "    match_count: 2\n", "data/e.json": event}, "failed: the rule matches 1 of the 1 events of its type in data/e.json; the test demands at least 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, got := outcomes(t, test.files)
			if test.want == "" {
				if len(got) > 0 || set.Coverage()[0].Match > 0 {
					t.Errorf("got %+v, want no test", got)
				}
				return
			}
			if len(got) != 1 || !strings.Contains(text(&got[0]), test.want) {
				for i := range got {
					t.Log(text(&got[i]))
				}
				t.Errorf("want one outcome with %q", test.want)
			}
		})
	}
}

func TestLacks(t *testing.T) {
	set, _ := outcomes(t, map[string]string{"rules/a.yml": ruleText, "rules/a.test.yml": "must_match:\n  - event: {Image: a}\n"})
	c := set.Coverage()[0]
	if c.Match != 1 || c.NoMatch != 0 {
		t.Errorf("got %+v, want one test that must match", c)
	}
	if got := c.Lacks(1, 0); len(got) != 0 {
		t.Errorf("the rule has as many as demanded, got %+v", got)
	}
	if got := c.Lacks(2, 1); len(got) != 2 || got[0].Status != Failed || got[1].Match {
		t.Errorf("got %+v, want both kinds to fail", got)
	}
}

// TestParseErrors holds the reader to its places and messages.
func TestParseErrors(t *testing.T) {
	for _, test := range []struct{ reason, data, want string }{
		{"an empty file", "", "t:1:1: the file is empty"},
		{"nothing but a comment", "# x\n", "t:1:1: the file is empty"},
		{"a list", "- a\n", "t:1:1: found a list"},
		{"only the rule", "rule: a\n", "t:1:1: the file has no test"},
		{"an empty list", "must_match: []\n", "t:1:13: must_match: found an empty list"},
		{"a misspelt key", "must_mach:\n  - event: {A: b}\n", `t:1:1: unknown key "must_mach"; did you mean "must_match"?`},
		{"a key twice", "must_match:\n  - event: {A: b, A: c}\n", `the key "A" stands on line 2 already`},
		{"a test without an event", "must_match:\n  - name: a\n", "t:2:5: must_match[0]: the test has no event"},
		{"an event and a file", "must_match:\n  - {event: {A: b}, file: c}\n", "the test has an event and a file"},
		{"matches of an event", "must_match:\n  - {event: {A: b}, matches: 1}\n", "matches stands without a file"},
		{"matches of events that must not match", "must_not_match:\n  - {file: a, matches: 1}\n", "matches stands without a file in must_match"},
		{"no match at all", "must_match:\n  - {file: a, matches: 0}\n", "expected a number from 1"},
		{"a list as a value", "must_match:\n  - event: {A: [b]}\n", "t:2:16: must_match[0].event.A: found a list"},
		{"an alias", "rule: &a x\nmust_match:\n  - event: {A: *a}\n", "t:1:7: found the anchor &a"},
		{"a tag", "must_match:\n  - event: {A: !!int 1}\n", "found the YAML tag !!int"},
		{"a second document", "must_match:\n  - event: {A: b}\n---\nx: y\n", "t:4:1: the file has a second document"},
		{"not YAML", "must_match: {\n", "t:"},
	} {
		_, err := Parse("t", []byte(test.data))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.reason, err, test.want)
		}
	}
}

// TestEngines runs the examples for the table of differences between engines in docs/sigma.md.
// Each row has a rule with tests of both kinds, and all of them pass.
func TestEngines(t *testing.T) {
	fsys := os.DirFS("../docs/examples/engines")
	files, err := sigma.LoadFS(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	set := Load(files, func(name string, limit int64) ([]byte, error) { return fs.ReadFile(fsys, name) })
	all, err := set.Run(files, builtin.Definitions(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].Status != Passed {
			t.Error(text(&all[i]))
		}
	}
	page, err := os.ReadFile("../docs/sigma.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(page), "| in the rule | other engines | cfcheck |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	of := map[string]Coverage{}
	for _, c := range set.Coverage() {
		of[c.Rule.Title.Value] = c
	}
	rows := 0
	for line := range strings.Lines(table) {
		cell := regexp.MustCompile(`^\| ((?:\\\||[^|])*) \|`).FindStringSubmatch(line)
		if cell == nil {
			t.Fatalf("no row of the table: %q", line)
		}
		title := strings.ReplaceAll(strings.ReplaceAll(cell[1], "`", ""), `\|`, "|")
		if c := of[title]; c.Match == 0 || c.NoMatch == 0 {
			t.Errorf("the row %q has no rule in docs/examples/engines with tests of both kinds", title)
		}
		rows++
	}
	if !ok || rows != len(files)/2 {
		t.Errorf("%d rows and %d files; want a rule and its tests for each row", rows, len(files))
	}
}

// FuzzParse reads any text as a file of tests and as regression tests. Each error is one of a
// place in the text. A file that is accepted has a test, and each test has an event.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"must_match:\n  - event: {A: b}\n  - {file: c, matches: 2, name: d}\nmust_not_match:\n  - event: {A: null}\n",
		"rule: a\nmust_not_match:\n- event: {}\n  rule: b\n",
		"id: a\ndescription: a\ndate: a\nauthor: a\nrule_metadata:\n  - id: b\n    title: a\nregression_tests_info:\n  - name: n\n    type: evtx\n    provider: a\n    match_count: 1\n    path: c\n",
		"must_match: &a [*a]\n", "must_match:\n  - event: {A: !!int 1}\n---\n", "\xff", "must_match: [{event: {? [a] : b}}]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tests, err := Parse("t", data)
		check(t, data, tests.Cases, err)
		info, err := ParseInfo("t", data)
		check(t, data, info.Cases, err)
	})
}

func check(t *testing.T, data []byte, cases []Case, err error) {
	for _, err := range sigma.Errors(err) {
		e := (*sigma.Error)(nil)
		if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 || e.Found == "" || e.Line > 1+strings.Count(string(data), "\n")+strings.Count(string(data), "\r") {
			t.Errorf("an error without a place in the text: %v", err)
		}
	}
	if err != nil {
		return
	}
	if len(cases) == 0 {
		t.Error("accepted without a test")
	}
	for _, c := range cases {
		if c.Line < 1 || c.Name == "" || c.Count < 0 || c.File.Set() && len(c.Event) > 0 {
			t.Errorf("a test without an event or a place: %+v", c)
		}
	}
}

// FuzzRecorded reads any bytes as recorded events. Each event has its place in the file.
func FuzzRecorded(f *testing.F) {
	for _, seed := range []string{fmt.Sprintf(process, "demo"), "[{}, {\"a\":\n1}]", "{}{}", "[[{}]]", "\xef\xbb\xbf{}", "\x1f\x8b", "ElfFile\x00", "[", "1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rec, err := readRecorded("r", data)
		if err != nil {
			return
		}
		n := 0
		last := sigma.Position{}
		total, err := rec.each(func(p sigma.Position, r *events.Record, err error) {
			n++
			ordered := !bytes.HasPrefix(rec.data, []byte(evtx.Magic)) // a log numbers its records
			if ordered && (p.Line < max(1, last.Line) || p.Line == last.Line && p.Column < last.Column) || (r == nil) == (err == nil) {
				t.Errorf("place %v after %v: %v", p, last, err)
			}
			if err == nil {
				last = p
			}
		})
		if n != total || total == 0 && err == nil {
			t.Errorf("%d events; each returns %d, %v", n, total, err)
		}
	})
}

// wide returns a text of ASCII as UTF-16 with a byte order mark.
func wide(s string) string {
	b := []byte("\xff\xfe")
	for i := range len(s) {
		b = append(b, s[i], 0)
	}
	return string(b)
}
