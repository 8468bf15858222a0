package validate

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/cores"
	"github.com/cfcheck/cfcheck/internal/mandatory"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/rollout"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
	"github.com/cfcheck/cfcheck/sysmon/config"
)

// DefaultMaxFindings is the default number of findings of one check that a Report keeps,
// in addition to [GroupFindings] of each group. All findings are counted.
const DefaultMaxFindings = 100

// Options are the checks for a subject, and the data that they need.
type Options struct {
	Checks      []*Check            // in the order in which they run
	Definitions *sensor.Definitions // template types; nil means that no type is known
	Fleet       *sensor.Fleet       // nil means that the verdict is Rejected or Undecided
	Now         time.Time           // date for acknowledgements; zero means that all have expired

	// Cohorts is the result of Fleet.Cohorts(), to compute it once for many subjects. It
	// is optional, and ignored if it belongs to another fleet.
	Cohorts *sensor.Cohorts

	// History returns the needs of the earlier revisions of content, the lowest revision
	// first. It must return the same needs in each call. Nil means that there is no history.
	History func(*sensor.Needs) []*sensor.Needs

	NeverMatch       *Recorded // events that no rule may match; nil means no events
	KnownGood        *Recorded // events that are known to be good; nil means no events
	KnownBad         *Recorded // events that are known to be bad; nil means no events
	KnownGoodMatches uint64    // number of KnownGood events that one rule may match
	KnownGoodNew     uint64    // number of them that one rule may match, and did not in Previous

	Ceilings Ceilings // limits of the owner of the content, apart from those of the builds
	// Previous is the release that shipped before the subject. Nil means no release; the checks
	// that need it do not apply.
	Previous *Release
	// ChangeLimits limit the difference between the subject and the previous content.
	ChangeLimits ChangeLimits
	// NewOnly excludes the findings that stood at Previous from the verdict. It has no effect
	// without Previous.
	NewOnly bool

	// Protected are the IDs of rules that may neither disappear nor change since Previous.
	Protected []channelfile.ID

	// Ledger is the record of the cells that shipped and did no harm. Nil means no record; the
	// check of first uses does not apply.
	Ledger *cells.Ledger

	// ExercisePlans accept first uses that their first rings run on few hosts of a build before
	// more hosts get the content. They have no effect without Ledger.
	ExercisePlans []*rollout.Document
	// ExerciseRings are the demands on these plans: a plan has at least HostsPerCell, and at most
	// Factor. 0 means no demand.
	ExerciseRings rollout.Options

	Waivers []Waiver // findings to accept, in addition to the Waivers of the subject

	// Begin is called before each check that runs, to show progress. Nil means that nobody watches.
	Begin func(*Check)

	// Budget limits the work of all runs that share it. Nil means a separate Budget with
	// the default limit for each Run.
	Budget *Budget

	MaxFindings    int  // number of findings kept per check; 0 means DefaultMaxFindings
	MaxOfGroup     int  // number kept per group once MaxFindings is reached; 0 means GroupFindings
	FailOnWarnings bool // warnings reject like errors; notes never reject
	AllowEmpty     bool // content without instances may be accepted
}

// Ceilings are the largest sizes that the owner of the content allows. 0 means no ceiling.
type Ceilings struct {
	Bytes     uint64 // of a channel file
	Instances uint64 // of a channel file
	Memory    uint64 // bytes that a reader needs for a channel file, see FORMAT.md, section 9
}

// Run judges a subject for the fleet of the options. It returns a report for any subject
// and any options. The same subject and options, with the same number of steps left in a
// shared Budget, give the same report. An impossible argument, such as an unknown kind of
// subject, makes the verdict undecided. Run does not recover from a panic in a function
// of the caller, such as [Subject.Origin]. The subject must not change during the call.
// Concurrent calls may share a fleet and definitions.
//
// Run takes no context. Options.Budget bounds the work of the checks that can take long. The
// rest is linear in the size of the subject times the number of distinct contracts.
func Run(s *Subject, opts Options) *Report { return Prepare(s, opts).Run(opts.Fleet, opts.Cohorts) }

// A checklist is a vetted list of checks.
type checklist struct {
	checks   []*Check
	requires [][]int  // by check: indices of the checks that it requires
	why      []string // by required check: the reason why others are skipped if it is unmet
	ofFleet  []int    // indices of the checks that use the fleet
	lacks    string   // why the list is not complete; "" if it is
}

