//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/workload"
)

// The exit statuses of the command.
const (
	accepted  = 0
	rejected  = 1
	undecided = 2
)

// An env is the environment of all trials.
type env struct {
	dir    string // folder of all trials
	folder string // folder of the current trial
	short  bool
	files  int // number of files in the trial with very many files

	gate string // path of the built command
	good string // a channel file that is accepted
	bad  string // a channel file that is rejected
	// fleet and types are the documents with which both files are judged.
	fleet, types string
}

// newEnv builds the command and writes the files that most trials use.
func newEnv(dir string, short bool) (*env, error) {
	e := &env{dir: dir, short: short, gate: filepath.Join(dir, "cfcheck.exe")}
	if err := buildGate(e.gate, nil); err != nil {
		return nil, err
	}
	f, err := workload.WriteFiles(dir, 100)
	if err != nil {
		return nil, err
	}
	e.good, e.fleet, e.types = f.Content, f.Fleet, f.Types
	bad, err := os.ReadFile(e.good)
	if err != nil {
		return nil, err
	}
	bad[len(bad)-1] ^= 1
	header := workload.Header
	header.Revision = 2
	e.bad = filepath.Join(dir, channelfile.FileName(header))
	if err := os.WriteFile(e.bad, bad, 0o644); err != nil {
		return nil, err
	}
	return e, nil
}

// buildGate builds the command. An overlay replaces or adds source files.
func buildGate(to string, flags []string, environ ...string) error {
	args := append([]string{"build", "-o", to}, flags...)
	cmd := exec.Command("go", append(args, "github.com/cfcheck/cfcheck/cmd/cfcheck")...)
	cmd.Env = append(os.Environ(), environ...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %v: %w\n%s", cmd.Args[1:], err, out)
	}
	return nil
}

// pick returns the size of a trial: short in a short run, else whole.
func pick[T any](e *env, whole, short T) T {
	if e.short {
		return short
	}
	return whole
}

// at returns the path of a file in the folder of the current trial.
func (e *env) at(name string) string { return filepath.Join(e.folder, name) }

// check returns the arguments for a check of paths.
func (e *env) check(more ...string) []string {
	return append([]string{"check", "--fleet", e.fleet, "--types", e.types}, more...)
}

// A process is one run of the command.
type process struct {
	args []string
	// Command that starts the process, such as strace with its flags. nil means
	// that the process is started directly.
	wrapper []string
	env     []string // nil means the environment of this process
	dir     string
	stdout  io.Writer // nil means that the output is kept
	timeout time.Duration
	attr    *syscall.SysProcAttr
}

// An ending is the way in which a process ended.
type ending struct {
	status         int // 128 plus the number of the signal if a signal killed it
	stdout, stderr string
	took, cpu      time.Duration // elapsed time and processor time
	memory         int64         // largest resident set, in bytes
}

func (x ending) String() string {
	s := fmt.Sprintf("status %d", x.status)
	if x.stderr != "" {
		first, _, _ := strings.Cut(x.stderr, "\n")
		s += ": " + first
	}
	return s
}

// start runs the gate and waits for its end. A run that takes longer than its
// timeout fails the trial.
func (e *env) start(p process) (ending, error) {
	timeout := p.timeout
	if timeout == 0 {
		timeout = time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	args := append(append([]string(nil), p.wrapper...), e.gate)
	args = append(args, p.args...)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env, cmd.Dir, cmd.SysProcAttr = p.env, p.dir, p.attr
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if p.stdout != nil {
		cmd.Stdout = p.stdout
	}
	begin := time.Now()
	err := cmd.Run()
	x := ending{stdout: stdout.String(), stderr: stderr.String(), took: time.Since(begin)}
	if ctx.Err() != nil {
		return x, fmt.Errorf("%v was still running after %v", p.args, timeout)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return x, err
	}
	x.status = statusOf(cmd.ProcessState)
	x.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	x.memory = memoryOf(cmd.ProcessState)
	return x, nil
}

// expect runs the gate and returns an error unless it ends with one of the
// statuses.
func (e *env) expect(p process, statuses ...int) (ending, error) {
	x, err := e.start(p)
	if err != nil {
		return x, err
	}
	for _, s := range statuses {
		if x.status == s {
			return x, nil
		}
	}
	return x, fmt.Errorf("%v: %v; expected status %v", p.args, x, statuses)
}

// A verdict is the part of a JSON report that trials check.
type verdict struct {
	Verdict string
	Results []struct {
		Name    string
		Verdict string
		Digest  string `json:"sha256"`
	}
}

// readVerdict reads a JSON report. It fails if the report is cut short.
func readVerdict(data []byte) (verdict, error) {
	var v verdict
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&v); err != nil {
		return v, fmt.Errorf("the report is not whole: %w", err)
	}
	if v.Verdict == "" {
		return v, errors.New("the report has no verdict")
	}
	if _, err := d.Token(); err != io.EOF {
		return v, errors.New("something follows the report")
	}
	return v, nil
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// leftovers returns the unexpected files in a folder.
func leftovers(folder string, expected ...string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var left []string
next:
	for _, entry := range entries {
		for _, name := range expected {
			if entry.Name() == name {
				continue next
			}
		}
		left = append(left, entry.Name())
	}
	return left, nil
}

func megabytes(n int64) string { return fmt.Sprintf("%d MiB", (n+1<<19)>>20) }
