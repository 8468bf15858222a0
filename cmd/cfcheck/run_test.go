package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// interrupted names a variable of the environment. With it this program begins
// to write a file to the folder that it names, and never ends by itself.
const interrupted = "CFCHECK_TEST_INTERRUPTED"

func waitToBeInterrupted(folder string) {
	defer onSignal()()
	if _, err := createTemporary(filepath.Join(folder, "report.txt")); err != nil {
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
	}{{os.Interrupt, 130}, {syscall.SIGTERM, 143}} {
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

// A fault of the gate's own costs the verdict, not the process, and what else
// there is to judge is judged.
func TestRecover(t *testing.T) {
	faulty := &validate.Check{
		ID: "CF9999", Name: "faulty", Doc: "never\n\nNever.", Uses: validate.UsesBytes,
		Run: func(p *validate.Pass) { panic("index out of range") },
	}
	k := &checking{options: validate.Options{Checks: append(slices.Clone(suite.Checks), faulty)}}
	result := k.judge(validate.ChannelFile("C.cf", nil), "")
	if v := result.Verdict(); v != validate.Undecided {
		t.Errorf("%v, expected undecided", v)
	}
	var b strings.Builder
	if err := report.Text(&b, report.NewRun(result)); err != nil {
		t.Fatal(err)
	}
	if want := "undecided C.cf\n          internal error: index out of range; please report it with the file\n"; b.String() != want {
		t.Errorf("%q, expected %q", b.String(), want)
	}
}

// Several files are written, or none is.
func TestWriteFiles(t *testing.T) {
	for _, tt := range []struct {
		why   string
		files []string
		fails bool
		want  map[string]string
	}{
		{"all is well", []string{"a", "b"}, false, map[string]string{"a": "new", "b": "new"}},
		{"the first cannot be begun", []string{"none/a", "b"}, true, map[string]string{"a": "old"}},
		{"the last cannot be begun", []string{"a", "none/b"}, true, map[string]string{"a": "old"}},
		{"what is in the way is a folder", []string{"folder"}, true, map[string]string{"a": "old"}},
		{"nothing to write", nil, false, map[string]string{"a": "old"}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			folder := t.TempDir()
			if err := errors.Join(os.WriteFile(filepath.Join(folder, "a"), []byte("old"), 0o644), os.Mkdir(filepath.Join(folder, "folder"), 0o755)); err != nil {
				t.Fatal(err)
			}
			var files []newFile
			for _, name := range tt.files {
				files = append(files, newFile{filepath.Join(folder, name), []byte("new")})
			}
			if err := writeFiles(files...); (err != nil) != tt.fails {
				t.Error(err)
			}
			have := map[string]string{}
			entries, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if !e.IsDir() {
					data, err := os.ReadFile(filepath.Join(folder, e.Name()))
					if err != nil {
						t.Fatal(err)
					}
					have[e.Name()] = string(data)
				}
			}
			if diff := cmp.Diff(tt.want, have); diff != "" {
				t.Errorf("files (-want +have):\n%s", diff)
			}
			if len(temporaries.names) > 0 {
				t.Errorf("not forgotten: %v", temporaries.names)
			}
		})
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