// vetted is the list that was used last. Checks never change, and vetting them takes
// longer than judging a small file.
var vetted atomic.Pointer[checklist]

// checklistOf vets checks and returns them as a checklist.
func checklistOf(checks []*Check) (*checklist, error) {
	//mutation:equivalent condition: the slow path gives the same result
	if list := vetted.Load(); list != nil && slices.Equal(list.checks, checks) {
		return list, nil
	}
	//mutation:missed condition: the tests of validate detect it
	if err := Vet(checks); err != nil {
		return nil, err
	}
	l := &checklist{checks: slices.Clone(checks), requires: make([][]int, len(checks)), why: make([]string, len(checks))}
	for i, c := range checks {
		for _, id := range c.Requires {
			k := slices.IndexFunc(checks, func(o *Check) bool { return o.ID == id })
			l.requires[i] = append(l.requires[i], k)
			l.why[k] = "requires " + checks[k].String()
		}
		if c.Uses&UsesFleet != 0 {
			l.ofFleet = append(l.ofFleet, i)
		}
	}
	l.lacks = lacks(checks)
	vetted.Store(l)
	return l, nil
}

// has reports whether the list has a check, with its own or another severity.
func (l *checklist) has(c *Check) bool {
	//mutation:missed: the tests of sigma, types and suite detect it
	return slices.ContainsFunc(l.checks, func(o *Check) bool { return o.Declared() == c.Declared() })
}

// lacks returns the reason why a list of checks is not complete, or "" if it is. A list
// without the comparison of needs with the fleet would accept the file of July 2024.
// Acceptance therefore needs every check of package suite, by identity.
func lacks(checks []*Check) string {
	if len(mandatory.Checks) == 0 {
		return "the mandatory checks are not known; import package validate/suite, and use suite.Checks"
	}
	has := make(map[any]bool, len(checks))
	for _, c := range checks {
		has[c.Declared()] = true
	}
	var missing []string
	for _, c := range mandatory.Checks {
		if !has[c] {
			missing = append(missing, fmt.Sprint(c))
		}
	}
	switch len(missing) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("the list of checks lacks %s, which is mandatory; use suite.Checks", missing[0])
	}
	return fmt.Sprintf("the list of checks lacks %d mandatory checks, the first is %s; use suite.Checks", len(missing), missing[0])
}

// A Prepared is a subject that was read and judged by the checks that do not use a fleet.
// [Prepared.Run] runs the remaining checks, for one fleet after the other. Only one
// goroutine at a time may use it.
type Prepared struct {
	opts Options
	list *checklist // nil means that the checks cannot be used
	err  error      // why the checks cannot be used
	odd  []string   // faults of the subject or the options that make the verdict undecided

	before     *Subject // content of Options.Previous, to mark findings as old; may be nil
	beforeName string   // its file, if it is foreign

	oddFleet []string // the same for the fleet of the last run

	pass       Pass
	fleetFault error     // why checks cannot use the fleet of the last run; nil if they can
	added      bool      // the channel is one of Release.Added, and the release does not have it
	provides   Uses      // parts that a subject of its kind can have
	has        Uses      // parts that the subject has; UsesFleet as in the last run
	outcomes   []outcome // by check; for checks that use a fleet, of the last run
	totals     []total   // of checks with findings, in the order in which they ran
	summaries  []Summary // of these checks

	// Results of the checks that do not use a fleet.
	alone struct {
		findings   []Finding
		summaries  []Summary
		waived     []Finding
		uses       []WaiverUse
		totals     int // length of the list
		unfinished int // length of the list
		over       int // length of the list
		budget     *Budget
		dearest    dearest
	}
	// Reasons why checks did not finish, and checks that did not because the budget is
	// spent. Checks that do not use a fleet come first.
	unfinished, over []string

	// Lists of the last report. listed is false if outcomes have changed since.
	listed        bool
	ran           []*Check
	skips         []Skip
	notApplicable []*Check

	supplies []*sensor.Supply // of the cohorts; reused by each run
}

// An outcome is the result of a check.
type outcome struct {
	unmet bool // whether it found an error or did not run
	fate  fate
}

