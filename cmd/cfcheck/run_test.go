package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/cfcheck/cfcheck/internal/scratch"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// interrupted names a variable of the environment. With it this program begins
// to write a file to the folder that it names, and never ends by itself.
const interrupted = "CFCHECK_TEST_INTERRUPTED"

func waitToBeInterrupted(folder string) {
	defer onSignal()()
	if _, err := scratch.CreateIn(folder, "report.txt", 0o666); err != nil {
		panic(err)
	}
	fmt.Println("ready")
	select {}
}

// A signal ends the command with the status that it has for a shell, and what
// was half written is gone.
func TestSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows sends no SIGINT or SIGTERM to a process: what the test is about does not exist there")
	}
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

// A run that nohup started goes on where the terminal is closed.
func TestIgnoredSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows sends no SIGHUP to a process, so there is nothing to ignore")
	}
	folder := t.TempDir()
	cmd := exec.Command("sh", "-c", `trap "" HUP; exec "$0"`, os.Args[0])
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
	// The second signal ends it. If the first had, the status would be 129.
	if err := errors.Join(cmd.Process.Signal(syscall.SIGHUP), cmd.Process.Signal(syscall.SIGTERM)); err != nil {
		t.Fatal(err)
	}
	if exit, ok := errors.AsType[*exec.ExitError](cmd.Wait()); !ok || exit.ExitCode() != 143 {
		t.Errorf("%v, expected exit status 143", exit)
	}
}

// A fault of the gate's own costs the verdict, not the process, and what else
// there is to judge is judged.
func TestRecover(t *testing.T) {
	faulty := &validate.Check{
		ID: "CF9999", Name: "faulty", Doc: "never\n\nNever.", Uses: validate.UsesBytes,
		Run: func(p *validate.Pass) { panic("index out of range") },
	}
	k := &checking{options: validate.Options{Checks: append(slices.Clone(suite.Checks), faulty)}}
	results := k.judge(validate.ChannelFile("C.cf", nil), "")
	if v := results[0].Verdict(); v != validate.Undecided {
		t.Errorf("%v, expected undecided", v)
	}
	var b strings.Builder
	if err := report.Text(&b, report.NewRun(results...)); err != nil {
		t.Fatal(err)
	}
	if want := "undecided C.cf\n          internal error: index out of range; please report it with the file\n"; b.String() != want {
		t.Errorf("%q, expected %q", b.String(), want)
	}
}

// Lines are counted as package sigma counts them, which names them.
func TestLines(t *testing.T) {
	name := filepath.Join(t.TempDir(), "rule.yml")
	if err := os.WriteFile(name, []byte("\ufeffone\r\ntwo\rthree\n\nfive"), 0o644); err != nil {
		t.Fatal(err)
	}
	l := new(lines)
	for i, want := range []string{"one", "two", "three", "", "five"} {
		if have, ok := l.get(name, i+1); have != want || !ok {
			t.Errorf("line %d is %q, %v; expected %q", i+1, have, ok, want)
		}
	}
	for _, n := range []int{-1, 0, 6} {
		if have, ok := l.get(name, n); ok {
			t.Errorf("line %d is %q, expected none", n, have)
		}
	}
	for _, path := range []string{"", "missing.yml", t.TempDir(), os.DevNull} {
		if have, ok := l.get(path, 1); ok {
			t.Errorf("the first line of %q is %q, expected none", path, have)
		}
	}
}
