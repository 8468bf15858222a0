package validate

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// DefaultMaxFindings is how many findings of one check a Report keeps unless
// Options say otherwise, besides [GroupFindings] of each group. All are counted.
const DefaultMaxFindings = 100

// Options say what a subject is judged by, and against.
type Options struct {
	Checks      []*Check            // in the order in which they run
	Definitions *sensor.Definitions // the template types; nil: none is known
	Fleet       *sensor.Fleet       // nil: the verdict can only be Rejected or Undecided
	Distinct    [][]int             // what Fleet.Distinct returns, for many subjects and one large fleet; if not all are in it, it is called
	Now         time.Time           // when acknowledgements are looked at; zero: all have expired

	NeverMatch       *Recorded // events that nothing may match; nil: none
	KnownGood        *Recorded // events that are known to be good; nil: none
	KnownGoodMatches uint64    // how many of these one rule may match

	MaxFindings    int  // of one check that are kept; 0: DefaultMaxFindings
	MaxOfGroup     int  // of one group that are kept beyond these, and of all groups of a check; 0: GroupFindings, of each
	FailOnWarnings bool // warnings reject as errors do
	AllowEmpty     bool // a channel file without instances may be accepted
}

// Run judges a subject. It is total: any subject and any options give a
// report, and the same ones the same report. The subject must not be modified
// meanwhile; several Runs may share one fleet and one set of definitions.
func Run(s *Subject, opts Options) *Report {
	if s == nil {
		s = new(Subject)
	}
	r := &Report{Subject: s, Fleet: opts.Fleet, failOnWarnings: opts.FailOnWarnings}
	list := vetted.Load()
	if list == nil || !slices.Equal(list.checks, opts.Checks) {
		if err := Vet(opts.Checks); err != nil {
			r.undecided("the list of checks cannot be used: %v", err)
			return r
		}
		list = newChecklist(opts.Checks)
		vetted.Store(list)
	}
	for _, u := range s.Unjudged {
		r.undecided("%s", u)
	}
	run := runner{report: r, opts: opts, list: list, pass: Pass{
		Subject: s, Known: opts.Definitions,
		Fleet: opts.Fleet, Now: opts.Now, max: opts.MaxFindings,
		NeverMatch: opts.NeverMatch, KnownGood: opts.KnownGood, KnownGoodMatches: opts.KnownGoodMatches,
	}}
	if run.pass.Known == nil {
		run.pass.Known = new(sensor.Definitions)
	}
	if run.pass.max <= 0 {
		run.pass.max = DefaultMaxFindings
	}
	run.pass.perGroup = max(opts.MaxOfGroup, GroupFindings)
	run.read()
	run.group()
	run.checks()
	run.conclude()
	return r
}

// A checklist is a list of checks that was vetted.
type checklist struct {
	checks   []*Check
	requires [][]int // of each check the places of those that it requires
}

// vetted is the list that was used last: checks do not change, and vetting them
// takes longer than judging a small file.
var vetted atomic.Pointer[checklist]

func newChecklist(checks []*Check) *checklist {
	l := &checklist{slices.Clone(checks), make([][]int, len(checks))}
	for i, c := range checks {
		for _, req := range c.Requires {
			l.requires[i] = append(l.requires[i], slices.Index(checks, req))
		}
	}
	return l
}

type runner struct {
	list   *checklist
	report *Report
	opts   Options
	pass   Pass
}