// A fate tells whether a check ran, or why not. The value required + i means that check i
// of the list is required and unmet.
type fate int32

const (
	ran fate = iota
	notApplicable
	noContent
	noFleet
	faultyFleet
	noType
	noPrevious
	required
)

// skip returns the entry of a report for check i, which was skipped with fate f.
func (l *checklist) skip(i int, f fate) Skip {
	switch f {
	case noContent:
		return Skip{l.checks[i], "there is no readable content"}
	case faultyFleet:
		return Skip{l.checks[i], "the fleet is at fault"}
	case noFleet:
		return Skip{l.checks[i], "no fleet was given"}
	case noType:
		return Skip{l.checks[i], "the template type is not known"}
	case noPrevious:
		return Skip{l.checks[i], "the content was not compared with the previous release"}
	}
	return Skip{l.checks[i], l.why[f-required]}
}

// A total is the index of a check in the list, and the number of its findings.
type total struct{ check, found int }

// Prepare reads a subject and runs all checks that do not use a fleet. It ignores Fleet
// and Cohorts of the options. The subject must not change until the last call of
// [Prepared.Run] returns.
func Prepare(s *Subject, opts Options) *Prepared {
	//mutation:missed condition: the tests of validate detect it
	if s == nil {
		s = new(Subject)
	}
	j := &Prepared{opts: opts, pass: Pass{
		Subject: s, Known: opts.Definitions, Now: opts.Now, History: opts.History, max: opts.MaxFindings,
		NeverMatch: opts.NeverMatch, KnownGood: opts.KnownGood, KnownBad: opts.KnownBad, KnownGoodMatches: opts.KnownGoodMatches, KnownGoodNew: opts.KnownGoodNew, Ceilings: opts.Ceilings, Protected: opts.Protected,
		Ledger: opts.Ledger, ExercisePlans: opts.ExercisePlans, ExerciseRings: opts.ExerciseRings,
		ChangeLimits: opts.ChangeLimits.orDefault(),
	}}
	//mutation:missed condition: the tests of validate detect it
	if j.list, j.err = checklistOf(opts.Checks); j.err != nil {
		return j
	}
	p := &j.pass
	//mutation:missed condition: the tests of validate detect it
	if p.Known == nil {
		p.Known = new(sensor.Definitions)
	}
	if p.max <= 0 {
		p.max = DefaultMaxFindings
	}
	if opts.NewOnly {
		p.max, opts.MaxOfGroup = max(p.max, keptForMarks), max(opts.MaxOfGroup, keptForMarks)
	}
	p.max = min(p.max, mostFindings)
	p.perGroup = min(max(opts.MaxOfGroup, GroupFindings), mostFindings)
	p.NeverMatch = j.guard("NeverMatch", p.NeverMatch)
	p.KnownGood = j.guard("KnownGood", p.KnownGood)
	p.KnownBad = j.guard("KnownBad", p.KnownBad)
	//mutation:missed: TestExercisePlan detects it
	if slices.Contains(p.ExercisePlans, nil) {
		j.odd = append(j.odd, "ExercisePlans has a plan that is nil")
		p.ExercisePlans = nil
	}
	if p.budget = opts.Budget; p.budget == nil {
		p.budget = new(Budget)
	}
	j.consistent()
	j.read()
	j.waive()
	j.compare()
	j.provides = s.Kind.provides() | j.given() | s.listed() | s.beside()
	j.has = j.there()
	j.outcomes = make([]outcome, len(j.list.checks))
	for i, c := range j.list.checks {
		if c.Uses&UsesFleet == 0 {
			j.check(i)
		}
	}
	j.alone.findings, j.alone.summaries, j.alone.totals = p.findings, j.summaries, len(j.totals)
	j.alone.waived, j.alone.uses = p.waivers.kept, slices.Clone(p.waivers.uses)
	j.alone.over = len(j.over)
	j.alone.unfinished, j.alone.budget, j.alone.dearest = len(j.unfinished), p.budget, p.dearest
	return j
}

