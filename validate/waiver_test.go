package validate_test

import (
	stdcmp "cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// onInstances returns a check that makes n findings for each instance, on the inputs A, B and
// so on, and one that belongs to no rule.
func onInstances(id string, n int, change func(*validate.Check)) *validate.Check {
	return check(id, func(c *validate.Check) {
		c.Run = func(p *validate.Pass) {
			for i := range p.File.Instances() {
				g := p.FindingGroup("group", func(found int) validate.Summary { return validate.Summary{Message: fmt.Sprintf("%d alike", found)} })
				for k := range n {
					if g.Full() {
						g.ReportMore(1)
						continue
					}
					g.Report(func() validate.Finding {
						where, in := p.LocateInstance(i)
						return validate.Finding{Where: where, Instance: in, Input: &validate.Input{Index: k, Name: string(rune('A' + k))}, Message: "odd", Fix: "fix it"}
					})
				}
			}
			p.ReportAt(channelfile.HeaderRange, "header", "fix it", "odd file")
		}
		if change != nil {
			change(c)
		}
	})
}

// waived has three rules, with the IDs that end with 1, 2 and 3.
func waived(t testing.TB) *validate.Subject {
	return validate.ChannelFile("", testkit.Encode(t, testkit.IPC, channelfile.Equals(5, `\a`), channelfile.Equals(5, `\b`), channelfile.Equals(5, `\c`)))
}

func TestWaivers(t *testing.T) {
	id := func(i int) string {
		f := testkit.Parse(t, waived(t).Data)
		return f.Instance(i).ID.String()
	}
	day := sensor.Date{Year: 2027, Month: time.January, Day: 31}
	warned := onInstances("CF3901", 2, warns)
	failed := onInstances("CF5901", 2, nil)
	noon := time.Date(2027, time.January, 31, 12, 0, 0, 0, time.UTC)
	all := func(check string) (list []validate.Waiver) {
		for i := range 3 {
			list = append(list, validate.Waiver{Check: check, Rule: id(i), Until: day})
		}
		return append(list, validate.Waiver{Check: check, Subject: "channel 291, type 1", Path: "header", Until: day})
	}
	for _, tt := range []struct {
		why      string
		check    *validate.Check
		waivers  []validate.Waiver
		now      time.Time
		max      int
		found    int   // findings that count
		accepted []int // by waiver
		verdict  validate.Verdict
	}{
		{"no waiver", failed, nil, noon, 0, 7, nil, validate.Rejected},
		{"one rule", failed, all("CF5901")[:1], noon, 0, 5, []int{2}, validate.Rejected},
		{"one input of one rule", failed, []validate.Waiver{{Check: "CF5901", Rule: id(1), Path: "B", Until: day}}, noon, 0, 6, []int{1}, validate.Rejected},
		{"an ID in upper case", failed, []validate.Waiver{{Check: "CF5901", Rule: strings.ToUpper(id(1)), Until: day}}, noon, 0, 5, []int{2}, validate.Rejected},
		{"another input", failed, []validate.Waiver{{Check: "CF5901", Rule: id(1), Path: "C", Until: day}}, noon, 0, 7, []int{0}, validate.Rejected},
		{"another rule", failed, []validate.Waiver{{Check: "CF5901", Rule: "5a0c1d2e-0001-4000-8000-cfc0cfc00001", Until: day}}, noon, 0, 7, []int{0}, validate.Rejected},
		{"another subject", failed, []validate.Waiver{{Check: "CF5901", Rule: id(1), Subject: "channel 292, type 1", Until: day}}, noon, 0, 7, []int{0}, validate.Rejected},
		{"everything", failed, all("CF5901"), noon, 0, 0, []int{2, 2, 2, 1}, validate.Accepted},
		{"warnings of CF3", warned, all("CF3901"), noon, 0, 0, []int{2, 2, 2, 1}, validate.Accepted},
		{"the first of two equal waivers", failed, slices.Concat(all("CF5901"), all("CF5901")), noon, 0, 0, []int{2, 2, 2, 1, 0, 0, 0, 0}, validate.Accepted},
		{"the last moment of the last day", failed, all("CF5901"), day1(day, -1), 0, 0, []int{2, 2, 2, 1}, validate.Accepted},
		{"the next day", failed, all("CF5901"), day1(day, 0), 0, 7, []int{0, 0, 0, 0}, validate.Rejected},
		{"no date is known", failed, all("CF5901"), time.Time{}, 0, 7, []int{0, 0, 0, 0}, validate.Rejected},
		{"more findings than the report keeps", failed, all("CF5901")[1:], noon, 1, 2, []int{2, 2, 1}, validate.Rejected},
		{"more accepted findings than the report keeps", failed, all("CF5901"), noon, 1, 0, []int{2, 2, 2, 1}, validate.Accepted},
	} {
		t.Run(tt.why, func(t *testing.T) {
			o := options(t, tt.check)
			o.Waivers, o.Now, o.MaxFindings, o.FailOnWarnings = tt.waivers, tt.now, tt.max, true
			r := validate.Run(waived(t), o)
			if got := r.Errors() + r.Warnings(); got != tt.found {
				t.Errorf("%d findings count, want %d", got, tt.found)
			}
			var accepted []int
			total := 0
			for i, u := range r.WaiverUses {
				accepted = append(accepted, u.Found)
				total += u.Found
				if u.Waiver != &o.Waivers[i] {
					t.Errorf("use %d is of another waiver", i)
				}
			}
			if diff := cmp.Diff(tt.accepted, accepted); diff != "" {
				t.Errorf("accepted findings differ (-want +got):\n%s", diff)
			}
			if r.WaivedFound != total {
				t.Errorf("%d findings are waived, want %d", r.WaivedFound, total)
			}
			if want := min(total, stdcmp.Or(tt.max, validate.DefaultMaxFindings)); len(r.Waived) != want {
				t.Errorf("the report keeps %d accepted findings, want %d", len(r.Waived), want)
			}
			for _, f := range r.Waived {
				if f.Waiver == nil || !f.Waiver.Accepts(f.Identity) || f.Check != tt.check {
					t.Errorf("an accepted finding without its waiver: %+v", f)
				}
			}
			for _, f := range r.Findings {
				if f.Waiver != nil {
					t.Errorf("a finding that counts has a waiver: %+v", f)
				}
			}
			if r.Verdict() != tt.verdict {
				t.Errorf("%v, want %v; undecided %q", r.Verdict(), tt.verdict, r.Undecided)
			}
		})
	}

	// A waiver that cannot be used leaves the verdict undecided, and accepts nothing.
	for why, w := range map[string]validate.Waiver{
		"an error of CF3":        {Check: "CF3902", Rule: id(0), Until: day},
		"a check of harm":        {Check: "CF5902", Rule: id(0), Until: day},
		"a check of the gate":    {Check: "CF7902", Rule: id(0), Until: day},
		"an unknown check":       {Check: "CF9999", Rule: id(0), Until: day},
		"no rule and no subject": {Check: "CF5901", Path: "A", Until: day},
		"no last day":            {Check: "CF5901", Rule: id(0)},
	} {
		checks := []*validate.Check{
			finds("CF3902", 0, nil), onInstances("CF5901", 0, notes), check("CF5902", func(c *validate.Check) { c.Firm = true }), check("CF7902", warns),
		}
		o := options(t, checks...)
		o.Waivers, o.Now = []validate.Waiver{w}, noon
		if r := validate.Run(waived(t), o); r.Verdict() != validate.Undecided || len(r.Undecided) != 1 || !strings.HasPrefix(r.Undecided[0], "the waiver of "+w.Check) {
			t.Errorf("%s: %v, undecided %q", why, r.Verdict(), r.Undecided)
		}
	}
}

// day1 returns the start of the day after d, and some nanoseconds.
func day1(d sensor.Date, ns int) time.Time {
	return time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, ns, time.UTC)
}

