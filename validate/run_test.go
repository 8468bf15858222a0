package validate_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/mandatory"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
)

// good is content that the built-in fleet "reference" accepts.
func good(t testing.TB) *validate.Subject {
	return validate.ChannelFile("", testkit.Encode(t, testkit.IPC, channelfile.Prefix(5, `\demo`)))
}

// finds returns a check that makes n findings.
func finds(id string, n int, change func(*validate.Check)) *validate.Check {
	return check(id, func(c *validate.Check) {
		c.Run = func(p *validate.Pass) {
			for i := range n {
				p.ReportAt(channelfile.Range{Start: n - i, End: n - i + 1}, "file", "mend it", "finding %d", i)
			}
		}
		if change != nil {
			change(c)
		}
	})
}

func warns(c *validate.Check) { c.Severity = validate.Warning }
func notes(c *validate.Check) { c.Severity = validate.Note }

// options returns what accepts what is good. For the time of the test the checks
// are all that are mandatory.
func options(t testing.TB, checks ...*validate.Check) validate.Options {
	before := mandatory.Checks
	t.Cleanup(func() { mandatory.Checks = before })
	mandatory.Checks = nil
	for _, c := range checks {
		mandatory.Checks = append(mandatory.Checks, c)
	}
	return validate.Options{Checks: checks, Definitions: builtin.Definitions(), Fleet: testkit.Fleet(t, "reference")}
}

func TestVerdict(t *testing.T) {
	silent := func(t testing.TB) validate.Options { return options(t, check("CF9001", nil)) }
	with := func(change func(*validate.Options)) func(testing.TB) validate.Options {
		return func(t testing.TB) validate.Options {
			o := silent(t)
			change(&o)
			return o
		}
	}
	empty := func(t testing.TB) *validate.Subject { return validate.ChannelFile("", testkit.Encode(t, testkit.IPC)) }
	tests := []struct {
		name    string
		subject func(testing.TB) *validate.Subject
		options func(testing.TB) validate.Options
		want    validate.Verdict
		says    string // part of what stands in the way
		why     string
	}{
		{"good", good, silent, validate.Accepted, "", "a check ran, none found anything, a build was judged"},
		{"no options", good, func(testing.TB) validate.Options { return validate.Options{} }, validate.Undecided, "no checks", "nothing was checked"},
		{"no fleet", good, with(func(o *validate.Options) { o.Fleet = nil }), validate.Undecided, "no fleet was given", "nothing is accepted on an invented premise"},
		{"empty fleet", good, with(func(o *validate.Options) { o.Fleet = &sensor.Fleet{Name: "nobody"} }), validate.Undecided, `no build of fleet "nobody"`, "nobody was asked"},
		{"empty fleet and unknown type", good, with(func(o *validate.Options) { o.Fleet, o.Definitions = &sensor.Fleet{Name: "nobody"}, nil }), validate.Undecided, "version 1 of template type 1", "a type without a name has a number"},
		{"fleet without the type", good, with(func(o *validate.Options) {
			o.Fleet = &sensor.Fleet{Name: "others", Contracts: []sensor.Contract{{Build: "1", Hosts: 1, Reader: sensor.Reader{RefusesUnknownVersions: true}}}}
		}), validate.Undecided, "has version 1 of template type ipc", "whoever refuses the content safely says nothing of it"},
		{"no definitions", good, with(func(o *validate.Options) { o.Definitions = nil }), validate.Undecided, `the fleet is at fault: fleet "reference": builds[0].supply[0].type: found the type "ipc", which no definition has`, "a list without a check of the type does not look at it, but what a build supplies must be known"},
		{"a type with a letter too many", good, with(func(o *validate.Options) { o.Fleet.Contracts[6].Supplies[0].Type += "s" }), validate.Undecided, "builds[6].supply[0].type: found the type ", "the build would be compared with nothing"},
		{"an input with a letter too many", good, with(func(o *validate.Options) { o.Fleet.Contracts[6].Supplies[0].Inputs[0].Name += "s" }), validate.Undecided, "builds[6].supply[0].inputs[0].name: found the input ", "the input would be missing, and another one would be there"},
		{"error", good, func(t testing.TB) validate.Options { return options(t, finds("CF9001", 1, nil)) }, validate.Rejected, "", "errors block"},
		{"warning", good, func(t testing.TB) validate.Options { return options(t, finds("CF9001", 1, warns)) }, validate.Accepted, "", "warnings do not"},
		{"warning that must not be", good, func(t testing.TB) validate.Options {
			o := options(t, finds("CF9001", 1, warns))
			o.FailOnWarnings = true
			return o
		}, validate.Rejected, "", "unless they are asked to"},
		{"note", good, func(t testing.TB) validate.Options { return options(t, finds("CF9001", 1, notes)) }, validate.Accepted, "", "a note never blocks"},
		{"note where warnings block", good, func(t testing.TB) validate.Options {
			o := options(t, finds("CF9001", 1000, notes))
			o.FailOnWarnings = true
			return o
		}, validate.Accepted, "", "a note never blocks, however many there are"},
		{"note and warning that must not be", good, func(t testing.TB) validate.Options {
			o := options(t, finds("CF9001", 1, notes), finds("CF9002", 1, warns))
			o.FailOnWarnings = true
			return o
		}, validate.Rejected, "", "a note does not hide a warning"},
		{"note without a fleet", good, func(t testing.TB) validate.Options {
			o := options(t, finds("CF9001", 1, notes))
			o.Fleet = nil
			return o
		}, validate.Undecided, "no fleet was given", "a note decides nothing"},
		{"error without a fleet", good, func(t testing.TB) validate.Options {
			o := options(t, finds("CF9001", 1, nil))
			o.Fleet = nil
			return o
		}, validate.Rejected, "", "what is at fault for everybody needs no fleet"},
		{"warning without a fleet", good, func(t testing.TB) validate.Options {
			o := options(t, finds("CF9001", 1, warns))
			o.Fleet = nil
			return o
		}, validate.Undecided, "no fleet was given", "a warning decides nothing"},
		{"empty content", empty, silent, validate.Undecided, "nothing to judge", "a file without rules is what a broken build leaves"},
		{"empty content that is meant", empty, with(func(o *validate.Options) { o.AllowEmpty = true }), validate.Accepted, "", "a channel can be withdrawn"},
		{"unjudged", func(t testing.TB) *validate.Subject {
			s := good(t)
			s.Unjudged = []string{"rule 7 cannot be expressed"}
			return s
		}, silent, validate.Undecided, "rule 7 cannot be expressed", "what was not judged may be anything"},
		{"unjudged and wrong", func(t testing.TB) *validate.Subject {
			s := good(t)
			s.Unjudged = []string{"rule 7 cannot be expressed"}
			return s
		}, func(t testing.TB) validate.Options { return options(t, finds("CF9001", 1, nil)) }, validate.Rejected, "", "the content is at fault whatever else"},
		{"nil subject", func(testing.TB) *validate.Subject { return nil }, silent, validate.Undecided, "", "a mistake of a pipeline is no verdict"},
		{"zero subject", func(testing.TB) *validate.Subject { return new(validate.Subject) }, silent, validate.Undecided, "", "no bytes, no verdict"},
		{"nil needs", func(testing.TB) *validate.Subject { return validate.Needs("n.json", nil) }, silent, validate.Undecided, "", "no needs, no verdict"},
		{"nil definition", func(testing.TB) *validate.Subject { return validate.Definition(nil) }, silent, validate.Undecided, "", "no definition, no verdict"},
		{"no kind", func(testing.TB) *validate.Subject { return &validate.Subject{Kind: 77} }, silent, validate.Undecided, "", "what is of no kind cannot be judged"},
		{"needs of nothing", func(testing.TB) *validate.Subject {
			return validate.Needs("n.json", &sensor.Needs{Type: 1, TypeVersion: 1, Channel: 291, InputsDeclared: 21})
		}, silent, validate.Undecided, "nothing to judge", "needs of no rule are what a compiler that failed leaves"},
		{"needs of a rule", func(testing.TB) *validate.Subject {
			return validate.Needs("n.json", &sensor.Needs{Type: 1, TypeVersion: 1, Channel: 291, InputsDeclared: 21, Sizes: sensor.Sizes{Instances: 1}})
		}, silent, validate.Accepted, "", "there is something to judge"},
		{"rules that became nothing readable", func(testing.TB) *validate.Subject { return validate.Rules("rules", []byte("text")) },
			func(t testing.TB) validate.Options {
				return options(t, check("CF9001", func(c *validate.Check) { c.Uses = validate.UsesSource }))
			}, validate.Undecided, "the compiled rules cannot be read", "no check of structure applies to rules, so the run itself must notice"},
		{"definition", func(testing.TB) *validate.Subject {
			return validate.Definition(builtin.Definitions().ByNumber(1, 1))
		}, silent, validate.Accepted, "", "a type has no instances, and is judged all the same"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := validate.Run(tt.subject(t), tt.options(t))
			if got := r.Verdict(); got != tt.want {
				t.Errorf("%v, expected %v: %s (%q)", got, tt.want, tt.why, r.Undecided)
			}
			if tt.says != "" && !strings.Contains(strings.Join(r.Undecided, "\n"), tt.says) {
				t.Errorf("%q does not say %q", r.Undecided, tt.says)
			}
			if tt.want == validate.Accepted && len(r.Undecided) > 0 {
				t.Errorf("accepted, with %q", r.Undecided)
			}
		})
	}
}