// Run judges the subject for a fleet; nil means no fleet. Cohorts is the result of
// fleet.Cohorts(). If it is nil or belongs to another fleet, Run computes it. The
// function [Run] returns an equal report. Later calls do not change it, but reports can
// share their lists of checks and the targets of pointers in findings, such as an
// Instance: do not change these.
func (j *Prepared) Run(fleet *sensor.Fleet, cohorts *sensor.Cohorts) *Report {
	p := &j.pass
	r := &Report{Subject: p.Subject, Fleet: fleet, FailOnWarnings: j.opts.FailOnWarnings, NewOnly: j.opts.NewOnly}
	//mutation:missed condition: the tests of validate detect it
	if j.err != nil {
		r.undecided("the list of checks cannot be used: %v", j.err)
		return r
	}
	r.File, r.Needs, r.Definition = p.File, p.Needs, p.Definition
	r.Foreign = p.SysmonSource != nil || p.SysmonBlob != nil
	for _, u := range p.Subject.Unjudged {
		r.undecided("%s", u)
	}
	p.ofFleet = p.ofFleet[:0]
	j.has &^= UsesFleet
	if fleet != nil && cohorts.Of(fleet) == nil {
		cohorts = fleet.Cohorts()
	}
	if p.Fleet, j.fleetFault = fleet, nil; fleet != nil {
		// Do not judge for a fleet that has names without a definition.
		if j.fleetFault = cohorts.Undefined(p.Known); j.fleetFault != nil {
			p.Fleet = nil
		} else {
			j.has |= UsesFleet
		}
	}
	j.group(cohorts)
	// Copies, because the report keeps them.
	p.findings = append([]Finding(nil), j.alone.findings...)
	j.summaries = append([]Summary(nil), j.alone.summaries...)
	p.waivers.kept, p.waivers.uses = append([]Finding(nil), j.alone.waived...), slices.Clone(j.alone.uses)
	j.totals = j.totals[:j.alone.totals]
	j.unfinished, j.over = j.unfinished[:j.alone.unfinished], j.over[:j.alone.over]
	//mutation:missed: TestBudget or budget.txtar detects it
	if j.opts.Budget == nil { // the fleets have separate budgets
		p.budget = j.alone.budget.clone()
	}
	p.dearest = j.alone.dearest
	for _, i := range j.list.ofFleet {
		j.check(i)
	}
	r.Undecided = append(r.Undecided, j.unfinished...)
	//mutation:missed: TestBudget or budget.txtar detects it
	if len(j.over) > 0 || j.opts.Budget != nil {
		p.nameDearest() // it can be the most expensive rule of the run
	}
	//mutation:missed condition: TestBudget or budget.txtar detects it
	if len(j.over) > 0 {
		r.undecided("%s did not finish: %s", strings.Join(j.over, ", "), p.budget.exceeded())
	}
	j.gather(r)
	j.mark(r, fleet, cohorts)
	j.conclude(r)
	return r
}

// mostFindings is the largest limit of findings. The sum of two such limits does not
// overflow.
const mostFindings = math.MaxInt32

// guard returns recorded events in which each event has a place, and nil for a Recorded
// without Events, which makes the verdict undecided.
func (j *Prepared) guard(name string, r *Recorded) *Recorded {
	switch {
	case r == nil:
		return nil
	case r.Events == nil:
		j.odd = append(j.odd, name+" has no Events; leave it nil if there are no events")
		return nil
	}
	return &Recorded{Name: r.Name, Events: func(d *sensor.Definition, yield func(func() string, interp.Event) bool) error {
		return r.Events(d, func(where func() string, e interp.Event) bool {
			if where == nil {
				where = func() string { return "an event of " + name }
			}
			return yield(where, e)
		})
	}}
}

// consistent records contradictions between a subject and its kind, such as data that no
// check would look at.
func (j *Prepared) consistent() {
	switch s := j.pass.Subject; s.Kind {
	case KindChannelFile, KindRules, KindSysmonSource, KindSysmonBlob:
		if (s.TooBig || s.Refused) && len(s.Data) > 0 {
			j.odd = append(j.odd, "the subject has data, but states that its file was not read")
		}
	case KindNeeds, KindDefinition, KindWaivers:
		//mutation:missed: TestWaivers detects it
		if slices.ContainsFunc(s.WaiverUses, func(u WaiverUse) bool { return u.Waiver == nil }) {
			j.odd = append(j.odd, "the subject has the use of a waiver that is nil")
		}
		if len(s.Data) > 0 {
			j.odd = append(j.odd, fmt.Sprintf("the subject is of kind %v, but has data, which no check looks at", s.Kind))
		}
	default:
		j.odd = append(j.odd, fmt.Sprintf("the subject has the unknown kind %d", s.Kind))
	}
}

