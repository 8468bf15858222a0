package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/longtest"
)

// TestMemoryOfHostileRules: a run of rules that would take gigabytes ends
// undecided, in less than 512 MiB; one that is just within the budget takes no
// more.
func TestMemoryOfHostileRules(t *testing.T) {
	if testing.Short() {
		t.Skip("runs until the budget of compilation is spent, too slow for -short; go test without -short runs it")
	}
	if gatetest.RaceDetector {
		t.Skip("the race detector multiplies the memory of a process; the tests without it hold the limit")
	}
	folder := t.TempDir()
	values := "A:\n"
	for i := range 250 {
		values += fmt.Sprintf("- 'value %d'\n", i)
	}
	if err := os.WriteFile(filepath.Join(folder, "values.yml"), []byte(values), 0o644); err != nil {
		t.Fatal(err)
	}
	write := func(name string, files int, selection string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range files {
			text := fmt.Sprintf("title: Rule %d\nid: 5a0c1d2e-000a-4000-8000-cfc0cfc%05d\nlogsource: {product: windows, category: process_creation}\ndetection:\n  s:\n%s\n  condition: s\n",
				i, i, strings.ReplaceAll(selection, "NN", fmt.Sprintf("%02d", i)))
			if err := os.WriteFile(filepath.Join(folder, name, fmt.Sprintf("%d.yml", i)), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	const within = "dashes in 16 files, which the budget has room for"
	const dashes = "    CommandLine|windash: ['NN1 -a -b -c -d -e -f', 'NN2 -a -b -c -d -e -f', 'NN3 -a -b -c -d -e -f', 'NN4 -a -b -c -d -e -f']"
	write("windash", 64, dashes)
	write("within", 16, dashes)
	write("placeholders", 16, "    CommandLine|expand: '%A%NN%A%'\n    Image|expand: '%A% NN %A%'")
	for _, tt := range []struct {
		why, rules string
		status     int
	}{
		{"dashes in 64 files", "windash", statusUndecided},
		{within, "within", statusAccepted},
		{"placeholders in 16 files", "placeholders", statusUndecided},
	} {
		if tt.why != within && !longtest.Enabled() {
			continue // the others take no more, and the script rules_budget runs one like them
		}
		cmd := exec.Command("cfcheck", "check", "--fleet", "reference", "--now", "2026-11-29", "--placeholders", "values.yml", tt.rules)
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
			t.Fatal(err)
		} else if got := cmd.ProcessState.ExitCode(); got != tt.status {
			t.Errorf("%s: exit status %d, expected %d (%v)\n%s", tt.why, got, tt.status, exit, out)
		}
		if budget := strings.Contains(string(out), "compiling the rules of this run takes more than"); budget != (tt.status == statusUndecided) {
			t.Errorf("%s: it says that the budget is spent: %t\n%s", tt.why, budget, out)
		}
		rss := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
		t.Logf("%s: %d MiB, %v of processor time", tt.why, rss, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		if rss >= 512 {
			t.Errorf("%s: the run took %d MiB; want less than 512", tt.why, rss)
		}
	}
}