func TestZeroReport(t *testing.T) {
	r := new(validate.Report)
	if got := r.Verdict(); got != validate.Undecided {
		t.Errorf("the zero report is %v", got)
	}
	if r.Errors() != 0 || r.Warnings() != 0 || r.Notes() != 0 {
		t.Errorf("the zero report has %d errors, %d warnings and %d notes", r.Errors(), r.Warnings(), r.Notes())
	}
}

// TestReportByHand holds that a report that was put together, or cut, by
// somebody else is not accepted for what it no longer holds.
func TestReportByHand(t *testing.T) {
	c, note, odd := check("CF9001", nil), check("CF9002", notes), check("CF9003", func(c *validate.Check) { c.Severity = 77 })
	ran := []*validate.Check{c, note}
	tests := []struct {
		name   string
		report validate.Report
		want   validate.Verdict
		why    string
	}{
		{"ran", validate.Report{Ran: ran}, validate.Accepted, "a check ran and found nothing"},
		{"a finding without a total", validate.Report{Ran: ran, Findings: []validate.Finding{{Check: c}}}, validate.Rejected, "the zero severity is an error"},
		{"a total without a finding", validate.Report{Ran: ran, Totals: []validate.Total{{Check: c, Found: 1}}}, validate.Rejected, "the findings were dropped, not mended"},
		{"a finding and a total of 0", validate.Report{Ran: ran, Findings: []validate.Finding{{Check: c}}, Totals: []validate.Total{{Check: c}}}, validate.Rejected, "the finding is there, whatever the total says"},
		{"totals that cancel out", validate.Report{Ran: ran, Totals: []validate.Total{{Check: c, Found: 1}, {Check: c, Found: -1}}}, validate.Rejected, "nothing is found less than never"},
		{"a finding of no check", validate.Report{Ran: ran, Findings: []validate.Finding{{}}}, validate.Rejected, "without a check, a finding is an error"},
		{"a total of no check", validate.Report{Ran: ran, Totals: []validate.Total{{Found: 1}}}, validate.Rejected, "without a check, a finding is an error"},
		{"a severity that does not exist", validate.Report{Ran: ran, Totals: []validate.Total{{Check: odd, Found: 1}}}, validate.Rejected, "what is unknown blocks"},
		{"a note without a total", validate.Report{Ran: ran, Findings: []validate.Finding{{Check: note}}}, validate.Accepted, "a note never blocks"},
		{"a note hides no error", validate.Report{Ran: ran, Findings: []validate.Finding{{Check: note}, {Check: c}}, Totals: []validate.Total{{Check: note, Found: 1}}}, validate.Rejected, "each check is counted"},
		{"skipped", validate.Report{Ran: ran, Skipped: []validate.Skip{{Check: c}}}, validate.Undecided, "not looked at is not fine"},
		{"nothing ran", validate.Report{}, validate.Undecided, "nothing was checked"},
	}
	for _, tt := range tests {
		if got := tt.report.Verdict(); got != tt.want {
			t.Errorf("%s: %v, expected %v: %s", tt.name, got, tt.want, tt.why)
		}
	}
}

