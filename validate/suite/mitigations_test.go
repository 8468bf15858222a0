package suite_test

import (
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// mute seeds a bug into the gate while f runs: the named checks find nothing. A list with changed
// copies of the checks would not do, because the gate accepts nothing with such a list.
func mute(t *testing.T, ids []string, f func()) {
	t.Helper()
	for _, id := range ids {
		i := slices.IndexFunc(suite.Checks, func(c *validate.Check) bool { return c.ID == id })
		if i < 0 {
			t.Fatalf("there is no check %s", id)
		}
		check, run := suite.Checks[i], suite.Checks[i].Run
		check.Run = func(*validate.Pass) {}
		defer func() { check.Run = run }()
	}
	f()
}

// TestMitigations seeds bugs into the checks that serve the mitigations of the published root
// cause analysis of channel file 291. Without the checks the gate accepts what caused the outage;
// with one of them left, it does not.
func TestMitigations(t *testing.T) {
	february := func() *validate.Report {
		rel := corpus.Releases()[0]
		defs := gatetest.Definitions(t, rel.Types, rel.TypesData)
		return validate.Run(validate.Definition(defs.ByName(rel.Type, rel.Version)), validate.Options{
			Checks: suite.Checks, Definitions: defs, Fleet: gatetest.Fleet(t, rel.Fleet, rel.FleetData), Now: rel.Now,
		})
	}
	judge := func(name string) func() *validate.Report {
		return func() *validate.Report { return gatetest.Judge(t, gatetest.Case(t, name), suite.Checks...) }
	}
	for _, tt := range []struct {
		mitigation string
		judge      func() *validate.Report
		without    []string // checks that find nothing
		want       validate.Verdict
		by         []string // checks that report an error
	}{
		{"1: inputs are counted before there is content", february, nil, validate.Rejected, []string{"CF3002"}},
		{"1: inputs are not counted", february, []string{"CF3002"}, validate.Accepted, nil},
		{"1: content with wildcards, inputs are counted", judge("291-march-latent"), nil, validate.Rejected, []string{"CF3002"}},
		{"1: content with wildcards, inputs are not counted", judge("291-march-latent"), []string{"CF3002"}, validate.Accepted, nil},
		{"4: content is compared with the supply", judge("291-july-first-use"), nil, validate.Rejected, []string{"CF3001"}},
		{"5: content is only run in the interpreter", judge("291-july-first-use"), []string{"CF3001", "CF3002"}, validate.Rejected, []string{"CF5001"}},
		{"4 and 5: as in July 2024", judge("291-july-first-use"), []string{"CF3001", "CF3002", "CF5001"}, validate.Accepted, nil},
	} {
		var r *validate.Report
		mute(t, tt.without, func() { r = tt.judge() })
		var by []string
		for _, total := range r.Totals {
			if total.Check.Severity == validate.Error {
				by = append(by, total.Check.ID)
			}
		}
		if r.Verdict() != tt.want || !slices.Equal(by, tt.by) {
			t.Errorf("%s, without %v: %v by %v, expected %v by %v %v", tt.mitigation, tt.without, r.Verdict(), by, tt.want, tt.by, r.Undecided)
		}
	}
	for _, id := range []string{"CF3001", "CF3002"} {
		mute(t, []string{id}, func() {
			if suite.SelfTest(suite.Checks) == nil {
				t.Errorf("the self-test does not notice that %s finds nothing", id)
			}
		})
	}
}
