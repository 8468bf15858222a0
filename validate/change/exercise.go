package change

import (
	"fmt"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/sensor/rollout"
	"github.com/cfcheck/cfcheck/validate"
)

// A plans has the exercise plans of a run.
type plans struct {
	pass     *validate.Pass
	usable   []*rollout.Exercise // for the content and the fleet
	unusable []string            // the reasons of all other plans
}

// An exercised is a first use that a plan runs on few hosts of each of its builds first.
type exercised struct {
	first
	plan  *rollout.Exercise
	hosts []uint64 // in ring 1, by build
}

// plansFor returns the exercise plans for the content and the fleet.
func plansFor(p *validate.Pass) *plans {
	x := &plans{pass: p}
	for _, d := range p.ExercisePlans {
		if e, why := d.For(p.File, p.Fleet, p.ExerciseRings); e != nil {
			x.usable = append(x.usable, e)
		} else {
			x.unusable = append(x.unusable, notCovered(d, why, nil))
		}
	}
	return x
}

// divide adds a first use to the result: for the builds on which a plan exercises all of its uses,
// and for the other builds. The first plan that does so counts.
func (x *plans) divide(result *firstsOf, f first, lacking []lack, uses []cells.Use) {
	if len(lacking) == 0 { //mutation:equivalent: the slow path gives the same result
		return
	}
	covered := make([]exercised, len(x.usable)) // by plan
	reasons := make([]reasons, len(x.usable))   // by plan
	var open []lack
	for _, l := range lacking {
		isOpen := true
		for i, plan := range x.usable {
			hosts, why := x.covers(plan, l.reader, uses)
			if why != "" {
				reasons[i].add(why, l.Name)
				continue
			}
			covered[i].lacking, covered[i].hosts = append(covered[i].lacking, l), append(covered[i].hosts, hosts)
			isOpen = false
			break
		}
		if isOpen {
			open = append(open, l)
		}
	}
	for i, e := range covered {
		if len(e.lacking) > 0 {
			result.exercised = append(result.exercised, exercised{f.with(e.lacking), x.usable[i], e.hosts})
		}
	}
	if len(open) == 0 {
		return
	}
	f = f.with(open)
	f.unplanned = x.unplanned(reasons)
	result.open = append(result.open, f)
}

// covers returns the number of hosts of a build on which a plan runs all uses first, or the reason
// why it does not.
func (x *plans) covers(plan *rollout.Exercise, r *reader, uses []cells.Use) (hosts uint64, why string) {
	for _, u := range uses {
		if hosts, why = plan.Covers(r.Name, r.cohort.Contract, x.pass.Definition, u.Cell, u.InputRead); why != "" {
			return 0, why
		}
	}
	return hosts, why
}

// A reasons has the reasons why a plan does not exercise a first use, and the builds for each.
type reasons struct {
	why    []string
	builds [][]string
}

func (r *reasons) add(why, build string) {
	i := 0
	for i < len(r.why) && r.why[i] != why {
		i++
	}
	if i == len(r.why) {
		r.why, r.builds = append(r.why, why), append(r.builds, nil)
	}
	r.builds[i] = append(r.builds[i], build)
}

// unplanned returns the lines of a finding about the plans that do not exercise a first use.
//
//mutation:equivalent: only report texts depend on it
func (x *plans) unplanned(reasons []reasons) (lines []string) {
	for i, r := range reasons {
		for k, why := range r.why {
			lines = append(lines, notCovered(x.usable[i].Plan, why, r.builds[k]))
		}
	}
	lines = append(lines, x.unusable...)
	const most = 5
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most:most], fmt.Sprintf("and %s more reasons of plans", numeral.Thousands(uint64(more))))
	}
	return lines
}

// notCovered returns the line of a finding about a plan that does not exercise a first use.
//
//mutation:equivalent: only report texts depend on it
func notCovered(d *rollout.Document, why string, builds []string) string {
	if len(builds) > 0 {
		why += ": " + joined(builds)
	}
	return fmt.Sprintf("not covered by %s: %s", d.Name, why)
}