// TestWithSeverity tests verdicts with checks of another severity.
func TestWithSeverity(t *testing.T) {
	of := func(c *validate.Check, s validate.Severity) *validate.Check {
		t.Helper()
		other, err := c.WithSeverity(s)
		if err != nil {
			t.Fatal(err)
		}
		return other
	}
	bad := finds("CF5901", 2, nil)
	after := check("CF5902", func(c *validate.Check) { c.Requires = []string{"CF5901"} })
	odd := finds("CF4901", 1, warns)
	for _, tt := range []struct {
		why     string
		checks  []*validate.Check
		want    validate.Verdict
		skipped int
	}{
		{"as declared", []*validate.Check{odd, bad}, validate.Rejected, 0},
		{"an error becomes a warning", []*validate.Check{odd, of(bad, validate.Warning)}, validate.Accepted, 0},
		{"an error becomes a note", []*validate.Check{odd, of(bad, validate.Note)}, validate.Accepted, 0},
		{"a warning becomes an error", []*validate.Check{of(odd, validate.Error)}, validate.Rejected, 0},
		{"back to the declared severity", []*validate.Check{of(of(odd, validate.Error), validate.Warning)}, validate.Accepted, 0},
		{"a check that requires it is skipped", []*validate.Check{bad, after}, validate.Rejected, 1},
		{"a check that requires a lowered one runs", []*validate.Check{of(bad, validate.Warning), after}, validate.Accepted, 0},
		{"a check that requires a raised one is skipped", []*validate.Check{of(odd, validate.Error), check("CF5902", func(c *validate.Check) { c.Requires = []string{"CF4901"} })}, validate.Rejected, 1},
	} {
		o := options(t, tt.checks...)
		mandatory.Checks = nil
		for _, c := range tt.checks {
			mandatory.Checks = append(mandatory.Checks, c.Declared())
		}
		r := validate.Run(good(t), o)
		if r.Verdict() != tt.want || len(r.Skipped) != tt.skipped {
			t.Errorf("%s: %v, want %v; skipped %v, undecided %q", tt.why, r.Verdict(), tt.want, r.Skipped, r.Undecided)
		}
	}
	// A finding of a compiler names the declared check.
	s := good(t)
	s.Source = []validate.Finding{{Check: odd, Message: "says the compiler"}}
	o := options(t, odd)
	o.Checks = []*validate.Check{of(odd, validate.Note)}
	if r := validate.Run(s, o); r.Notes() != 2 || len(r.Undecided) > 0 {
		t.Errorf("a finding of a compiler: %d notes, want 2; undecided %q", r.Notes(), r.Undecided)
	}
	for _, c := range []*validate.Check{
		finds("CF0901", 1, nil), finds("CF3901", 1, warns), finds("CF7901", 1, warns), finds("CF8901", 1, nil),
		finds("CF5901", 1, func(c *validate.Check) { c.Firm = true }),
	} {
		if _, err := c.WithSeverity(validate.Note); err == nil {
			t.Errorf("the severity of %v can be set", c)
		}
	}
	if _, err := odd.WithSeverity(validate.Note + 1); err == nil {
		t.Error("a severity that does not exist can be set")
	}
}

// TestBookkeeping holds what becomes of each check, for each kind of subject.
func TestBookkeeping(t *testing.T) {
	uses := func(u validate.Uses) func(*validate.Check) { return func(c *validate.Check) { c.Uses = u } }
	requires := func(u validate.Uses, required ...*validate.Check) func(*validate.Check) {
		return func(c *validate.Check) {
			c.Uses = u
			for _, r := range required {
				c.Requires = append(c.Requires, r.ID)
			}
		}
	}
	sound := check("CF9001", uses(validate.UsesBytes))
	broken := finds("CF9002", 1, uses(validate.UsesBytes))
	worried := finds("CF9003", 1, func(c *validate.Check) { c.Uses, c.Severity = validate.UsesBytes, validate.Warning })
	checks := []*validate.Check{
		sound, broken, worried,
		check("CF9004", requires(validate.UsesBytes, sound)),
		check("CF9005", requires(validate.UsesBytes, sound, broken)),
		check("CF9006", requires(validate.UsesBytes, worried)),
		check("CF9007", uses(validate.UsesFile)),
		check("CF9008", uses(validate.UsesNeeds)),
		check("CF9009", uses(validate.UsesFleet)),
		check("CF9010", uses(validate.UsesDefinition)),
		check("CF9011", uses(validate.UsesSource)),
	}
	checks = append(checks, check("CF9012", requires(validate.UsesBytes, checks[4])))
	needs := &sensor.Needs{Type: 1, TypeVersion: 1, Sizes: sensor.Sizes{Instances: 1}}
	tests := []struct {
		name          string
		subject       *validate.Subject
		change        func(*validate.Options)
		ran           string // last digits
		skipped       string
		notApplicable string
		why           string
	}{
		{"channel file", good(t), nil, "01 02 03 04 06 07 08 09 10", "05 12", "11",
			"05 requires what found an error, 12 requires 05; 06 requires what only warns"},
		{"unreadable", validate.ChannelFile("", []byte("text")), nil, "01 02 03 04 06 09", "05 07 08 10 12", "11",
			"without a file there are no needs and no definition"},
		{"no fleet", good(t), func(o *validate.Options) { o.Fleet = nil }, "01 02 03 04 06 07 08 10", "05 09 12", "11",
			"what compares with contracts cannot"},
		{"unknown type", good(t), func(o *validate.Options) { o.Definitions, o.Fleet = nil, new(sensor.Fleet) }, "01 02 03 04 06 07 08 09", "05 10 12", "11",
			"what needs the definition cannot"},
		{"faulty fleet", good(t), func(o *validate.Options) { o.Fleet.Contracts[0].Supplies[0].Version = 3 }, "01 02 03 04 06 07 08 10", "05 09 12", "11",
			"what compares with contracts must not"},
		{"rules", validate.Rules("rules", good(t).Data), nil, "07 08 09 10 11", "", "01 02 03 04 05 06 12",
			"compiled rules have no file of their own, so no bytes to blame"},
		{"needs", validate.Needs("n.json", needs), nil, "08 09 10", "", "01 02 03 04 05 06 07 11 12",
			"needs carry no conditions"},
		{"definition", validate.Definition(builtin.Definitions().ByNumber(1, 1)), func(o *validate.Options) { o.Definitions, o.Fleet = nil, new(sensor.Fleet) },
			"08 09 10", "", "01 02 03 04 05 06 07 11 12", "a definition is known by itself"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := options(t, checks...)
			if tt.change != nil {
				tt.change(&o)
			}
			r := validate.Run(tt.subject, o)
			var ran, skipped, not []string
			for _, c := range r.Ran {
				ran = append(ran, c.ID[4:])
			}
			for _, s := range r.Skipped {
				if s.Why == "" {
					t.Errorf("%v was skipped without a reason", s.Check)
				}
				skipped = append(skipped, s.Check.ID[4:])
			}
			for _, c := range r.NotApplicable {
				not = append(not, c.ID[4:])
			}
			for _, x := range []struct{ what, want, got string }{
				{"ran", tt.ran, strings.Join(ran, " ")},
				{"skipped", tt.skipped, strings.Join(skipped, " ")},
				{"not applicable", tt.notApplicable, strings.Join(not, " ")},
			} {
				if x.want != x.got {
					t.Errorf("%s: [%s], expected [%s]: %s", x.what, x.got, x.want, tt.why)
				}
			}
		})
	}
}

