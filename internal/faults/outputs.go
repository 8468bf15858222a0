//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

func outputTrials() []trial {
	return []trial{
		{"L5", "INT, TERM, HUP and KILL at random moments of check, build and observe", "outputs are absent, or complete and of this run; a set is never mixed; inputs stay; after INT, TERM and HUP the status is 130, 143 or 129 and no temporary file is left", (*env).kills},
		{"L6", "a full disk at every block of the report, and /dev/full as standard output", "status 2; the output is absent, or complete", (*env).fullDisk},
		{"L7", "each system call for files fails once, at each of its occurrences", "another status than 0, or complete outputs", (*env).failingCalls},
		{"L11", "64 runs at once that write to one path", "each run ends with its status; the report is complete and of one run", (*env).manyWriters},
		{"L15", "standard output is closed, at once or by its reader", "status 2, or the end by SIGPIPE; facts are absent or complete", (*env).closedOutput},
	}
}

// oldReport is a report of an earlier run.
var oldReport = []byte(`{"verdict": "accepted", "old": true}`)

// A scene is a kind of run that is killed, with its inputs and outputs.
type scene struct {
	name string
	// arguments returns the arguments of the n-th run, in the folder of the
	// scene.
	arguments func(n int) []string
	folder    string
	// judge checks the outputs of the n-th run.
	judge  func(n int, status int, killed bool) error
	inputs map[string][]byte
}

func (e *env) kills() (string, error) {
	scenes, err := e.scenes()
	if err != nil {
		return "", err
	}
	n := pick(e, 1000, 60)
	r := rand.New(rand.NewPCG(1, 2))
	var whole [3]time.Duration // durations of runs that are not killed
	for i, s := range scenes {
		start := time.Now()
		if _, err := e.killed(s, 0, 0, time.Minute); err != nil {
			return "", fmt.Errorf("%s: %w", s.name, err)
		}
		whole[i] = time.Since(start)
	}
	signals := []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGKILL}
	// Child processes ignore the signals that this process ignores.
	signals = slices.DeleteFunc(signals, func(s syscall.Signal) bool { return signal.Ignored(s) })
	killed := 0
	for k := 1; k <= n; k++ {
		i := k % len(scenes)
		was, err := e.killed(scenes[i], k, signals[r.IntN(len(signals))], time.Duration(r.Int64N(int64(whole[i])+1)))
		if err != nil {
			return fmt.Sprintf("after %d runs", k), fmt.Errorf("%s: %w", scenes[i].name, err)
		}
		if was {
			killed++
		}
	}
	return fmt.Sprintf("%d signals, of which %d ended a run before its end; false accepted: 0, mixed sets: 0, lost inputs: 0", n, killed), nil
}

// killed runs a scene and sends a signal after a delay. Signal 0 means no
// signal. It reports whether the signal ended the run.
func (e *env) killed(s scene, n int, signal syscall.Signal, after time.Duration) (bool, error) {
	cmd := exec.Command(e.gate, s.arguments(n)...)
	cmd.Dir = s.folder
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return false, err
	}
	if signal != 0 {
		time.Sleep(after)
		cmd.Process.Signal(signal) // the process may have ended
	}
	cmd.Wait()
	status := statusOf(cmd.ProcessState)
	killed := false
	switch status {
	case accepted:
	case 128 + int(syscall.SIGKILL), 128 + int(syscall.SIGTERM), 128 + int(syscall.SIGINT), 128 + int(syscall.SIGHUP):
		killed = true
		if status != 128+int(signal) {
			return killed, fmt.Errorf("status %d after %v", status, signal)
		}
	default:
		return false, fmt.Errorf("status %d after %v: %s", status, signal, said.String())
	}
	for name, data := range s.inputs {
		if have, err := os.ReadFile(name); err != nil || !bytes.Equal(have, data) {
			return killed, fmt.Errorf("the input %s is lost or changed: %v", name, err)
		}
	}
	// After KILL nothing can be cleaned up. The remaining files must not
	// disturb the next run.
	err := filepath.WalkDir(s.folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), "."):
			return err
		case signal == syscall.SIGKILL:
			return os.Remove(path)
		}
		return fmt.Errorf("%v leaves %s", signal, path)
	})
	if err != nil {
		return killed, err
	}
	return killed, s.judge(n, status, killed)
}

