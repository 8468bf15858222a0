//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/validate/file"
)

// killsVariable names a variable of the environment with the number of runs that
// TestKilled kills.
const killsVariable = "CFCHECK_TEST_KILLS"

// kills is how many runs TestKilled kills without killsVariable.
const kills = 60

// A killedRun is a kind of run that is killed.
type killedRun struct {
	name  string
	watch string // the folder that its outputs appear in
	args  []string
	// judge checks the files after a run with that exit status.
	judge func(t *testing.T, status int)
	set   string // folder of a set that is judged, too
}

// TestKilled kills runs at random moments, half of them as soon as a file
// appears. Whatever the moment: no report says accepted that is not of this run
// and whole, no set is accepted that is mixed, no input changes, and no temporary
// file is left after a signal that can be handled.
func TestKilled(t *testing.T) {
	n := kills
	if testing.Short() {
		n = 12
	}
	if s := os.Getenv(killsVariable); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	gate, err := exec.LookPath("cfcheck")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	writeKilledInputs(t)
	inputs := readTree(t, ".")
	r := rand.New(rand.NewPCG(1, 2))
	signals := []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGKILL, syscall.SIGINT, syscall.SIGKILL, syscall.SIGHUP}
	// Children inherit ignored signals from the process of the test.
	signals = slices.DeleteFunc(signals, func(s syscall.Signal) bool { return signal.Ignored(s) })
	whole, ended, accepted, blocked := 60*time.Millisecond, 0, 0, 0
	for k := range n {
		run := killedRunOf(t, k)
		signal := signals[k%len(signals)]
		cmd := exec.Command(gate, run.args...)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		before := len(entries(run.watch))
		start := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if r.IntN(2) == 0 {
			time.Sleep(time.Duration(r.Int64N(int64(whole) + 1)))
		} else {
			for len(entries(run.watch)) == before && time.Since(start) < 3*whole {
				time.Sleep(50 * time.Microsecond)
			}
			time.Sleep(time.Duration(r.Int64N(int64(3 * time.Millisecond))))
		}
		if err := cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		status := cmd.ProcessState.ExitCode()
		if s := cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signaled() {
			status = 128 + int(s.Signal())
		}
		t.Run(fmt.Sprintf("%d %s %v", k, run.name, signal), func(t *testing.T) {
			switch status {
			case statusAccepted:
				whole = time.Since(start)
			case 128 + int(signal):
				ended++
			default:
				t.Fatalf("status %d: %s", status, said.String())
			}
			for name, data := range inputs {
				if have, err := os.ReadFile(name); err != nil || string(have) != data {
					t.Errorf("the input %s is lost or changed: %v", name, err)
				}
			}
			if signal != syscall.SIGKILL {
				for name := range readTree(t, ".") {
					if strings.HasPrefix(filepath.Base(name), ".") {
						t.Errorf("%v leaves %s", signal, name)
					}
				}
			}
			switch {
			case run.set == "":
				run.judge(t, status)
			case judgeSet(t, run.set):
				accepted++
			case status == statusAccepted:
				t.Error("build ended with status 0, and its set is not accepted")
			default:
				blocked++
			}
		})
		for name := range readTree(t, ".") {
			if strings.HasPrefix(filepath.Base(name), ".") {
				os.Remove(name) // of a run that could not remove it
			}
		}
	}
	t.Logf("%d of %d runs were ended by the signal; afterwards %d sets were accepted and %d blocked", ended, n, accepted, blocked)
	if ended < n/4 {
		t.Errorf("%d of %d runs were ended by the signal: the test no longer finds the moment", ended, n)
	}
}

