package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// campaign runs the command.
func campaign(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(context.Background(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func readReport(t *testing.T, name string) *report {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	r := new(report)
	if err := d.Decode(r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestReport checks the report of a campaign without a problem, in both forms.
func TestReport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.json")
	status, out, errs := campaign(t, "-decisions", "4000", "-cores", "2", "-releases", "8", "-seed", "3", "-report", file)
	if status != exitFine {
		t.Fatalf("status %d\n%s%s", status, out, errs)
	}
	r := readReport(t, file)
	if r.Decisions != 4000 || r.Accepted+r.Rejected+r.Undecided != r.Decisions || r.Bound != 3.0/4000 || r.TypeBound <= r.Bound {
		t.Errorf("the figures contradict each other: %+v", r)
	}
	if r.MustAccept < r.Decisions/20 || r.MustAccept > r.Accepted {
		t.Errorf("%d decisions must accept; %d of %d accepted", r.MustAccept, r.Accepted, r.Decisions)
	}
	var ofKinds uint64
	for _, k := range r.Kinds {
		ofKinds += k.Decisions
	}
	if ofKinds != r.Decisions || len(r.Kinds) != generate.NumKinds {
		t.Errorf("%d decisions on files of %d kinds; want all", ofKinds, len(r.Kinds))
	}
	if len(r.Checks)+len(r.NeverHit) != len(suite.Checks) || len(r.Digests) != 2 {
		t.Errorf("%d checks hit, %d not, of %d; %d digests", len(r.Checks), len(r.NeverHit), len(suite.Checks), len(r.Digests))
	}
	for _, want := range []string{
		"decisions          4,000:", "answers compared with the reference", "Sysmon             ", "never  ", "escapes            0\n", "disagreements      0\n", "false rejections   0 of ",
		"bound              below 0.00075 of such decisions", "CF3001 inputs-supplied",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the text has no %q:\n%s", want, out)
		}
	}
}

// TestDeterminism checks that a seed and a number of cores always give the same decisions, and
// that another seed gives others.
func TestDeterminism(t *testing.T) {
	figures := func(seed string) *report {
		file := filepath.Join(t.TempDir(), "report.json")
		if status, out, errs := campaign(t, "-decisions", "3000", "-cores", "2", "-seed", seed, "-report", file); status != exitFine {
			t.Fatalf("status %d\n%s%s", status, out, errs)
		}
		r := readReport(t, file)
		r.Seconds, r.CPUSeconds, r.CoreHours, r.PerSecond, r.PerSecondCore, r.PerCPUSecond = 0, 0, 0, 0, 0, 0
		return r
	}
	encode := func(r *report) string {
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	first := figures("5")
	if again := figures("5"); encode(again) != encode(first) {
		t.Errorf("two runs of one seed differ:\n%s\n%s", encode(first), encode(again))
	}
	other := figures("6")
	if slices.Equal(first.Digests, other.Digests) {
		t.Error("two seeds make the same decisions")
	}
	if first.Digests[0] == first.Digests[1] {
		t.Error("two cores make the same decisions")
	}
}

// without disables some checks for the duration of a test.
func without(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		c := suite.ByID(id)
		run := c.Run
		t.Cleanup(func() { c.Run = run })
		c.Run = func(*validate.Pass) {}
	}
}

// TestEscape checks that a campaign ends at the first escape with a small case, which can be
// replayed.
func TestEscape(t *testing.T) {
	// The gate's self-test notices if CF3001 or CF3002 is missing. It has no content for the
	// other checks.
	without(t, "CF3003", "CF5001")
	folder := filepath.Join(t.TempDir(), "case")
	file := filepath.Join(t.TempDir(), "report.json")
	// A mistyped input can also make the sensors match different instances, which is a
	// disagreement. With this seed the first problem is an escape.
	status, out, errs := campaign(t, "-decisions", "100000", "-cores", "1", "-seed", "5", "-cases", folder, "-report", file)
	if status != exitProblem || !strings.Contains(out, "FAILED: escape on build") {
		t.Fatalf("status %d; want an escape\n%s%s", status, out, errs)
	}
	r := readReport(t, file)
	if r.Escapes != 1 || r.Bound != 0 || r.Problem == nil || r.Problem.Kind != "escape" || r.Problem.Decision != r.Decisions {
		t.Errorf("the report has %+v, %+v", r, r.Problem)
	}
	fleet, err := os.ReadFile(filepath.Join(folder, caseFleet))
	if err != nil {
		t.Fatal(err)
	}
	if f, err := sensor.ReadFleet(caseFleet, fleet); err != nil || len(f.Contracts) != 1 {
		t.Errorf("the fleet of the case has %d builds, %v; want one", len(f.Contracts), err)
	}
	data, err := os.ReadFile(filepath.Join(folder, caseFile))
	if err != nil {
		t.Fatal(err)
	}
	if f, err := channelfile.Parse(data); err != nil || f.Instances() != 1 {
		t.Errorf("the file of the case has %d instances, %v; want one", f.Instances(), err)
	}
	status, out, errs = campaign(t, "-replay", folder)
	if status != exitProblem || !strings.Contains(out, "model sensor: ") {
		t.Errorf("judged again: status %d\n%s%s", status, out, errs)
	}
}

// TestReplayFixed checks the output for a case whose problem is fixed.
func TestReplayFixed(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "case")
	t.Run("found", func(t *testing.T) {
		without(t, "CF3010")
		if status, out, errs := campaign(t, "-decisions", "100000", "-cores", "1", "-cases", folder); status != exitProblem {
			t.Fatalf("status %d; want an escape\n%s%s", status, out, errs)
		}
	})
	status, out, errs := campaign(t, "-replay", folder)
	if status != exitFine || !strings.Contains(out, "rejected, without a problem") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}

// TestReleaseProblem checks that a campaign ends at the first disagreement about a release with
// a small case, which can be replayed.
func TestReleaseProblem(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "case")
	t.Run("found", func(t *testing.T) {
		without(t, "CF6003")
		status, out, errs := campaign(t, "-decisions", "100000", "-cores", "1", "-releases", "1", "-cases", folder)
		if status != exitProblem || !strings.Contains(out, "FAILED: disagreement: CF6003 has 0 findings (want 1)") {
			t.Fatalf("status %d; want a disagreement\n%s%s", status, out, errs)
		}
		status, out, errs = campaign(t, "-replay", folder)
		if status != exitProblem || !strings.Contains(out, "CF6003 has 0 findings (want 1)") || !strings.Contains(out, "instance 1 of the previous content: ") {
			t.Errorf("judged again: status %d\n%s%s", status, out, errs)
		}
		data, err := os.ReadFile(filepath.Join(folder, casePrevious))
		if err != nil {
			t.Fatal(err)
		}
		if f, err := channelfile.Parse(data); err != nil || f.Instances() > 5 {
			t.Errorf("the previous content of the case has %d instances, %v; want few", f.Instances(), err)
		}
	})
	if status, out, errs := campaign(t, "-replay", folder); status != exitFine || !strings.Contains(out, "the gate agrees with the reference") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}

// TestSysmonProblem checks that a campaign ends at the first disagreement about a configuration of
// Sysmon with a small case, which can be replayed.
func TestSysmonProblem(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "case")
	t.Run("found", func(t *testing.T) {
		c := suite.ByID("CF8312")
		run := c.Run
		t.Cleanup(func() { c.Run = run })
		c.Run = suite.ByID("CF8311").Run // its includes match events, which are dropped then
		status, out, errs := campaign(t, "-decisions", "100000", "-cores", "1", "-sysmon", "1", "-cases", folder)
		if status != exitProblem || !strings.Contains(out, "FAILED: disagreement on build Sysmon 1") || !strings.Contains(out, "CF8312") {
			t.Fatalf("status %d; want a disagreement\n%s%s", status, out, errs)
		}
		text, err := os.ReadFile(filepath.Join(folder, caseForeign))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > 12 {
			t.Errorf("the configuration of the case has %d lines; want few\n%s", n, text)
		}
		if status, out, errs = campaign(t, "-replay", folder); status != exitProblem || !strings.Contains(out, "CF8312") {
			t.Errorf("judged again: status %d\n%s%s", status, out, errs)
		}
	})
	if status, out, errs := campaign(t, "-replay", folder); status != exitFine || !strings.Contains(out, "the gate agrees with the model of Sysmon") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}