// TestWaiversOfFleets tests that each fleet of a prepared subject has its own accepted findings.
func TestWaiversOfFleets(t *testing.T) {
	day := sensor.Date{Year: 2027, Month: time.January, Day: 31}
	checks := []*validate.Check{
		onInstances("CF5901", 1, nil),
		onInstances("CF5902", 1, func(c *validate.Check) { c.Uses |= validate.UsesFleet }),
	}
	o := options(t, checks...)
	o.Now = time.Unix(0, 0)
	o.Waivers = []validate.Waiver{
		{Check: "CF5901", Subject: "channel 291, type 1", Path: "header", Until: day},
		{Check: "CF5902", Subject: "channel 291, type 1", Path: "header", Until: day},
	}
	p := validate.Prepare(waived(t), o)
	for range 3 {
		r := p.Run(o.Fleet, nil)
		if r.Errors() != 6 || r.WaivedFound != 2 || len(r.Waived) != 2 || r.WaiverUses[0].Found != 1 || r.WaiverUses[1].Found != 1 {
			t.Errorf("%d errors and %d accepted findings, of which %d are there; want 6, 2, 2", r.Errors(), r.WaivedFound, len(r.Waived))
		}
	}
}

// TestWaiversOfSkippedChecks tests that a waiver is not unused if its check did not run.
func TestWaiversOfSkippedChecks(t *testing.T) {
	day := sensor.Date{Year: 2027, Month: time.January, Day: 31}
	bad := finds("CF1901", 1, nil)
	o := options(t, bad,
		check("CF5901", func(c *validate.Check) { c.Requires = []string{bad.ID} }),
		check("CF5902", func(c *validate.Check) { c.Uses = validate.UsesNeverMatch }),
		check("CF5903", nil))
	o.Now = time.Unix(0, 0)
	for _, c := range o.Checks[1:] {
		o.Waivers = append(o.Waivers, validate.Waiver{Check: c.ID, Subject: "channel 291, type 1", Until: day})
	}
	var judged []bool
	for _, u := range validate.Run(waived(t), o).WaiverUses {
		judged = append(judged, u.Judged)
	}
	if diff := cmp.Diff([]bool{false, false, true}, judged); diff != "" {
		t.Errorf("judged differs (-want +got):\n%s", diff)
	}
}

