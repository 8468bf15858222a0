// Command campaign searches for escapes: channel files that the gate accepts and that do harm.
// It generates random files and fleets, lets the gate judge them, and runs accepted files on
// sensors that check nothing. It also draws releases, each with the content that shipped
// before, and compares the findings about rules and changes with the reference. It draws
// configurations of Sysmon, and compares the gate with a model of Sysmon's engine. It stops at the
// first escape, disagreement or false rejection, minimises the case and writes it to a folder.
//
//	go run ./fuzz/campaign -time 10m
//
// docs/fuzzing.md explains the figures. A seed and a number of cores always give the same
// decisions, in the same order on each core.
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
	"runtime/pprof"
	"syscall"
	"time"
)

// The exit statuses.
const (
	exitFine    = 0
	exitProblem = 1 // escape, disagreement, false rejection, or a stream that tests too little
	exitFailed  = 2 // the campaign could not run
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// A config has the values of the flags.
type config struct {
	time       time.Duration
	decisions  uint64
	seed       uint64
	cores      int
	report     string
	cases      string
	c          bool
	smallScope bool
	releases   uint64
	sysmon     uint64
	replay     string
	profile    string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cfg config
	flags := flag.NewFlagSet("campaign", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.DurationVar(&cfg.time, "time", time.Minute, "time limit of the campaign")
	flags.Uint64Var(&cfg.decisions, "decisions", 0, "stop after `N` decisions (0 means no limit)")
	flags.Uint64Var(&cfg.seed, "seed", 1, "seed of the stream of files")
	flags.IntVar(&cfg.cores, "cores", runtime.GOMAXPROCS(0), "run `N` streams at a time")
	flags.StringVar(&cfg.report, "report", "", "write the figures as JSON to this `file`")
	flags.StringVar(&cfg.cases, "cases", "campaign-case", "write the case of a problem to this `folder`")
	flags.BoolVar(&cfg.c, "c", false, "also run accepted files on the sensor in C under AddressSanitizer (slow)")
	flags.BoolVar(&cfg.smallScope, "small-scope", false, "judge every file of the small scope on every event of it")
	flags.Uint64Var(&cfg.releases, "releases", 32, "compare a release with the reference after each `N` batches of files (0 means no releases)")
	flags.Uint64Var(&cfg.sysmon, "sysmon", 8, "try a configuration of Sysmon after each `N` batches of files (0 means no configurations)")
	flags.StringVar(&cfg.replay, "replay", "", "judge only the case in this `folder` again")
	flags.StringVar(&cfg.profile, "cpuprofile", "", "write a CPU profile to this `file`, for go tool pprof")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitFine
		}
		return exitFailed
	}
	fail := func(err error) int {
		fmt.Fprintln(stderr, "campaign:", err)
		return exitFailed
	}
	if flags.NArg() > 0 {
		return fail(fmt.Errorf("unexpected argument %q (want only flags)", flags.Arg(0)))
	}
	if cfg.cores < 1 {
		return fail(fmt.Errorf("found -cores %d (want at least 1)", cfg.cores))
	}
	if cfg.replay != "" {
		problem, err := replay(stdout, cfg.replay)
		switch {
		case err != nil:
			return fail(err)
		case problem:
			return exitProblem
		}
		return exitFine
	}
	if cfg.profile != "" {
		f, err := os.Create(cfg.profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			return fail(err)
		}
		defer f.Close()
	}
	r, found, err := conduct(ctx, cfg, stderr)
	pprof.StopCPUProfile()
	if err != nil {
		return fail(err)
	}
	if found != nil {
		r.found(found.problem)
		problem, err := found.write(cfg.cases)
		if err != nil {
			return fail(err)
		}
		r.Problem = &problemReport{
			Kind: problem.Kind.String(), What: problem.What, Build: problem.Build,
			Folder: cfg.cases, Core: found.core, Decision: found.decision,
		}
	}
	if err := r.text(stdout); err != nil {
		return fail(err)
	}
	if cfg.report != "" {
		if err := r.write(cfg.report); err != nil {
			return fail(err)
		}
	}
	if r.Problem != nil || len(r.Shortcomings) > 0 {
		return exitProblem
	}
	return exitFine
}
