package suite_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// TestPrepared holds of each case of the corpus, as each kind of subject, that
// a subject that was prepared gets for one fleet after the other the reports
// that it gets for each alone, whatever was made of those before.
func TestPrepared(t *testing.T) {
	all := []*sensor.Fleet{nil}
	for _, name := range builtin.Fleets() {
		f, _ := builtin.Fleet(name)
		all = append(all, f)
	}
	nothing := &validate.Recorded{Name: "none", Events: func(*sensor.Definition, func(func() string, interp.Event) bool) error {
		return nil
	}}
	// All that requires nothing too: what the others find must not keep the
	// checks that run content from running it.
	alone := slices.Clone(suite.Checks)
	for i, c := range alone {
		if c.Family() == 5 {
			copied := *c
			copied.Requires = nil
			alone[i] = &copied
		}
	}
	verdicts := map[validate.Verdict]int{}
	for i, c := range cases(t) {
		if testing.Short() && i%8 != 0 || i%2 != 0 && !longtest.Enabled() {
			continue
		}
		opts := corpusOptions(t, &c)
		own := opts.Fleet
		fleets := append(slices.Clone(all), own)
		// The ten files over 8 KiB take as long as all others.
		if (i%3 != 0 || len(c.Data) > 8<<10) && !longtest.Enabled() {
			fleets = []*sensor.Fleet{nil, own}
		}
		subjects := []*validate.Subject{validate.ChannelFile(c.FileName, c.Data), validate.Rules(c.FileName, c.Data)}
		if r := validate.Run(subjects[0], opts); r.Definition != nil {
			subjects = append(subjects, validate.Needs(c.Name, r.Needs), validate.Definition(r.Definition))
		}
		for k, s := range subjects {
			opts.KnownGood = nil
			if k == 1 {
				opts.KnownGood = nothing
			}
			kept := false // from running the content, by what other checks find
			for _, opts.Checks = range [][]*validate.Check{suite.Checks, alone} {
				if &opts.Checks[0] == &alone[0] && !kept {
					continue // both lists run the same checks
				}
				wants := map[*sensor.Fleet]*validate.Report{}
				j := validate.Prepare(s, opts)
				order := append(slices.Clone(fleets), own)
				slices.Reverse(order)
				for i, fleet := range order {
					var groups *sensor.Cohorts
					switch i % 3 {
					case 0:
						groups = fleet.Cohorts()
					case 1:
						groups = own.Cohorts() // of another
					}
					got := j.Run(fleet, groups)
					want := wants[fleet]
					if want == nil {
						fresh := opts
						fresh.Fleet, fresh.Cohorts = fleet, nil
						want = validate.Run(s, fresh)
						wants[fleet] = want
					}
					if !reflect.DeepEqual(got, want) {
						t.Fatalf("%s, %v: fleet %d differs:\n%+v\nalone:\n%+v", c.Name, s.Kind, i, got, want)
					}
					verdicts[got.Verdict()]++
					kept = kept || slices.ContainsFunc(want.Skipped, func(s validate.Skip) bool { return s.Check.Family() == 5 })
					spoil(got)
				}
			}
		}
	}
	for v := validate.Undecided; v <= validate.Rejected; v++ {
		if verdicts[v] < 100 {
			t.Errorf("%d reports are %v; expected many of each: %v", verdicts[v], v, verdicts)
		}
	}
}

// spoil changes what a report has for itself.
func spoil(r *validate.Report) {
	for i := range r.Findings {
		r.Findings[i] = validate.Finding{Message: "spoilt"}
	}
	for i := range r.Summaries {
		r.Summaries[i] = validate.Summary{Message: "spoilt"}
	}
	clear(r.Totals)
	clear(r.Builds)
	clear(r.Undecided)
	_ = append(r.Findings, validate.Finding{Message: "spoilt"})
	_ = append(r.Ran, nil)
	_ = append(r.Skipped, validate.Skip{Why: "spoilt"})
	_ = append(r.NotApplicable, nil)
}

// TestPreparedAllocations holds that the next fleet costs a prepared subject a
// fraction of what the first one does: next to nothing, but for what it takes to
// write the findings that are of the fleet.
func TestPreparedAllocations(t *testing.T) {
	for _, tt := range []struct {
		name, why string
		fraction  float64
		findings  bool // the fleet has some
	}{
		{"291-march-on-21", "an accepted file: nothing is written", 10, false},
		{"291-march-state", "a file with findings", 3, true},
	} {
		if tt.findings && gatetest.RaceDetector {
			continue // to write a finding takes a dozen allocations more then, in both counts
		}
		c := gatetest.Case(t, tt.name)
		opts := gatetest.Options(t, c, suite.Checks...)
		s := validate.ChannelFile(c.FileName, c.Data)
		opts.Cohorts = opts.Fleet.Cohorts()
		first := testing.AllocsPerRun(10, func() { validate.Run(s, opts) })
		j := validate.Prepare(s, opts)
		next := testing.AllocsPerRun(10, func() { j.Run(opts.Fleet, opts.Cohorts) })
		if next > first/tt.fraction {
			t.Errorf("%s, %s: %v allocations for the first fleet, %v for the next; expected at most one in %v", tt.name, tt.why, first, next, tt.fraction)
		}
	}
}
