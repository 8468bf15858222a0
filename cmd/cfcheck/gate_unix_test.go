//go:build unix

package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestUnreadableGate runs a gate that may be executed and not read.
func TestUnreadableGate(t *testing.T) {
	dir := t.TempDir()
	gate := filepath.Join(dir, "cfcheck") // testscript.Main runs the command of that name
	copyProgram(t, gate)
	credential := &syscall.Credential{Uid: 65534, Gid: 65534}
	if os.Getuid() != 0 {
		credential = nil // the user of the test may not read it either
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile("../../corpus/cases/minimal/C-00000291-00000001-00000001.cf")
	if err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(dir, "C-00000291-00000001-00000001.cf")
	if err := os.WriteFile(good, file, 0o644); err != nil {
		t.Fatal(err)
	}
	const says = "the gate cannot read its own program"
	for _, tt := range []struct {
		args   []string
		status int
		why    string
	}{
		{[]string{"check", "--fleet", "reference", "--format", "json", "--", good}, statusUndecided, "a report as JSON promises the digest of the gate"},
		{[]string{"contract", "check", "--fleet", "reference", "--format", "json"}, statusUndecided, "and so does every other"},
		{[]string{"version"}, statusUndecided, "the digest was asked for"},
		{[]string{"check", "--fleet", "reference", "--", good}, statusAccepted, "a report for a person has no digest; it has a note"},
	} {
		cmd := exec.Command(gate, tt.args...)
		cmd.Dir, cmd.Env = dir, []string{}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
		out, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Skipf("another user cannot run the gate here: %v", err)
		}
		if status := cmd.ProcessState.ExitCode(); status != tt.status {
			t.Errorf("%q: exit status %d, expected %d (%s)\n%s", tt.args, status, tt.status, tt.why, out)
		}
		if !strings.Contains(string(out), says) {
			t.Errorf("%q does not say %q\n%s", tt.args, says, out)
		}
	}
}

// copyProgram copies the program of the test to a file that may only be executed.
func copyProgram(t *testing.T, to string) {
	t.Helper()
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o111)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = io.Copy(f, from); err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
