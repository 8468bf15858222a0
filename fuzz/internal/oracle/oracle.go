// Package oracle tests the promise of the gate: a file that it accepts for a fleet does no
// harm on any build of the fleet. The oracle runs accepted files on simulated sensors that
// check nothing, on events that make each criterion true and false, and compares the sensors.
//
//	o, err := oracle.New(suite.Checks, oracle.Config{})
//	o.Load(definitions, definition, data)
//	verdict, problem := o.Decide(fleet, nil, false)
//
// There are three kinds of problems. An escape is a harmful file that the gate accepted. A
// disagreement is a difference between two implementations or reports that should be equal. A
// false rejection is a good file that the gate did not accept.
package oracle

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"
	"unicode"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/facts/certify"
	"github.com/cfcheck/cfcheck/fuzz/internal/csensor"
	"github.com/cfcheck/cfcheck/fuzz/internal/reference"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
)

// A Kind is a kind of problem.
type Kind uint8

// The kinds of problems.
const (
	Escape         Kind = 1 + iota // an accepted file does harm
	Disagreement                   // two readers, sensors or reports differ
	FalseRejection                 // a good file is not accepted
)

func (k Kind) String() string {
	return [...]string{"no problem", "escape", "disagreement", "false rejection"}[k]
}

// A Problem is an error of the gate, or of an implementation that it is compared with.
type Problem struct {
	Kind  Kind
	What  string
	Build string       // that has the problem; "" means any
	Feed  string       // of the build; "" if the build has only one
	Event interp.Event // that shows the problem; nil means any
	Did   []string     // actions of each sensor on the event, a line each
}

func (p *Problem) Error() string {
	s := p.Kind.String() + ": " + p.What
	if p.Build != "" {
		s += ", on build " + p.Build
	}
	return s
}

// An Explanation is the result of asking for the witness of a finding.
type Explanation uint8

// The explanations of findings.
const (
	NotAsked    Explanation = iota // findings of this check need no witness
	Witnessed                      // a replayed event shows the harm
	Reasoned                       // there is no witness, for a listed reason
	Unexplained                    // there is no witness and no reason
)

// A Reason says why findings of a check have no witness.
type Reason struct {
	Check       *validate.Check
	Explanation Explanation
	Why         string
}

// Counts are the figures of an oracle.
type Counts struct {
	Decisions  uint64                     // verdicts on a file and a fleet
	Verdicts   [3]uint64                  // by validate.Verdict
	Hits       map[*validate.Check]uint64 // decisions in which a check found something
	Files      uint64                     // files that both readers read
	Readable   uint64                     // of these, files without a read error
	SensorRuns uint64                     // runs of one sensor on one event
	Events     uint64                     // events on which sensors were compared
	Facts      uint64                     // documents of facts that were checked
	Judged     uint64                     // decisions compared with the reference judge
	Matches    uint64                     // instances that matched in the events
	Charges    [chargeBuckets]uint64      // files on builds, by charge; see Charge
	Findings   [4]uint64                  // by Explanation
	Reasons    map[Reason]uint64          // reasons of findings without a witness
}

// Add adds the counts of another oracle.
func (c *Counts) Add(o *Counts) {
	c.Decisions += o.Decisions
	c.Files += o.Files
	c.Readable += o.Readable
	c.SensorRuns += o.SensorRuns
	c.Events += o.Events
	c.Matches += o.Matches
	c.Facts += o.Facts
	c.Judged += o.Judged
	for i, n := range o.Verdicts {
		c.Verdicts[i] += n
	}
	for i, n := range o.Findings {
		c.Findings[i] += n
	}
	for i, n := range o.Charges {
		c.Charges[i] += n
	}
	if c.Hits == nil {
		c.Hits = make(map[*validate.Check]uint64, len(o.Hits))
	}
	for check, n := range o.Hits {
		c.Hits[check] += n
	}
	if c.Reasons == nil {
		c.Reasons = make(map[Reason]uint64, len(o.Reasons))
	}
	for r, n := range o.Reasons {
		c.Reasons[r] += n
	}
}

// chargeBuckets is the number of buckets, each a quarter of a step wide. The last has all
// larger values.
const chargeBuckets = 160