// TestBrokenGate checks that a gate that fails its self-test is not used.
func TestBrokenGate(t *testing.T) {
	without(t, "CF1031")
	if status, _, errs := campaign(t, "-decisions", "1"); status != exitFailed || !strings.Contains(errs, "self-test failed") {
		t.Errorf("status %d, %q", status, errs)
	}
}

func TestFlags(t *testing.T) {
	for _, tt := range []struct {
		why    string
		args   []string
		status int
		says   string
	}{
		{"help is not an error", []string{"-h"}, exitFine, "-decisions"},
		{"an unknown flag", []string{"-what"}, exitFailed, "not defined"},
		{"an argument", []string{"file.cf"}, exitFailed, "want only flags"},
		{"no cores", []string{"-cores", "0"}, exitFailed, "at least 1"},
		{"no case to judge again", []string{"-replay", filepath.Join(t.TempDir(), "none")}, exitFailed, caseFile},
	} {
		status, _, errs := campaign(t, tt.args...)
		if status != tt.status || !strings.Contains(errs, tt.says) {
			t.Errorf("%s: status %d, %q; expected %d and %q", tt.why, status, errs, tt.status, tt.says)
		}
	}
}

// TestSmallScope checks that a small scope that was not judged completely is no success.
// Judging it completely takes too long for a test.
func TestSmallScope(t *testing.T) {
	status, out, errs := campaign(t, "-small-scope", "-decisions", "3000", "-cores", "2")
	if status != exitProblem || !strings.Contains(out, "FAILED: part 2 of 2 of the small scope was not finished") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}