// TestConcurrentBuilds runs builds into one folder at the same time and kills some of
// them. The manifest must belong to one of the builds.
func TestConcurrentBuilds(t *testing.T) {
	gate, err := exec.LookPath("cfcheck")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	writeKilledInputs(t)
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 4 {
		var builds []*exec.Cmd
		for i := range 4 {
			args := []string{"build", "-o", "out", "--revision", "next", "rules" + "AB"[i%2:i%2+1]}
			if round%2 == 1 {
				args = []string{"build", "-o", "same", "--replace", "rules" + "AB"[i%2:i%2+1]}
			}
			cmd := exec.Command(gate, args...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			builds = append(builds, cmd)
		}
		time.Sleep(time.Duration(r.Int64N(int64(100 * time.Millisecond))))
		if err := builds[round].Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		for i, cmd := range builds {
			_ = cmd.Wait()
			if status := cmd.ProcessState.ExitCode(); status != statusAccepted && status != statusUndecided && i != round {
				t.Errorf("build %d: status %d", i, status)
			}
		}
		for _, folder := range []string{"out", "same"} {
			if _, err := os.Stat(folder); err == nil {
				judgeSet(t, folder)
			}
		}
	}
}

// writeKilledInputs writes two sets of rules, which differ in each rule and
// become files of four types each, a channel file and recorded events.
func writeKilledInputs(t *testing.T) {
	t.Helper()
	write := func(name string, data []byte) {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, set := range []string{"A", "B"} {
		for i, of := range [][2]string{{"process_creation", "CommandLine"}, {"pipe_created", "PipeName"}, {"image_load", "ImageLoaded"}, {"file_event", "TargetFilename"}} {
			write(fmt.Sprintf("rules%s/%d.yml", set, i), fmt.Appendf(nil, `title: Demo %d
id: 5a0c1d2e-0008-4000-8000-cfc0cfc0000%d
logsource: {category: %s, product: windows}
detection: {selection: {%s|contains: 'demo-set-%s'}, condition: selection}
`, i, i, of[0], of[1], set))
		}
	}
	var events bytes.Buffer
	for i := range 2000 {
		fmt.Fprintf(&events, `{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":17,"Computer":"h%d","UtcTime":"2026-01-01 00:00:00.000","PipeName":"\\demo%d","Image":"C:\\demo.exe","ProcessId":"%d"}`+"\n", i%7, i, i)
	}
	write("events.ndjson", events.Bytes())
	if status := run([]string{"build", "-o", "good", "rulesA/1.yml"}, strings.NewReader(""), &events, &events); status != statusAccepted {
		t.Fatalf("build: status %d: %s", status, events.String())
	}
}

// killedRunOf returns the k-th run.
func killedRunOf(t *testing.T, k int) killedRun {
	t.Helper()
	set := "AB"[k/4%2 : k/4%2+1]
	const good = "good/C-00000291-00000001-00000001.cf"
	switch k % 4 {
	case 0:
		const old = `{"verdict": "accepted", "old": true}`
		if err := errors.Join(os.MkdirAll("reports", 0o755), os.WriteFile("reports/report.json", []byte(old), 0o644), os.WriteFile("reports/facts.json", []byte(old), 0o644)); err != nil {
			t.Fatal(err)
		}
		return killedRun{"check", "reports", []string{"check", "--fleet", "reference", "--format", "json", "--out", "reports/report.json", "--facts", "reports/facts.json", good},
			func(t *testing.T, status int) {
				report, err := os.ReadFile("reports/report.json")
				facts, factsErr := os.ReadFile("reports/facts.json")
				killed := status != statusAccepted
				if killed && string(report) == old {
					// The signal came before the run had begun.
					report, err = nil, fs.ErrNotExist
				}
				if err != nil && !killed {
					t.Errorf("status 0 without a report: %v", err)
				}
				if err == nil && (!json.Valid(report) || !bytes.Contains(report, []byte(`"schema": "cfcheck.report/`))) {
					t.Errorf("the report is not of this run, or not whole: %.200s", report)
				}
				if err == nil && (factsErr != nil || string(facts) == old) {
					t.Errorf("a report of this run without its facts: %v", factsErr)
				}
				if factsErr == nil && !json.Valid(facts) {
					t.Errorf("the facts are not whole: %.200s", facts)
				}
			}, ""}
	case 1:
		return killedRun{"build of the next revision", "next", []string{"build", "-o", "next", "--revision", "next", "rules" + set}, nil, "next"}
	case 2:
		return killedRun{"build of the same revision", "same", []string{"build", "-o", "same", "--replace", "rules" + set}, nil, "same"}
	}
	if k%8 == 3 {
		if err := os.RemoveAll("fresh"); err != nil {
			t.Fatal(err)
		}
		return killedRun{"first build", "fresh", []string{"build", "-o", "fresh", "rules" + set}, nil, "fresh"}
	}
	return killedRun{"observe", ".", []string{"contract", "observe", "events.ndjson", "-o", "fleet.json"}, func(t *testing.T, status int) {
		data, err := os.ReadFile("fleet.json")
		if err != nil && status == statusAccepted || err == nil && !json.Valid(data) {
			t.Errorf("the fleet is not whole: %v", err)
		}
	}, ""}
}

// judgeSet demands that a folder is not accepted unless its manifest and all
// files of it are of one set of rules, and complete.
func judgeSet(t *testing.T, folder string) (accepted bool) {
	t.Helper()
	// Hidden leftovers of a killed run are not published files.
	names, _ := filepath.Glob(filepath.Join(folder, ".*"))
	for _, name := range names {
		os.Remove(name)
	}
	var said bytes.Buffer
	if status := run([]string{"check", "--fleet", "reference", folder}, strings.NewReader(""), &said, &said); status != statusAccepted {
		if len(entries(folder)) > 0 && status == statusUndecided && strings.Contains(said.String(), "internal error") {
			t.Error(said.String())
		}
		return false
	}
	name := filepath.Join(folder, file.ManifestName)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("a set without a manifest is accepted: %v, %v", err, entries(folder))
	}
	m, err := file.ReadManifest(name, data)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Files) != 4 || len(m.Sources) != 4 {
		t.Errorf("a set of %d files and %d sources is accepted; expected 4 of each", len(m.Files), len(m.Sources))
	}
	of := map[string]int{}
	for _, f := range m.Files {
		data, err := os.ReadFile(filepath.Join(folder, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range []string{"demo-set-A", "demo-set-B", "demo-set-a", "demo-set-b"} {
			if bytes.Contains(data, []byte(set)) {
				of[strings.ToLower(set)]++
			}
		}
	}
	if len(of) != 1 {
		t.Errorf("a mixed set is accepted: %v", of)
	}
	return true
}

func entries(folder string) []string {
	list, _ := os.ReadDir(folder)
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// readTree returns the content of the files below a folder, by path.
func readTree(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
