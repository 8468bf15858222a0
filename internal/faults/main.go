//go:build linux

// Command faults runs the built command under load and with faults, and writes
// the results to docs/reliability.md:
//
//	go run ./internal/faults
//
// Each trial starts cfcheck as a separate process: on very many files, with
// little memory, on a full disk, with failing system calls, or killed at any
// moment. A trial may end with status 0 only if its report is complete and
// true. If this machine cannot run a trial, the trial is reported as skipped,
// with the reason. The command fails if a trial fails.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	short := flag.Bool("short", false, "run a small form of each trial, in about a minute, and write no page")
	only := flag.String("only", "", "run only the trials with these `IDs`, separated by commas, and write no page")
	files := flag.Int("files", 1_000_000, "the `number` of files of trial L1")
	page := flag.String("o", "docs/reliability.md", "write the table to this `file`")
	flag.Parse()
	if err := run(*short, *only, *files, *page); err != nil {
		fmt.Fprintf(os.Stderr, "faults: %v\n", err)
		os.Exit(1)
	}
}

func run(short bool, only string, files int, page string) error {
	dir, err := os.MkdirTemp("", "cfcheck-faults-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	e, err := newEnv(dir, short)
	if err != nil {
		return err
	}
	e.files = files
	start := time.Now()
	var rows []row
	for _, t := range trials() {
		if only != "" && !slices.Contains(strings.Split(only, ","), t.id) {
			continue
		}
		r := e.try(t)
		fmt.Printf("%-4s %-7s %7s  %s\n     %s\n", t.id, r.became, r.took.Round(10*time.Millisecond), t.what, r.saw)
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return fmt.Errorf("-only %q: no such trial", only)
	}
	if !short && only == "" {
		if err := os.WriteFile(page, reliabilityPage(rows, files, start, time.Since(start)), 0o644); err != nil {
			return err
		}
		fmt.Printf("wrote %s\n", page)
	}
	failed := 0
	for _, r := range rows {
		if r.became == failedTrial {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d trials failed", failed, len(rows))
	}
	return nil
}

// A trial is one row of the table.
type trial struct {
	id     string
	what   string
	passes string // the criterion, for the page
	run    func(*env) (saw string, err error)
}

// An outcome is the way in which a trial ended.
type outcome string

const (
	passedTrial  outcome = "passed"
	failedTrial  outcome = "FAILED"
	skippedTrial outcome = "skipped"
)

// A row is the result of a trial.
type row struct {
	trial
	became outcome
	saw    string // the figures, or the reason
	took   time.Duration
}

// errOver means that a figure exceeds its bound.
var errOver = errors.New("over the bound")

// A skip is the reason why this machine cannot run a trial.
type skip string

func (s skip) Error() string { return string(s) }

// try runs a trial in a separate folder.
func (e *env) try(t trial) row {
	start := time.Now()
	r := row{trial: t, became: passedTrial}
	e.folder = filepath.Join(e.dir, t.id)
	if err := os.Mkdir(e.folder, 0o755); err != nil {
		return row{trial: t, became: failedTrial, saw: err.Error()}
	}
	saw, err := t.run(e)
	r.saw, r.took = saw, time.Since(start)
	switch err := err.(type) {
	case nil:
	case skip:
		r.became, r.saw = skippedTrial, string(err)
	default:
		r.became, r.saw = failedTrial, strings.TrimSuffix(err.Error()+": "+saw, ": ")
	}
	os.RemoveAll(e.folder)
	return r
}

func trials() []trial {
	all := slices.Concat(loadTrials(), outputTrials(), inputTrials(), processTrials())
	slices.SortStableFunc(all, func(a, b trial) int { return cmp.Compare(number(a.id), number(b.id)) })
	return all
}

// number returns the number in the ID of a trial, such as L12.
func number(id string) (n int) {
	fmt.Sscanf(id, "L%d", &n)
	return n
}

// reliabilityPage returns the page of the documentation.
func reliabilityPage(rows []row, files int, at time.Time, took time.Duration) []byte {
	var b strings.Builder
	b.WriteString(`# Reliability under load and under faults

This page is written by

` + "```" + `
go run ./internal/faults` + fmt.Sprintf(" -files %d", files) + `
` + "```" + `

It builds the command and runs it as a process in each trial below. Status 0 must always mean that cfcheck reached a verdict and completed the report. After anything else, the command must end with another status. A killed process leaves each output absent, or complete and from this run.

`)
	fmt.Fprintf(&b, "Measured on %s on %d cores, %s, %s/%s, in %s.\n\n", at.UTC().Format(time.DateOnly), runtime.NumCPU(),
		runtime.Version(), runtime.GOOS, runtime.GOARCH, took.Round(time.Second))
	b.WriteString("| trial | action | passes if | outcome | observation |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.id, cell(r.what), cell(r.passes), r.became, cell(r.saw))
	}
	return []byte(b.String())
}

// cell returns text for a cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s)
}