// read computes the parts of the subject that checks use.
func (j *Prepared) read() {
	p := &j.pass
	switch s := p.Subject; s.Kind {
	case KindWaivers:
	case KindSysmonSource:
		p.SysmonSource, p.SysmonError = config.Parse(s.Data)
	case KindSysmonBlob:
		p.SysmonBlob, p.SysmonError = blob.Parse(s.Data)
	case KindNeeds:
		p.Needs = s.Needs
	case KindDefinition:
		if p.Definition = s.Definition; p.Definition != nil {
			p.Needs = sensor.NeedsOfDefinition(p.Definition)
		}
	default:
		if f, err := channelfile.Parse(s.Data); err != nil {
			p.ParseError = err.(*channelfile.ParseError)
		} else {
			p.File = f
			p.Broken, p.Needs = conformanceAndNeeds(f, p.Known)
		}
	}
	if p.Needs != nil && p.Definition == nil {
		p.Definition = p.Known.ByNumber(p.Needs.Type, p.Needs.TypeVersion)
	}
}

// conformanceAndNeeds returns the requirements that a file breaks, and its needs. They take about
// as long as each other, so it uses two cores for a file that is not small.
func conformanceAndNeeds(f *channelfile.File, known *sensor.Definitions) (broken channelfile.Requirements, needs *sensor.Needs) {
	const small = 1 << 16 // bytes; such a file takes some 100 microseconds
	//mutation:equivalent: both branches give the same result
	if len(f.Data()) < small || runtime.GOMAXPROCS(0) == 1 {
		return f.Conformance(), sensor.NeedsOf(f, known)
	}
	cores.Run(2, func(k int) {
		if k == 0 {
			broken = f.Conformance()
		} else {
			needs = sensor.NeedsOf(f, known)
		}
	})
	return broken, needs
}

// group computes the cohorts of the fleet, and their supplies for the subject's type
// version.
func (j *Prepared) group(cohorts *sensor.Cohorts) {
	p, fleet := &j.pass, j.pass.Fleet
	p.Cohorts, j.supplies, j.oddFleet = p.Cohorts[:0], j.supplies[:0], j.oddFleet[:0]
	if fleet == nil || p.Needs == nil && !p.Subject.Kind.Foreign() {
		return
	}
	distinct := cohorts.Of(fleet)
	if distinct == nil {
		distinct = fleet.Distinct()
	}
	p.Cohorts = slices.Grow(p.Cohorts, len(distinct))
	builds := make([]Build, 0, len(fleet.Contracts)) // of all cohorts; findings keep parts of it
	for _, members := range distinct {
		g := Cohort{Contract: &fleet.Contracts[members[0]]}
		first := len(builds)
		for _, m := range members {
			c := &fleet.Contracts[m]
			builds = append(builds, Build{c.Build, c.Hosts})
			g.Hosts = addHosts(g.Hosts, c.Hosts)
		}
		g.Builds = builds[first:len(builds):len(builds)]
		if p.Subject.Kind.Foreign() {
			g.Sysmon = j.sysmonOf(g.Contract)
			g.Addressed = g.Sysmon != nil
			p.Cohorts = append(p.Cohorts, g)
			continue
		}
		if p.Definition != nil {
			first := len(j.supplies)
			for i := range g.Contract.Supplies {
				s := &g.Contract.Supplies[i]
				if s.Type == p.Definition.Name && s.Version == p.Definition.Version {
					j.supplies = append(j.supplies, s)
				}
			}
			g.Supplies = j.supplies[first:len(j.supplies):len(j.supplies)]
		}
		//mutation:missed `len(g.Supplies) == 0`: the tests of suite detect it
		g.Lacks = p.Definition != nil && len(g.Supplies) == 0 && g.Contract.Lack(p.Definition.Name, p.Definition.Version) != nil
		// If the type is unknown, any build may have it.
		g.Addressed = len(g.Supplies) > 0 || !g.Contract.Reader.RefusesUnknownVersions || p.Definition == nil
		//mutation:missed condition: the tests of suite detect it
		if p.Subject.Kind == KindDefinition && len(g.Supplies) == 0 {
			// A build without the type cannot misread a definition.
			g.Addressed = false
		}
		p.Cohorts = append(p.Cohorts, g)
	}
}

