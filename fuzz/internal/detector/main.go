// Command detector looks for the bug that it was built with: it is what the command
// of package mutation starts for each seeded bug, with a time limit. It exits with
// status 1 as soon as the oracle sees something, and says on its standard output
// what; with 0 if the time is up. A process that dies has shown its bug too.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/fuzz/internal/csensor"
	"github.com/cfcheck/cfcheck/fuzz/internal/mutant"
	"github.com/cfcheck/cfcheck/fuzz/internal/oracle"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func main() {
	limit := flag.Duration("time", time.Minute, "how long at most")
	seed := flag.Uint64("seed", 1, "of the stream")
	without := flag.String("without", "", "the `ID` of a check that finds nothing")
	long := flag.Bool("long", false, "judge long files alone: what shows that 16 bits are too few")
	medium := flag.Bool("medium", false, "judge files of a few hundred entries first: what shows that 8 bits are too few")
	c := flag.String("c", "", "the sensor in C, a `program`, to compare with")
	flag.Parse()
	h := &hunter{deadline: time.Now().Add(*limit)}
	var err error
	if *c != "" { // before memory is limited: AddressSanitizer reserves more than there is
		if h.c, err = csensor.Start(*c); err != nil {
			fail(err)
		}
	}
	if err := limitMemory(); err != nil {
		fail(err)
	}
	if *without != "" {
		check := suite.ByID(*without)
		if check == nil {
			fail(fmt.Errorf("there is no check %s", *without))
		}
		check.Run = func(*validate.Pass) {}
	}
	go h.watch()
	caught, err := h.hunt(*seed, *long, *medium)
	if err != nil {
		fail(err)
	}
	if caught != nil {
		h.say(caught)
	}
	h.end(exitNothing)
}

// The exit statuses. A Go program that dies has 2.
const (
	exitNothing = 0
	exitCaught  = 1
	exitFailed  = 3 // the hunt could not be run, or not to its end
)

func fail(err error) {
	fmt.Fprintln(os.Stderr, "detector:", err)
	os.Exit(exitFailed)
}

// A hunter looks for a bug.
type hunter struct {
	deadline time.Time
	oracle   *oracle.Oracle
	c        *csensor.Sensor // nil: none
	steps    atomic.Uint64   // that were taken, for watch
}

// say ends the process: the bug was seen.
func (h *hunter) say(c *mutant.Catch) {
	_ = json.NewEncoder(os.Stdout).Encode(c) // the status says it too
	h.end(exitCaught)
}

// end ends the process, and the sensor in C with it, which may be in a loop.
func (h *hunter) end(status int) {
	if h.c != nil {
		h.c.Kill()
	}
	os.Exit(status)
}

// hang is after how long without a decision a bug has shown itself by that. A
// long file takes a second.
const hang = 30 * time.Second

// watch ends the process when it hangs.
func (h *hunter) watch() {
	before, since := uint64(0), time.Now()
	for range time.Tick(time.Second) {
		if now := h.steps.Load(); now != before {
			before, since = now, time.Now()
		} else if time.Since(since) > hang {
			h.say(&mutant.Catch{By: "time", What: fmt.Sprintf("nothing happened for %v", hang)})
		}
	}
}

// over reports whether the time is up, and notes that a step was taken.
func (h *hunter) over() bool {
	h.steps.Add(1)
	return time.Now().After(h.deadline)
}

// hunt goes through the parts of the oracle, the quick ones first.
func (h *hunter) hunt(seed uint64, long, medium bool) (caught *mutant.Catch, err error) {
	defer func() {
		if r := recover(); r != nil {
			caught = &mutant.Catch{By: "panic", What: fmt.Sprint(r)}
		}
	}()
	if err := suite.SelfTest(suite.Checks); err != nil {
		return &mutant.Catch{By: "self-test", What: err.Error()}, nil
	}
	o, err := oracle.New(suite.Checks, oracle.Config{
		JudgeEvery: 1, WitnessEvery: 4, FactsEvery: 16, FalseClaims: 12, OddEvery: 1,
		EncodeEvery: 1, RepeatEvery: 4, OptionsEvery: 4, EachInstance: true, C: h.c,
	})
	if err != nil {
		return nil, err
	}
	defer o.Close()
	h.oracle = o
	g, s, rich := generate.New(seed), generate.NewStream(seed), generate.NewRichStream(seed)
	if long {
		return h.large(g), nil
	}
	if medium {
		if caught := h.medium(g); caught != nil {
			return caught, nil
		}
	}
	if caught := h.batches("campaign", s.Next, 32); caught != nil || h.over() {
		return caught, nil
	}
	if caught := h.corpus(); caught != nil || h.over() {
		return caught, nil
	}
	o.Config.OddTexts = true
	if caught := h.batches("odd texts", generate.Texts, 1); caught != nil {
		return caught, nil
	}
	o.Config.OddTexts = false
	if caught := h.medium(g); caught != nil {
		return caught, nil
	}
	if caught := h.large(g); caught != nil {
		return caught, nil
	}
	small := generate.NewSmall(0, 64)
	for !h.over() {
		for _, stream := range []*generate.Stream{rich, s} {
			if caught := h.batches("campaign", stream.Next, 128); caught != nil {
				return caught, nil
			}
		}
		o.Config.Exhaustive = true
		if caught := h.batches("small scope", small.Next, 4); caught != nil {
			return caught, nil
		}
		o.Config.Exhaustive = false
		if caught := h.medium(g); caught != nil {
			return caught, nil
		}
	}
	return nil, nil
}

