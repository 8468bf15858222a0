package suite_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/file"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// corpusOptions returns what a case is judged by.
func corpusOptions(t testing.TB, c *corpus.Case) validate.Options {
	t.Helper()
	return gatetest.Options(t, c, suite.Checks...)
}

// found returns the IDs of the checks that made findings, ascending.
func found(r *validate.Report) []string {
	var ids []string
	for _, t := range r.Totals {
		ids = append(ids, t.Check.ID)
	}
	slices.Sort(ids)
	return ids
}

// cases returns the corpus, all of it.
func cases(t testing.TB) []corpus.Case {
	t.Helper()
	all := corpus.Cases()
	if len(all) == 0 {
		t.Fatal("the corpus is empty")
	}
	return all
}

// TestCorpus holds that the gate says of each case what stands beside it: the
// verdict, all checks that find something and no other, and where.
func TestCorpus(t *testing.T) {
	for _, c := range cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			r := validate.Run(validate.ChannelFile(c.FileName, c.Data), corpusOptions(t, &c))
			if got := r.Verdict().String(); got != string(c.Expect) {
				t.Errorf("%s, expected %s, for %s %v", got, c.Expect, c.Why, r.Undecided)
			}
			if diff := cmp.Diff(c.Checks, found(r)); diff != "" {
				t.Errorf("checks that find something (-expected +found), where %s:\n%s", c.Why, diff)
			}
			for _, f := range r.Findings {
				located(t, c.At, f)
				presentable(t, r, f)
			}
			complete(t, r)
		})
	}
}

// TestSysmonCorpus holds the same of the cases of Sysmon.
func TestSysmonCorpus(t *testing.T) {
	for _, c := range corpus.Sysmon() {
		t.Run(c.Name, func(t *testing.T) {
			r := validate.Run(gatetest.Sysmon(t, &c, suite.Checks...))
			if got := r.Verdict().String(); got != string(c.Expect) {
				t.Errorf("%s, expected %s, for %s %v", got, c.Expect, c.Why, r.Undecided)
			}
			if diff := cmp.Diff(c.Checks, found(r)); diff != "" {
				t.Errorf("checks that find something (-expected +found), where %s:\n%s", c.Why, diff)
			}
			for _, f := range r.Findings {
				if c.IsBlob() {
					located(t, c.Bytes, f)
				} else if len(c.Lines) > 0 && !slices.Contains(c.Lines, f.Where.Source.Line) {
					t.Errorf("%s: a finding on line %d, expected on one of %v: %s", f.Check.ID, f.Where.Source.Line, c.Lines, f.Message)
				}
				presentable(t, r, f)
			}
			complete(t, r)
		})
	}
}

// located holds that a finding is where the case says. Where a case does not
// say, there is no place in the file.
func located(t *testing.T, at []corpus.Location, f validate.Finding) {
	t.Helper()
	said := false
	for _, l := range at {
		if l.Check != f.Check.ID {
			continue
		}
		said = true
		if overlaps(f.Where.Range, channelfile.Range{Start: l.Start, End: l.End}) {
			return
		}
	}
	if said || f.Where.Range.Len() > 0 {
		t.Errorf("%s: a finding at %v, expected at one of %v: %s", f.Check.ID, f.Where.Range, at, f.Message)
	}
}

// overlaps reports whether two ranges share a byte, or one of them is an empty
// place at or in the other.
func overlaps(a, b channelfile.Range) bool {
	if a.Len() == 0 || b.Len() == 0 {
		return a.Start <= b.End && b.Start <= a.End
	}
	return a.Start < b.End && b.Start < a.End
}