// Charge returns the steps charged for each elementary operation of the costliest event
// generated for a file on a build: the median over all files and builds, rounded up to a
// quarter. 0 means that nothing was run.
func (c *Counts) Charge() float64 {
	var all, sum uint64
	for _, n := range c.Charges {
		all += n
	}
	for i, n := range c.Charges {
		if sum += n; n > 0 && 2*sum >= all {
			return float64(i+1) / 4
		}
	}
	return 0
}

// Accepted returns the share of decisions that accept, from 0 to 1.
func (c *Counts) Accepted() float64 {
	return float64(c.Verdicts[validate.Accepted]) / float64(max(c.Decisions, 1))
}

// A Config says how thoroughly an [Oracle] tests. Every accepted file runs on the
// sensors with every Config. The zero value adds no sampled test, and
// generates at most 64 events for each of the first 16 instances.
//
// A field whose name ends in Every samples: if it is n > 0, one case in n gets
// the additional test; 0 means that no case does.
type Config struct {
	// WitnessEvery samples the rejections whose findings must have a witness. The
	// witness is replayed. A finding without a witness and without a listed reason
	// counts as a disagreement.
	WitnessEvery uint64
	// FactsEvery samples the acceptances whose facts are checked. The gate's claims
	// are written down, read by the checker of package facts, and compared with the
	// runs of the sensors.
	FactsEvery uint64
	// FalseClaims is the number of falsified claims to try for each document of
	// facts; the model sensor must reject each. 0 means 1.
	FalseClaims int
	// JudgeEvery samples the decisions that are compared with the reference judge.
	JudgeEvery uint64
	// RepeatEvery samples the decisions that are repeated on the needs alone and,
	// for accepted files, with recorded events.
	RepeatEvery uint64
	// OptionsEvery samples the decisions that are repeated with other options under
	// which the verdict can be predicted. The needs are counted a second time.
	OptionsEvery uint64
	// EncodeEvery samples the accepted files that must encode to themselves.
	EncodeEvery uint64
	// OddEvery samples the runs that are repeated with a budget that is exactly
	// sufficient, with one that is one step short, and with events that hold unusual
	// values: signs, leading zeros, addresses in every form, invalid UTF-8.
	OddEvery uint64

	// Events is the maximum number of events generated for an instance; 0 means 64.
	Events int
	// Instances is the maximum number of instances that events are generated for;
	// 0 means 16.
	Instances int
	// EachInstance also runs each instance separately.
	EachInstance bool
	// OddTexts adds events with every unusual text, for types of one string.
	OddTexts bool
	// Exhaustive generates events with all values of a small alphabet, in place of
	// events that follow the criteria.
	Exhaustive bool

	// C is a sensor in C that also runs each accepted file; nil means that no such
	// sensor runs.
	C *csensor.Sensor
}

// An Oracle judges files, and runs the accepted ones on simulated sensors. Only one
// goroutine may use it at a time.
type Oracle struct {
	Config Config // may change between two calls of Decide
	Counts Counts

	checks     []*validate.Check
	blind      []*validate.Check // the checks without those that compare the content with the fleet
	runs       *validate.Check   // the check in blind that runs content; nil means no such check
	raw        *rawSensors
	odd        *rand.Rand
	shapes     uint64 // number of shapes that were run
	files      uint64 // number of accepted files
	falsified  int    // number of false claims tried
	repeatRuns bool   // run each event again for each build, which is slow; for tests

	defs   *sensor.Definitions
	def    *sensor.Definition
	types  []sensor.InputType // types of the inputs that def declares
	data   []byte
	broken channelfile.Requirements // requirements broken, according to the reference reader
	file   *channelfile.File        // nil if it cannot be read
	gate   *validate.Prepared
	unseen *validate.Prepared // like gate, with the blind checks; nil until it is needed
	needs  *sensor.Needs      // from the gate; used to generate events, not to judge
	run    *fileRun           // nil until the file is accepted
}

// Now is the time of all judgements.
var Now = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

