// Command mutation measures the oracle by mutation testing. It makes mutants of the
// gate, the readers of the format and the sensors, and lets the oracle search each for
// a limited time.
//
//	go run ./fuzz/mutation             # all mutants; takes more than half an hour
//	go run ./fuzz/mutation -sample 10  # ten random mutants
//
// Most mutants are generated: a comparison is off by one or negated, a condition is
// false, an integer keeps only 8 or 16 bits, a check of the gate finds nothing. Some
// are written by hand. Mutants exist in copies of the source only.
//
// A mutant that the oracle misses survives, unless a directive in the source marks it
// as equivalent, or as missed with the test that detects it:
//
//	//mutation:equivalent: the slow path gives the same result
//	//mutation:equivalent comparison, width: the value is always below 256
//	//mutation:missed `if v < 3`, width#2: TestName detects it
//
// A directive is about the line that it ends, or else about the next line of code. In
// the doc comment of a declaration it is about the declaration, and above the package
// clause about the file. Without a selector it is about every mutant there. A selector
// is a kind of mutants (condition, comparison, width, check) or the original text of a
// mutant; #2 means the second of these. A directive that matches no mutant is an error,
// which the tests of this package find.
//
// The exit status is 0 if every mutant was detected, 1 if one survived, or 2 after an
// error.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// The exit statuses.
const (
	exitFine     = 0
	exitSurvivor = 1
	exitFailed   = 2
)

// A config has the values of the flags.
type config struct {
	time   time.Duration
	sample int
	seed   uint64
	only   *regexp.Regexp
	list   bool
	exempt bool
	jobs   int
	report string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitFine
	}
	if err == nil {
		var r *report
		if r, err = conduct(ctx, cfg, stdout, stderr); err == nil {
			if r == nil {
				return exitFine // only a list was requested
			}
			if err = r.text(stdout); err == nil && cfg.report != "" {
				err = r.write(cfg.report)
			}
			if err == nil && r.ok() {
				return exitFine
			}
			if err == nil {
				return exitSurvivor
			}
		}
	}
	fmt.Fprintln(stderr, "mutation:", err)
	return exitFailed
}

func parse(args []string, stderr io.Writer) (config, error) {
	var cfg config
	var only string
	flags := flag.NewFlagSet("mutation", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.DurationVar(&cfg.time, "time", time.Minute, "search for one mutant for at most this time")
	flags.IntVar(&cfg.sample, "sample", 0, "search for `N` random mutants (0 means all)")
	flags.Uint64Var(&cfg.seed, "seed", 1, "seed of the random sample")
	flags.StringVar(&only, "only", "", "search only for mutants whose line of -list matches the regular `expression`")
	flags.BoolVar(&cfg.list, "list", false, "list the mutants and search for none")
	flags.BoolVar(&cfg.exempt, "exempt", false, "search for the mutants that a directive exempts; none should be detected")
	flags.IntVar(&cfg.jobs, "jobs", runtime.GOMAXPROCS(0), "run `N` searches at a time")
	flags.StringVar(&cfg.report, "report", "", "write the outcome of each mutant as JSON to this `file`")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	if flags.NArg() > 0 {
		return cfg, fmt.Errorf("unexpected argument %q (want only flags)", flags.Arg(0))
	}
	if cfg.jobs < 1 || cfg.sample < 0 || cfg.time <= 0 {
		return cfg, fmt.Errorf("found -jobs %d, -sample %d and -time %v (want at least 1, at least 0 and more than 0)", cfg.jobs, cfg.sample, cfg.time)
	}
	var err error
	cfg.only, err = regexp.Compile(only)
	return cfg, err
}

// conduct searches for the mutants. The report is nil if the mutants were only listed.
func conduct(ctx context.Context, cfg config, stdout, stderr io.Writer) (*report, error) {
	start := time.Now()
	folder, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	w, err := newBuilder(ctx, folder)
	if err != nil {
		return nil, err
	}
	exempted, err := exempt(w.directives, w.mutants)
	if err != nil {
		return nil, err
	}
	r := &report{Mutants: len(w.mutants), Limit: cfg.time}
	for _, d := range exempted {
		if d.Word == missed {
			r.Missed++
		} else {
			r.Equivalent++
		}
	}
	mutants := slices.DeleteFunc(slices.Clone(w.mutants), func(b *Mutant) bool {
		return (exempted[b] != nil) != cfg.exempt || !cfg.only.MatchString(b.Part+" "+b.Kind+" "+b.Key())
	})
	if cfg.sample > 0 && cfg.sample < len(mutants) {
		draw := rand.New(rand.NewPCG(cfg.seed, 0xA11FE))
		draw.Shuffle(len(mutants), func(i, k int) { mutants[i], mutants[k] = mutants[k], mutants[i] })
		mutants = mutants[:cfg.sample]
	}
	if cfg.list {
		for _, b := range mutants {
			if _, err := fmt.Fprintln(stdout, b.Part, b.Kind, b.Key()); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	fmt.Fprintf(stderr, "%d mutants, %d of them exempted by directives; building\n", len(w.mutants), len(exempted))
	if err := w.build(ctx); err != nil {
		return nil, err
	}
	// If the oracle detected something without a mutant, it would detect it in every mutant.
	if err := w.baseline(ctx, min(cfg.time, baseline)); err != nil {
		return nil, err
	}
	r.Outcomes = make([]outcome, len(mutants))
	each(ctx, cfg.jobs, len(mutants), func(i int) {
		o := &r.Outcomes[i]
		o.Mutant = mutants[i]
		if d := exempted[o.Mutant]; d != nil {
			o.Reason = d.Reason
		}
		began := time.Now()
		detected, err := w.search(ctx, mutants[i], cfg.time)
		o.Detected, o.Took = detected, time.Since(began)
		if err != nil {
			o.Error = err.Error()
		}
		if ctx.Err() == nil && !o.ok() {
			fmt.Fprintf(stderr, "%s\n", o.line())
		}
	}, func(done int) {
		fmt.Fprintf(stderr, "%d of %d, after %v\n", done, len(mutants), time.Since(start).Round(time.Second))
	})
	r.Took = time.Since(start)
	return r, nil
}

// baseline is the time for which the oracle searches the code without a mutant.
const baseline = 7 * time.Second

// each calls do with each number below n, up to jobs calls at a time, until the context ends.
// It calls progress after every hundred calls.
func each(ctx context.Context, jobs, n int, do func(int), progress func(done int)) {
	var group sync.WaitGroup
	var mu sync.Mutex
	next, done := 0, 0
	for range jobs {
		group.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n || ctx.Err() != nil {
					return
				}
				do(i)
				mu.Lock()
				if done++; done%100 == 0 {
					progress(done)
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
}

// write writes the report as JSON.
func (r *report) write(name string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(data, '\n'), 0o666)
}