// medium judges files whose counts need more than a byte, and what becomes of
// them when they are changed, on few events.
func (h *hunter) medium(g *generate.Generator) *mutant.Catch {
	if caught := h.few("medium files", g.Medium); caught != nil {
		return caught
	}
	return h.few("changed files", g.Changed)
}

// large judges files whose counts need more than two bytes, on few events. The
// readers and the sensors show what is too small for them, and the second judge.
func (h *hunter) large(g *generate.Generator) *mutant.Catch {
	defer h.restore(h.oracle.Config)
	c := &h.oracle.Config
	c.WitnessEvery, c.FactsEvery, c.RepeatEvery, c.OptionsEvery = 0, 0, 0, 0
	return h.few("long files", g.Long)
}

func (h *hunter) few(part string, next func() *generate.Batch) *mutant.Catch {
	defer h.restore(h.oracle.Config)
	c := &h.oracle.Config
	c.Events, c.Instances, c.FactsEvery = 2, 3, min(c.FactsEvery, 2)
	return h.batches(part, next, generate.LongFiles)
}

// restore makes c the configuration of the oracle again.
func (h *hunter) restore(c oracle.Config) { h.oracle.Config = c }

// batches judges so many batches, or less if there are no more.
func (h *hunter) batches(part string, next func() *generate.Batch, most int) *mutant.Catch {
	o := h.oracle
	for range most {
		b := next()
		if b == nil || h.over() {
			return nil
		}
		for _, file := range b.Files {
			p := o.Load(b.Definitions, b.Definition, file.Data)
			for i := 0; i < len(b.Fleets) && p == nil; i++ {
				f := b.Fleets[i]
				if h.over() {
					return nil
				}
				_, p = o.Decide(f.Fleet, f.Cohorts, f.Whole && file.Kind == generate.Valid)
			}
			if p != nil {
				return &mutant.Catch{By: part, What: p.Error(), Decisions: o.Counts.Decisions}
			}
		}
	}
	return nil
}

// corpus holds the gate to what stands beside each case, and the two readers to
// each other. What is in normal form encodes to itself. Then each is judged as
// any other file.
func (h *hunter) corpus() *mutant.Catch {
	o := h.oracle
	defer h.restore(o.Config)
	o.Config.Events, o.Config.Instances = 4, 2
	if p := oracle.Unfolded(); p != nil {
		return &mutant.Catch{By: "table of case folding", What: p.Error()}
	}
	for _, c := range corpus.Cases() {
		wrong := func(format string, args ...any) *mutant.Catch {
			return &mutant.Catch{By: "corpus", What: fmt.Sprintf(format, args...) + ": case " + c.Name}
		}
		h.steps.Add(1)
		opts, err := gatetest.ReadOptions(&c, suite.Checks...)
		if err != nil {
			return wrong("%v", err)
		}
		if p := oracle.ReadersDiffer(c.Data); p != nil {
			return wrong("%v", p)
		}
		r := validate.Run(validate.ChannelFile(c.FileName, c.Data), opts)
		if r.Verdict() == validate.Accepted {
			if again, err := channelfile.Encode(r.File); err != nil || !bytes.Equal(again, c.Data) {
				return wrong("it is accepted, and does not encode to itself: %v", err)
			}
		}
		if err := expected(&c, r); err != nil {
			return wrong("%v", err)
		}
		if opts.Fleet == nil || r.Definition == nil {
			continue
		}
		p := o.Load(opts.Definitions, r.Definition, c.Data)
		if p == nil {
			_, p = o.Decide(bounded(opts.Fleet), nil, false)
		}
		if p != nil {
			return wrong("%v", p)
		}
	}
	return nil
}

// bounded returns a fleet whose strings are short: the longest programs of the
// corpus take the sensors long.
func bounded(f *sensor.Fleet) *sensor.Fleet {
	own := &sensor.Fleet{Name: f.Name, Contracts: slices.Clone(f.Contracts)}
	for i := range own.Contracts {
		c := &own.Contracts[i]
		c.Supplies = slices.Clone(c.Supplies)
		for k := range c.Supplies {
			s := &c.Supplies[k]
			s.Inputs = slices.Clone(s.Inputs)
			for n := range s.Inputs {
				s.Inputs[n].MaxLength = min(s.Inputs[n].MaxLength, 256)
			}
		}
	}
	return own
}

// expected returns what a report says otherwise than the case that it is of.
func expected(c *corpus.Case, r *validate.Report) error {
	if got := r.Verdict().String(); got != string(c.Expect) {
		return fmt.Errorf("the verdict is %s, expected %s", got, c.Expect)
	}
	var ids []string
	for _, t := range r.Totals {
		ids = append(ids, t.Check.ID)
	}
	slices.Sort(ids)
	if !slices.Equal(ids, c.Checks) {
		return fmt.Errorf("%v find something, expected %v", ids, c.Checks)
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; !located(c.At, f) {
			return fmt.Errorf("%v finds something at %v, expected one of %v", f.Check, f.Where.Range, c.At)
		}
	}
	return nil
}

// located reports whether a finding is where the case says, if it says.
func located(at []corpus.Location, f *validate.Finding) bool {
	said := false
	for _, l := range at {
		if l.Check != f.Check.ID {
			continue
		}
		said = true
		if r := f.Where.Range; r.Start < l.End && l.Start < r.End || (r.Len() == 0 || l.Start == l.End) && r.Start <= l.End && l.Start <= r.End {
			return true
		}
	}
	return !said && f.Where.Range.Len() == 0
}
