package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cfcheck/cfcheck/fuzz/internal/csensor"
	"github.com/cfcheck/cfcheck/fuzz/internal/oracle"
	"github.com/cfcheck/cfcheck/fuzz/internal/sysmontrial"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/progress"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A source returns batches, and nil after the last.
type source interface{ Next() *generate.Batch }

// A worker is one core's part of a campaign.
type worker struct {
	core   int
	source source
	oracle *oracle.Oracle
	most   uint64 // decisions to make; 0 means no limit
	digest hash.Hash

	drawn *generate.Releases
	judge *oracle.Releases
	every uint64 // batches between two releases; 0 means no releases

	random       *rand.Rand // of configurations of Sysmon
	foreign      sysmontrial.Figures
	foreignEvery uint64 // batches between two configurations; 0 means no configurations

	kinds    [generate.NumKinds]kindCounts
	batches  uint64
	releases uint64
	bytes    uint64 // total size of the files
	safe     uint64 // decisions that had to accept
	ended    bool   // the source has no more batches

	mu    sync.Mutex // guards shown
	shown snapshot
}

// A kindCounts has the results for files of one kind.
type kindCounts struct{ Decisions, Accepted uint64 }

// A snapshot has the figures of a worker so far.
type snapshot struct {
	counts      oracle.Counts
	kinds       [generate.NumKinds]kindCounts
	batches     uint64
	releases    uint64
	asked, open [oracle.NumQuestions]uint64 // see oracle.Releases
	foreign     sysmontrial.Figures
	bytes       uint64
	safe        uint64
}

// A found is a problem and its circumstances.
type found struct {
	problem  *oracle.Problem
	batch    *generate.Batch
	file     generate.File
	fleet    *sensor.Fleet
	safe     bool
	release  *generate.Release // nil, as is foreign, if the problem is in the file and the fleet
	foreign  *sysmontrial.Case
	core     int
	decision uint64 // number of the decision on its core, from 1
	checks   []*validate.Check
}

// work judges batches until it finds a problem, has made its number of decisions, or stop is
// set.
func (w *worker) work(stop *atomic.Bool) (f *found) {
	defer w.publish()
	var verdicts [1]byte
	for !stop.Load() {
		b := w.source.Next()
		if b == nil {
			w.ended = true
			return nil
		}
		w.batches++
		for _, file := range b.Files {
			w.bytes += uint64(len(file.Data))
			fail := func(p *oracle.Problem, fleet *sensor.Fleet, safe bool) *found {
				return &found{problem: p, batch: b, file: file, fleet: fleet, safe: safe, core: w.core, decision: w.oracle.Counts.Decisions, checks: suite.Checks}
			}
			if p := w.oracle.Load(b.Definitions, b.Definition, file.Data); p != nil {
				return fail(p, nil, false)
			}
			for _, fleet := range b.Fleets {
				safe := fleet.Whole && file.Kind == generate.Valid
				verdict, p := w.oracle.Decide(fleet.Fleet, fleet.Cohorts, safe)
				if p != nil {
					return fail(p, fleet.Fleet, safe)
				}
				k := &w.kinds[file.Kind]
				k.Decisions++
				if safe {
					w.safe++
				}
				if verdict == validate.Accepted {
					k.Accepted++
				}
				if w.digest != nil {
					verdicts[0] = byte(verdict)
					w.digest.Write(verdicts[:])
				}
				if w.most > 0 && w.oracle.Counts.Decisions >= w.most {
					return nil
				}
			}
			if w.digest != nil {
				w.digest.Write(file.Data)
			}
		}
		if w.every > 0 && w.batches%w.every == 0 {
			w.releases++
			r := w.drawn.Next()
			if p := w.judge.Compare(r); p != nil {
				return &found{problem: p, release: r, core: w.core, decision: w.oracle.Counts.Decisions, checks: suite.Checks}
			}
		}
		if w.foreignEvery > 0 && w.batches%w.foreignEvery == 0 {
			c := sysmontrial.Draw(w.random)
			if p := c.Try(suite.Checks, &w.foreign); p != nil {
				return &found{problem: problemOf(c, p), foreign: c, core: w.core, decision: w.oracle.Counts.Decisions, checks: suite.Checks}
			}
		}
		if w.batches%16 == 0 {
			w.publish()
		}
	}
	return nil
}

// publish updates the figures that the worker shows.
func (w *worker) publish() {
	var s snapshot
	s.counts.Add(&w.oracle.Counts)
	s.kinds, s.batches, s.releases, s.bytes, s.safe = w.kinds, w.batches, w.releases, w.bytes, w.safe
	s.asked, s.open = w.judge.Asked, w.judge.Open
	s.foreign.Add(&w.foreign)
	for check, n := range w.judge.Hits {
		s.counts.Hits[check] += n
	}
	for check, n := range w.foreign.Hits {
		s.counts.Hits[check] += n
	}
	w.mu.Lock()
	w.shown = s
	w.mu.Unlock()
}

// seedOf returns the seed of a core's stream. Streams of different seeds and cores are
// independent.
func seedOf(seed uint64, core int) uint64 {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, seed), uint64(core)))
	return binary.LittleEndian.Uint64(sum[:])
}

