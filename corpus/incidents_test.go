package corpus

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestIncidents judges the model of each outage with the command cfcheck, which it builds:
// the intended check rejects the content that caused the outage, no other check reports an
// error, and the near miss is accepted. The package imports nothing that judges content, so
// it runs the command like any other user.
func TestIncidents(t *testing.T) {
	command := buildCommand(t)
	modelled := 0
	for _, in := range Incidents() {
		if !in.Modelled() {
			continue
		}
		modelled++
		t.Run(in.Name, func(t *testing.T) {
			bad, near := judge(t, command, in.Args(false)), judge(t, command, in.Args(true))
			if errs := bad.checks("error"); bad.Verdict != "rejected" || !slices.Equal(errs, []string{in.Check}) {
				t.Errorf("cfcheck %s: %s with errors of %v, expected a rejection by %s alone", strings.Join(in.Args(false), " "), bad.Verdict, errs, in.Check)
			}
			t.Logf("%s of %s: %s by %s; the near miss is %s", in.Outage, in.Date, bad.Verdict, strings.Join(bad.checks("error"), ", "), near.Verdict)
			if near.Verdict != "accepted" {
				t.Errorf("cfcheck %s: %s with errors of %v, expected accepted", strings.Join(in.Args(true), " "), near.Verdict, near.checks("error"))
			}
		})
	}
	if modelled < 33 {
		t.Errorf("%d outages have a model, expected at least 33", modelled)
	}
}

// buildCommand builds cmd/cfcheck.
func buildCommand(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("the command go builds the gate: %v", err)
	}
	name := filepath.Join(t.TempDir(), "cfcheck.exe")
	if out, err := exec.Command("go", "build", "-o", name, "../cmd/cfcheck").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return name
}

// A verdict is the part of a report that the test reads.
type verdict struct {
	Verdict string
	Results []struct {
		Findings []struct{ Check, Severity string }
	}
}