// TestSkipReasons holds the words for why a check did not run.
func TestSkipReasons(t *testing.T) {
	broken := finds("CF9001", 1, nil)
	for _, tt := range []struct {
		name    string
		subject *validate.Subject
		options validate.Options
		want    string
	}{
		{"a requirement failed", good(t), options(t, broken, check("CF9002", func(c *validate.Check) { c.Requires = []string{broken.ID} })), "requires CF9001 name-cf9001"},
		{"no content", validate.ChannelFile("", []byte("x")), options(t, check("CF9001", nil)), "there is no readable content"},
		{"no fleet", good(t), validate.Options{Checks: []*validate.Check{check("CF9001", func(c *validate.Check) { c.Uses = validate.UsesFleet })}}, "no fleet was given"},
		{"no definition", good(t), validate.Options{Checks: []*validate.Check{check("CF9001", func(c *validate.Check) { c.Uses = validate.UsesDefinition })}}, "the template type is not known"},
	} {
		r := validate.Run(tt.subject, tt.options)
		if len(r.Skipped) != 1 || r.Skipped[0].Why != tt.want {
			t.Errorf("%s: %v, expected %q", tt.name, r.Skipped, tt.want)
		}
	}
}

// TestBegin holds that Begin is called once for each check that runs, and for no other.
func TestBegin(t *testing.T) {
	broken := finds("CF9001", 1, nil)
	opts := options(t, broken, check("CF9002", func(c *validate.Check) { c.Requires = []string{broken.ID} }), check("CF9003", func(c *validate.Check) { c.Uses = validate.UsesFleet }))
	var begun []*validate.Check
	opts.Begin = func(c *validate.Check) { begun = append(begun, c) }
	if r := validate.Run(good(t), opts); !slices.Equal(begun, r.Ran) || len(begun) != 2 {
		t.Errorf("%v began, and %v ran; expected CF9001 and CF9003", begun, r.Ran)
	}
}

// TestFindingsAreCapped holds that a million findings are counted, some kept,
// and the verdict is that of all.
func TestFindingsAreCapped(t *testing.T) {
	const n = 1_000_000
	tests := []struct {
		name      string
		max, kept int
		severity  validate.Severity
		want      validate.Verdict
		why       string
	}{
		{"default", 0, validate.DefaultMaxFindings, validate.Error, validate.Rejected, "nobody reads more than a hundred"},
		{"one", 1, 1, validate.Error, validate.Rejected, "the least that blocks"},
		{"less than none", -5, validate.DefaultMaxFindings, validate.Error, validate.Rejected, "what cannot be is the default"},
		{"more", 1000, 1000, validate.Error, validate.Rejected, "whoever asks gets them"},
		{"warnings", 1, 1, validate.Warning, validate.Accepted, "many warnings are no error"},
		{"notes", 1, 1, validate.Note, validate.Accepted, "many notes are no error either"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			made := 0
			c := check("CF9001", func(c *validate.Check) {
				c.Severity = tt.severity
				c.Run = func(p *validate.Pass) {
					for range n {
						p.Report(func() validate.Finding {
							made++
							return validate.Finding{Message: "found"}
						})
					}
				}
			})
			o := options(t, c)
			o.MaxFindings = tt.max
			r := validate.Run(good(t), o)
			if got := r.Verdict(); got != tt.want {
				t.Errorf("%v, expected %v: %s", got, tt.want, tt.why)
			}
			if len(r.Findings) != tt.kept || made != tt.kept {
				t.Errorf("%d findings kept, %d made, expected %d: %s", len(r.Findings), made, tt.kept, tt.why)
			}
			if want := []validate.Total{{Check: c, Found: n}}; !cmp.Equal(want, r.Totals, cmp.Comparer(func(a, b *validate.Check) bool { return a == b })) {
				t.Errorf("%d totals, expected %d of one check", len(r.Totals), n)
			}
			want := [3]int{}
			want[tt.severity] = n
			if got := [3]int{r.Errors(), r.Warnings(), r.Notes()}; got != want {
				t.Errorf("%d errors, warnings and notes; expected %d", got, want)
			}
		})
	}
}

// TestReportMore holds that only what is beyond the findings kept can be
// counted without being looked at.
func TestReportMore(t *testing.T) {
	for _, tt := range []struct {
		name        string
		made, more  int
		total, kept int
		why         string
	}{
		{"full", 2, 5, 7, 2, "the report keeps no more"},
		{"not full", 1, 5, 1, 1, "a total without a finding would say nothing"},
		{"none", 0, 5, 0, 0, "there is nothing"},
		{"less than none", 2, -1, 2, 2, "a total never sinks"},
	} {
		c := check("CF9001", func(c *validate.Check) {
			c.Run = func(p *validate.Pass) {
				for range tt.made {
					p.ReportAt(channelfile.Range{}, "file", "mend it", "found")
				}
				p.ReportMore(tt.more)
				if got := p.Found(); got != tt.total {
					t.Errorf("%s: %d found, expected %d: %s", tt.name, got, tt.total, tt.why)
				}
			}
		})
		o := options(t, c)
		o.MaxFindings = 2
		if r := validate.Run(good(t), o); len(r.Findings) != tt.kept || r.Errors() != tt.total {
			t.Errorf("%s: %d findings, %d in all, expected %d and %d: %s", tt.name, len(r.Findings), r.Errors(), tt.kept, tt.total, tt.why)
		}
	}
}