// New returns an oracle for a gate that has the given checks. Close frees its memory.
func New(checks []*validate.Check, config Config) (*Oracle, error) {
	raw, err := newRawSensors()
	if err != nil {
		return nil, err
	}
	o := &Oracle{Config: config, Counts: Counts{Hits: map[*validate.Check]uint64{}, Reasons: map[Reason]uint64{}}, checks: checks, raw: raw, odd: rand.New(rand.NewPCG(0x0DD, 0x291))}
	o.blind, o.runs = blind(checks)
	return o, nil
}

// Close frees the memory of the sensors. It does not close C.
func (o *Oracle) Close() error { return o.raw.close() }

// Load loads a file of a type, with the definitions for the gate. It returns a disagreement if
// the two readers of the format differ on the file. The caller must not change data while it
// is loaded.
func (o *Oracle) Load(defs *sensor.Definitions, def *sensor.Definition, data []byte) *Problem {
	if o.def != def || o.defs != defs {
		o.defs, o.def, o.types = defs, def, make([]sensor.InputType, len(def.Inputs))
		for i, in := range def.Inputs {
			o.types[i] = in.Type
		}
	}
	o.data, o.gate, o.unseen, o.run = data, nil, nil, nil
	o.Counts.Files++
	f, broken, p := readers(data)
	if f != nil {
		o.Counts.Readable++
	}
	o.file, o.broken = f, broken
	return p
}

// ReadersDiffer returns a disagreement if the two readers of the format differ on data.
func ReadersDiffer(data []byte) *Problem {
	_, _, p := readers(data)
	return p
}

// readers reads data with both readers. The file is nil if it cannot be read. Broken has the
// requirements that the reference reader finds broken.
func readers(data []byte) (f *channelfile.File, broken channelfile.Requirements, p *Problem) {
	f, err := channelfile.Parse(data)
	var kind error
	if err != nil {
		e, ok := errors.AsType[*channelfile.ParseError](err)
		if !ok {
			return nil, 0, &Problem{Kind: Disagreement, What: fmt.Sprintf("Parse returns an error of type %T", err)}
		}
		f, kind = nil, e.Err
		if errors.Is(kind, channelfile.ErrConcatenated) {
			kind = channelfile.ErrConcatenated // ErrFileSizeZero counts as ErrConcatenated
		}
	}
	broken, want := reference.Read(data)
	if kind != want {
		return f, broken, &Problem{Kind: Disagreement, What: fmt.Sprintf("Parse returns %v; the reference reader %v", err, want)}
	}
	if f != nil {
		if got := f.Conformance(); got != broken {
			return f, broken, &Problem{Kind: Disagreement, What: fmt.Sprintf("Parse finds the requirements %025b broken; the reference reader %025b", got, broken)}
		}
	}
	return f, broken, nil
}

// Unfolded returns a disagreement if case folding differs from the Unicode tables of the
// standard library. All readers and all sensors in Go share the copy of these tables in
// FORMAT.md, so comparing them cannot show an error in it.
func Unfolded() *Problem {
	if unicode.Version != "15.0.0" { // the version of FORMAT.md
		return nil
	}
	for r := range unicode.MaxRune + 1 {
		fold, same := channelfile.Fold(r), false
		for other := unicode.SimpleFold(r); ; other = unicode.SimpleFold(other) {
			same = same || other == fold
			if channelfile.Fold(other) != fold {
				return &Problem{Kind: Disagreement, What: fmt.Sprintf("U+%04X folds to U+%04X, and U+%04X to U+%04X; Unicode folds both to one rune", r, fold, other, channelfile.Fold(other))}
			}
			if other == r {
				break
			}
		}
		if !same {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("U+%04X folds to U+%04X; Unicode folds it to another rune", r, fold)}
		}
	}
	return nil
}