// read finds out what the checks look at.
func (run *runner) read() {
	p := &run.pass
	switch s := p.Subject; s.Kind {
	case KindNeeds:
		p.Needs = s.Needs
	case KindDefinition:
		p.Needs, p.Definition = s.Needs, s.Definition
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
	run.report.File, run.report.Needs, run.report.Definition = p.File, p.Needs, p.Definition
}

// group finds out which builds there are, and what they supply for the
// subject's type version.
func (run *runner) group() {
	p, fleet := &run.pass, run.opts.Fleet
	if fleet == nil || p.Needs == nil {
		return
	}
	distinct := run.opts.Distinct
	if !covers(distinct, len(fleet.Contracts)) {
		distinct = fleet.Distinct()
	}
	for _, members := range distinct {
		g := Group{Contract: &fleet.Contracts[members[0]]}
		for _, m := range members {
			c := &fleet.Contracts[m]
			g.Builds = append(g.Builds, Build{c.Build, c.Hosts})
			g.Hosts = addHosts(g.Hosts, c.Hosts)
		}
		if p.Definition != nil {
			for i := range g.Contract.Supplies {
				s := &g.Contract.Supplies[i]
				if s.Type == p.Definition.Name && s.Version == p.Definition.Version {
					g.Supplies = append(g.Supplies, s)
				}
			}
		}
		// Of a type that is not known, nobody can say who has it.
		g.Addressed = len(g.Supplies) > 0 || !g.Contract.Reader.RefusesUnknownVersions || p.Definition == nil
		if p.Subject.Kind == KindDefinition && len(g.Supplies) == 0 {
			// Without content there is nothing that a build without the
			// type could misread.
			g.Addressed = false
		}
		p.Groups = append(p.Groups, g)
	}
}

// covers reports whether groups have each of n indices once.
func covers(groups [][]int, n int) bool {
	seen := make([]bool, n)
	for _, members := range groups {
		if len(members) == 0 {
			return false
		}
		for _, m := range members {
			if m < 0 || m >= n || seen[m] {
				return false
			}
			seen[m] = true
		}
	}
	return !slices.Contains(seen, false)
}

// addHosts stops at the largest number: contracts may claim any.
func addHosts(a, b uint64) uint64 { return a + min(b, math.MaxUint64-a) }

// has returns what there is to look at.
func (run *runner) has() Uses {
	p, has := &run.pass, UsesBytes|UsesSource|UsesNeverMatch|UsesKnownGood
	if p.File != nil {
		has |= UsesFile
	}
	if p.Needs != nil {
		has |= UsesNeeds
	}
	if p.Definition != nil {
		has |= UsesDefinition
	}
	if p.Fleet != nil {
		has |= UsesFleet
	}
	return has
}

// recorded returns which recorded events there are to run content on.
func (run *runner) recorded() (given Uses) {
	if run.opts.NeverMatch != nil {
		given |= UsesNeverMatch
	}
	if run.opts.KnownGood != nil {
		given |= UsesKnownGood
	}
	return given
}

func (run *runner) checks() {
	r, p, has := run.report, &run.pass, run.has()
	provides := p.Subject.Kind.provides() | run.recorded()
	// unmet has the checks that found an error, or did not run.
	unmet := make([]bool, len(run.opts.Checks))
	r.Ran = make([]*Check, 0, len(run.opts.Checks))
	for i, c := range run.opts.Checks {
		p.Check, p.findings, p.total, p.grouped, p.groupOf = c, nil, 0, nil, nil
		if len(p.Subject.Source) > 0 {
			run.source(c)
		}
		// What was found in the source did not become content: it stands in
		// the way of no other check.
		before := p.total
		switch why := run.skipped(i, c, has, unmet); {
		case c.Uses&^provides != 0:
			r.NotApplicable = append(r.NotApplicable, c)
		case why != "":
			r.Skipped = append(r.Skipped, Skip{c, why})
			unmet[i] = true
		default:
			c.Run(p)
			r.Ran = append(r.Ran, c)
		}
		if p.total == 0 {
			continue
		}
		r.Findings = append(r.Findings, p.findings...)
		r.Summaries = append(r.Summaries, p.summaries()...)
		r.count(c, p.total)
		if p.total > before && c.Severity == Error {
			unmet[i] = true
		}
	}
	sortFindings(r.Findings)
	sortSummaries(r.Summaries)
}

// source reports what was found for a check before the run. It does so whether
// or not the check itself can run: what is wrong with the only rule there is
// leaves no content to run it on.
func (run *runner) source(c *Check) {
	for _, f := range run.pass.Subject.Source {
		if f.Check == c {
			run.pass.Report(func() Finding { return f })
		}
	}
}

// skipped returns why a check cannot run, empty if it can.
func (run *runner) skipped(i int, c *Check, has Uses, unmet []bool) string {
	for k, req := range run.list.requires[i] {
		if unmet[req] {
			return "requires " + c.Requires[k].String()
		}
	}
	switch missing := c.Uses &^ has; {
	case missing&(UsesFile|UsesNeeds) != 0:
		return "there is no content that can be read"
	case missing&UsesFleet != 0:
		return "no fleet was given"
	case missing&UsesDefinition != 0:
		return "the template type is not known"
	}
	return ""
}

// conclude writes down what was judged, and what stands in the way of a
// verdict.
func (run *runner) conclude() {
	r, p := run.report, &run.pass
	for _, f := range p.Subject.Source {
		if !slices.Contains(run.opts.Checks, f.Check) {
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
		if r.Counts.Instances == 0 && !run.opts.AllowEmpty {
			r.undecided("the content has no template instance: there is nothing to judge; allow empty content if that is what it means to be")
		}
	}
	if run.opts.Fleet == nil {
		r.undecided("no fleet was given: whether content is safe depends on the builds that will read it")
		return
	}
	r.Counts.Contracts = len(p.Groups)
	addressed := 0
	for _, g := range p.Groups {
		if g.Addressed {
			addressed++
		}
		for _, b := range g.Builds {
			r.Builds = append(r.Builds, BuildReport{Build: b, Addressed: g.Addressed, AtFault: g.atFault})
			r.Counts.Builds++
			r.Counts.Hosts = addHosts(r.Counts.Hosts, b.Hosts)
		}
	}
	if p.Needs != nil && addressed == 0 {
		r.undecided("no build of fleet %q has version %d of template type %s: there is nothing to judge it against; give the contracts of the builds that will get it",
			run.opts.Fleet.Name, p.Needs.TypeVersion, typeName(p))
	}
}

// clamp makes an int of a count that needs may claim to be any.
func clamp(n uint64) int { return int(min(n, math.MaxInt)) }

func typeName(p *Pass) string {
	if p.Definition != nil {
		return p.Definition.Name
	}
	return fmt.Sprint(p.Needs.Type)
}
