// Command blobedits makes random single changes of rule blobs of Sysmon. It shows that the engine
// never reads outside of an accepted blob, ends, and loses no filter.
//
//	go run ./fuzz/blobedits -n 1000000 FILE...
//
// Without files it changes samples of its own. docs/fuzzing.md explains the figures. The same
// files and flags always give the same figures.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cfcheck/cfcheck/fuzz/internal/blobedits"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/progress"
)

// The exit statuses.
const (
	exitFine    = 0
	exitProblem = 1 // a change escaped
	exitFailed  = 2 // not every change could be judged
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var plan blobedits.Plan
	flags := flag.NewFlagSet("blobedits", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&plan.Changes, "n", 1_000_000, "make `N` changes")
	flags.Uint64Var(&plan.Seed, "seed", 1, "choose the random stream")
	flags.IntVar(&plan.Cores, "cores", runtime.GOMAXPROCS(0), "judge `N` changes at a time")
	escape := flags.String("escape", "escape.bin", "write the first blob that escaped to this `file`")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitFine
		}
		return exitFailed
	}
	fail := func(err error) int {
		fmt.Fprintln(stderr, "blobedits:", err)
		return exitFailed
	}
	if plan.Changes < 1 || plan.Cores < 1 {
		return fail(fmt.Errorf("found -n %d and -cores %d (want at least 1)", plan.Changes, plan.Cores))
	}
	var err error
	if plan.Files, err = files(flags.Args()); err != nil {
		return fail(err)
	}
	start := time.Now()
	f, err := judge(ctx, &plan, stderr)
	if err != nil {
		return fail(err)
	}
	if err := report(stdout, f, &plan, time.Since(start)); err != nil {
		return fail(err)
	}
	if len(f.Escapes) == 0 {
		return exitFine
	}
	if err := os.WriteFile(*escape, f.Escapes[0].Data, 0o644); err != nil {
		return fail(err)
	}
	fmt.Fprintf(stdout, "the first escape is in %s\n", *escape)
	return exitProblem
}

// files reads the named files. Without names it returns the samples.
func files(names []string) ([]blobedits.File, error) {
	if len(names) == 0 {
		return blobedits.Samples()
	}
	var list []blobedits.File
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		list = append(list, blobedits.File{Name: filepath.Base(name), Data: data})
	}
	return list, nil
}

// judge runs a plan and shows its progress on w.
func judge(ctx context.Context, plan *blobedits.Plan, w io.Writer) (*blobedits.Figures, error) {
	var done atomic.Uint64
	line := progress.NewLine(w)
	defer line.End()
	ended := make(chan struct{})
	var f *blobedits.Figures
	var err error
	go func() {
		defer close(ended)
		f, err = plan.Run(ctx, &done)
	}()
	for {
		select {
		case <-ended:
			return f, err
		case <-line.C:
			line.Write(fmt.Sprintf("%s of %s changes", numeral.Thousands(done.Load()), numeral.Thousands(uint64(plan.Changes))))
		}
	}
}

// report writes the figures.
func report(w io.Writer, f *blobedits.Figures, plan *blobedits.Plan, took time.Duration) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-20s %s\n", name, fmt.Sprintf(format, args...))
	}
	number := numeral.Thousands
	line("time", "%.1f s on %d cores", took.Seconds(), plan.Cores)
	if cpu := progress.CPUSeconds(); cpu > 0 {
		line("", "%.2f core-minutes of processor time", cpu/60)
	}
	line("changes", "%s of %d blobs", number(f.Changes), len(plan.Files))
	line("accepted", "%s, %s of them with a note", number(f.Accepted), number(f.Noted))
	for e := range blobedits.NumEffects {
		line("rejected", "%s; engine: %v", number(f.Rejected[e]), e)
	}
	line("claims of harm", "%s overstated, %s understated", number(f.Overstated), number(f.Understated))
	line("escapes", "%s", number(f.Escaped))
	for _, e := range f.Escapes {
		fmt.Fprintf(&b, "\nESCAPE: %s, %s: %s\n", e.File, e.Change, e.Why)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