// Decide lets the gate judge the loaded file for a fleet. If the gate accepts, Decide runs the
// file as each build of the fleet would. Cohorts is the result of fleet.Cohorts, or nil. Safe
// says that the gate must accept the file.
func (o *Oracle) Decide(fleet *sensor.Fleet, groups *sensor.Cohorts, safe bool) (validate.Verdict, *Problem) {
	if o.gate == nil {
		o.gate = validate.Prepare(validate.ChannelFile("", o.data), o.options())
	}
	r := o.gate.Run(fleet, groups)
	o.needs = r.Needs
	verdict := r.Verdict()
	c := &o.Counts
	c.Decisions++
	if c.Decisions%freshEvery == 0 {
		if p := o.fresh(r, groups); p != nil {
			return verdict, p
		}
	}
	c.Verdicts[verdict]++
	for i := range r.Totals {
		c.Hits[r.Totals[i].Check]++
	}
	if o.Config.WitnessEvery > 0 && verdict == validate.Rejected && c.Verdicts[validate.Rejected]%o.Config.WitnessEvery == 0 {
		for i := range r.Findings {
			f := &r.Findings[i]
			e, why := o.explain(r, f)
			c.Findings[e]++
			if e == Reasoned || e == Unexplained {
				c.Reasons[Reason{f.Check, e, why}]++
			}
			if e == Unexplained {
				return verdict, &Problem{Kind: Disagreement, What: fmt.Sprintf("%v has no witness and no listed reason: %s: %s", f.Check, why, f.Message)}
			}
		}
	}
	if o.Config.JudgeEvery > 0 && c.Decisions%o.Config.JudgeEvery == 0 {
		c.Judged++
		if p := o.compareJudge(r, verdict, fleet); p != nil {
			return verdict, p
		}
	}
	if o.Config.OptionsEvery > 0 && c.Decisions%o.Config.OptionsEvery == 0 {
		if p := o.otherOptions(r, fleet); p != nil {
			return verdict, p
		}
	}
	again := o.Config.RepeatEvery > 0 && c.Decisions%o.Config.RepeatEvery == 0
	if verdict != validate.Accepted {
		if again {
			if p := o.repeat(r, fleet); p != nil {
				return verdict, p
			}
		}
		if safe && !MatchesAll(r) {
			return verdict, &Problem{Kind: FalseRejection, What: "the verdict is " + verdict.String() + ": " + whyNot(r)}
		}
		return verdict, nil
	}
	if p := o.accepted(fleet); p != nil {
		return verdict, p
	}
	if p := o.matching(r, fleet); p != nil {
		return verdict, p
	}
	if again {
		if p := o.repeat(r, fleet); p != nil {
			return verdict, p
		}
	}
	if o.Config.FactsEvery > 0 && c.Verdicts[validate.Accepted]%o.Config.FactsEvery == 0 {
		c.Facts++
		return verdict, o.facts(r, fleet)
	}
	return verdict, nil
}

// MatchesAll reports whether a report rejects only because rules match every event. Random
// conditions do, and safe models are no exception. The check itself holds each such rule against
// the interpreter.
func MatchesAll(r *validate.Report) bool {
	for i := range r.Totals {
		if t := &r.Totals[i]; t.Check.Severity == validate.Error && t.Check.ID != "CF4002" {
			return false
		}
	}
	return r.Verdict() == validate.Rejected
}

// compareJudge compares a report with the reference reader and the reference judge.
func (o *Oracle) compareJudge(r *validate.Report, verdict validate.Verdict, fleet *sensor.Fleet) *Problem {
	differ := func(format string, args ...any) *Problem {
		return &Problem{Kind: Disagreement, What: fmt.Sprintf(format, args...)}
	}
	readable, structural, beyond := true, 0, false
	for i := range r.Totals {
		switch c := r.Totals[i].Check; {
		case c.Family() == 0:
			// After such an error the content need not be read.
			readable = readable && c.Severity != validate.Error
		case c.Family() == 1:
			structural++
		case c.Family() == 5:
			return differ("%v finds a fault that earlier checks overlooked: %s", c, whyNot(r))
		case reference.Silent(c.ID):
			beyond = true
		}
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Fault {
			return differ("a finding is a fault of the gate: %v: %s", f.Check, f.Message)
		}
	}
	broken := o.broken.Len()
	if o.file == nil {
		broken = 1
	}
	if readable && structural != broken {
		return differ("%d checks of the structure find something; the reference reader finds %d requirements broken", structural, broken)
	}
	if o.file == nil {
		if verdict != validate.Rejected {
			return differ("the verdict on an unreadable file is %v (want rejected)", verdict)
		}
		return nil
	}
	want := validate.Counts{
		Instances: o.file.Instances(), Criteria: o.file.Criteria(),
		Builds: len(fleet.Contracts), Contracts: r.Counts.Contracts, Hosts: fleet.Hosts(),
	}
	if r.Counts != want {
		return differ("the report counts %+v (want %+v)", r.Counts, want)
	}
	if p := o.outcomes(r, fleet); p != nil {
		return p
	}
	if what := o.uncollected(r, fleet); what != "" {
		return differ("%s", what)
	}
	h := &o.file.Header
	why := reference.WhyNot(o.file, o.defs.ByNumber(h.Type, h.TypeVersion), fleet, Now)
	switch {
	case verdict == validate.Accepted && why != "":
		return differ("the gate accepts; the reference judge does not: %s", why)
	case verdict != validate.Accepted && why == "" && !beyond:
		return differ("the verdict is %v; the reference judge finds nothing: %s", verdict, whyNot(r))
	}
	return nil
}