// TestTimeAndSignal checks that a campaign ends when its time is up and when it gets a signal.
func TestTimeAndSignal(t *testing.T) {
	if status, out, errs := campaign(t, "-time", "100ms", "-cores", "1"); status != exitFine || !strings.Contains(out, "escapes            0") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	if status, out, errs := campaign(t, "-time", "100ms", "-cores", "1", "-decisions", "1000000000"); status != exitProblem || !strings.Contains(out, "of 1,000,000,000 decisions") {
		t.Errorf("fewer decisions than requested: status %d\n%s%s", status, out, errs)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	var out, errs bytes.Buffer
	if status := run(ctx, []string{"-time", "1h", "-cores", "1"}, &out, &errs); status != exitFine || !strings.Contains(out.String(), "escapes            0") {
		t.Errorf("status %d\n%s%s", status, out.String(), errs.String())
	}
}

var update = flag.Bool("update", false, "write the figures of testdata/report.json to docs/fuzzing.md")

// TestFigures checks that docs/fuzzing.md has the figures of the published campaign. To
// publish another one, run
//
//	go run ./fuzz/campaign -seed 2026 -decisions 105000000 -report fuzz/campaign/testdata/report.json
//	go test ./fuzz/campaign -run Figures -update
func TestFigures(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("..", "..", "docs", "fuzzing.md")
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), figuresStart)
	figures, after, ok2 := strings.Cut(rest, figuresEnd)
	if !ok || !ok2 {
		t.Fatalf("%s does not have the lines %q and %q", name, figuresStart, figuresEnd)
	}
	want := r.markdown()
	if *update {
		if err := os.WriteFile(name, []byte(before+figuresStart+want+figuresEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if figures != want {
		t.Errorf("%s has the figures\n%s\nwant (go test ./fuzz/campaign -run Figures -update)\n%s", name, figures, want)
	}
}