// TestFindingGroups holds what is kept and said of findings in groups.
func TestFindingGroups(t *testing.T) {
	type group struct {
		key         string
		found, more int // reported, and counted in the end
	}
	tests := []struct {
		name      string
		max       int
		ofGroup   int
		alone     int // findings without a group, before the others
		groups    []group
		kept      map[string]int // findings by group
		summaries map[string]int // what they say was found
		why       string
	}{
		{"few", 5, 0, 0, []group{{"a", 2, 0}, {"b", 3, 0}}, map[string]int{"a": 2, "b": 3}, map[string]int{"a": 2, "b": 3}, "all are there"},
		{"one", 5, 0, 0, []group{{"a", 1, 0}}, map[string]int{"a": 1}, map[string]int{}, "one finding is no group"},
		{"many", 5, 0, 0, []group{{"a", 50, 0}, {"b", 50, 0}, {"c", 3, 0}}, map[string]int{"a": validate.GroupFindings, "b": validate.GroupFindings, "c": 3}, map[string]int{"a": 50, "b": 50, "c": 3},
			"the first hides no other"},
		{"enough", 30, 0, 0, []group{{"a", 50, 0}, {"b", 50, 0}}, map[string]int{"a": 30, "b": validate.GroupFindings}, map[string]int{"a": 50, "b": 50}, "of the first as many as there may be"},
		{"after-others", 5, 0, 7, []group{{"a", 50, 0}}, map[string]int{"": 5, "a": validate.GroupFindings}, map[string]int{"a": 50}, "what is in no group does not hide it either"},
		{"counted", 5, 0, 0, []group{{"a", 50, 950}, {"b", 2, 0}}, map[string]int{"a": validate.GroupFindings, "b": 2}, map[string]int{"a": 1000, "b": 2}, "what is beyond those kept need not be made"},
		{"counted-early", 5, 0, 0, []group{{"a", 7, 950}}, map[string]int{"a": 7}, map[string]int{"a": 7}, "what could be kept has to be made"},
		{"counted-less-than-none", 5, 0, 0, []group{{"a", 50, -5}}, map[string]int{"a": validate.GroupFindings}, map[string]int{"a": 50}, "a total never sinks"},
		{"many-of-a-group", 5, 40, 0, []group{{"a", 50, 0}, {"b", 50, 0}, {"c", 3, 0}}, map[string]int{"a": 40, "b": validate.GroupFindings, "c": 3}, map[string]int{"a": 50, "b": 50, "c": 3},
			"as many of a group as there may be, and the first of the others"},
		{"many-of-groups", 5, 40, 0, []group{{"a", 30, 0}, {"b", 50, 0}, {"c", 12, 0}}, map[string]int{"a": 30, "b": 15, "c": validate.GroupFindings}, map[string]int{"a": 30, "b": 50, "c": 12},
			"the groups of a check share what there is beyond their first"},
		{"fewer-of-a-group", 5, 3, 0, []group{{"a", 50, 0}}, map[string]int{"a": validate.GroupFindings}, map[string]int{"a": 50}, "never fewer than the first"},
		{"same-key", 5, 0, 0, []group{{"a", 2, 0}, {"a", 2, 0}}, map[string]int{"a": 4}, map[string]int{"a": 4}, "a group may be asked for again"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			made, total := 0, 0
			finding := func() validate.Finding { made++; return validate.Finding{Message: "found", Group: "not this"} }
			c := check("CF9001", func(c *validate.Check) {
				c.Run = func(p *validate.Pass) {
					for range tt.alone {
						p.ReportAt(channelfile.Range{}, "file", "mend it", "found")
					}
					for _, g := range tt.groups {
						group := p.FindingGroup(g.key, func(found int) validate.Summary {
							return validate.Summary{Message: fmt.Sprintf("%d of %s", found, g.key), Group: "not this", Found: -1}
						})
						for range g.found {
							group.Report(finding)
						}
						group.ReportMore(g.more)
					}
					total = p.Found()
				}
			})
			o := options(t, c)
			o.MaxFindings, o.MaxOfGroup = tt.max, tt.ofGroup
			r := validate.Run(good(t), o)
			kept, summaries, sum := map[string]int{}, map[string]int{}, tt.alone
			for _, f := range r.Findings {
				kept[f.Group]++
				if f.Check != c {
					t.Errorf("a finding of %v", f.Check)
				}
			}
			for _, s := range r.Summaries {
				summaries[s.Group] = s.Found
				if s.Check != c || s.Message != fmt.Sprintf("%d of %s", s.Found, s.Group) {
					t.Errorf("%+v", s)
				}
			}
			for _, n := range tt.summaries {
				sum += n
			}
			if diff := cmp.Diff(tt.kept, kept); diff != "" {
				t.Errorf("%s: findings kept (-expected +found):\n%s", tt.why, diff)
			}
			if diff := cmp.Diff(tt.summaries, summaries); diff != "" {
				t.Errorf("%s: summaries (-expected +found):\n%s", tt.why, diff)
			}
			if made+min(tt.alone, tt.max) != len(r.Findings) {
				t.Errorf("%d findings made, of which %d are kept", made, len(r.Findings))
			}
			if len(tt.summaries) > 0 && (total != sum || r.Totals[0].Found != sum) {
				t.Errorf("%d found, the totals say %v; expected %d", total, r.Totals, sum)
			}
		})
	}
}

// TestManyGroups holds that a check may make any number of groups: of some there
// are summaries, all are counted, and what is kept has a bound. Before five groups
// are there, all findings are kept, and none may only be counted.
func TestManyGroups(t *testing.T) {
	c := check("CF9001", func(c *validate.Check) {
		c.Severity = validate.Warning
		c.Run = func(p *validate.Pass) {
			for i := range 1000 {
				g := p.FindingGroup(fmt.Sprintf("g%04d", i), func(int) validate.Summary { return validate.Summary{} })
				for range 20 {
					g.Report(func() validate.Finding { return validate.Finding{Message: "found"} })
				}
				g.ReportMore(5)
			}
		}
	})
	d := check("CF9002", func(d *validate.Check) {
		d.Run = func(p *validate.Pass) {
			for range 2 {
				p.FindingGroup("g0000", func(int) validate.Summary { return validate.Summary{} }).Report(func() validate.Finding { return validate.Finding{Message: "found"} })
			}
		}
	})
	r := validate.Run(good(t), options(t, c, d))
	if n := len(r.Summaries); n != 101 || r.Warnings() != 1000*20+996*5 || r.Errors() != 2 {
		t.Errorf("%d summaries, %d warnings, %d errors", n, r.Warnings(), r.Errors())
	}
	if n := len(r.Findings); n < validate.DefaultMaxFindings || n > validate.DefaultMaxFindings+100*validate.GroupFindings+2 {
		t.Errorf("%d findings are kept", n)
	}
	if r.Summaries[0].Check != d || r.Summaries[1].Group != "g0000" || r.Summaries[100].Group != "g0099" {
		t.Errorf("summaries are not in the order of the findings: %v, %s, %s", r.Summaries[0].Check, r.Summaries[1].Group, r.Summaries[100].Group)
	}
}

func TestFindingsAreSorted(t *testing.T) {
	place := func(path string, start int, message string) validate.Finding {
		return validate.Finding{Where: validate.Location{Path: path, Range: channelfile.Range{Start: start, End: start + 1}}, Message: message}
	}
	reports := func(list ...validate.Finding) func(*validate.Pass) {
		return func(p *validate.Pass) {
			for _, f := range list {
				p.Report(func() validate.Finding { return f })
			}
		}
	}
	r := validate.Run(good(t), options(t,
		check("CF9000", func(c *validate.Check) { c.Severity, c.Run = validate.Note, reports(place("", 0, "note")) }),
		check("CF9003", func(c *validate.Check) { c.Severity, c.Run = validate.Warning, reports(place("", 0, "warning")) }),
		check("CF9002", func(c *validate.Check) {
			later := place("", 1, "second group")
			later.Group = "b"
			line := place("", 4, "by line")
			line.Where.Source = validate.Position{Path: "x", Line: 2}
			line1 := place("", 4, "by line, before")
			line1.Where.Source = validate.Position{Path: "x", Line: 1}
			of := func(f validate.Finding, instance, input int) validate.Finding {
				f.Instance, f.Input = &validate.Instance{Index: instance}, &validate.Input{Index: input}
				return f
			}
			c.Run = reports(later, line, line1, place("b", 2, "path b"), place("a", 2, "path a"), place("", 9, "b"), place("", 9, "a"),
				of(place("", 6, "instance 10"), 10, 0), of(place("", 6, "instance 2, input 10"), 2, 10), of(place("", 6, "instance 2, input 9"), 2, 9), place("", 6, "no instance"))
		}),
		check("CF9001", func(c *validate.Check) { c.Run = reports(place("", 99, "first check")) }),
	))
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Message)
	}
	want := []string{"first check", "path a", "path b", "by line, before", "by line", "no instance", "instance 2, input 9", "instance 2, input 10", "instance 10", "a", "b", "second group", "warning", "note"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors first, then by check, group, place, what it is about, and text (-expected +found):\n%s", diff)
	}
}

