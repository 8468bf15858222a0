package main

import (
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/manual"
)

// TestManualPages formats the pages of all commands, where groff is installed. It warns of each
// request that it does not know.
func TestManualPages(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed, so no program formats the pages")
	}
	c := &command{stdout: io.Discard, stderr: io.Discard}
	pages := manual.Pages(c.root())
	if len(pages) < 40 {
		t.Errorf("%d pages; expected at least 40", len(pages))
	}
	var all strings.Builder
	for _, p := range pages {
		all.WriteString(p.Text)
	}
	cmd := exec.Command(groff, "-man", "-Tascii", "-ww", "-P-cbou")
	cmd.Stdin = strings.NewReader(all.String())
	var shown, said strings.Builder
	cmd.Stdout, cmd.Stderr = &shown, &said
	if err := cmd.Run(); err != nil || said.Len() > 0 {
		t.Errorf("%v: %s", err, said.String())
	}
	for _, want := range []string{"CFCHECK-CHECK(1)", "--out file", "cfcheck check --fleet fleet.json"} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("no page shows %q", want)
		}
	}
}
