package report

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/validate"
)

// textOf writes a run as text.
func textOf(t *testing.T, run *Run) string {
	t.Helper()
	var b strings.Builder
	if err := Text(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var control = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// The colours add control sequences and change nothing else.
func TestTextColor(t *testing.T) {
	for _, tt := range runs(t) {
		plain := textOf(t, tt.run)
		tt.run.Color = true
		colored := textOf(t, tt.run)
		if diff := cmp.Diff(plain, control.ReplaceAllString(colored, "")); diff != "" {
			t.Errorf("%s (-plain +in colour):\n%s", tt.name, diff)
		}
		if control.MatchString(plain) || !control.MatchString(colored) {
			t.Errorf("%s: control sequences in plain text, or not in colour:\n%q", tt.name, colored)
		}
		starts, ends := strings.Count(colored, "\x1b["), strings.Count(colored, "\x1b[0m")
		if starts != 2*ends {
			t.Errorf("%s: %d sequences, of which %d end a style", tt.name, starts, ends)
		}
	}
}

// A quiet text has the findings that reject, the reasons why the verdict is undecided, and the
// last line.
func TestTextQuiet(t *testing.T) {
	finding := func(c *validate.Check, message string, old bool) validate.Finding {
		return validate.Finding{Check: c, Message: message, Old: old}
	}
	judged := func(name string, rep validate.Report) Result {
		rep.Subject, rep.Ran = validate.ChannelFile(name, nil), []*validate.Check{first, advice, aside}
		for _, f := range rep.Findings {
			old := 0
			if f.Old {
				old = 1
			}
			rep.Totals = append(rep.Totals, validate.Total{Check: f.Check, Found: 1, Old: old})
		}
		return Judged(&rep, "")
	}
	for _, tt := range []struct {
		why  string
		run  *Run
		want []string
	}{
		{"an accepted file has only the last line", &Run{Remarks: []string{"a remark"}}, nil},
		{"a warning does not reject", NewRun(judged("b.cf", validate.Report{Findings: []validate.Finding{finding(advice, "look", false)}})), nil},
		{"with --fail-on warning it does", NewRun(judged("b.cf", validate.Report{FailOnWarnings: true, Findings: []validate.Finding{finding(advice, "look", false)}})), []string{"b.cf: warning: look [CF9004]"}},
		{"an error rejects", NewRun(judged("b.cf", validate.Report{Findings: []validate.Finding{finding(first, "no", false), finding(aside, "so", false)}})), []string{"b.cf: error: no [CF9001]"}},
		{"an old error does not count", NewRun(judged("b.cf", validate.Report{NewOnly: true, Findings: []validate.Finding{finding(first, "no", true)}})), nil},
		{"an undecided file has its reason", NewRun(judged("b.cf", validate.Report{Undecided: []string{"no fleet"}})), []string{"undecided b.cf: 0 errors, 0 warnings", "    no fleet"}},
		{"a file that was not judged has its reason", NewRun(NotJudged("b.cf", errors.New("gone"))), []string{"b.cf: undecided: gone"}},
	} {
		tt.run.Add(judged("a.cf", validate.Report{}))
		tt.run.Quiet = true
		lines := strings.Split(strings.TrimSuffix(textOf(t, tt.run), "\n"), "\n")
		lines = lines[:len(lines)-1] // the counts
		if diff := cmp.Diff(strings.Join(tt.want, "\n"), strings.Join(lines, "\n")); diff != "" {
			t.Errorf("%s (-want +have):\n%s", tt.why, diff)
		}
	}
}

// New findings come before old ones over all subjects, and errors before warnings.
func TestTextOrder(t *testing.T) {
	subject := func(name string, old bool) Result {
		rep := &validate.Report{Subject: validate.ChannelFile(name, nil), Ran: []*validate.Check{first, advice}}
		for _, c := range []*validate.Check{first, advice} {
			total := validate.Total{Check: c, Found: 1}
			if old {
				total.Old = 1
			}
			rep.Findings = append(rep.Findings, validate.Finding{Check: c, Message: "x", Old: old})
			rep.Totals = append(rep.Totals, total)
		}
		return Judged(rep, "")
	}
	text := textOf(t, NewRun(subject("old.cf", true), subject("a.cf", false), subject("b.cf", false)))
	at := -1
	for _, line := range []string{
		"a.cf: error: x", "b.cf: error: x", "a.cf: warning: x", "b.cf: warning: x",
		"old.cf: error: x [CF9001] (old)", "old.cf: warning: x [CF9004] (old)", "\n\nrejected  old.cf: ", "rejected  a.cf: ", "rejected: 3 errors, 3 warnings in 3 of 3 files; 2 findings old; 3 in all",
	} {
		i := strings.Index(text, line)
		if i <= at {
			t.Errorf("%q is not after the line before it:\n%s", line, text)
		}
		at = i
	}
}

// A file whose name looks like another line, or like a command of a CI runner, starts no such
// line.
func TestTextNames(t *testing.T) {
	for name, want := range map[string]string{
		"rules/a b.yml":         "rules/a b.yml:3:4",
		"accepted  C.cf":        "./accepted  C.cf:3:4",
		"undecided x/a.yml":     "./undecided x/a.yml:3:4",
		"::error::x":            "./::error::x:3:4",
		"##[error]x":            `./#\x23[error]x:3:4`,
		`C:\my rules\a.yml`:     `C:\my rules\a.yml:3:4`,
		`\\server\my rules\a`:   `\\server\my rules\a:3:4`,
		"/tmp/my rules/a.yml":   "/tmp/my rules/a.yml:3:4",
		"a\n::warning::b.yml":   `a\n::warning::b.yml:3:4`,
		"rules/\x1b[31mred.yml": `rules/\x1b[31mred.yml:3:4`,
	} {
		f := validate.Finding{Check: first, Message: "no", Where: validate.Location{Source: validate.Position{Path: name, Line: 3, Column: 4}}}
		at := validate.Position{Path: name, Line: 3, Column: 4}
		text := textOf(t, NewRun(
			Judged(&validate.Report{Subject: validate.Rules("rules (ipc)", nil), Findings: []validate.Finding{f}}, ""),
			NotJudgedAt(at, errors.New("why")),
			Result{Name: "rules (ipc)", LeftOut: []LeftOut{{File: name, Line: 3, Column: 4, Reason: "because"}}},
		))
		for _, line := range []string{want + ": error: no [CF9001]\n", want + ": undecided: why\n", want + ": left out: because\n"} {
			if !strings.Contains("\n"+text, "\n"+line) {
				t.Errorf("%q: expected %q in\n%s", name, line, text)
			}
		}
	}
}
