package gatetest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/validate"
)

// A Reporter receives errors: a test, or a replacement for one.
type Reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// CheckReport checks the properties of every report of a run with the given options.
func CheckReport(t Reporter, opts validate.Options, r *validate.Report) {
	t.Helper()
	became := map[*validate.Check]int{}
	for _, c := range r.Ran {
		became[c]++
	}
	for _, skip := range r.Skipped {
		became[skip.Check]++
		if skip.Why == "" {
			t.Errorf("%v was skipped for no reason", skip.Check)
		}
	}
	for _, c := range r.NotApplicable {
		became[c]++
	}
	for _, c := range opts.Checks {
		if became[c] != 1 {
			t.Errorf("%v is %d times among what ran, was skipped and does not apply", c, became[c])
		}
	}
	if len(became) != len(opts.Checks) {
		t.Errorf("%d checks ran, were skipped or do not apply; the list has %d", len(became), len(opts.Checks))
	}

	old := map[*validate.Check]int{}
	kept, groups, inGroup := map[*validate.Check]int{}, map[*validate.Check]int{}, map[string]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		kept[f.Check]++
		if f.Old {
			old[f.Check]++
		}
		if key := f.Check.ID + f.Group; f.Group != "" {
			if inGroup[key] == 0 {
				groups[f.Check]++
			}
			inGroup[key]++
		}
		// Findings in the source belong to checks that need not have run.
		fromSource := slices.ContainsFunc(r.Subject.Source, func(s validate.Finding) bool { return s.Check == f.Check })
		if !slices.Contains(r.Ran, f.Check) && !fromSource {
			t.Errorf("a finding is of %v, which did not run", f.Check)
		}
		if at := f.Where.Range; at.Start < 0 || at.End < at.Start || at.End > len(r.Subject.Data) {
			t.Errorf("%v: a finding is at %v, of %d bytes", f.Check, at, len(r.Subject.Data))
		}
		if id := f.Identity; id.Check != f.Check.ID || id.Subject == "" && r.Subject.Name != "" || id.Rule != strings.ToLower(id.Rule) {
			t.Errorf("%v: a finding has the identity %+v", f.Check, id)
		}
		if f.Message == "" || f.Fault {
			t.Errorf("%v says %q", f.Check, f.Message)
		}
		if i > 0 && compareFindings(&r.Findings[i-1], f) > 0 {
			t.Errorf("finding %d stands after one that it should stand before: %+v, %+v", i, r.Findings[i-1], *f)
		}
	}
	for i := range r.Summaries {
		sum := &r.Summaries[i]
		if n := inGroup[sum.Check.ID+sum.Group]; n < 1 || n > sum.Found || sum.Found < 2 || sum.Message == "" {
			t.Errorf("a summary of %d findings, of which %d are there: %+v", sum.Found, n, *sum)
		}
	}
	most := opts.MaxFindings
	if most == 0 {
		most = validate.DefaultMaxFindings
	}
	ofGroups := max(opts.MaxOfGroup, validate.GroupFindings)
	if opts.NewOnly {
		most, ofGroups = max(most, 10_000), max(ofGroups, 10_000)
	}
	var found, olds [3]int // by severity
	for _, total := range r.Totals {
		least := min(total.Found, most)
		if n := kept[total.Check]; total.Found < 1 || n < least || n > min(total.Found, least+ofGroups*groups[total.Check]) {
			t.Errorf("%v found %d, and %d findings are there", total.Check, total.Found, kept[total.Check])
		}
		delete(kept, total.Check)
		found[total.Check.Severity] += total.Found
		if total.Old != old[total.Check] {
			t.Errorf("%v counts %d old findings, and %d are marked", total.Check, total.Old, old[total.Check])
		}
		olds[total.Check.Severity] += total.Old
	}
	if len(kept) > 0 {
		t.Errorf("there are findings that no total counts: %v", kept)
	}
	if counted := [3]int{r.Errors(), r.Warnings(), r.Notes()}; counted != found {
		t.Errorf("the report counts %d errors, warnings and notes; there are %d", counted, found)
	}

	if r.NewOnly {
		for i := range found {
			found[i] -= olds[i]
		}
	}
	want := validate.Accepted
	switch {
	case found[validate.Error] > 0 || found[validate.Warning] > 0 && opts.FailOnWarnings:
		want = validate.Rejected
	case len(r.Undecided) > 0 || len(r.Skipped) > 0 || len(r.Ran) == 0:
		want = validate.Undecided
	}
	if r.Verdict() != want {
		t.Errorf("the verdict is %v; its findings make it %v", r.Verdict(), want)
	}
}

// compareFindings is the promised order of findings in a report: errors first, then by
// check and place.
func compareFindings(a, b *validate.Finding) int {
	return cmp.Or(
		cmp.Compare(a.Severity(), b.Severity()),
		cmp.Compare(a.Check.ID, b.Check.ID),
		cmp.Compare(a.Group, b.Group),
		cmp.Compare(a.Where.Range.Start, b.Where.Range.Start),
	)
}
