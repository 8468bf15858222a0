package validate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/mandatory"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// DefaultMaxFindings is how many findings of one check a Report keeps unless
// Options say otherwise, besides [GroupFindings] of each group. All are counted.
const DefaultMaxFindings = 100

// Options say what a subject is judged by, and against.
type Options struct {
	Checks      []*Check            // in the order in which they run
	Definitions *sensor.Definitions // the template types; nil: none is known
	Fleet       *sensor.Fleet       // nil: the verdict can only be Rejected or Undecided
	Cohorts     *sensor.Cohorts     // of the fleet, for many subjects and one large fleet; nil, or those of another: they are found out
	Now         time.Time           // when acknowledgements are looked at; zero: all have expired

	NeverMatch       *Recorded // events that nothing may match; nil: none
	KnownGood        *Recorded // events that are known to be good; nil: none
	KnownGoodMatches uint64    // how many of these one rule may match

	// Budget limits the work of all Runs that share it. nil means a Budget of its
	// own, with the default limit, for each Run.
	Budget *Budget

	MaxFindings    int  // of one check that are kept; 0: DefaultMaxFindings
	MaxOfGroup     int  // of one group that are kept beyond these, and of all cohorts of a check; 0: GroupFindings, of each
	FailOnWarnings bool // warnings reject as errors do; notes never do
	AllowEmpty     bool // a channel file without instances may be accepted
}

// Run judges a subject for the fleet of the options. It is total: any subject
// and any options give a report, and the same ones the same report. What cannot
// be, such as a kind of subject that does not exist, makes the verdict undecided.
// A function of the caller that panics, such as [Subject.Origin], is not caught. What is
// left of a shared Budget is one of the options in this respect. The subject
// must not be modified meanwhile; several Runs may share one fleet and one set
// of definitions.
func Run(s *Subject, opts Options) *Report { return Prepare(s, opts).Run(opts.Fleet, opts.Cohorts) }

// A checklist is a list of checks that was vetted.
type checklist struct {
	checks   []*Check
	requires [][]int  // of each check the places of those that it requires
	why      []string // of each that is required: why others are skipped if it is unmet
	ofFleet  []int    // the places of those that look at a fleet
	lacks    string   // why the list is not complete, "" if it is
}

// vetted is the list that was used last: checks do not change, and vetting them
// takes longer than judging a small file.
var vetted atomic.Pointer[checklist]

