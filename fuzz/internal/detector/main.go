// Command detector runs the oracle on the mutant that it was built with. The command
// fuzz/mutation starts it for each mutant with a time limit.
//
// It exits with status 1 as soon as the oracle detects something, and writes a
// mutant.Detection to its standard output. It exits with status 0 when the time is up. A
// process that dies detected its mutant too.
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
	"github.com/cfcheck/cfcheck/fuzz/internal/oracle"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/mutant"
	"github.com/cfcheck/cfcheck/internal/progress"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func main() {
	limit := flag.Duration("time", time.Minute, "maximum time of the search")
	seed := flag.Uint64("seed", 1, "seed of the stream of files")
	without := flag.String("without", "", "`ID` of a check that finds nothing")
	long := flag.Bool("long", false, "judge only long files, which show that 16 bits are too few")
	medium := flag.Bool("medium", false, "judge files of a few hundred entries first, which show that 8 bits are too few")
	releases := flag.Bool("releases", false, "compare only releases with the reference, and judge the corpus")
	c := flag.String("c", "", "also run the sensor in C, a `program`")
	flag.Parse()
	d := &detector{deadline: time.Now().Add(*limit)}
	var err error
	if *c != "" { // before memory is limited: AddressSanitizer reserves more than the machine has
		if d.c, err = csensor.Start(*c); err != nil {
			fail(err)
		}
	}
	if err := limitMemory(); err != nil {
		fail(err)
	}
	if *without != "" {
		check := suite.ByID(*without)
		if check == nil {
			fail(fmt.Errorf("unknown check %q", *without))
		}
		check.Run = func(*validate.Pass) {}
	}
	go d.watch()
	search := func() (*mutant.Detection, error) { return d.search(*seed, *long, *medium) }
	if *releases {
		search = func() (*mutant.Detection, error) { return d.releases(*seed) }
	}
	detected, err := recovered(search)
	if err != nil {
		fail(err)
	}
	if detected != nil {
		d.report(detected)
	}
	d.end(exitNothing)
}

// The exit statuses. A Go program that dies has status 2.
const (
	exitNothing  = 0
	exitDetected = 1
	exitFailed   = 3 // the search could not start, or not end
)

func fail(err error) {
	fmt.Fprintln(os.Stderr, "detector:", err)
	os.Exit(exitFailed)
}

// A detector runs the oracle until it detects the mutant.
type detector struct {
	deadline time.Time
	oracle   *oracle.Oracle
	c        *csensor.Sensor // nil means that no sensor in C runs
	steps    atomic.Uint64   // counted for watch
}

// report ends the process after the mutant was detected.
func (d *detector) report(c *mutant.Detection) {
	_ = json.NewEncoder(os.Stdout).Encode(c) // the status says it too
	d.end(exitDetected)
}

// end ends the process and the sensor in C, which may be in a loop.
func (d *detector) end(status int) {
	if d.c != nil {
		d.c.Kill()
	}
	os.Exit(status)
}

// hang is the processor time without a decision after which the process counts as hung. A long
// file takes a second. The elapsed time may be four times as long, for on a busy machine a
// process gets less than a core.
const hang = 30 * time.Second

// watch ends the process if it hangs.
func (d *detector) watch() {
	before, since, cpu := uint64(0), time.Now(), progress.CPUSeconds()
	for range time.Tick(time.Second) {
		if now := d.steps.Load(); now != before {
			before, since, cpu = now, time.Now(), progress.CPUSeconds()
			continue
		}
		if progress.CPUSeconds()-cpu > hang.Seconds() || time.Since(since) > 4*hang {
			d.report(&mutant.Detection{By: "time", What: fmt.Sprintf("no decision after %v of processor time", hang)})
		}
	}
}

// timeUp reports whether the time is up. It also counts a step.
func (d *detector) timeUp() bool {
	d.steps.Add(1)
	return time.Now().After(d.deadline)
}

// recovered calls search. A panic detects a mutant too.
func recovered(search func() (*mutant.Detection, error)) (detected *mutant.Detection, err error) {
	defer func() {
		if r := recover(); r != nil {
			detected = &mutant.Detection{By: "panic", What: fmt.Sprint(r)}
		}
	}()
	return search()
}

