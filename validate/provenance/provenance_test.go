package provenance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// TestWaivers has the cases of the checks that look at the waivers of a run.
func TestWaivers(t *testing.T) {
	w := &validate.Waiver{
		Check: "CF3012", Rule: "5a0c1d2e-0001-4000-8000-cfc0cfc00001", Path: "User", Reason: "later", By: "ann",
		Until: sensor.Date{Year: 2027, Month: time.January, Day: 31}, From: validate.Position{Path: ".cfcheck.yaml", Line: 4, Column: 3},
	}
	held, expired := time.Date(2027, 1, 31, 23, 0, 0, 0, time.UTC), time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	const named = `CF3012, rule "5a0c1d2e-0001-4000-8000-cfc0cfc00001", path "User"`
	use := func(w *validate.Waiver, found int, judged bool) []validate.WaiverUse {
		return []validate.WaiverUse{{Waiver: w, Found: found, Judged: judged}}
	}
	for _, tt := range []struct {
		why     string
		uses    []validate.WaiverUse
		now     time.Time
		says    []string // ID and message
		verdict validate.Verdict
	}{
		{"no waivers", nil, held, nil, validate.Accepted},
		{"used", use(w, 3, true), held, nil, validate.Accepted},
		{"unused", use(w, 0, true), held, []string{"CF7003 the waiver of " + named + " accepts no finding"}, validate.Rejected},
		{"its rule was not judged", use(w, 0, false), held, []string{"CF7004 CF3012 did not judge the rule or the subject of the waiver of " + named}, validate.Accepted},
		{"expired", use(w, 0, true), expired, []string{"CF7002 the waiver of " + named + ", by ann, held until 2027-01-31, and it is 2027-02-01"}, validate.Rejected},
		{"expired, and its rule was not judged", use(w, 0, false), expired, []string{"CF7002 the waiver of " + named + ", by ann, held until 2027-01-31, and it is 2027-02-01"}, validate.Rejected},
		{"no date is known", use(w, 0, true), time.Time{}, []string{"CF7002 the waiver of " + named + ", by ann, held until 2027-01-31, and no date was given"}, validate.Rejected},
		{"no waiver in a use", use(nil, 0, true), held, nil, validate.Undecided},
	} {
		for _, fleet := range []*sensor.Fleet{nil, {Name: "nobody"}} { // waivers are for any fleet
			r := validate.Run(validate.Waivers("waivers", tt.uses), validate.Options{Checks: suite.Checks, Now: tt.now, FailOnWarnings: true, Fleet: fleet})
			var says []string
			for _, f := range r.Findings {
				says = append(says, f.Check.ID+" "+f.Message)
				if f.Where.Source != w.From {
					t.Errorf("%s: a finding at %v, want %v", tt.why, f.Where.Source, w.From)
				}
			}
			if strings.Join(says, "\n") != strings.Join(tt.says, "\n") {
				t.Errorf("%s: %q, want %q", tt.why, says, tt.says)
			}
			if r.Verdict() != tt.verdict {
				t.Errorf("%s: %v, want %v; undecided %q, skipped %v", tt.why, r.Verdict(), tt.verdict, r.Undecided, r.Skipped)
			}
		}
	}
}
