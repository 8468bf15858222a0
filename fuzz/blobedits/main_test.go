package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/fuzz/internal/blobedits"
)

func TestRun(t *testing.T) {
	samples, err := blobedits.Samples()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	good, bad := filepath.Join(folder, "good.bin"), filepath.Join(folder, "bad.bin")
	for name, data := range map[string][]byte{good: samples[0].Data, bad: samples[0].Data[:100]} {
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		why  string
		args []string
		want int
		text string // part of the output
	}{
		{"samples", []string{"-n", "200"}, exitFine, "changes              200 of 16 blobs"},
		{"a file", []string{"-n", "50", good}, exitFine, "changes              50 of 1 blobs"},
		{"a bad file", []string{bad}, exitFailed, "bad.bin is not acceptable before any change"},
		{"a missing file", []string{bad + "x"}, exitFailed, "bad.binx"},
		{"no change", []string{"-n", "0"}, exitFailed, "found -n 0"},
		{"an unknown flag", []string{"-x"}, exitFailed, "not defined"},
		{"help", []string{"-h"}, exitFine, "-seed"},
	} {
		var stdout, stderr bytes.Buffer
		if got := run(t.Context(), c.args, &stdout, &stderr); got != c.want {
			t.Errorf("%s: status %d; want %d: %s%s", c.why, got, c.want, &stdout, &stderr)
		}
		if out := stdout.String() + stderr.String(); !strings.Contains(out, c.text) {
			t.Errorf("%s: %q is missing in: %s", c.why, c.text, out)
		}
	}
}
