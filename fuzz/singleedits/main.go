// Command singleedits shows that every byte of a channel file has a meaning. It changes every
// byte of each file of the corpus and of each named file, with and without correct digests.
// Each time the file must be rejected, or say something else and encode to itself.
//
//	go run ./fuzz/singleedits validate/suite/canary/*.cf
//
// docs/fuzzing.md explains the figures. If no mutant is silent, the same files and flags
// always give the same figures.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/fuzz/internal/edits"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/progress"
)

// The exit statuses.
const (
	exitFine    = 0
	exitProblem = 1 // a mutant is silent or faulty
	exitFailed  = 2 // not every mutant could be judged
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, edits.Meaning))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer, meaning func(*channelfile.File) string) int {
	plan := edits.Plan{Meaning: meaning}
	flags := flag.NewFlagSet("singleedits", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&plan.Cores, "cores", runtime.GOMAXPROCS(0), "judge `N` mutants at a time")
	flags.IntVar(&plan.Positions, "positions", 0, "change about `N` evenly spaced bytes of each file (0 means all)")
	flags.IntVar(&plan.Every, "every", 101, "make every change, and ask the gate about every mutant, at one byte in `N` (0 means none)")
	only := flags.String("only", "", "judge only files whose name contains `part`")
	silent := flags.String("silent", "silent.cf", "write the first silent or faulty mutant to this `file`")
	profile := flags.String("cpuprofile", "", "write a CPU profile to this `file`, for go tool pprof")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitFine
		}
		return exitFailed
	}
	fail := func(err error) int {
		fmt.Fprintln(stderr, "singleedits:", err)
		return exitFailed
	}
	if plan.Cores < 1 || plan.Positions < 0 || plan.Every < 0 {
		return fail(fmt.Errorf("found -cores %d, -positions %d and -every %d (want at least 1, 0 and 0)", plan.Cores, plan.Positions, plan.Every))
	}
	var err error
	if plan.Files, err = files(flags.Args(), *only); err != nil {
		return fail(err)
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			return fail(err)
		}
		defer f.Close()
	}
	// Almost all memory that a judgement allocates is garbage when it ends.
	defer debug.SetGCPercent(debug.SetGCPercent(300))
	start := time.Now()
	r, err := judge(ctx, &plan, stderr)
	pprof.StopCPUProfile()
	if r == nil {
		return fail(err)
	}
	if err := report(stdout, r, plan.Cores, time.Since(start)); err != nil {
		return fail(err)
	}
	switch {
	case r.First != nil:
	case err != nil:
		return fail(fmt.Errorf("stopped after %d of %d files: %w", r.Done, len(plan.Files), err))
	default:
		return exitFine
	}
	if err := os.WriteFile(*silent, r.First.Data, 0o644); err != nil {
		return fail(err)
	}
	p := r.First
	if _, err := fmt.Fprintf(stdout, "\nFAILED: %s, %v, is %v: %v\nthe mutant is in %s\n", p.File.Name, p.Change, p.Outcome, p.Err, *silent); err != nil {
		return fail(err)
	}
	return exitProblem
}

// files returns the files of the corpus and the named files whose names contain part.
func files(named []string, part string) ([]edits.File, error) {
	all, err := edits.Corpus()
	if err != nil {
		return nil, err
	}
	for _, name := range named {
		f, err := edits.Read(name)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	var list []edits.File
	for _, f := range all {
		if f.Called(part) {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no file has a name that contains %q", part)
	}
	return list, nil
}

// judge runs a plan and shows its progress on w.
func judge(ctx context.Context, plan *edits.Plan, w io.Writer) (*edits.Result, error) {
	var p edits.Progress
	line := progress.NewLine(w)
	defer line.End()
	start := time.Now()
	ended := make(chan struct{})
	var r *edits.Result
	var err error
	go func() {
		defer close(ended)
		r, err = plan.Run(ctx, &p)
	}()
	for {
		select {
		case <-ended:
			return r, err
		case <-line.C:
			took := time.Since(start)
			n := p.Changes.Load()
			line.Write(fmt.Sprintf("%s  %d of %d files, %s changes, %s/s, %d silent or faulty",
				took.Round(time.Second), p.Files.Load(), len(plan.Files), numeral.Thousands(n), numeral.Thousands(uint64(float64(n)/took.Seconds())), p.Bad.Load()))
		}
	}
}

// report writes the outcomes of all mutants.
func report(w io.Writer, r *edits.Result, cores int, took time.Duration) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	number := numeral.Thousands
	line("time", "%.1f s on %d cores", took.Seconds(), cores)
	if cpu := progress.CPUSeconds(); cpu > 0 {
		line("", "%.2f core-minutes of processor time", cpu/60)
	}
	line("files", "%d with %s bytes, %d of them kept", r.Files, number(r.Bytes), r.Kept)
	if r.Long > 0 {
		line("", "%d of them are long and do not get every change at every byte", r.Long)
	}
	if r.Sampled > 0 {
		line("", "%d of them were changed at some bytes only", r.Sampled)
	}
	line("changes", "%s", number(r.Counts.All()))
	line("silent", "%s", number(r.Counts.Sum(edits.Silent)))
	line("faulty", "%s", number(r.Counts.Sum(edits.Faulty)))
	for repair := range edits.NumRepairs {
		fmt.Fprintf(&b, "\n%-26s", repair)
		for o := range edits.NumOutcomes {
			fmt.Fprintf(&b, " %11s", o)
		}
		b.WriteByte('\n')
		for kind := range edits.NumKinds {
			fmt.Fprintf(&b, "%-26s", kind)
			for _, n := range r.Counts[kind][repair] {
				fmt.Fprintf(&b, " %11s", number(n))
			}
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
