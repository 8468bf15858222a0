package report

import (
	"bytes"
	"cmp"
	"errors"
	"strings"
	"testing"
)

// TestReadStoredRefuses tests the documents that are no stored report.
func TestReadStoredRefuses(t *testing.T) {
	const head = `{"schema": "cfcheck.report/v0", "gate": {"version": "1"}, "results": [`
	tests := []struct{ name, doc, want string }{
		{"empty", ``, "not a report"},
		{"cut off", head, "not a report"},
		{"another type", `[]`, "not a report"},
		{"another schema", `{"schema": "cfcheck.report/v9"}`, `the schema is "cfcheck.report/v9"`},
		{"no results", head + `]}`, "no results"},
		{"no verdict", head + `{"name": "a"}]}`, `results[0]: unknown verdict ""`},
		{"two reports", head + `{"name": "a", "verdict": "accepted"}]} {}`, "text after the report"},
	}
	for _, tt := range tests {
		if _, err := ReadStored(strings.NewReader(tt.doc)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, expected %q", tt.name, err, tt.want)
		}
	}
}

// TestBacktestVerdicts compares pairs of verdicts. The subjects have no bytes, so their names
// pair them.
func TestBacktestVerdicts(t *testing.T) {
	var doubtful bytes.Buffer
	if err := JSON(&doubtful, NewRun(NotJudged("out/a.cf", errors.New("no bytes")))); err != nil {
		t.Fatal(err)
	}
	undecided, err := ReadStored(&doubtful)
	if err != nil {
		t.Fatal(err)
	}
	doc := func(verdict, more string) *Stored {
		s, err := ReadStored(strings.NewReader(`{"schema": "cfcheck.report/v0", "results": [{"name": "x\\a.cf", "verdict": "` + verdict + `"` + more + `}]}`))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	tests := []struct {
		name       string
		before     *Stored
		now        *tried
		rejections string // checks of the new rejection
		accepted   string // checks of the new acceptance
		problem    string
	}{
		{"both undecided", undecided, &tried{verdict: "undecided", reasons: []string{"why"}}, "", "", "a.cf is undecided, it was undecided: why"},
		{"undecided now", doc("accepted", ""), &tried{verdict: "undecided"}, "", "", "no reason is known"},
		{"as before", doc("accepted", ""), &tried{verdict: "accepted"}, "", "", ""},
		{"still rejected, by another check", doc("rejected", ""), &tried{verdict: "rejected"}, "", "", ""},
		{"rejected now", doc("accepted", ""), &tried{verdict: "rejected", checks: map[string]flipCheck{"CF2001": {id: "CF2001"}, "CF1001": {id: "CF1001"}}}, "CF1001 CF2001", "", ""},
		{"accepted now", doc("rejected", `, "findings": [{"check": "CF4001", "severity": "warning"}, {"check": "CF3001", "severity": "error"}]`), &tried{verdict: "accepted"}, "", "CF3001", ""},
		{"accepted now, was rejected for a warning", doc("rejected", `, "findings": [{"check": "CF4001", "severity": "warning"}, {"check": "CF6007", "severity": "note"}]`), &tried{verdict: "accepted"}, "", "CF4001", ""},
		{"accepted now, was undecided", undecided, &tried{verdict: "accepted"}, "", "no check", ""},
		{"unread by every build, twice", doc("undecided", `, "unread": true`), &tried{verdict: unread}, "", "", ""},
		{"unread now", doc("accepted", ""), &tried{verdict: unread}, "", "", "not read by any build of the fleet, it was accepted"},
		{"read now", doc("undecided", `, "unread": true`), &tried{verdict: "accepted"}, "", "no check", ""},
	}
	for _, tt := range tests {
		b := &Backtest{releases: []backtestRelease{{name: "1"}}}
		tt.now.name = "1/a.cf"
		b.compare(&b.releases[0], tt.before.subjects["a.cf"], tt.now)
		for _, list := range []struct {
			flips []flip
			want  string
		}{{b.rejections, tt.rejections}, {b.accepted, tt.accepted}} {
			var have []string
			for _, f := range list.flips {
				for _, c := range f.checks {
					have = append(have, cmp.Or(c.id, "no check"))
				}
			}
			if strings.Join(have, " ") != list.want {
				t.Errorf("%s: flips by %q, expected %q", tt.name, have, list.want)
			}
		}
		rejections, acceptances := b.Flips()
		status := 0
		switch problems := strings.Join(b.releases[0].problems, "\n"); {
		case tt.problem != "" && !strings.Contains(problems, tt.problem), tt.problem == "" && problems != "":
			t.Errorf("%s: problems %q, expected %q", tt.name, problems, tt.problem)
		case tt.problem != "":
			status = 2
		case rejections+acceptances > 0:
			status = 1
		}
		if b.ExitStatus() != status {
			t.Errorf("%s: exit status %d, expected %d", tt.name, b.ExitStatus(), status)
		}
	}
	if (&Backtest{}).ExitStatus() != 2 {
		t.Error("a backtest without releases does not exit with 2")
	}
}