// checks returns the IDs of the checks with findings of a severity, sorted.
func (v *verdict) checks(severity string) []string {
	var ids []string
	for _, r := range v.Results {
		for _, f := range r.Findings {
			if f.Severity == severity {
				ids = append(ids, f.Check)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// judge runs the command in the folder of the corpus and reads its report.
func judge(t *testing.T, command string, args []string) *verdict {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(command, slices.Concat(args, []string{"--format", "json", "--now", "2026-11-29"})...)
	cmd.Env = append(os.Environ(), "CFCHECK_FLEET=")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			t.Fatal(err)
		}
	}
	v := new(verdict)
	if err := json.Unmarshal(stdout.Bytes(), v); err != nil {
		t.Fatalf("cfcheck %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return v
}

// TestIncidentsCatalogue checks the texts of all outages, with and without a model.
func TestIncidentsCatalogue(t *testing.T) {
	all := Incidents()
	if len(all) < 44 {
		t.Errorf("%d outages, expected at least 44", len(all))
	}
	years := map[string]int{}
	for _, in := range all {
		years[in.Date[:4]]++
		texts := []string{in.Cause, in.Unseen}
		if in.Modelled() {
			texts = []string{in.Cause, in.Model, in.NearMiss}
			if in.Bad == in.Near && in.BadFleet == in.NearFleet {
				t.Errorf("%s: the near miss is the content that caused the outage", in.Name)
			}
		}
		for _, s := range texts {
			if !strings.HasSuffix(s, ".") || strings.Contains(s, "  ") {
				t.Errorf("%s: %q is not made of sentences", in.Outage, s)
			}
		}
		for _, s := range in.Sources {
			if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
				t.Errorf("%s: source %q is not an address", in.Outage, s)
			}
		}
	}
	if years["2025"] < 4 {
		t.Errorf("%d outages of 2025, expected at least 4", years["2025"])
	}
}

// TestIncidentErrors checks the message for each fault of a text.
func TestIncidentErrors(t *testing.T) {
	const (
		name   = "incidents/2020-01-02-demo/incident.txt"
		good   = "outage: A\ndate: 2020-01-02\ncause: B.\nsource: https://example.org\nmodel: C.\ncheck: CF5003\nfleet: reference\nknown-good: events.ndjson\nbad: bad\nnear: case minimal\nnear-miss: D,\n  E.\n"
		unseen = "outage: F\ndate: 2021-03\ncause: G.\nunseen: H.\n---\noutage: I\ndate: 2021-03\ncause: G.\nunseen: H.\n"
	)
	files := func(text, unseen string) fstest.MapFS {
		return fstest.MapFS{
			name:                                     {Data: []byte(text)},
			"incidents/2020-01-02-demo/bad/rule.yml": {},
			"incidents/2020-01-02-demo/events.ndjson": {},
			unseenFile: {Data: []byte(unseen)},
		}
	}
	all, err := LoadIncidents(FS, files(good, unseen))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 3 || all[0].Name != "2020-01-02-demo" || all[0].NearMiss != "D, E." || all[2].Outage != "I" || all[2].Modelled() {
		t.Fatalf("%+v", all)
	}
	if got, want := strings.Join(all[0].Args(true), " "), "check --fleet reference --known-good incidents/2020-01-02-demo/events.ndjson --no-policy cases/minimal/C-00000291-00000001-00000001.cf"; got != want {
		t.Errorf("arguments %q, expected %q", got, want)
	}
	for _, tt := range []struct{ why, text, unseen, want string }{
		{"an unknown key", good + "extra: x\n", unseen, `unknown key "extra"`},
		{"a key twice", good + "date: 2020-01-02\n", unseen, "date: a second time"},
		{"no colon", good + "words\n", unseen, "expected a key, a colon and a value"},
		{"an empty value", good + "types:\n", unseen, "expected a key, a colon and a value"},
		{"a continuation of nothing", "  x\n" + good, unseen, "there is no such key before it"},
		{"a missing key", strings.Replace(good, "cause: B.\n", "", 1), unseen, name + ":1: the key cause is missing"},
		{"a missing model", strings.Replace(good, "model: C.\n", "", 1), unseen, "the key model is missing"},
		{"no source", strings.Replace(good, "source: https://example.org\n", "", 1), unseen, "the key source is missing"},
		{"a date that is none", strings.Replace(good, "2020-01-02", "2020-13", 1), unseen, `date: "2020-13" (want a day`},
		{"another date than the folder", strings.Replace(good, "2020-01-02", "2020-01-03", 1), unseen, "the name of the folder is the date"},
		{"no ID of a check", strings.Replace(good, "CF5003", "known-good", 1), unseen, `check: "known-good" is not the ID of a check`},
		{"a model and a reason against it", good + "unseen: x.\n", unseen, "an incident in a folder has a model"},
		{"a folder that does not exist", strings.Replace(good, "bad: bad", "bad: worse", 1), unseen, "bad: open incidents/2020-01-02-demo/worse"},
		{"a file that nothing uses", strings.Replace(good, "known-good: events.ndjson\n", "", 1), unseen, "the model does not use incidents/2020-01-02-demo/events.ndjson"},
		{"a case that does not exist", strings.Replace(good, "case minimal", "case maximal", 1), unseen, "near: there is no case maximal"},
		{"no fleet for rules", strings.Replace(good, "fleet: reference\n", "", 1), unseen, "the key fleet is missing, and bad is not a case"},
		{"an unknown fleet", strings.Replace(good, "fleet: reference", "fleet: nobody", 1), unseen, "fleet: open fleets/nobody.json"},
		{"an unknown file of a fleet", strings.Replace(good, "fleet: reference", "fleet: my.json", 1), unseen, "fleet: open incidents/2020-01-02-demo/my.json"},
		{"a case with definitions", strings.Replace(good, "case minimal", "case mixed-text", 1), unseen, "has definitions of its own"},
		{"no reason", good, strings.Replace(unseen, "unseen: H.\n", "", 1), unseenFile + ":1: the key unseen is missing"},
		{"no reason in the second text", good, unseen[:len(unseen)-len("unseen: H.\n")], unseenFile + ":6: the key unseen is missing"},
		{"an outage twice", good, strings.Replace(unseen, "outage: I", "outage: F", 1), "F of 2021-03 is there twice"},
	} {
		if _, err := LoadIncidents(FS, files(tt.text, tt.unseen)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, expected %q", tt.why, err, tt.want)
		}
	}
	extra := files(good, unseen)
	extra["incidents/notes.txt"] = &fstest.MapFile{}
	if _, err := LoadIncidents(FS, extra); err == nil || !strings.Contains(err.Error(), "incidents/notes.txt: a file that belongs to no incident") {
		t.Errorf("a stray file: %v", err)
	}
	if _, err := LoadIncidents(FS, fstest.MapFS{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}
