// Command mutation shows that the oracle is alive: that it would see a bug. It
// seeds bugs in copies of the gate, the readers of the format and the sensors,
// and for each lets the oracle look for it, for a minute at most.
//
//	go run ./fuzz/mutation             # all of them, half an hour and more
//	go run ./fuzz/mutation -sample 10  # some
//
// Most bugs are made mechanically: every comparison is off by one or the other
// way round, every check of a condition is left out, every number is kept in
// fewer bits, and every check of the gate finds nothing. Some are those that a
// person would make. A bug that the oracle does not see survives, unless
// listed.txt says why it is none, or what sees it instead. The exit status is 0,
// or 1 if one survived, or 2.
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
	"strings"
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

// A config is what the flags say.
type config struct {
	time   time.Duration
	sample int
	seed   uint64
	only   *regexp.Regexp
	list   bool
	listed bool
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
				return exitFine // a list was asked for
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
	flags.DurationVar(&cfg.time, "time", time.Minute, "how long the oracle may look for one bug")
	flags.IntVar(&cfg.sample, "sample", 0, "seed so many, drawn from all (0: all)")
	flags.Uint64Var(&cfg.seed, "seed", 1, "by which a sample is drawn")
	flags.StringVar(&only, "only", "", "seed bugs whose line of -list matches this `expression`")
	flags.BoolVar(&cfg.list, "list", false, "list the bugs, and seed none")
	flags.BoolVar(&cfg.listed, "listed", false, "look for those that listed.txt has, to see that nothing sees them")
	flags.IntVar(&cfg.jobs, "jobs", runtime.GOMAXPROCS(0), "how many are looked for at a time")
	flags.StringVar(&cfg.report, "report", "", "write what became of each as JSON to this `file`")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	if flags.NArg() > 0 {
		return cfg, fmt.Errorf("found the argument %q; expected flags alone", flags.Arg(0))
	}
	if cfg.jobs < 1 || cfg.sample < 0 || cfg.time <= 0 {
		return cfg, fmt.Errorf("found %d jobs, a sample of %d and a time of %v; expected at least 1, 0 and more than 0", cfg.jobs, cfg.sample, cfg.time)
	}
	var err error
	cfg.only, err = regexp.Compile(only)
	return cfg, err
}

// conduct seeds the bugs and looks for each. The report is nil if the bugs were
// only listed.
func conduct(ctx context.Context, cfg config, stdout, stderr io.Writer) (*report, error) {
	start := time.Now()
	folder, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	w, err := newWorkshop(ctx, folder)
	if err != nil {
		return nil, err
	}
	reasons, err := readListed(w.bugs)
	if err != nil {
		return nil, err
	}
	r := &report{Seeded: len(w.bugs), Limit: cfg.time}
	for _, reason := range reasons {
		if strings.HasPrefix(reason, beyond) {
			r.Beyond++
		} else {
			r.Equivalent++
		}
	}
	bugs := slices.DeleteFunc(slices.Clone(w.bugs), func(b *Bug) bool {
		_, isListed := reasons[b]
		return isListed != cfg.listed || !cfg.only.MatchString(b.Part+" "+b.Kind+" "+b.Key())
	})
	if cfg.sample > 0 && cfg.sample < len(bugs) {
		draw := rand.New(rand.NewPCG(cfg.seed, 0xA11FE))
		draw.Shuffle(len(bugs), func(i, k int) { bugs[i], bugs[k] = bugs[k], bugs[i] })
		bugs = bugs[:cfg.sample]
	}
	if cfg.list {
		for _, b := range bugs {
			if _, err := fmt.Fprintln(stdout, b.Part, b.Kind, b.Key()); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	fmt.Fprintf(stderr, "%d bugs can be seeded, of which %d are listed; building\n", len(w.bugs), len(reasons))
	if err := w.build(ctx); err != nil {
		return nil, err
	}
	// What the oracle sees where there is no bug it would see everywhere.
	if err := w.healthy(ctx, min(cfg.time, healthy)); err != nil {
		return nil, err
	}
	r.Outcomes = make([]outcome, len(bugs))
	each(ctx, cfg.jobs, len(bugs), func(i int) {
		o := &r.Outcomes[i]
		o.Bug, o.Reason = bugs[i], reasons[bugs[i]]
		began := time.Now()
		caught, err := w.hunt(ctx, bugs[i], cfg.time)
		o.Caught, o.Took = caught, time.Since(began)
		if err != nil {
			o.Error = err.Error()
		}
		if ctx.Err() == nil && !o.ok() {
			fmt.Fprintf(stderr, "%s\n", o.line())
		}
	}, func(done int) {
		fmt.Fprintf(stderr, "%d of %d, after %v\n", done, len(bugs), time.Since(start).Round(time.Second))
	})
	r.Took = time.Since(start)
	return r, nil
}

// healthy is how long the oracle looks at what has no bug.
const healthy = 10 * time.Second

// each calls do with each number below n, so many at a time, until the context
// ends. It calls progress now and then.
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