// releases compares releases with the reference until the time is up. After the first of them
// it judges the corpus.
func (d *detector) releases(seed uint64) (*mutant.Detection, error) {
	if err := suite.SelfTest(suite.Checks); err != nil {
		return &mutant.Detection{By: "self-test", What: err.Error()}, nil
	}
	rs, small, large := oracle.NewReleases(suite.Checks), generate.NewReleases(seed), generate.NewLargeReleases(seed)
	for n := 0; !d.timeUp(); n++ {
		next := small
		if n%32 == 31 {
			next = large
		}
		if p := rs.Compare(next.Next()); p != nil {
			return &mutant.Detection{By: "releases", What: p.Error(), Decisions: uint64(n)}, nil
		}
		if n == 256 {
			if detected := d.expectations(); detected != nil {
				return detected, nil
			}
		}
	}
	return nil, nil
}

// expectations compares the gate with the expectation of each case of the corpus.
func (d *detector) expectations() *mutant.Detection {
	for _, c := range corpus.Cases() {
		d.steps.Add(1)
		opts, err := gatetest.ReadOptions(&c, suite.Checks...)
		if err == nil {
			err = expected(&c, validate.Run(validate.ChannelFile(c.FileName, c.Data), opts))
		}
		if err != nil {
			return &mutant.Detection{By: "corpus", What: fmt.Sprintf("%v: case %s", err, c.Name)}
		}
	}
	return nil
}

// search runs the parts of the oracle, the fast ones first.
func (d *detector) search(seed uint64, long, medium bool) (detected *mutant.Detection, err error) {
	if err := suite.SelfTest(suite.Checks); err != nil {
		return &mutant.Detection{By: "self-test", What: err.Error()}, nil
	}
	o, err := oracle.New(suite.Checks, oracle.Config{
		JudgeEvery: 1, WitnessEvery: 4, FactsEvery: 16, FalseClaims: 12, OddEvery: 1,
		EncodeEvery: 1, RepeatEvery: 4, OptionsEvery: 4, EachInstance: true, C: d.c,
	})
	if err != nil {
		return nil, err
	}
	defer o.Close()
	d.oracle = o
	g, s, rich := generate.New(seed), generate.NewStream(seed), generate.NewRichStream(seed)
	if long {
		return d.large(g), nil
	}
	if medium {
		if detected := d.medium(g); detected != nil {
			return detected, nil
		}
	}
	if detected := d.batches("campaign", s.Next, 32); detected != nil || d.timeUp() {
		return detected, nil
	}
	if detected := d.corpus(); detected != nil || d.timeUp() {
		return detected, nil
	}
	o.Config.OddTexts = true
	if detected := d.batches("odd texts", generate.Texts, 1); detected != nil {
		return detected, nil
	}
	o.Config.OddTexts = false
	if detected := d.medium(g); detected != nil {
		return detected, nil
	}
	if detected := d.large(g); detected != nil {
		return detected, nil
	}
	small := generate.NewSmall(0, 64)
	for !d.timeUp() {
		for _, stream := range []*generate.Stream{rich, s} {
			if detected := d.batches("campaign", stream.Next, 128); detected != nil {
				return detected, nil
			}
		}
		o.Config.Exhaustive = true
		if detected := d.batches("small scope", small.Next, 4); detected != nil {
			return detected, nil
		}
		o.Config.Exhaustive = false
		if detected := d.medium(g); detected != nil {
			return detected, nil
		}
	}
	return nil, nil
}

// medium judges files with more than 255 entries, and changed copies of them, on few events.
func (d *detector) medium(g *generate.Generator) *mutant.Detection {
	if detected := d.few("medium files", g.Medium); detected != nil {
		return detected
	}
	return d.few("changed files", g.Changed)
}

