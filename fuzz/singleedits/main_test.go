package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/fuzz/internal/edits"
)

// singleEdits runs the command.
func singleEdits(t *testing.T, ctx context.Context, meaning func(*channelfile.File) string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(ctx, args, &out, &errs, meaning)
	return status, out.String(), errs.String()
}

// blind ignores the revision of a file.
func blind(f *channelfile.File) string {
	seen := *f
	seen.Header.Revision = 0
	return edits.Meaning(&seen)
}

func TestRun(t *testing.T) {
	canary := "../../validate/suite/canary/good.cf"
	for _, c := range []struct {
		why     string
		meaning func(*channelfile.File) string
		args    []string
		status  int
		want    []string // parts of the output
	}{
		{
			"the canary alone", edits.Meaning, []string{"-only", "canary/good.cf", canary}, exitFine,
			[]string{"files        1 with 472 bytes, 1 of them kept\nchanges ", "\nsilent       0\n", "\nfaulty       0\n", "digests and size repaired ", "one bit flipped                  3,776 "},
		},
		{
			"some bytes of all files", edits.Meaning, []string{"-positions", "2", "-cores", "2"}, exitFine,
			[]string{"on 2 cores\n", "were changed at some bytes only\n"},
		},
		{
			"a judge that ignores the revision", blind, []string{"-only", "minimal", "-silent", "SILENT"}, exitProblem,
			[]string{"FAILED: ", ", one bit flipped: bit 0 of byte 0x10, digests repaired, is silent: it says the same ", "\nthe mutant is in "},
		},
		{"a name that no file has", edits.Meaning, []string{"-only", "no such file"}, exitFailed, []string{`singleedits: no file has a name that contains "no such file"`}},
		{"a file that is not there", edits.Meaning, []string{"no-such-file.cf"}, exitFailed, []string{"singleedits: open no-such-file.cf: "}},
		{"no core", edits.Meaning, []string{"-cores", "0"}, exitFailed, []string{"singleedits: found -cores 0"}},
		{"an unknown flag", edits.Meaning, []string{"-seed", "1"}, exitFailed, []string{"flag provided but not defined"}},
		{"help", edits.Meaning, []string{"-h"}, exitFine, []string{"-positions"}},
	} {
		silent := filepath.Join(t.TempDir(), "silent.cf")
		for i, arg := range c.args {
			c.args[i] = strings.ReplaceAll(arg, "SILENT", silent)
		}
		status, out, errs := singleEdits(t, t.Context(), c.meaning, c.args...)
		if status != c.status {
			t.Errorf("%s: status %d; expected %d\n%s%s", c.why, status, c.status, out, errs)
		}
		for _, want := range c.want {
			if !strings.Contains(out+errs, want) {
				t.Errorf("%s: the output has no %q:\n%s%s", c.why, want, out, errs)
			}
		}
		data, err := os.ReadFile(silent)
		if found := err == nil; found != (c.status == exitProblem) {
			t.Errorf("%s: there is a silent mutant in a file: %v", c.why, found)
		} else if f, err := channelfile.Parse(data); found && (err != nil || f.Conformance() != 0) {
			t.Errorf("%s: the mutant in the file is not silent: %v", c.why, err)
		}
	}
}

// A stopped run prints the figures so far, and its status says that they are incomplete.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	status, out, errs := singleEdits(t, ctx, edits.Meaning)
	if status != exitFailed || !strings.Contains(out, "changes      0\n") || !strings.Contains(errs, "singleedits: stopped after 0 of ") {
		t.Errorf("status %d, %q, %q", status, out, errs)
	}
}