// counted returns a difference between the needs and a second count, or "".
func (o *Oracle) counted(needs *sensor.Needs) string {
	if needs == nil {
		return "the file can be read, but the report has no needs"
	}
	inputs, operators := reference.Needs(o.file)
	if len(needs.Inputs) != len(inputs) || len(needs.Operators) != len(operators) {
		return fmt.Sprintf("%d inputs and %d operators are needed; the second count has %d and %d", len(needs.Inputs), len(needs.Operators), len(inputs), len(operators))
	}
	for _, in := range needs.Inputs {
		if got, want := (reference.Count{Criteria: in.Criteria, Instances: in.Instances}), inputs[in.Index]; got != want {
			return fmt.Sprintf("input %d is needed for %+v; the second count has %+v", in.Index, got, want)
		}
	}
	for _, op := range needs.Operators {
		if got, want := (reference.Count{Criteria: op.Criteria, Instances: op.Instances}), operators[op.Operator]; got != want {
			return fmt.Sprintf("operator %v is needed for %+v; the second count has %+v", op.Operator, got, want)
		}
	}
	return ""
}

// freshEvery is the distance between decisions that are repeated without prepared state.
const freshEvery = 256

// options returns the options for the loaded file, except for the fleet.
func (o *Oracle) options() validate.Options {
	return validate.Options{Checks: o.checks, Definitions: o.defs, Now: Now}
}

// fresh compares r with the report of a new run on the same file and fleet. The gate made r with
// a prepared file that it had already judged for other fleets, which must make no difference.
func (o *Oracle) fresh(r *validate.Report, groups *sensor.Cohorts) *Problem {
	options := o.options()
	options.Fleet, options.Cohorts = r.Fleet, groups
	alone := validate.Run(validate.ChannelFile("", o.data), options)
	if reflect.DeepEqual(alone, r) {
		return nil
	}
	return &Problem{Kind: Disagreement, What: fmt.Sprintf("the verdict is %v (%v) after the file was judged for other fleets, and %v (%v) otherwise",
		r.Verdict(), r.Totals, alone.Verdict(), alone.Totals)}
}

// whyNot returns the first reason why a report does not accept.
func whyNot(r *validate.Report) string {
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Severity() == validate.Error {
			return f.Check.ID + ": " + f.Message
		}
	}
	if len(r.Undecided) > 0 {
		return r.Undecided[0]
	}
	return "a check was skipped"
}

// accepted searches for harm that an accepted file does on a build.
func (o *Oracle) accepted(fleet *sensor.Fleet) *Problem {
	switch {
	case o.file == nil:
		return &Problem{Kind: Escape, What: "the file cannot be read"}
	case o.broken != 0:
		return &Problem{Kind: Escape, What: fmt.Sprintf("the file breaks the requirements %025b", o.broken)}
	}
	h := &o.file.Header
	if h.Type != o.def.Number || h.TypeVersion != o.def.Version {
		return &Problem{Kind: Escape, What: "the type of the file is unknown"}
	}
	// Run every build, and not only one of each group, because the gate may group builds wrongly.
	for i := range fleet.Contracts {
		if p := o.build(&fleet.Contracts[i]); p != nil {
			return p
		}
	}
	return nil
}