// sysmonOf returns the version of Sysmon that the contract of a build states. It returns nil if the
// contract states no version, or one that is not known, which makes the verdict undecided.
func (j *Prepared) sysmonOf(c *sensor.Contract) *sysmon.Build {
	version, ok := c.Sensor("sysmon")
	if !ok {
		return nil
	}
	b, err := sysmon.BuildNamed(version)
	if err != nil {
		j.oddFleet = append(j.oddFleet, fmt.Sprintf("build %s: %v", c.Build, err))
		return nil
	}
	return b
}

// addHosts returns the sum, or the largest number if it overflows: contracts can claim
// any number.
func addHosts(a, b uint64) uint64 { return a + min(b, math.MaxUint64-a) }

// there returns the parts that the subject has, without the fleet.
func (j *Prepared) there() Uses {
	p, has := &j.pass, UsesBytes|UsesSource|UsesNeverMatch|UsesKnownGood|UsesKnownBad|UsesManifest|UsesCeilings|UsesFolder|UsesWaivers|UsesProtected|UsesLedger|UsesExercise
	if p.File != nil {
		has |= UsesFile
	}
	if p.SysmonSource != nil || p.SysmonError != nil {
		has |= UsesSysmonSource
	}
	if p.SysmonBlob != nil {
		has |= UsesSysmonBlob
	}
	if p.SysmonSource != nil || p.SysmonBlob != nil {
		has |= UsesSysmonRules
	}
	if p.Needs != nil {
		has |= UsesNeeds
	}
	if p.Definition != nil {
		has |= UsesDefinition
	}
	if p.Previous != nil {
		has |= UsesPrevious
	}
	return has
}

// given returns the data to judge by that the options have.
func (j *Prepared) given() (given Uses) {
	if j.pass.NeverMatch != nil {
		given |= UsesNeverMatch
	}
	if j.pass.KnownGood != nil {
		given |= UsesKnownGood
	}
	if j.pass.KnownBad != nil {
		given |= UsesKnownBad
	}
	//mutation:missed: TestCeilings detects it
	if j.pass.Ceilings != (Ceilings{}) {
		given |= UsesCeilings
	}
	//mutation:missed: TestProtected detects it
	if len(j.pass.Protected) > 0 {
		given |= UsesProtected
	}
	//mutation:missed condition: TestFirstUse detects it
	if j.opts.Ledger != nil {
		given |= UsesLedger
	}
	//mutation:missed: TestExercisePlan detects it
	if len(j.opts.ExercisePlans) > 0 {
		given |= UsesExercise
	}
	if j.opts.Previous != nil && !j.added {
		given |= UsesPrevious
	}
	return given
}

// check runs check i of the list.
//
//mutation:missed `if p.over`, `if p.unfinished != ""`: TestBudget or budget.txtar detects it
func (j *Prepared) check(i int) {
	c, p := j.list.checks[i], &j.pass
	p.Check, p.first, p.total, p.grouped, p.groupOf = c, len(p.findings), 0, nil, nil
	p.unfinished, p.over = "", false
	p.isWaiving, p.waived = p.waivers.checks[c.ID], 0
	//mutation:missed condition: the tests of sigma, types and suite detect it
	//mutation:equivalent comparison: the slow path gives the same result
	if len(p.Subject.Source) > 0 {
		j.source(c)
	}
	// Findings in the source are about rules that did not become content, so they do
	// not keep other checks from running.
	before := p.total
	o := outcome{fate: j.fateOf(i, c)}
	if o.fate == ran {
		if j.opts.Begin != nil {
			j.opts.Begin(c)
		}
		c.Run(p)
	}
	if p.over {
		j.over = append(j.over, c.String())
	}
	if p.unfinished != "" {
		j.unfinished = append(j.unfinished, fmt.Sprintf("%s did not finish: %s", c, p.unfinished))
	}
	//mutation:equivalent comparison#1: a required check applies where its dependant does
	o.unmet = o.fate > notApplicable || p.unfinished != "" || p.over || o.fate == ran && p.total > before && c.Severity == Error
	if p.total > 0 {
		j.summaries = p.summaries(j.summaries)
		j.totals = append(j.totals, total{i, p.total})
	}
	//mutation:equivalent comparison: the slow path gives the same result
	if o.fate != j.outcomes[i].fate {
		j.listed = false
	}
	j.outcomes[i] = o
}