// TestSource holds that what was found before the run is reported, whatever
// becomes of its check.
func TestSource(t *testing.T) {
	content := good(t).Data
	c := check("CF9001", func(c *validate.Check) { c.Uses = validate.UsesSource })
	needy := check("CF9002", nil)
	bytes := check("CF9003", func(c *validate.Check) { c.Uses = validate.UsesBytes })
	tests := []struct {
		name  string
		data  []byte
		check *validate.Check
		want  validate.Verdict
		found int
		why   string
	}{
		{"runs", content, c, validate.Rejected, 1, "the check reports it"},
		{"is skipped", nil, needy, validate.Rejected, 1, "of a folder whose one rule is wrong there is no content; the rule is still wrong"},
		{"does not apply", content, bytes, validate.Rejected, 1, "a finding is a finding"},
		{"is not in the list", content, check("CF9004", nil), validate.Undecided, 0, "it cannot be reported, so nothing is accepted"},
		{"is nil", content, nil, validate.Undecided, 0, "it cannot be reported, so nothing is accepted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := validate.Rules("rules", tt.data)
			s.Source = []validate.Finding{{Check: tt.check, Message: "what is wrong", Fix: "mend it"}}
			r := validate.Run(s, options(t, c, needy, bytes))
			if got := r.Verdict(); got != tt.want || len(r.Findings) != tt.found || r.Errors() != tt.found {
				t.Errorf("%v with %d findings, %d errors; expected %v with %d: %s", got, len(r.Findings), r.Errors(), tt.want, tt.found, tt.why)
			}
			for _, f := range r.Findings {
				if f.Severity() != validate.Error || f.Check != tt.check {
					t.Errorf("%v of severity %v; expected an error of %v", f.Check, f.Severity(), tt.check)
				}
			}
			if tt.want == validate.Undecided && !strings.Contains(strings.Join(r.Undecided, ""), "what is wrong") {
				t.Errorf("%q does not repeat the finding", r.Undecided)
			}
		})
	}
}

// TestSourceStandsInNobodysWay holds that the rules that became content are
// judged though another did not.
func TestSourceStandsInNobodysWay(t *testing.T) {
	c := check("CF9001", func(c *validate.Check) { c.Uses = validate.UsesSource | validate.UsesFile })
	ran := false
	d := check("CF9002", func(d *validate.Check) {
		d.Uses, d.Requires = c.Uses, []string{c.ID}
		d.Run = func(*validate.Pass) { ran = true }
	})
	s := validate.Rules("rules", good(t).Data)
	s.Source = []validate.Finding{{Check: c, Message: "what is wrong"}}
	if r := validate.Run(s, options(t, c, d)); !ran || len(r.Skipped) > 0 || r.Verdict() != validate.Rejected {
		t.Errorf("%v, %v skipped; expected rejected, and %v to run", r.Verdict(), r.Skipped, d)
	}
}

func TestCounts(t *testing.T) {
	c := check("CF9001", nil)
	supply := []sensor.Supply{{Type: "ipc", Version: 1}}
	contract := func(build string, hosts uint64, refuses bool, supplies []sensor.Supply) sensor.Contract {
		return sensor.Contract{Build: build, Hosts: hosts, Reader: sensor.Reader{RefusesUnknownVersions: refuses, Access: sensor.AccessNamed}, Supplies: supplies}
	}
	fleet := &sensor.Fleet{Name: "f", Contracts: []sensor.Contract{
		contract("a", 10, false, supply), contract("b", 20, true, supply), contract("c", 30, false, supply),
		contract("d", 40, true, nil), contract("e", 50, false, nil), contract("f", 60, true, []sensor.Supply{{Type: "ipc", Version: 2}}),
	}}
	testkit.Declare(fleet)
	s := validate.ChannelFile("", testkit.Encode(t, testkit.IPC,
		channelfile.Prefix(5, "a"), channelfile.And(channelfile.Prefix(5, "a"), channelfile.Prefix(6, "b"))))
	o := options(t, c)
	o.Fleet = fleet
	r := validate.Run(s, o)
	// Contracts that were put together by hand, and not read, may be like no
	// other: how many differ is for the fleet to say.
	want := validate.Counts{Instances: 2, Criteria: 2, Builds: 6, Contracts: len(fleet.Distinct()), Hosts: 210}
	if diff := cmp.Diff(want, r.Counts); diff != "" {
		t.Errorf("counts (-expected +found):\n%s", diff)
	}
	addressed := map[string]bool{}
	for _, b := range r.Builds {
		addressed[b.Name] = b.Addressed
	}
	if diff := cmp.Diff(map[string]bool{"a": true, "b": true, "c": true, "d": false, "e": true, "f": false}, addressed); diff != "" {
		t.Errorf("builds that are addressed; d and f refuse a version that they do not have (-expected +found):\n%s", diff)
	}
	// Of a type that is not known nobody can say which build has it.
	o.Definitions = nil
	for _, b := range validate.Run(s, o).Builds {
		if !b.Addressed {
			t.Errorf("build %s is said to refuse a type that is not known", b.Name)
		}
	}
	// Without content there is nothing to misread.
	o = options(t, c)
	o.Fleet, _ = builtin.Fleet("291")
	for _, b := range validate.Run(validate.Definition(builtin.Definitions().ByNumber(1, 1)), o).Builds {
		if !b.Addressed {
			t.Errorf("build %s has the type, and was not judged", b.Name)
		}
	}
}

