package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/report"
)

// smallFile is the number of instances in the file that a whole process judges.
const smallFile = 100

// measureProcess compares cfcheck with a program that does nothing. cfcheck judges
// a small file, and reads a fleet and definitions, with a text report and with a report
// in each form. Both programs are built in the same way, and run in turns. The files are
// written to the folder.
func measureProcess(w io.Writer, dir, program string, pairs int) error {
	empty, check, err := prepare(dir, program)
	if err != nil {
		return err
	}
	// Reports are in the forms that do not state the digest of the gate.
	reports := check[:len(check):len(check)]
	all := reports
	for _, f := range report.Formats {
		out := []string{"--out", f.Name + "=" + filepath.Join(dir, f.Name)}
		all = append(all, out...)
		if !f.Digest {
			reports = append(reports, out...)
		}
	}
	var emptyTimes times
	rows := []struct {
		name  string
		args  []string
		times times
		peak  int64 // bytes
	}{
		{name: fmt.Sprintf("cfcheck check, %d instances", smallFile), args: check},
		{name: "the same, forms without a digest", args: reports},
		{name: "the same, with a report in each form", args: all},
	}
	for range pairs {
		t, _, err := processTime(empty)
		if err != nil {
			return err
		}
		emptyTimes = append(emptyTimes, t)
		for i := range rows {
			t, peak, err := processTime(rows[i].args)
			if err != nil {
				return err
			}
			rows[i].times, rows[i].peak = append(rows[i].times, t), max(rows[i].peak, peak)
		}
	}
	fmt.Fprintf(w, "\na whole process, %d rounds; an empty program takes %.2f ms, median %.2f\n", pairs, emptyTimes.least(), emptyTimes.median())
	fmt.Fprintf(w, "%-40s %8s %8s %8s\n", "in times of the empty program", "least", "median", "MB")
	for _, r := range rows {
		fmt.Fprintf(w, "%-40s %8.2f %8.2f %8.1f\n", r.name, r.times.least()/emptyTimes.least(), r.times.median()/emptyTimes.median(), float64(r.peak)/1e6)
	}
	return nil
}

// prepare builds an empty program, and writes the inputs of cfcheck. It returns the command lines.
func prepare(dir, program string) (empty, check []string, err error) {
	f, err := workload.WriteFiles(dir, smallFile)
	if err != nil {
		return nil, nil, err
	}
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		return nil, nil, err
	}
	empty = []string{filepath.Join(dir, "empty.exe")} // .exe is for Windows, and harmless elsewhere
	return empty, append([]string{program}, f.Check(f.Content)...), goBuild(empty[0], source)
}

// withGate builds cfcheck in a temporary folder, and calls a function with both. It removes the
// folder afterwards.
func withGate(measure func(dir, program string) error) error {
	dir, err := os.MkdirTemp("", "cfcheck-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "cfcheck.exe")
	if err := goBuild(program, "github.com/cfcheck/cfcheck/cmd/cfcheck"); err != nil {
		return err
	}
	return measure(dir, program)
}

// goBuild builds a package or a file to a program, with the flags of a release.
func goBuild(program, source string) error {
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, source).CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", source, err, out)
	}
	return nil
}

// processTime runs a program, which must succeed, and returns its processor time and its largest
// resident set in bytes.
func processTime(args []string) (t time.Duration, set int64, err error) {
	cmd := exec.Command(args[0], args[1:]...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("%v: %w\n%s", args, err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peak(cmd.ProcessState), nil
}