// sampled has the tests that a campaign does only for a sample, because each takes longer than
// a decision. docs/fuzzing.md states these rates.
var sampled = oracle.Config{
	WitnessEvery: 64,
	FactsEvery:   512,
	JudgeEvery:   32,
	OddEvery:     64,
	EncodeEvery:  32,
	RepeatEvery:  512,
	OptionsEvery: 2048,
}

// newWorker returns the worker of a core. The function done frees its oracle.
func newWorker(cfg config, core int, program string) (w *worker, done func() error, err error) {
	o, err := oracle.New(suite.Checks, sampled)
	if err != nil {
		return nil, nil, err
	}
	w = &worker{
		core: core, oracle: o, digest: sha256.New(), every: cfg.releases,
		drawn: generate.NewReleases(seedOf(cfg.seed, core)), judge: oracle.NewReleases(suite.Checks),
		random: rand.New(rand.NewPCG(seedOf(cfg.seed, core), 1)), foreignEvery: cfg.sysmon,
	}
	done = o.Close
	if cfg.smallScope {
		o.Config.Exhaustive, o.Config.JudgeEvery = true, 1 // feasible in the small scope
		w.source = generate.NewSmall(core, cfg.cores)
	} else {
		w.source = generate.NewStream(seedOf(cfg.seed, core))
	}
	if cfg.decisions > 0 {
		w.most = cfg.decisions / uint64(cfg.cores)
		if uint64(core) < cfg.decisions%uint64(cfg.cores) {
			w.most++
		}
	}
	if program != "" {
		if o.Config.C, err = csensor.Start(program); err != nil {
			return nil, nil, errors.Join(err, o.Close())
		}
		done = func() error { return errors.Join(o.Config.C.Close(), o.Close()) }
	}
	return w, done, nil
}

// conduct runs a campaign and shows its progress on w.
func conduct(ctx context.Context, cfg config, w io.Writer) (*report, *found, error) {
	program := ""
	if cfg.c {
		folder, err := os.MkdirTemp("", "campaign")
		if err != nil {
			return nil, nil, err
		}
		defer os.RemoveAll(folder)
		if program, err = csensor.Build(folder); err != nil {
			return nil, nil, err
		}
	}
	if err := suite.SelfTest(suite.Checks); err != nil {
		return nil, nil, fmt.Errorf("the gate's self-test failed: %w", err)
	}
	var workers []*worker
	var closing []func() error
	for core := range cfg.cores {
		worker, done, err := newWorker(cfg, core, program)
		if err != nil {
			return nil, nil, err
		}
		workers, closing = append(workers, worker), append(closing, done)
	}
	// Almost all memory that a decision allocates is garbage when it ends.
	defer debug.SetGCPercent(debug.SetGCPercent(2000))
	var stop atomic.Bool
	var group sync.WaitGroup
	results := make([]*found, len(workers))
	start := time.Now()
	for i, worker := range workers {
		group.Go(func() {
			if results[i] = worker.work(&stop); results[i] != nil {
				stop.Store(true)
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		group.Wait()
		close(ended)
	}()
	show(ctx, cfg, w, workers, start, &stop, ended)
	took := time.Since(start)
	var first *found
	for _, f := range results {
		if f != nil && first == nil {
			first = f
		}
	}
	r := newReport(cfg, workers, took, first == nil)
	var errs []error
	for i, done := range closing {
		if err := done(); err != nil && results[i] == nil {
			errs = append(errs, err)
		}
	}
	return r, first, errors.Join(errs...)
}

// show writes the progress of a campaign until it ends.
func show(ctx context.Context, cfg config, w io.Writer, workers []*worker, start time.Time, stop *atomic.Bool, ended <-chan struct{}) {
	line := progress.NewLine(w)
	defer line.End()
	over := time.NewTimer(cfg.time)
	defer over.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			stop.Store(true)
		case <-over.C:
			stop.Store(true)
		case <-line.C:
			line.Write(figures(workers, time.Since(start)))
		}
		if stop.Load() {
			<-ended
			return
		}
	}
}

// figures returns one line of progress.
func figures(workers []*worker, took time.Duration) string {
	s := total(workers)
	return fmt.Sprintf("%s  %s decisions, %s/s, %.1f %% accepted, %s sensor runs, 0 escapes: below %s (95 %%)",
		took.Round(time.Second), numeral.Thousands(s.counts.Decisions), numeral.Thousands(uint64(float64(s.counts.Decisions)/took.Seconds())),
		100*s.counts.Accepted(), numeral.Thousands(s.counts.SensorRuns), bound(s.counts.Decisions))
}

// total returns the sum of the workers' figures.
func total(workers []*worker) snapshot {
	var sum snapshot
	for _, w := range workers {
		w.mu.Lock()
		s := w.shown
		w.mu.Unlock()
		sum.counts.Add(&s.counts)
		sum.batches += s.batches
		sum.releases += s.releases
		for q := range s.asked {
			sum.asked[q] += s.asked[q]
			sum.open[q] += s.open[q]
		}
		sum.bytes += s.bytes
		sum.safe += s.safe
		sum.foreign.Add(&s.foreign)
		for k := range s.kinds {
			sum.kinds[k].Decisions += s.kinds[k].Decisions
			sum.kinds[k].Accepted += s.kinds[k].Accepted
		}
	}
	return sum
}