// facts checks the gate's claims about an accepted file.
func (o *Oracle) facts(r *validate.Report, fleet *sensor.Fleet) *Problem {
	differ := func(build, format string, args ...any) *Problem {
		return &Problem{Kind: Disagreement, What: fmt.Sprintf(format, args...), Build: build}
	}
	text, err := fleet.JSON()
	if err != nil {
		return differ("", "the fleet cannot be encoded: %v", err)
	}
	read, err := sensor.ReadFleet("fleet", text)
	if err != nil {
		return differ("", "the encoded fleet cannot be read: %v", err)
	}
	claims := certify.Facts(o.file, r.Needs, o.def, read)
	doc, err := claims.JSON()
	if err != nil {
		return differ("", "the facts cannot be encoded: %v", err)
	}
	if err := facts.Check(o.data, text, doc); err != nil {
		return differ("", "the checker rejects the facts about an accepted file: %v", err)
	}
	for i := range read.Contracts {
		c := &read.Contracts[i]
		for k := range c.Supplies {
			s := &c.Supplies[k]
			if s.Type != o.def.Name || s.Version != o.def.Version || s.Collected.Events == sensor.CollectedNone {
				continue
			}
			claimed, ok := claims.Steps(c.Build, s.Feed)
			done := o.run.shape(c.Reader.Access, s.Inputs)
			if ok && done.steps > claimed {
				return differ(c.Build, "an event costs %d steps; the gate claims that it costs at most %d", done.steps, claimed)
			}
			if err := o.run.asserted(claims, claimed, c.Reader.Access, s.Inputs); err != nil {
				return differ(c.Build, "the model sensor: %v", err)
			}
			if err := o.run.asserted(claims, 0, c.Reader.Access, s.Inputs); err != nil {
				return differ(c.Build, "the model sensor, without a claim about steps: %v", err)
			}
			if what := o.run.spends(claims, done.costliest); what != "" {
				return differ(c.Build, "the model sensor: %s", what)
			}
			all := falseClaims(claims)
			for range max(1, o.Config.FalseClaims) {
				o.falsified++
				falseClaim := all[o.falsified%len(all)]
				falsified := *claims
				falseClaim.tell(&falsified)
				if o.run.asserted(&falsified, 0, c.Reader.Access, s.Inputs) == nil {
					return differ(c.Build, "the model sensor does not notice a claim that is too low: %s", falseClaim.what)
				}
			}
		}
	}
	return nil
}

// A falseClaim lowers one number of the claims, or removes one entry.
type falseClaim struct {
	what string
	tell func(*facts.Facts)
}

// falseClaims returns the false claims that a sensor must notice because a run contradicts
// them.
func falseClaims(claims *facts.Facts) (list []falseClaim) {
	add := func(have uint64, what string, tell func(*facts.Facts)) {
		if have > 0 {
			list = append(list, falseClaim{what, tell})
		}
	}
	m := &claims.Most
	add(m.Inputs, "inputs", func(f *facts.Facts) { f.Most.Inputs-- })
	add(m.Words, "words", func(f *facts.Facts) { f.Most.Words-- })
	add(m.Stack, "truths", func(f *facts.Facts) { f.Most.Stack-- })
	add(m.Operands, "operands", func(f *facts.Facts) { f.Most.Operands-- })
	add(m.ValueLength, "bytes of a value", func(f *facts.Facts) { f.Most.ValueLength-- })
	add(m.Instructions, "instructions", func(f *facts.Facts) { f.Most.Instructions-- })
	for i, s := range claims.Sections {
		typ := channelfile.SectionType(s.Type)
		if typ.Ancillary() { // sensors do not read these
			continue
		}
		section := func(f *facts.Facts) *facts.Section {
			f.Sections = slices.Clone(f.Sections)
			return &f.Sections[i]
		}
		add(s.Offset, fmt.Sprint("bytes before section ", typ), func(f *facts.Facts) { section(f).Offset-- })
		add(s.Length, fmt.Sprint("bytes of section ", typ), func(f *facts.Facts) { section(f).Length-- })
		add(s.Count, fmt.Sprint("entries of section ", typ), func(f *facts.Facts) { section(f).Count-- })
	}
	add(uint64(len(claims.Reads)), "inputs read", func(f *facts.Facts) { f.Reads = f.Reads[1:] })
	add(uint64(len(claims.Operators)), "operators", func(f *facts.Facts) { f.Operators = f.Operators[1:] })
	return list
}