// scenes returns the three kinds of runs that write: a verdict, a set of files,
// and a document.
func (e *env) scenes() ([]scene, error) {
	check := scene{name: "check", folder: e.at("check"), inputs: map[string][]byte{}}
	build := scene{name: "build", folder: e.at("build"), inputs: map[string][]byte{}}
	observe := scene{name: "observe", folder: e.at("observe"), inputs: map[string][]byte{}}
	for _, s := range []*scene{&check, &build, &observe} {
		if err := os.Mkdir(s.folder, 0o755); err != nil {
			return nil, err
		}
	}
	input := func(s *scene, name string, data []byte) error {
		name = filepath.Join(s.folder, name)
		s.inputs[name] = data
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		return os.WriteFile(name, data, 0o644)
	}

	good, err := os.ReadFile(e.good)
	if err != nil {
		return nil, err
	}
	file := filepath.Base(e.good)
	if err := input(&check, file, good); err != nil {
		return nil, err
	}
	check.arguments = func(int) []string {
		return e.check("--format", "json", "--out", "report.json", "--facts", "facts.json", file)
	}
	check.judge = func(n, status int, killed bool) error {
		report, err := os.ReadFile(filepath.Join(check.folder, "report.json"))
		claims, claimsErr := os.ReadFile(filepath.Join(check.folder, "facts.json"))
		if claimsErr == nil && !json.Valid(claims) {
			return errors.New("the facts are cut short")
		}
		switch {
		case err != nil && status == accepted:
			return fmt.Errorf("status 0 without a report: %w", err)
		case err != nil:
			return nil
		}
		v, err := readVerdict(report)
		if err != nil {
			return err
		}
		if killed && bytes.Equal(report, oldReport) {
			return nil // the run had not begun
		}
		if v.Verdict != "accepted" || len(v.Results) != 1 || v.Results[0].Digest != digestOf(good) {
			return fmt.Errorf("the report is not of this run: %+v", v)
		}
		if claimsErr != nil {
			return fmt.Errorf("the report says accepted and the facts are not there: %w", claimsErr)
		}
		// Otherwise the report of this run could pass for the report of the next run.
		return os.WriteFile(filepath.Join(check.folder, "report.json"), oldReport, 0o644)
	}

	for version := range 2 {
		for k := range 40 {
			if err := input(&build, fmt.Sprintf("rules%d/%02d.yml", version, k), rule(k, version)); err != nil {
				return nil, err
			}
		}
	}
	build.arguments = func(n int) []string {
		return []string{"build", "--revision", fmt.Sprint(n + 1), "-o", "out", fmt.Sprintf("rules%d", n%2)}
	}
	build.judge = func(n, status int, killed bool) error {
		revisions, err := setOf(filepath.Join(build.folder, "out"))
		switch {
		case errors.Is(err, fs.ErrNotExist) && killed:
			return nil
		case err != nil:
			return err
		case len(revisions) != 1:
			return fmt.Errorf("the manifest names files of revisions %v", revisions)
		case !killed && !revisions[n+1]:
			return fmt.Errorf("build ended with status 0, and the manifest names revision %v; expected %d", revisions, n+1)
		}
		return nil
	}

	if err := input(&observe, "events.ndjson", events(4000)); err != nil {
		return nil, err
	}
	observe.arguments = func(int) []string {
		return []string{"contract", "observe", "events.ndjson", "-o", "fleet.json"}
	}
	observe.judge = func(n, status int, killed bool) error {
		data, err := os.ReadFile(filepath.Join(observe.folder, "fleet.json"))
		switch {
		case err != nil && killed:
			return nil
		case err != nil:
			return err
		case !json.Valid(data):
			return errors.New("the fleet is cut short")
		}
		return nil
	}
	return []scene{check, build, observe}, nil
}

// rule returns a rule of a set. The two versions of a set differ in each rule.
func rule(k, version int) []byte {
	category, field := "process_creation", "CommandLine"
	switch k % 4 {
	case 1:
		category, field = "pipe_created", "PipeName"
	case 2:
		category, field = "image_load", "ImageLoaded"
	case 3:
		category, field = "file_event", "TargetFilename"
	}
	return fmt.Appendf(nil, `title: Demo rule %d
id: 0b7f33e2-5d1c-4a53-9a57-%012x
logsource:
  product: windows
  category: %s
detection:
  selection:
    %s|contains: 'demo %d %d'
  condition: selection
`, k, k, category, field, k, version)
}

// events returns recorded events, one per line.
func events(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":17,"Computer":"h%d","UtcTime":"2026-01-01 00:00:00.000","PipeName":"\\demo%d","Image":"C:\\demo.exe","ProcessId":"%d"}`+"\n", i%7, i, i)
	}
	return b.Bytes()
}