// large judges files with more than 65,535 entries, on few events. Only the readers, the
// sensors and the reference judge run.
func (d *detector) large(g *generate.Generator) *mutant.Detection {
	defer d.restore(d.oracle.Config)
	c := &d.oracle.Config
	c.WitnessEvery, c.FactsEvery, c.RepeatEvery, c.OptionsEvery = 0, 0, 0, 0
	return d.few("long files", g.Long)
}

func (d *detector) few(part string, next func() *generate.Batch) *mutant.Detection {
	defer d.restore(d.oracle.Config)
	c := &d.oracle.Config
	c.Events, c.Instances, c.FactsEvery = 2, 3, min(c.FactsEvery, 2)
	return d.batches(part, next, generate.LongFiles)
}

// restore sets the configuration of the oracle back to c.
func (d *detector) restore(c oracle.Config) { d.oracle.Config = c }

// batches judges at most the given number of batches.
func (d *detector) batches(part string, next func() *generate.Batch, most int) *mutant.Detection {
	o := d.oracle
	for range most {
		b := next()
		if b == nil || d.timeUp() {
			return nil
		}
		for _, file := range b.Files {
			p := o.Load(b.Definitions, b.Definition, file.Data)
			for i := 0; i < len(b.Fleets) && p == nil; i++ {
				f := b.Fleets[i]
				if d.timeUp() {
					return nil
				}
				_, p = o.Decide(f.Fleet, f.Cohorts, f.Whole && file.Kind == generate.Valid)
			}
			if p != nil {
				return &mutant.Detection{By: part, What: p.Error(), Decisions: o.Counts.Decisions}
			}
		}
	}
	return nil
}

// corpus compares the gate with the expectation of each case, and the two readers with each
// other. An accepted file must encode to itself. Then each case is judged as any other file.
func (d *detector) corpus() *mutant.Detection {
	o := d.oracle
	defer d.restore(o.Config)
	o.Config.Events, o.Config.Instances = 4, 2
	if p := oracle.Unfolded(); p != nil {
		return &mutant.Detection{By: "the table of case folding", What: p.Error()}
	}
	for _, c := range corpus.Cases() {
		wrong := func(format string, args ...any) *mutant.Detection {
			return &mutant.Detection{By: "corpus", What: fmt.Sprintf(format, args...) + ": case " + c.Name}
		}
		d.steps.Add(1)
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
				return wrong("the file is accepted and does not encode to itself: %v", err)
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
	return d.sysmon()
}

// sysmon compares the gate with the expectation of each case of Sysmon.
func (d *detector) sysmon() *mutant.Detection {
	for _, c := range corpus.Sysmon() {
		if d.timeUp() {
			return nil
		}
		s, opts, err := gatetest.ReadSysmon(&c, suite.Checks...)
		if err == nil {
			err = sameFindings(c.Expect, c.Checks, validate.Run(s, opts))
		}
		if err != nil {
			return &mutant.Detection{By: "corpus", What: fmt.Sprintf("%v: case %s of Sysmon", err, c.Name)}
		}
	}
	return nil
}

// bounded returns a copy of a fleet with short strings, because the longest programs of the
// corpus make the sensors slow.
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

// expected returns an error if a report differs from the expectation of its case.
func expected(c *corpus.Case, r *validate.Report) error {
	if err := sameFindings(c.Expect, c.Checks, r); err != nil {
		return err
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; !located(c.At, f) {
			return fmt.Errorf("%v finds something at %v; want one of %v", f.Check, f.Where.Range, c.At)
		}
	}
	return nil
}

// sameFindings returns an error if a report has another verdict, or if other checks find
// something.
func sameFindings(verdict corpus.Verdict, checks []string, r *validate.Report) error {
	if got := r.Verdict().String(); got != string(verdict) {
		return fmt.Errorf("the verdict is %s; want %s", got, verdict)
	}
	var ids []string
	for _, t := range r.Totals {
		ids = append(ids, t.Check.ID)
	}
	slices.Sort(ids)
	if !slices.Equal(ids, checks) {
		return fmt.Errorf("the checks %v find something; want %v", ids, checks)
	}
	return nil
}

// located reports whether a finding is at a location that the case states, or the case states
// no location for its check.
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