// build searches for harm on one build.
func (o *Oracle) build(c *sensor.Contract) *Problem {
	escape := func(feed, format string, args ...any) *Problem {
		return &Problem{Kind: Escape, What: fmt.Sprintf(format, args...), Build: c.Build, Feed: feed}
	}
	supplies := 0
	for i := range c.Supplies {
		s := &c.Supplies[i]
		if s.Type != o.def.Name || s.Version != o.def.Version {
			continue
		}
		supplies++
		if p := o.supply(c, s); p != nil {
			return p
		}
	}
	if supplies == 0 {
		if c.Reader.RefusesUnknownVersions {
			return nil // the build does not load the file
		}
		if p := o.supply(c, &sensor.Supply{}); p != nil {
			return p
		}
	}
	return o.loads(c, escape)
}

// loads searches for parts of the file that a build cannot load.
func (o *Oracle) loads(c *sensor.Contract, escape func(feed, format string, args ...any) *Problem) *Problem {
	r, run := &c.Reader, o.run
	if !slices.Contains(r.Formats, "1.0") {
		return escape("", "the build reads versions %v of the format (want 1.0)", r.Formats)
	}
	have := uint32(0)
	for _, op := range r.Operators {
		have |= 1 << op
	}
	if lacks := run.operators &^ have; lacks != 0 {
		return escape("", "the build lacks the operators with the bits %b", lacks)
	}
	for i, most := range [...]uint64{
		r.Limits.FileSize, r.Limits.Instances, r.Limits.Criteria, r.Limits.WordsPerInstance,
		r.Limits.OperandsPerCriterion, r.Limits.ValueLength, r.Limits.ProgramInstructions, r.Budget.Memory, r.Limits.Revision,
	} {
		if most != 0 && run.sizes[i] > most {
			return escape("", "the build has room for %d %s; the file has %d", most, sizeNames[i], run.sizes[i])
		}
	}
	return nil
}

// supply searches for harm on the events of one feed of a build.
func (o *Oracle) supply(c *sensor.Contract, s *sensor.Supply) *Problem {
	if o.run == nil {
		run, p := o.newRun()
		if p != nil {
			p.Build, p.Feed = c.Build, s.Feed
			return p
		}
		o.run = run
	}
	if s.Collected.Events == sensor.CollectedNone {
		return nil // there are no events
	}
	result := o.run.shape(c.Reader.Access, s.Inputs)
	if result.problem != nil {
		p := *result.problem
		p.Build, p.Feed = c.Build, s.Feed
		return &p
	}
	if budget := c.Reader.Budget.Steps; budget != 0 && max(result.steps, result.operations) > budget {
		return &Problem{
			Kind: Escape, Build: c.Build, Feed: s.Feed, Event: result.costliest,
			What: fmt.Sprintf("an event costs %d steps, and %d elementary operations; the build has a budget of %d", result.steps, result.operations, budget),
		}
	}
	return nil
}

// Shrink makes the event of a problem smaller while the loaded file has a problem of the same
// kind on the build.
func (o *Oracle) Shrink(p *Problem, c *sensor.Contract) *Problem {
	if p.Event == nil || o.run == nil {
		return p
	}
	var inputs []sensor.SuppliedInput
	for i := range c.Supplies {
		if s := &c.Supplies[i]; s.Type == o.def.Name && s.Version == o.def.Version && s.Feed == p.Feed {
			inputs = s.Inputs
		}
	}
	list := o.run.slots(c.Reader.Access, inputs)
	try := func(e interp.Event) bool {
		_, q := o.run.compare(c.Reader.Access, e)
		if q == nil || q.Kind != p.Kind {
			return false
		}
		q.Build, q.Feed = p.Build, p.Feed
		p = q
		return true
	}
	for i := range p.Event {
		if i >= len(list) || list[i].typ == 0 {
			continue
		}
		e := cloneEvent(p.Event)
		if e[i] = (interp.Value{}); try(e) {
			continue
		}
		for step := len(p.Event[i].Text); step > 0; {
			e := cloneEvent(p.Event)
			if n := len(e[i].Text); n >= step {
				e[i].Text = e[i].Text[:n-step]
				if try(e) {
					continue
				}
			}
			step /= 2
		}
	}
	return p
}
