package validate_test

import (
	"testing"

	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// TestShared holds how often what is shared is worked out, and of what.
func TestShared(t *testing.T) {
	ofSubject, ofFleet := 0, 0
	deeper := validate.OfSubject(func(p *validate.Pass) int { return p.File.Instances() })
	subject := validate.OfSubject(func(p *validate.Pass) int {
		ofSubject++
		if p.Fleet != nil || len(p.Cohorts) > 0 {
			t.Error("what is shared by all fleets sees one")
		}
		return 10 + deeper.Get(p)
	})
	fleet := validate.OfFleet(func(p *validate.Pass) string {
		ofFleet++
		return p.Fleet.Name
	})
	var seen string
	look := func(c *validate.Check) {
		c.Uses |= validate.UsesFile | validate.UsesFleet
		c.Run = func(p *validate.Pass) {
			if n := subject.Get(p); n != 11 {
				t.Errorf("%d is shared; expected 11", n)
			}
			seen += fleet.Get(p) + " "
		}
	}
	a, b := testkit.Fleet(t, "reference"), &sensor.Fleet{Name: "other"}
	for range 2 { // of another subject all is worked out anew
		ofSubject, ofFleet, seen = 0, 0, ""
		j := validate.Prepare(good(t), options(t, check("CF9001", look), check("CF9002", look)))
		for _, f := range []*sensor.Fleet{a, b, a} {
			j.Run(f, nil)
		}
		if ofSubject != 1 || ofFleet != 3 || seen != "reference reference other other reference reference " {
			t.Errorf("worked out %d times of the subject, %d times of a fleet: %s", ofSubject, ofFleet, seen)
		}
	}
}

// TestPrepareBadChecks holds that a list that cannot be used is said to be.
func TestPrepareBadChecks(t *testing.T) {
	j := validate.Prepare(good(t), validate.Options{})
	for range 2 {
		if r := j.Run(testkit.Fleet(t, "reference"), nil); r.Verdict() != validate.Undecided || len(r.Undecided) != 1 || len(r.Ran) > 0 {
			t.Errorf("%v: %v", r.Verdict(), r.Undecided)
		}
	}
}