// setOf returns the revisions of the files that the manifest of a folder names.
// It fails if a file is missing or differs from the manifest.
func setOf(folder string) (map[int]bool, error) {
	data, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Files []struct {
			Name     string
			Digest   string `json:"sha256"`
			Revision int
		}
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return nil, fmt.Errorf("the manifest is not whole: %w", err)
	}
	if len(manifest.Files) == 0 {
		return nil, errors.New("the manifest names no file")
	}
	revisions := map[int]bool{}
	for _, f := range manifest.Files {
		data, err := os.ReadFile(filepath.Join(folder, f.Name))
		if err != nil {
			return nil, fmt.Errorf("the manifest names a file that is not there: %v", err)
		}
		if digestOf(data) != f.Digest {
			return nil, fmt.Errorf("%s has another digest than the manifest says", f.Name)
		}
		revisions[f.Revision] = true
	}
	return revisions, nil
}

// wholeReport returns an error unless an existing report is complete. If the
// status is 0, the report must exist.
func wholeReport(name string, status int) error {
	data, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && status != accepted:
		return nil
	case err != nil:
		return fmt.Errorf("status %d: %w", status, err)
	}
	v, err := readVerdict(data)
	if err == nil && status == accepted && v.Verdict != "accepted" {
		err = fmt.Errorf("status 0, and the report says %s", v.Verdict)
	}
	return err
}

func (e *env) fullDisk() (string, error) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		return "", skip(fmt.Sprintf("there is no /dev/full: %v", err))
	}
	defer full.Close()
	if _, err := e.expect(process{args: e.check("--format", "json", e.good), stdout: full}, undecided); err != nil {
		return "", fmt.Errorf("/dev/full: %w", err)
	}
	if os.Geteuid() != 0 {
		return "/dev/full: status 2", skip("only root can mount a file system of a given size; /dev/full as standard output ended with status 2")
	}
	reference, err := e.expect(process{args: e.check("--format", "json", e.good)}, accepted)
	if err != nil {
		return "", err
	}
	disk := e.at("disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		return "", err
	}
	// Make the disk a page larger each time, until the report and the facts
	// fit.
	tooSmall, fits := 0, false
	for blocks := 1; blocks < 200 && !fits; blocks++ {
		size := fmt.Sprintf("size=%dk", 4*blocks)
		if err := syscall.Mount("none", disk, "tmpfs", 0, size); err != nil {
			return "", skip(fmt.Sprintf("no file system can be mounted here: %v", err))
		}
		report := filepath.Join(disk, "report.json")
		x, err := e.expect(process{args: e.check("--format", "json", "--out", report, "--facts", filepath.Join(disk, "facts.json"), e.good)}, accepted, undecided)
		if err == nil {
			err = wholeReport(report, x.status)
		}
		left, _ := leftovers(disk, "report.json", "facts.json")
		if err == nil && len(left) > 0 {
			err = fmt.Errorf("%d blocks: left behind: %v", blocks, left)
		}
		syscall.Unmount(disk, 0)
		if err != nil {
			return "", fmt.Errorf("%d blocks of 4 KiB: %w", blocks, err)
		}
		if x.status == accepted {
			fits = true
		} else {
			tooSmall++
		}
	}
	if !fits || tooSmall == 0 {
		return "", fmt.Errorf("the report never fitted, or always did (%d times full)", tooSmall)
	}
	return fmt.Sprintf("/dev/full: status 2; %d sizes of disk too small for a report of %d bytes and the facts: status 2 each", tooSmall, len(reference.stdout)), nil
}