// presentable holds what every finding owes to the person who reads it.
func presentable(t *testing.T, r *validate.Report, f validate.Finding) {
	t.Helper()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s: %s: %q", f.Check.ID, fmt.Sprintf(format, args...), f.Message)
	}
	if f.Fix == "" {
		fail("it does not say what to do")
	}
	for _, s := range append([]string{f.Message, f.Fix}, f.Details...) {
		first, _ := utf8.DecodeRuneInString(s)
		switch {
		case s == "" || unicode.IsUpper(first):
			fail("%q starts with a capital, or is empty", s)
		case strings.HasSuffix(s, "."):
			fail("%q ends with a full stop", s)
		case strings.Contains(strings.ToLower(s), "invalid"):
			fail("%q says invalid, and not what would be valid", s)
		case strings.Contains(s, "%!"):
			fail("%q has a mistake of formatting", s)
		case strings.Contains(s, ", ,") || strings.Contains(s, "  ") || strings.HasSuffix(s, ","):
			fail("%q has a hole in it", s)
		case !utf8.ValidString(s):
			fail("%q is not UTF-8", s)
		}
	}
	if at := f.Where.Range; at.Start < 0 || at.End < at.Start || at.End > len(r.Subject.Data) {
		fail("%v is outside the data", at)
	}
	if f.Where.Path == "" && f.Where.Source == (validate.Position{}) {
		fail("it says no place")
	}
	if f.Check.Family() == 3 {
		if len(f.Builds) == 0 || len(f.Details) == 0 {
			fail("it names no builds")
		}
		if text := strings.Join(f.Details, " "); !strings.Contains(text, " hosts (") || !strings.Contains(text, "fleet "+r.Fleet.Name) {
			fail("its details name no hosts or no fleet: %q", f.Details)
		}
	}
}

// complete holds what is true of every report of all checks.
func complete(t *testing.T, r *validate.Report) {
	t.Helper()
	gatetest.CheckReport(t, validate.Options{Checks: suite.Checks}, r)
}

// TestCorpusTwice holds that the same subject gives the same report.
func TestCorpusTwice(t *testing.T) {
	for i, c := range cases(t) {
		if testing.Short() && i%4 != 0 {
			continue
		}
		var reports [2]string
		for i := range reports {
			r := validate.Run(validate.ChannelFile(c.FileName, c.Data), corpusOptions(t, &c))
			reports[i] = dump(r)
		}
		if diff := cmp.Diff(reports[0], reports[1]); diff != "" {
			t.Errorf("%s: two runs differ:\n%s", c.Name, diff)
		}
	}
}

// dump writes all that a report says.
func dump(r *validate.Report) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Verdict(), r.Undecided, r.Counts, r.Builds)
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s %v %+v %+v %+v %v %q %q %q %q\n", f.Check.ID, f.Severity(), f.Where, f.Instance, f.Input, f.Builds, f.Message, f.Details, f.Fix, f.Group)
	}
	for _, t := range r.Totals {
		fmt.Fprintln(&b, t.Check.ID, t.Found)
	}
	for _, c := range r.Ran {
		fmt.Fprintln(&b, "ran", c.ID)
	}
	for _, s := range r.Skipped {
		fmt.Fprintln(&b, "skipped", s.Check.ID, s.Why)
	}
	for _, c := range r.NotApplicable {
		fmt.Fprintln(&b, "not applicable", c.ID)
	}
	return b.String()
}

// TestCorpusNormalForm holds that a file in which no CF1 check finds anything,
// and whose programs are those of their sources, is the one encoding of what it
// says, and that no other file is.
func TestCorpusNormalForm(t *testing.T) {
	normal, other := 0, 0
	for _, c := range cases(t) {
		f, err := channelfile.Parse(c.Data)
		if err != nil {
			continue
		}
		again, err := channelfile.Encode(f)
		switch broken := f.Conformance(); {
		case broken == 0 && ownPrograms(f):
			normal++
			if err != nil {
				t.Errorf("%s: no requirement is broken, but it cannot be encoded: %v", c.Name, err)
			} else if !bytes.Equal(again, c.Data) {
				t.Errorf("%s: no requirement is broken, but it is not what Encode makes of it", c.Name)
			}
		default:
			other++
			if err == nil && bytes.Equal(again, c.Data) {
				t.Errorf("%s: requirements are broken (%b), but it is what Encode makes of it", c.Name, broken)
			}
		}
	}
	if normal < 50 || other < 50 {
		t.Errorf("%d files in normal form and %d others; there were more than a hundred of each once", normal, other)
	}
}