// checklistOf returns the list of some checks, or why they cannot be used.
func checklistOf(checks []*Check) (*checklist, error) {
	if list := vetted.Load(); list != nil && slices.Equal(list.checks, checks) {
		return list, nil
	}
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

// lacks returns why a list of checks is not complete, "" if it is. A list
// without the comparison of needs with the fleet would accept the file of July
// 2024, and so the verdict needs every check, the very ones of package suite.
func lacks(checks []*Check) string {
	if len(mandatory.Checks) == 0 {
		return "the mandatory checks are not known; import package validate/suite, and use suite.Checks"
	}
	has := make(map[any]bool, len(checks))
	for _, c := range checks {
		has[c] = true
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
		return fmt.Sprintf("the list of checks lacks %s, without which nothing is accepted; use suite.Checks", missing[0])
	}
	return fmt.Sprintf("the list of checks lacks %d checks without which nothing is accepted, the first is %s; use suite.Checks", len(missing), missing[0])
}

// A Prepared is a subject that was read, and judged as far as that does not
// depend on a fleet: what is left is done by [Prepared.Run], for one fleet
// after the other. It serves one goroutine at a time.
type Prepared struct {
	opts Options
	list *checklist // nil: the checks cannot be used
	err  error      // why
	odd  []string   // what about the subject or the options leaves the verdict undecided

	pass       Pass
	fleetFault error     // why the fleet of the last run was not looked at; nil if it was
	provides   Uses      // what checks can look at in a subject of its kind
	has        Uses      // what there is to look at; of a fleet, in the last run
	outcomes   []outcome // by check; of those that look at a fleet, in the last run
	totals     []total   // of the checks with findings, in the order in which they ran
	summaries  []Summary // of the same checks

	// What the checks that look at no fleet have found.
	alone struct {
		findings   []Finding
		summaries  []Summary
		totals     int // how many
		unfinished int // how many
		over       int
		budget     *Budget
		dearest    dearest
	}
	// Why checks did not finish, and which did not because the budget is spent;
	// those that look at no fleet first.
	unfinished, over []string

	// The lists of the last report, as long as outcomes agree with them.
	listed        bool
	ran           []*Check
	skips         []Skip
	notApplicable []*Check

	supplies []*sensor.Supply // of the cohorts, to be written over
}

// An outcome is what became of a check.
type outcome struct {
	unmet bool // it found an error, or did not run
	fate  fate
}

// A fate says whether a check ran, and if not, why. From required on it is the
// place of a check that it requires.
type fate int32

const (
	ran fate = iota
	notApplicable
	noContent
	noFleet
	faultyFleet
	noType
	required
)

// A skip is a check that was skipped, for a reason as a report has it.
func (l *checklist) skip(i int, f fate) Skip {
	switch f {
	case noContent:
		return Skip{l.checks[i], "there is no content that can be read"}
	case faultyFleet:
		return Skip{l.checks[i], "the fleet is at fault"}
	case noFleet:
		return Skip{l.checks[i], "no fleet was given"}
	case noType:
		return Skip{l.checks[i], "the template type is not known"}
	}
	return Skip{l.checks[i], l.why[f-required]}
}

// A total is the place of a check in the list, and how much it found.
type total struct{ check, found int }

// Prepare reads a subject, and lets all checks judge it that look at no fleet.
// Fleet and Cohorts of the options do not matter. The subject must not be modified as
// long as it is judged.
func Prepare(s *Subject, opts Options) *Prepared {
	if s == nil {
		s = new(Subject)
	}
	j := &Prepared{opts: opts, pass: Pass{
		Subject: s, Known: opts.Definitions, Now: opts.Now, max: opts.MaxFindings,
		NeverMatch: opts.NeverMatch, KnownGood: opts.KnownGood, KnownGoodMatches: opts.KnownGoodMatches,
	}}
	if j.list, j.err = checklistOf(opts.Checks); j.err != nil {
		return j
	}
	p := &j.pass
	if p.Known == nil {
		p.Known = new(sensor.Definitions)
	}
	if p.max <= 0 {
		p.max = DefaultMaxFindings
	}
	p.max = min(p.max, mostFindings)
	p.perGroup = min(max(opts.MaxOfGroup, GroupFindings), mostFindings)
	p.NeverMatch = j.guard("NeverMatch", p.NeverMatch)
	p.KnownGood = j.guard("KnownGood", p.KnownGood)
	if p.budget = opts.Budget; p.budget == nil {
		p.budget = new(Budget)
	}
	j.consistent()
	j.read()
	j.provides = s.Kind.provides() | j.recorded() | s.listed()
	j.has = j.there()
	j.outcomes = make([]outcome, len(j.list.checks))
	for i, c := range j.list.checks {
		if c.Uses&UsesFleet == 0 {
			j.check(i)
		}
	}
	j.alone.findings, j.alone.summaries, j.alone.totals = p.findings, j.summaries, len(j.totals)
	j.alone.over = len(j.over)
	j.alone.unfinished, j.alone.budget, j.alone.dearest = len(j.unfinished), p.budget, p.dearest
	return j
}

// Run judges the subject for a fleet; nil is no fleet. Cohorts are what the
// fleet's method of that name returns; without them, or with those of another
// fleet, it is called. The report is the one that [Run] makes of the same, and is not
// changed by later calls, but may share with theirs what its findings point to,
// such as an Instance, and its lists of checks: do not change these.
func (j *Prepared) Run(fleet *sensor.Fleet, cohorts *sensor.Cohorts) *Report {
	p := &j.pass
	r := &Report{Subject: p.Subject, Fleet: fleet, FailOnWarnings: j.opts.FailOnWarnings}
	if j.err != nil {
		r.undecided("the list of checks cannot be used: %v", j.err)
		return r
	}
	r.File, r.Needs, r.Definition = p.File, p.Needs, p.Definition
	for _, u := range p.Subject.Unjudged {
		r.undecided("%s", u)
	}
	p.ofFleet = p.ofFleet[:0]
	j.has &^= UsesFleet
	if fleet != nil && cohorts.Of(fleet) == nil {
		cohorts = fleet.Cohorts()
	}
	if p.Fleet, j.fleetFault = fleet, nil; fleet != nil {
		// A fleet that names what nobody knows is compared with nothing.
		if j.fleetFault = cohorts.Undefined(p.Known); j.fleetFault != nil {
			p.Fleet = nil
		} else {
			j.has |= UsesFleet
		}
	}
	j.group(cohorts)
	// Of its own: the report keeps them.
	p.findings = append([]Finding(nil), j.alone.findings...)
	j.summaries = append([]Summary(nil), j.alone.summaries...)
	j.totals = j.totals[:j.alone.totals]
	j.unfinished, j.over = j.unfinished[:j.alone.unfinished], j.over[:j.alone.over]
	if j.opts.Budget == nil { // no fleet takes from the budget of another
		p.budget = j.alone.budget.clone()
	}
	p.dearest = j.alone.dearest
	for _, i := range j.list.ofFleet {
		j.check(i)
	}
	r.Undecided = append(r.Undecided, j.unfinished...)
	if len(j.over) > 0 || j.opts.Budget != nil {
		p.nameDearest() // it may be the most expensive one of the run
	}
	if len(j.over) > 0 {
		r.undecided("%s did not finish: %s", strings.Join(j.over, ", "), p.budget.exceeded())
	}
	j.gather(r)
	j.conclude(r)
	return r
}

// mostFindings is the largest number of findings that can be asked for: the sum
// of two is no overflow.
const mostFindings = math.MaxInt32

// guard returns recorded events that can be run on whatever Events returns: an
// event has a place. Events that are not there leave the verdict undecided.
func (j *Prepared) guard(name string, r *Recorded) *Recorded {
	switch {
	case r == nil:
		return nil
	case r.Events == nil:
		j.odd = append(j.odd, name+" has no function that passes events; without any, leave it nil")
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

// consistent notes what in a subject contradicts its kind: content that nothing
// would look at.
func (j *Prepared) consistent() {
	switch s := j.pass.Subject; s.Kind {
	case KindChannelFile, KindRules:
		if (s.TooBig || s.Refused) && len(s.Data) > 0 {
			j.odd = append(j.odd, "the subject has data, and says that its file was not read")
		}
	case KindNeeds, KindDefinition:
		if len(s.Data) > 0 {
			j.odd = append(j.odd, fmt.Sprintf("the subject is a %v, and has data that no check looks at", s.Kind))
		}
	default:
		j.odd = append(j.odd, fmt.Sprintf("%d is no kind of subject", s.Kind))
	}
}

// read finds out what the checks look at.
func (j *Prepared) read() {
	p := &j.pass
	switch s := p.Subject; s.Kind {
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
			p.Broken = f.Conformance()
			p.Needs = sensor.NeedsOf(f, p.Known)
		}
	}
	if p.Needs != nil && p.Definition == nil {
		p.Definition = p.Known.ByNumber(p.Needs.Type, p.Needs.TypeVersion)
	}
}

// group finds out which builds the fleet has, and what they supply for the
// subject's type version.
func (j *Prepared) group(cohorts *sensor.Cohorts) {
	p, fleet := &j.pass, j.pass.Fleet
	p.Cohorts, j.supplies = p.Cohorts[:0], j.supplies[:0]
	if fleet == nil || p.Needs == nil {
		return
	}
	distinct := cohorts.Of(fleet)
	if distinct == nil {
		distinct = fleet.Distinct()
	}
	p.Cohorts = slices.Grow(p.Cohorts, len(distinct))
	builds := make([]Build, 0, len(fleet.Contracts)) // of all cohorts: findings keep parts of it
	for _, members := range distinct {
		g := Cohort{Contract: &fleet.Contracts[members[0]]}
		first := len(builds)
		for _, m := range members {
			c := &fleet.Contracts[m]
			builds = append(builds, Build{c.Build, c.Hosts})
			g.Hosts = addHosts(g.Hosts, c.Hosts)
		}
		g.Builds = builds[first:len(builds):len(builds)]
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
		g.Lacks = p.Definition != nil && len(g.Supplies) == 0 && g.Contract.Lack(p.Definition.Name, p.Definition.Version) != nil
		// Of a type that is not known, nobody can say who has it.
		g.Addressed = len(g.Supplies) > 0 || !g.Contract.Reader.RefusesUnknownVersions || p.Definition == nil
		if p.Subject.Kind == KindDefinition && len(g.Supplies) == 0 {
			// Without content there is nothing that a build without the
			// type could misread.
			g.Addressed = false
		}
		p.Cohorts = append(p.Cohorts, g)
	}
}

// addHosts stops at the largest number: contracts may claim any.
func addHosts(a, b uint64) uint64 { return a + min(b, math.MaxUint64-a) }

// there returns what there is to look at, without a fleet.
func (j *Prepared) there() Uses {
	p, has := &j.pass, UsesBytes|UsesSource|UsesNeverMatch|UsesKnownGood|UsesManifest
	if p.File != nil {
		has |= UsesFile
	}
	if p.Needs != nil {
		has |= UsesNeeds
	}
	if p.Definition != nil {
		has |= UsesDefinition
	}
	return has
}

// recorded returns which recorded events there are to run content on.
func (j *Prepared) recorded() (given Uses) {
	if j.pass.NeverMatch != nil {
		given |= UsesNeverMatch
	}
	if j.pass.KnownGood != nil {
		given |= UsesKnownGood
	}
	return given
}

// check lets the check at a place of the list judge the subject.
func (j *Prepared) check(i int) {
	c, p := j.list.checks[i], &j.pass
	p.Check, p.first, p.total, p.grouped, p.groupOf = c, len(p.findings), 0, nil, nil
	p.unfinished, p.over = "", false
	if len(p.Subject.Source) > 0 {
		j.source(c)
	}
	// What was found in the source did not become content: it stands in the
	// way of no other check.
	before := p.total
	o := outcome{fate: j.fateOf(i, c)}
	if o.fate == ran {
		c.Run(p)
	}
	if p.over {
		j.over = append(j.over, c.String())
	}
	if p.unfinished != "" {
		j.unfinished = append(j.unfinished, fmt.Sprintf("%s did not finish: %s", c, p.unfinished))
	}
	o.unmet = o.fate > notApplicable || p.unfinished != "" || p.over || o.fate == ran && p.total > before && c.Severity == Error
	if p.total > 0 {
		j.summaries = p.summaries(j.summaries)
		j.totals = append(j.totals, total{i, p.total})
	}
	if o.fate != j.outcomes[i].fate {
		j.listed = false
	}
	j.outcomes[i] = o
}

// source reports what was found for a check before the run. It does so whether
// or not the check itself can run: what is wrong with the only rule there is
// leaves no content to run it on.
func (j *Prepared) source(c *Check) {
	for _, f := range j.pass.Subject.Source {
		if f.Check == c {
			j.pass.Report(func() Finding { return f })
		}
	}
}

// fateOf returns whether a check can run, and if not, why.
func (j *Prepared) fateOf(i int, c *Check) fate {
	if c.Uses&^j.provides != 0 {
		return notApplicable
	}
	for _, req := range j.list.requires[i] {
		if j.outcomes[req].unmet {
			return required + fate(req)
		}
	}
	switch missing := c.Uses &^ j.has; {
	case missing&(UsesFile|UsesNeeds) != 0:
		return noContent
	case missing&UsesFleet != 0:
		if j.fleetFault != nil {
			return faultyFleet
		}
		return noFleet
	case missing&UsesDefinition != 0:
		return noType
	}
	return ran
}

// gather writes down what became of the checks.
func (j *Prepared) gather(r *Report) {
	r.Findings, r.Summaries = j.pass.findings, j.summaries
	sortFindings(r.Findings)
	sortSummaries(r.Summaries)
	if len(j.totals) > 0 {
		r.Totals = make([]Total, 0, len(j.totals))
	}
	for a, b := j.totals[:j.alone.totals], j.totals[j.alone.totals:]; len(a)+len(b) > 0; {
		first := &a
		if len(a) == 0 || len(b) > 0 && b[0].check < a[0].check {
			first = &b
		}
		t := (*first)[0]
		r.Totals = append(r.Totals, Total{j.list.checks[t.check], t.found})
		*first = (*first)[1:]
	}
	if !j.listed {
		j.enlist()
	}
	// Whoever appends to them gets lists of their own.
	r.Ran, r.Skipped, r.NotApplicable = slices.Clip(j.ran), slices.Clip(j.skips), slices.Clip(j.notApplicable)
}

// enlist makes the lists of the checks that ran, and that did not.
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

// conclude writes down what was judged, and what stands in the way of a
// verdict.
func (j *Prepared) conclude(r *Report) {
	p := &j.pass
	if j.list.lacks != "" {
		r.undecided("%s", j.list.lacks)
	}
	for _, odd := range j.odd {
		r.undecided("%s", odd)
	}
	for _, f := range p.Subject.Source {
		if !slices.Contains(j.list.checks, f.Check) {
			r.undecided("a finding that was made before the run names no check of the list: %s", f.Message)
		}
	}
	switch kind := p.Subject.Kind; {
	case kind == KindRules && p.File == nil && len(p.Subject.Data) > 0:
		r.undecided("what the rules were compiled to cannot be read: %v; the compiler is at fault", p.ParseError)
	case kind == KindDefinition || p.Needs == nil:
	default:
		sizes := &p.Needs.Sizes
		r.Counts.Instances, r.Counts.Criteria = clamp(sizes.Instances), clamp(sizes.Criteria)
		if r.Counts.Instances == 0 && !j.opts.AllowEmpty {
			r.undecided("the content has no template instance: there is nothing to judge; allow empty content if that is what it means to be")
		}
	}
	if p.Subject.Kind == KindNeeds && p.Needs != nil && p.Definition == nil {
		r.undecided("%s: give its definition (--types)", j.unknownType())
	}
	if j.fleetFault != nil {
		r.undecided("the fleet is at fault: %v", j.fleetFault)
		return
	}
	if p.Fleet == nil {
		r.undecided("no fleet was given: whether content is safe depends on the builds that will read it")
		return
	}
	r.Counts.Contracts = len(p.Cohorts)
	addressed, lacking := 0, 0
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
			r.Builds = append(r.Builds, BuildReport{Build: b, Addressed: g.Addressed, Lacks: g.Lacks, AtFault: g.atFault})
			r.Counts.Builds++
			r.Counts.Hosts = addHosts(r.Counts.Hosts, b.Hosts)
		}
	}
	switch {
	case p.Needs == nil || addressed > 0:
	case lacking > 0 && lacking == len(p.Cohorts):
		r.Unread = true
		r.undecided("each build of fleet %q is known to lack version %d of template type %s: no build reads the content",
			p.Fleet.Name, p.Needs.TypeVersion, typeName(p))
	default:
		r.undecided("no build of fleet %q has version %d of template type %s: there is nothing to judge it against; give the contracts of the builds that will get it",
			p.Fleet.Name, p.Needs.TypeVersion, typeName(p))
	}
}

// unknownType says which version of which template type no definition describes.
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

// clamp makes an int of a count that needs may claim to be any.
func clamp(n uint64) int { return int(min(n, math.MaxInt)) }

func typeName(p *Pass) string {
	if p.Definition != nil {
		return p.Definition.Name
	}
	return fmt.Sprint(p.Needs.Type)
}