// source reports the findings of the compiler that belong to a check, also if the check
// itself cannot run: if the only rule is at fault, there is no content.
//
//mutation:missed: the tests of sigma, types and suite detect it
func (j *Prepared) source(c *Check) {
	for _, f := range j.pass.Subject.Source {
		if f.Check.Declared() == c.Declared() {
			j.pass.Report(func() Finding { return f })
		}
	}
}

// fateOf returns ran if check i can run, or else why not.
func (j *Prepared) fateOf(i int, c *Check) fate {
	if c.Uses&^j.provides != 0 {
		return notApplicable
	}
	for _, req := range j.list.requires[i] {
		if j.outcomes[req].unmet {
			//mutation:equivalent: the value is always below 256
			return required + fate(req)
		}
	}
	switch missing := c.Uses &^ j.has; {
	case missing&(UsesFile|UsesNeeds) != 0:
		return noContent
	//mutation:equivalent condition: another check detects the same, on purpose
	case missing&UsesFleet != 0:
		if j.fleetFault != nil {
			return faultyFleet
		}
		return noFleet
	//mutation:equivalent condition: another check detects the same, on purpose
	case missing&UsesDefinition != 0:
		return noType
	case missing&UsesPrevious != 0:
		return noPrevious
	}
	return ran
}

// gather fills in the results of the checks.
func (j *Prepared) gather(r *Report) {
	r.Findings, r.Summaries = j.pass.findings, j.summaries
	sortFindings(r.Findings)
	sortSummaries(r.Summaries)
	r.Waived, r.WaiverUses = j.pass.waivers.kept, j.pass.waivers.uses
	sortFindings(r.Waived)
	for i := range r.WaiverUses {
		u := &r.WaiverUses[i]
		r.WaivedFound += u.Found
		//mutation:missed: TestWaivers detects it
		u.Judged = u.Judged && j.outcomes[slices.IndexFunc(j.list.checks, func(c *Check) bool { return c.ID == u.Check })].fate == ran
	}
	//mutation:equivalent: only the time of an allocation depends on it
	if len(j.totals) > 0 {
		r.Totals = make([]Total, 0, len(j.totals))
	}
	//mutation:equivalent width: the value is always below 256
	for a, b := j.totals[:j.alone.totals], j.totals[j.alone.totals:]; len(a)+len(b) > 0; {
		first := &a
		//mutation:equivalent `b[0].check < a[0].check`: no check is in both lists
		if len(a) == 0 || len(b) > 0 && b[0].check < a[0].check {
			first = &b
		}
		t := (*first)[0]
		r.Totals = append(r.Totals, Total{Check: j.list.checks[t.check], Found: t.found})
		*first = (*first)[1:]
	}
	if !j.listed {
		j.enlist()
	}
	// The slices have no spare capacity, so that append copies them.
	r.Ran, r.Skipped, r.NotApplicable = slices.Clip(j.ran), slices.Clip(j.skips), slices.Clip(j.notApplicable)
}

// enlist makes the lists of checks by their fates.
func (j *Prepared) enlist() {
	j.listed = true
	j.ran, j.skips, j.notApplicable = make([]*Check, 0, len(j.list.checks)), nil, nil
	for i, c := range j.list.checks {
		switch f := j.outcomes[i].fate; f {
		case ran:
			j.ran = append(j.ran, c)
		case notApplicable:
			j.notApplicable = append(j.notApplicable, c)
		default:
			j.skips = append(j.skips, j.list.skip(i, f))
		}
	}
}