// ownPrograms reports whether CF2009 finds nothing.
func ownPrograms(f *channelfile.File) bool {
	for i := range f.Programs() {
		if f.CompareProgram(i) != "" {
			return false
		}
	}
	return true
}

// TestSpecials judges what no file of the corpus can hold.
func TestSpecials(t *testing.T) {
	minimal := gatetest.Case(t, "minimal")
	for _, s := range corpus.Specials {
		t.Run(s.Name, func(t *testing.T) {
			if s.Slow && !longtest.Enabled() {
				t.Skip("it makes a file of the greatest size, which -long does")
			}
			path, err := s.Make(t.TempDir())
			if errors.Is(err, errors.ErrUnsupported) {
				t.Skipf("this system cannot make it: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			subject, err := file.Read(path)
			if err != nil {
				if s.Expect != corpus.Undecided {
					t.Fatalf("%v, expected %s, for %s", err, s.Expect, s.Why)
				}
				return
			}
			r := validate.Run(subject, corpusOptions(t, minimal))
			if got := r.Verdict().String(); got != string(s.Expect) {
				t.Errorf("%s, expected %s, for %s", got, s.Expect, s.Why)
			}
			if diff := cmp.Diff(s.Checks, found(r)); diff != "" {
				t.Errorf("checks that find something (-expected +found), where %s:\n%s", s.Why, diff)
			}
			for _, f := range r.Findings {
				presentable(t, r, f)
			}
			complete(t, r)
		})
	}
}

// TestReleases judges template types before there is content for them.
func TestReleases(t *testing.T) {
	releases := corpus.Releases()
	if len(releases) == 0 {
		t.Fatal("there are no releases")
	}
	for _, rel := range releases {
		t.Run(rel.Name, func(t *testing.T) {
			defs := gatetest.Definitions(t, rel.Types, rel.TypesData)
			r := validate.Run(validate.Definition(defs.ByName(rel.Type, rel.Version)), validate.Options{
				Checks: suite.Checks, Definitions: defs, Fleet: gatetest.Fleet(t, rel.Fleet, rel.FleetData), Now: rel.Now,
			})
			if got := r.Verdict().String(); got != string(rel.Expect) {
				t.Errorf("%s, expected %s, for %s %v", got, rel.Expect, rel.Why, r.Undecided)
			}
			if diff := cmp.Diff(rel.Checks, found(r)); diff != "" {
				t.Errorf("checks that find something (-expected +found), where %s:\n%s", rel.Why, diff)
			}
			for _, f := range r.Findings {
				presentable(t, r, f)
				if f.Where.Range.Len() > 0 {
					t.Errorf("%s names bytes where there is no file: %v", f.Check.ID, f.Where.Range)
				}
			}
			complete(t, r)
		})
	}
}

// TestVariants holds that no small damage to a good file goes unnoticed.
func TestVariants(t *testing.T) {
	names := []string{"minimal", "provenance", "every-operator", "empty-sections-at-the-end"}
	if testing.Short() {
		names = names[:1]
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			c := gatetest.Case(t, name)
			if c.Expect != corpus.Accepted {
				t.Fatalf("%s is %s; damage shows only on what is accepted", name, c.Expect)
			}
			opts := corpusOptions(t, c)
			opts.MaxFindings = 1
			for v := range corpus.Variants(*c) {
				r := validate.Run(validate.ChannelFile(c.FileName, v.Data), opts)
				if got := r.Verdict(); got != validate.Rejected {
					t.Errorf("%s: %v", v.Name, got)
				}
				if v.Check != "" && !slices.Equal(found(r), []string{v.Check}) {
					t.Errorf("%s: found by %v, expected %s", v.Name, found(r), v.Check)
				}
				for _, f := range r.Findings {
					presentable(t, r, f)
				}
			}
		})
	}
}