// TestGroups holds that it makes no difference who finds out which contracts do
// the same, but for the work; and that the groups of another fleet, in which one
// build may stand for another that lacks an input, are not believed.
func TestGroups(t *testing.T) {
	o := options(t, check("CF9001", nil))
	without := validate.Run(good(t), o)
	o.Cohorts = o.Fleet.Cohorts()
	with := validate.Run(good(t), o)
	if with.Counts != without.Counts || !slices.Equal(with.Builds, without.Builds) || with.Counts.Contracts == 0 {
		t.Errorf("%+v %v, expected %+v %v", with.Counts, with.Builds, without.Counts, without.Builds)
	}
	same := &sensor.Fleet{Name: "same", Contracts: slices.Repeat(o.Fleet.Contracts[:1], len(o.Fleet.Contracts))}
	for why, wrong := range map[string]*sensor.Cohorts{
		"groups of a fleet whose builds are all alike": same.Cohorts(),
		"groups of a fleet without builds":             new(sensor.Fleet).Cohorts(),
		"groups of no fleet":                           (*sensor.Fleet)(nil).Cohorts(),
		"groups that nobody made":                      new(sensor.Cohorts),
	} {
		o.Cohorts = wrong
		if r := validate.Run(good(t), o); r.Counts != without.Counts {
			t.Errorf("%s: %+v, expected %+v", why, r.Counts, without.Counts)
		}
	}
}

// TestHugeCounts holds that numbers which nothing checks do not wrap.
func TestHugeCounts(t *testing.T) {
	fleet := &sensor.Fleet{Name: "f", Contracts: []sensor.Contract{
		{Build: "a", Hosts: math.MaxUint64, Supplies: []sensor.Supply{{Type: "ipc", Version: 1}}},
		{Build: "b", Hosts: math.MaxUint64, Supplies: []sensor.Supply{{Type: "ipc", Version: 1}}},
	}}
	o := options(t, check("CF9001", nil))
	o.Fleet = fleet
	needs := &sensor.Needs{Type: 1, TypeVersion: 1, Sizes: sensor.Sizes{Instances: math.MaxUint64, Criteria: math.MaxUint64}}
	r := validate.Run(validate.Needs("n.json", needs), o)
	if r.Counts.Hosts != math.MaxUint64 || r.Counts.Instances != math.MaxInt || r.Counts.Criteria != math.MaxInt {
		t.Errorf("counts %+v", r.Counts)
	}
}

// TestMisleadingSubject holds that a subject's kind says what is judged, not
// what else was left in it.
func TestMisleadingSubject(t *testing.T) {
	s := good(t)
	s.Needs = &sensor.Needs{Type: 77}
	s.Definition = &sensor.Definition{Name: "other", Number: 77}
	r := validate.Run(s, options(t, check("CF9001", nil)))
	if r.Needs.Type != 1 || r.Definition.Name != "ipc" {
		t.Errorf("a channel file of type 1 was judged as type %d, %s", r.Needs.Type, r.Definition.Name)
	}
	s.Data = []byte("x")
	if r := validate.Run(s, options(t, check("CF9001", nil))); r.Needs != nil || r.Verdict() != validate.Undecided {
		t.Errorf("bytes that cannot be read have needs: %v", r.Verdict())
	}
}

func TestBase(t *testing.T) {
	for name, want := range map[string]string{
		"C-1.cf": "C-1.cf", "out/C-1.cf": "C-1.cf", `C:\out\C-1.cf`: "C-1.cf", "out/": "", "": "", `a/b\c`: "c",
	} {
		if got := validate.ChannelFile(name, nil).Base; got != want {
			t.Errorf("%q: %q, expected %q", name, got, want)
		}
	}
}

// wordy is content whose every text is as long as a text can be.
func wordy(t testing.TB) []byte {
	long := strings.Repeat("\U0001F600", channelfile.MaxTextLength/4)
	o := &channelfile.Origin{Rule: long, Title: long, Author: long, Licence: long, Path: long, Line: 14}
	return testkit.EncodeFrom(t, testkit.IPC, testkit.From(o), channelfile.Prefix(5, "a").From(15, long), channelfile.Prefix(6, "a").From(15, "short"))
}

// locates is a check that reports each part of a file once.
func locates() *validate.Check {
	return check("CF9001", func(c *validate.Check) {
		c.Uses = validate.UsesFile
		c.Run = func(p *validate.Pass) {
			p.ReportAt(channelfile.ChannelRange, "header.channel", "mend it", "the whole")
			report := func(where validate.Location, in *validate.Instance) {
				p.Report(func() validate.Finding { return validate.Finding{Where: where, Instance: in, Message: "a part"} })
			}
			for i := range p.File.Instances() {
				report(p.LocateInstance(i))
				in := p.File.Instance(i)
				for w := in.First; w < in.First+in.Count; w++ {
					report(p.LocateWord(i, w, 5))
				}
			}
			for i := range p.File.Criteria() {
				report(p.LocateCriterion(i, 5))
			}
		}
	})
}

// TestTextsAreCut holds that findings repeat no more of the content's texts
// than a person reads: a file can name one long text a million times.
func TestTextsAreCut(t *testing.T) {
	r := validate.Run(validate.ChannelFile("", wordy(t)), options(t, locates()))
	if len(r.Findings) != 7 {
		t.Fatalf("%d findings", len(r.Findings))
	}
	long := 0
	for _, f := range r.Findings {
		texts := []string{f.Where.Source.Path, f.Where.Source.Text}
		if f.Instance != nil {
			texts = append(texts, f.Instance.Rule, f.Instance.Title, f.Instance.Author)
		}
		for _, s := range texts {
			if n := len([]rune(s)); n > validate.MaxText+3 || n > validate.MaxText && !strings.HasSuffix(s, "...") {
				t.Errorf("%s: a text of %d characters", f.Where.Path, n)
			} else if n > validate.MaxText {
				long++
			}
		}
	}
	if long == 0 {
		t.Error("no text was cut, so the test tests nothing")
	}
}

// TestOriginSeesWholeTexts holds that a subject gets what the provenance says
// in full: it may look up by it where things come from.
func TestOriginSeesWholeTexts(t *testing.T) {
	s := validate.ChannelFile("", wordy(t))
	seen := map[int]bool{}
	s.Origin = func(part validate.Part) (validate.Position, bool) {
		seen[len(part.From.Text)], seen[len(part.From.Path)] = true, true
		return part.From, true
	}
	r := validate.Run(s, options(t, locates()))
	if long := channelfile.MaxTextLength / 4 * 4; !seen[long] || !seen[len("short")] {
		t.Errorf("texts of %v bytes were seen; the long ones have %d", seen, long)
	}
	for _, f := range r.Findings {
		if n := len([]rune(f.Where.Source.Text)); n > validate.MaxText+3 {
			t.Errorf("%s: a text of %d characters", f.Where.Path, n)
		}
	}
}