func (e *env) failingCalls() (string, error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return "", skip("there is no strace")
	}
	if out, err := exec.Command(strace, "-f", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		return "", skip(fmt.Sprintf("processes cannot be traced here: %v %s", err, bytes.TrimSpace(out)))
	}
	report, claims := e.at("report.json"), e.at("facts.json")
	args := e.check("--format", "json", "--out", report, "--facts", claims, e.good)
	runs, blocked := 0, 0
	for _, call := range []struct {
		names  string
		errors []string
	}{
		{"openat", []string{"EIO", "EMFILE"}},
		{"newfstatat,fstat", []string{"EIO"}},
		{"read", []string{"EIO", "EINTR"}},
		{"write", []string{"EIO", "ENOSPC"}},
		{"fsync,fdatasync", []string{"EIO"}},
		{"close", []string{"EIO"}},
		{"rename,renameat,renameat2", []string{"EIO", "EACCES"}},
		{"fchmod,fchmodat", []string{"EPERM"}},
		{"unlink,unlinkat", []string{"EACCES"}},
		{"getdents64", []string{"EIO"}},
	} {
		for _, code := range call.errors {
			most := pick(e, 400, 12)
			for k := 1; k <= most; k++ {
				os.Remove(report)
				os.Remove(claims)
				log := e.at("strace.log")
				inject := fmt.Sprintf("inject=%s:error=%s:when=%d", call.names, code, k)
				x, err := e.start(process{args: args, timeout: 2 * time.Minute, wrapper: []string{strace, "-f", "-o", log, "-e", "trace=" + call.names, "-e", inject}})
				if err != nil {
					return "", fmt.Errorf("%s %s, occurrence %d: %w", call.names, code, k, err)
				}
				trace, err := os.ReadFile(log)
				if err != nil {
					return "", err
				}
				if !bytes.Contains(trace, []byte("(INJECTED)")) {
					break // there is no such occurrence
				}
				runs++
				if x.status != accepted {
					blocked++
				}
				if x.status == rejected {
					return "", fmt.Errorf("%s %s, occurrence %d: good content is rejected: %s", call.names, code, k, x.stderr)
				}
				if err := wholeReport(report, x.status); err != nil {
					return "", fmt.Errorf("%s %s, occurrence %d: %w", call.names, code, k, err)
				}
				if data, err := os.ReadFile(claims); err == nil && !json.Valid(data) || err != nil && x.status == accepted {
					return "", fmt.Errorf("%s %s, occurrence %d: status %d, and the facts are absent or cut short", call.names, code, k, x.status)
				}
			}
		}
	}
	if runs == 0 {
		return "", errors.New("no call was made to fail")
	}
	return fmt.Sprintf("%d faults injected; %d runs blocked, %d came to a complete report all the same (the fault hit the runtime, or was tried again)", runs, blocked, runs-blocked), nil
}

func (e *env) manyWriters() (string, error) {
	report := e.at("report.json")
	const writers = 64
	var wait sync.WaitGroup
	failures := make(chan error, writers)
	for i := range writers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			name, want := e.good, accepted
			if i%2 == 1 {
				name, want = e.bad, rejected
			}
			// A run may find that another run has removed its temporary files
			// or its target. Then it must block.
			x, err := e.expect(process{args: e.check("--format", "json", "--out", report, name)}, want, undecided)
			if err != nil {
				failures <- fmt.Errorf("%w; %s", err, x.stderr)
			}
		}()
	}
	wait.Wait()
	close(failures)
	if err := <-failures; err != nil {
		return "", err
	}
	data, err := os.ReadFile(report)
	if err != nil {
		return "", err
	}
	v, err := readVerdict(data)
	if err != nil {
		return "", err
	}
	left, err := leftovers(e.folder, "report.json")
	if err != nil || len(left) > 0 {
		return "", fmt.Errorf("left behind: %v, %v", left, err)
	}
	return fmt.Sprintf("%d runs; the report that stays says %s, and is whole", writers, v.Verdict), nil
}

func (e *env) closedOutput() (string, error) {
	claims := e.at("facts.json")
	arguments := e.check("--format", "json", "--facts", claims, e.good)
	var saw []string
	for _, how := range []struct{ name, script string }{
		{"closed at once", `exec "$@" >&-`},
		{"closed with standard error", `exec "$@" >&- 2>&-`},
		{"all three closed", `exec "$@" <&- >&- 2>&-`},
	} {
		os.Remove(claims)
		x, err := e.expect(process{args: arguments, wrapper: []string{"sh", "-c", how.script, "sh"}}, undecided)
		if err != nil {
			return "", fmt.Errorf("%s: %w", how.name, err)
		}
		saw = append(saw, fmt.Sprintf("%s: status %d", how.name, x.status))
		if data, err := os.ReadFile(claims); err == nil && !json.Valid(data) {
			return "", fmt.Errorf("%s: the facts are cut short", how.name)
		}
	}
	// A reader that reads a little and goes away.
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	go func() {
		io.ReadFull(r, make([]byte, 16))
		r.Close()
	}()
	// More than a pipe holds, so that the writer notices.
	many := e.at("many")
	if _, err := smallFiles(many, pick(e, 3000, 1500)); err != nil {
		return "", err
	}
	x, err := e.expect(process{args: e.check("--format", "json", many), stdout: w}, undecided, 128+int(syscall.SIGPIPE))
	w.Close()
	if err != nil {
		return "", fmt.Errorf("a reader that goes away: %w", err)
	}
	saw = append(saw, fmt.Sprintf("a reader that goes away: status %d", x.status))
	return strings.Join(saw, "; "), nil
}