// TestWaiversJudged tests whether a report says that the rule or subject of a waiver was judged.
func TestWaiversJudged(t *testing.T) {
	day := sensor.Date{Year: 2027, Month: time.January, Day: 31}
	o := options(t, onInstances("CF5901", 0, nil))
	o.Now = time.Unix(0, 0)
	s := waived(t)
	s.Kind = validate.KindRules
	rule := testkit.Parse(t, s.Data).Instance(2).ID.String()
	s.Source = []validate.Finding{{Check: o.Checks[0], Identity: validate.Identity{Rule: "Lost", Path: "x"}}}
	s.Waivers = []validate.Waiver{{Check: "CF5901", Rule: rule, Until: day}}
	o.Waivers = []validate.Waiver{
		{Check: "CF5901", Rule: "5a0c1d2e-0001-4000-8000-cfc0cfc00001", Until: day},
		{Check: "CF5901", Rule: rule, Subject: "channel 291, type 1", Until: day},
		{Check: "CF5901", Rule: rule, Subject: "channel 4, type 4", Until: day},
		{Check: "CF5901", Rule: "lost", Until: day},
		{Check: "CF5901", Subject: "channel 291, type 1", Until: day},
		{Check: "CF5901", Subject: "channel 4, type 4", Until: day},
	}
	var judged []bool
	for _, u := range validate.Run(s, o).WaiverUses {
		judged = append(judged, u.Judged)
	}
	if diff := cmp.Diff([]bool{false, true, false, true, true, false, true}, judged); diff != "" {
		t.Errorf("judged differs (-want +got):\n%s", diff)
	}
}

// TestFaultOfTheGate tests that content is not accepted if a finding shows a fault of the gate,
// with any severity, and that no waiver accepts the finding.
func TestFaultOfTheGate(t *testing.T) {
	day := sensor.Date{Year: 2027, Month: time.January, Day: 31}
	for _, severity := range []validate.Severity{validate.Error, validate.Warning, validate.Note} {
		for _, fault := range []bool{false, true} {
			o := options(t, check("CF5901", func(c *validate.Check) {
				c.Severity = severity
				c.Run = func(p *validate.Pass) {
					p.Report(func() validate.Finding {
						f := p.At(channelfile.HeaderRange, "header", "report the file", "odd")
						f.Fault = fault
						return f
					})
				}
			}))
			o.Now = time.Unix(0, 0)
			o.Waivers = []validate.Waiver{{Check: "CF5901", Subject: "channel 291, type 1", Until: day}}
			want := validate.Accepted
			switch {
			case fault && severity == validate.Error:
				want = validate.Rejected
			case fault:
				want = validate.Undecided
			}
			if r := validate.Run(waived(t), o); r.Verdict() != want || (r.WaivedFound == 0) != fault {
				t.Errorf("%v, fault %v: %v with %d accepted findings, want %v", severity, fault, r.Verdict(), r.WaivedFound, want)
			}
		}
	}
}