// TestLocations holds what is said of each part, by the provenance alone and
// by a subject that knows better.
func TestLocations(t *testing.T) {
	origin := &channelfile.Origin{Rule: "r-1", Title: "First", Author: "Me", Path: "pipes.yml", Line: 10}
	shared := channelfile.Prefix(5, "a").From(14, "PipeName|startswith: a")
	data := testkit.EncodeFrom(t, testkit.IPC, func(n int) *channelfile.Origin { return []*channelfile.Origin{origin, {Path: "other.yml"}}[n] },
		channelfile.And(shared, channelfile.Prefix(6, "b").From(15, "Image|startswith: b")), channelfile.And(shared, channelfile.Prefix(7, "c")))
	parts := map[string]bool{}
	tests := []struct {
		name   string
		origin func(validate.Part) (validate.Position, bool)
		want   []string
		why    string
	}{
		{"provenance", nil, []string{
			`header.channel  0 ""`,
			`instance[0] pipes.yml 10 "" First`,
			`instance[0].word[0] pipes.yml 14 "PipeName|startswith: a" First`,
			`instance[0].word[1] pipes.yml 15 "Image|startswith: b" First`,
			`instance[1] other.yml 0 "" `,
			`instance[1].word[0] other.yml 14 "PipeName|startswith: a" `,
			`instance[1].word[1] other.yml 0 "" `,
			`instance[0].word[0] pipes.yml 14 "PipeName|startswith: a" First`,
			`instance[0].word[1] pipes.yml 15 "Image|startswith: b" First`,
			`instance[1].word[1] other.yml 0 "" `,
		}, "a word without a line of its own has none, or the rule's"},
		{"origin", func(part validate.Part) (validate.Position, bool) {
			parts[fmt.Sprintf("%s %s %d", part.Path, part.ID.String()[34:], part.Input)] = true
			if part.ID == testkit.ID(1) {
				return validate.Position{}, false
			}
			return validate.Position{Path: "x", Line: part.From.Line + 100, Text: part.From.Text}, true
		}, []string{
			`header.channel x 100 ""`,
			`instance[0] x 110 "" First`,
			`instance[0].word[0] x 114 "PipeName|startswith: a" First`,
			`instance[0].word[1] x 115 "Image|startswith: b" First`,
			`instance[1] other.yml 0 "" `,
			`instance[1].word[0] other.yml 14 "PipeName|startswith: a" `,
			`instance[1].word[1] other.yml 0 "" `,
			`instance[0].word[0] x 114 "PipeName|startswith: a" First`,
			`instance[0].word[1] x 115 "Image|startswith: b" First`,
			`instance[1].word[1] other.yml 0 "" `,
		}, "where the origin does not know, the provenance stands"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := validate.ChannelFile("", data)
			s.Origin = tt.origin
			var got []string
			for _, f := range validate.Run(s, options(t, locates())).Findings {
				line := fmt.Sprintf("%s %s %d %q", f.Where.Path, f.Where.Source.Path, f.Where.Source.Line, f.Where.Source.Text)
				if f.Instance != nil {
					line += " " + f.Instance.Title
				}
				got = append(got, line)
			}
			want := slices.Clone(tt.want)
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-expected +found):\n%s", tt.why, diff)
			}
		})
	}
	for _, part := range []string{"header.channel 00 -1", "instance[0] 01 -1", "instance[0].word[1] 01 5"} {
		if !parts[part] {
			t.Errorf("the origin was not asked for %s, but for %v", part, parts)
		}
	}
}

// TestCriterionOfNobody holds that a criterion to which no word refers is
// located by itself.
func TestCriterionOfNobody(t *testing.T) {
	data := testkit.Encode(t, testkit.IPC, channelfile.Prefix(5, "a"), channelfile.Prefix(6, "b"))
	f, err := channelfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	// The second word refers to what the first does.
	at := f.WordRange(1).Start
	copy(data[at:], data[f.WordRange(0).Start:][:4])
	r := validate.Run(validate.ChannelFile("", data), options(t, check("CF9001", func(c *validate.Check) {
		c.Uses = validate.UsesFile
		c.Run = func(p *validate.Pass) {
			where, in := p.LocateCriterion(1, 6)
			if in != nil || where.Path != "criterion[1]" || where.Range != p.File.CriterionRange(1) {
				t.Errorf("%+v, instance %v", where, in)
			}
			p.ReportAt(where.Range, where.Path, "mend it", "found")
		}
	})))
	if r.Errors() != 1 {
		t.Error("the check did not run")
	}
}

// TestPathsWithoutAFile holds that findings on needs and on definitions speak
// of the document, and of no bytes.
func TestPathsWithoutAFile(t *testing.T) {
	d := builtin.Definitions().ByNumber(1, 1)
	cause := sensor.Cause{Instance: 3, ID: testkit.ID(2), Rule: "r", Title: "T", Path: "pipes.yml", Line: 7}
	unknown := sensor.Cause{Instance: -1, Word: -1, Title: "T"}
	for _, tt := range []struct {
		subject *validate.Subject
		want    []string
	}{
		{validate.Needs("n.json", &sensor.Needs{Type: 1, TypeVersion: 1, Sizes: sensor.Sizes{Instances: 1}}), []string{"inputsDeclared", "inputs[3]", "instance[3]", "inputs[5]"}},
		{validate.Definition(d), []string{"inputs_declared", "inputs[3]", "instance[3]", "inputs[5]"}},
	} {
		var got []string
		validate.Run(tt.subject, options(t, check("CF9001", func(c *validate.Check) {
			c.Run = func(p *validate.Pass) {
				for _, path := range []string{"header.inputs_declared", "inputs[3]"} {
					where := p.Locate(channelfile.InputsDeclaredRange, path)
					if where.Range.Len() != 0 {
						t.Errorf("%v: %s is at %v", tt.subject.Kind, path, where.Range)
					}
					got = append(got, where.Path)
				}
				where, in := p.LocateCause(cause, 5)
				if where.Source != (validate.Position{Path: "pipes.yml", Line: 7}) || *in != (validate.Instance{Index: 3, ID: testkit.ID(2), Rule: "r", Title: "T"}) {
					t.Errorf("a cause is at %+v, %+v", where, in)
				}
				got = append(got, where.Path)
				where, _ = p.LocateCause(unknown, 5)
				got = append(got, where.Path)
			}
		})))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v: paths (-expected +found):\n%s", tt.subject.Kind, diff)
		}
	}
}

func TestInputAt(t *testing.T) {
	validate.Run(good(t), options(t, check("CF9001", func(c *validate.Check) {
		c.Run = func(p *validate.Pass) {
			for _, tt := range []struct {
				index int
				want  validate.Input
				why   string
			}{
				{5, validate.Input{Index: 5, Name: "PipeName", Type: sensor.TypeString}, "the definition has it"},
				{21, validate.Input{Index: 21}, "the definition has 21"},
				{-1, validate.Input{Index: -1}, "what is no index names nothing"},
			} {
				if got := *p.InputAt(tt.index); got != tt.want {
					t.Errorf("input %d is %+v, expected %+v: %s", tt.index, got, tt.want, tt.why)
				}
			}
			p.Definition = nil
			if got := *p.InputAt(5); got != (validate.Input{Index: 5}) {
				t.Errorf("without a definition input 5 is %+v", got)
			}
		}
	})))
}
