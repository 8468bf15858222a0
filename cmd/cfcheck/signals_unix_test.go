//go:build unix

package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
)

// A signal ends the command with the status that it has for a shell, and removes
// half-written files.
func TestSignals(t *testing.T) {
	for _, tt := range []struct {
		signal os.Signal
		status int
	}{{os.Interrupt, 130}, {syscall.SIGTERM, 143}, {syscall.SIGHUP, 129}} {
		if signal.Ignored(tt.signal) {
			t.Logf("%v is ignored in the test's own process, as in the background of a script, and so in its children", tt.signal)
			continue
		}
		folder := t.TempDir()
		cmd := exec.Command(os.Args[0])
		startInterrupted(t, cmd, folder)
		if there, _ := os.ReadDir(folder); len(there) != 1 {
			t.Fatalf("nothing was begun: %v", there)
		}
		if err := cmd.Process.Signal(tt.signal); err != nil {
			t.Fatal(err)
		}
		exit, ok := errors.AsType[*exec.ExitError](cmd.Wait())
		if !ok || exit.ExitCode() != tt.status {
			t.Errorf("%v: %v, expected exit status %d", tt.signal, exit, tt.status)
		}
		if left, _ := os.ReadDir(folder); len(left) != 0 {
			t.Errorf("%v leaves %v", tt.signal, left)
		}
	}
}

// startInterrupted starts a command that waits for signals, and returns when it is
// ready. The command has temporary files in a folder.
func startInterrupted(t *testing.T, cmd *exec.Cmd, folder string) {
	t.Helper()
	cmd.Env = append(os.Environ(), interrupted+"="+folder)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
}

// A run that nohup started goes on after the terminal is closed.
func TestIgnoredSignal(t *testing.T) {
	folder := t.TempDir()
	cmd := exec.Command("sh", "-c", `trap "" HUP; exec "$0"`, os.Args[0])
	startInterrupted(t, cmd, folder)
	// The second signal ends it. If the first had, the status would be 129.
	if err := errors.Join(cmd.Process.Signal(syscall.SIGHUP), cmd.Process.Signal(syscall.SIGTERM)); err != nil {
		t.Fatal(err)
	}
	if exit, ok := errors.AsType[*exec.ExitError](cmd.Wait()); !ok || exit.ExitCode() != 143 {
		t.Errorf("%v, expected exit status 143", exit)
	}
}