// conclude fills in the counts, and the reasons why the content cannot be accepted.
func (j *Prepared) conclude(r *Report) {
	p := &j.pass
	if j.list.lacks != "" {
		r.undecided("%s", j.list.lacks)
	}
	for _, odd := range j.odd {
		r.undecided("%s", odd)
	}
	for _, odd := range j.oddFleet {
		r.undecided("%s", odd)
	}
	for _, f := range p.Subject.Source {
		//mutation:missed: the tests of sigma, types and suite detect it
		if !j.list.has(f.Check) {
			r.undecided("a finding in Subject.Source names no check of the list: %s", f.Message)
		}
	}
	switch kind := p.Subject.Kind; {
	//mutation:missed: the tests of sigma, types and suite detect it
	case kind == KindRules && p.File == nil && len(p.Subject.Data) > 0:
		r.undecided("the compiled rules cannot be read: %v; the compiler is at fault", p.ParseError)
	case kind == KindDefinition || p.Needs == nil:
	default:
		sizes := &p.Needs.Sizes
		r.Counts.Instances, r.Counts.Criteria = clamp(sizes.Instances), clamp(sizes.Criteria)
		if r.Counts.Instances == 0 && !j.opts.AllowEmpty {
			r.undecided("the content has no template instance, so there is nothing to judge; allow empty content if this is intended")
		}
	}
	//mutation:missed: TestWaivers detects it
	if p.Subject.Kind == KindWaivers {
		return // waivers are for any fleet
	}
	if p.Subject.Kind == KindNeeds && p.Needs != nil && p.Definition == nil {
		r.undecided("%s: give its definition (--types)", j.unknownType())
	}
	if j.fleetFault != nil {
		r.undecided("the fleet is at fault: %v", j.fleetFault)
		return
	}
	if p.Fleet == nil {
		r.undecided("no fleet was given, and the verdict depends on the builds that will read the content")
		return
	}
	r.Counts.Contracts = len(p.Cohorts)
	addressed, lacking := 0, 0
	//mutation:equivalent: only the time of an allocation depends on it
	if len(p.Cohorts) > 0 {
		r.Builds = make([]BuildReport, 0, len(p.Fleet.Contracts))
	}
	for i := range p.Cohorts {
		g := &p.Cohorts[i]
		if g.Addressed {
			addressed++
		} else if g.Lacks {
			lacking++
		}
		for _, b := range g.Builds {
			r.Builds = append(r.Builds, BuildReport{Build: b, Addressed: g.Addressed, Lacks: g.Lacks, AtFault: g.atFault || g.blamed[b.Name]})
			r.Counts.Builds++
			r.Counts.Hosts = addHosts(r.Counts.Hosts, b.Hosts)
		}
	}
	switch {
	case p.Subject.Kind.Foreign() && addressed == 0:
		r.undecided("no build of fleet %q states that Sysmon runs on its hosts, so no build reads the content; state its version under %q, see docs/fleet.md", p.Fleet.Name, "sensors")
	case p.Needs == nil || addressed > 0:
	//mutation:equivalent `lacking > 0`: without contracts the verdict is undecided in any case
	case lacking > 0 && lacking == len(p.Cohorts):
		r.Unread = true
		r.undecided("each build of fleet %q is known to lack version %d of template type %s, so no build reads the content",
			p.Fleet.Name, p.Needs.TypeVersion, typeName(p))
	default:
		r.undecided("no build of fleet %q has version %d of template type %s; give the contracts of the builds that will get the content",
			p.Fleet.Name, p.Needs.TypeVersion, typeName(p))
	}
}

// unknownType returns the message that no definition describes the type version.
func (j *Prepared) unknownType() string {
	n := j.pass.Needs
	says := fmt.Sprintf("the content needs version %d of template type %d (0x%x), which no definition describes", n.TypeVersion, n.Type, n.Type)
	if name := cmp.Or(j.pass.Known.TypeName(n.Type), n.TypeName); name != "" {
		says = fmt.Sprintf("the content needs version %d of template type %d (0x%x), %q, which no definition describes", n.TypeVersion, n.Type, n.Type, name)
	}
	if versions := j.pass.Known.Versions(n.Type); len(versions) > 0 {
		says += fmt.Sprintf("; known versions: %v", versions)
	}
	return says
}

// clamp converts a count to an int. Needs can claim any count.
func clamp(n uint64) int { return int(min(n, math.MaxInt)) }

//mutation:equivalent: only report texts depend on it
func typeName(p *Pass) string {
	if p.Definition != nil {
		return p.Definition.Name
	}
	return fmt.Sprint(p.Needs.Type)
}
