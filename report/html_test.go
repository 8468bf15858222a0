package report

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/report/internal/page"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// TestHTMLHostile tests that a page has the same elements whatever the texts of the content are.
func TestHTMLHostile(t *testing.T) {
	tags := regexp.MustCompile(`<[a-zA-Z/!][^\s>]*`)
	shape := func(s string) []string {
		run := hostileRun(s)
		defer run.Close()
		var b bytes.Buffer
		if err := HTML(&b, run); err != nil {
			t.Fatal(err)
		}
		// The marked part of a line is empty if the text is shorter than its column, and a path has a
		// <wbr> for each of its separators.
		return slices.DeleteFunc(tags.FindAllString(b.String(), -1), func(tag string) bool { return strings.HasSuffix(tag, "mark") || tag == "<wbr" })
	}
	want := shape("plain text")
	for _, s := range append(slices.Clone(hostile), "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`) {
		if have := shape(s); !slices.Equal(have, want) {
			t.Errorf("%q: the page has %d elements; expected %d", s, len(have), len(want))
		}
	}
}

// TestPicture tests the state of two rules on each kind of build. The findings are as the checks of
// contracts make them.
func TestPicture(t *testing.T) {
	d := &sensor.Definition{Name: "dns", Number: 3001, Version: 1, Channel: 3001, Inputs: testkit.Strings("Query", "Image")}
	off := testkit.Supply(d)
	off.Collected = sensor.Collection{Events: sensor.CollectedNone, Basis: sensor.Basis{Reason: "the log is off"}}
	missing := testkit.Supply(d)
	missing.Inputs[1].State = sensor.StateNotSupplied
	unknown := testkit.Supply(d)
	unknown.Inputs[1].State = sensor.StateUnknown
	builds := []struct {
		name   string
		access sensor.Access
		supply []sensor.Supply
		states string // of the rule on Query, and of that on Image
		reason string
	}{
		{"all", sensor.AccessNamed, []sensor.Supply{testkit.Supply(d)}, "ss", "it supplies both"},
		{"alike", sensor.AccessNamed, []sensor.Supply{testkit.Supply(d)}, "ss", "its contract is that of all, so it shares the column"},
		{"named", sensor.AccessNamed, []sensor.Supply{missing}, "sb", "coverage finds that Image is missing"},
		{"unknown", sensor.AccessNamed, []sensor.Supply{unknown}, "sq", "CF3015 about Image counts for the rule that reads it"},
		{"positional", sensor.AccessPositional, []sensor.Supply{missing}, "su", "CF3001 finds that Image is missing"},
		{"widening", sensor.AccessNamed, []sensor.Supply{testkit.Supply(d)}, "ww", "CF3013 about a whole type counts for each rule"},
		{"off", sensor.AccessNamed, []sensor.Supply{off}, "nn", "it records no event"},
		{"without", sensor.AccessNamed, nil, "aa", "it does not have the type"},
	}
	fleet := &sensor.Fleet{Name: "ours"}
	rep := &validate.Report{Subject: validate.Rules("rules (dns)", nil), Definition: d, Fleet: fleet, Ran: []*validate.Check{first}}
	for i, b := range builds {
		c := testkit.Contract(b.name, uint64(10*(i+1)), b.access, b.supply...)
		if b.name == "widening" {
			c.Reader.Limits.FileSize = 1 << 20 // another contract than that of all
		}
		fleet.Contracts = append(fleet.Contracts, c)
		rep.Builds = append(rep.Builds, validate.BuildReport{Build: validate.Build{Name: b.name, Hosts: c.Hosts}, Addressed: b.name != "without"})
	}
	rep.File = testkit.Parse(t, testkit.EncodeFrom(t, testkit.HeaderOf(d), testkit.Origins("dns.yml"), channelfile.Contains(0, "x"), channelfile.Contains(1, "y"), channelfile.Contains(0, "z")))
	rep.Needs = sensor.NeedsOf(rep.File, testkit.Definitions(t, d))
	blind := &validate.Check{ID: "CF3012", Name: "rule-blind", Severity: validate.Warning}
	widened := &validate.Check{ID: "CF3013", Name: "rule-widened", Severity: validate.Warning}
	unsafe := &validate.Check{ID: "CF3001", Name: "inputs-supplied", Severity: validate.Error}
	never := &validate.Check{ID: "CF4001", Name: "rule-never-matches", Severity: validate.Warning}
	unsure := &validate.Check{ID: "CF3015", Name: "supply-unknown", Severity: validate.Warning}
	unfit := &validate.Check{ID: "CF2005", Name: "input-defined", Severity: validate.Error}
	on := func(name string) []validate.Build { return []validate.Build{{Name: name, Hosts: 1}} }
	rep.Findings = []validate.Finding{
		{Check: unfit, Message: "not there", Instance: &validate.Instance{Index: -1, Title: "Unfit", Rule: "r-3"}},
		{Check: unsafe, Message: "reads", Instance: &validate.Instance{Index: 1}, Builds: on("positional"), Group: "g"},
		{Check: blind, Message: "never", Instance: &validate.Instance{Index: 1}, Builds: on("named")},
		{Check: widened, Message: "more", Builds: on("widening")},
		{Check: never, Message: "contradicts itself", Instance: &validate.Instance{Index: 2}},
		{Check: unsure, Message: "unknown", Input: &validate.Input{Index: 1}, Builds: on("unknown")},
		{Check: widened, Message: "more", Instance: &validate.Instance{Index: 0}, Builds: on("without")},
	}
	rep.Totals = []validate.Total{{Check: unfit, Found: 1}, {Check: unsafe, Found: 1}, {Check: blind, Found: 4}, {Check: widened, Found: 2}, {Check: unsure, Found: 1}}
	p := &Picture{Definitions: testkit.Definitions(t, d)}
	p.Add(rep, "")
	run := NewRun(Judged(rep, ""))
	run.Picture = p
	b := &pageBuilder{run: run, sections: map[string]*section{}, ids: map[causeKey]string{}}
	if err := b.collect(); err != nil {
		t.Fatal(err)
	}
	out := b.page()
	if len(out.Fleets) != 1 || len(out.Fleets[0].Columns) != len(builds)-1 || len(out.Fleets[0].Rows) != 4 {
		t.Fatalf("found %+v; expected one matrix with a column for each contract and a row for each rule", out.Fleets)
	}
	f := out.Fleets[0]
	at := 0
	for i, b := range builds {
		if b.name == "alike" {
			if !slices.Equal(f.Columns[0].Builds, []string{"all", "alike"}) || f.Columns[0].Hosts != 30 {
				t.Errorf("found the column %+v; expected all and alike with 30 hosts", f.Columns[0])
			}
			continue
		}
		if have := string([]byte{f.Rows[0].Cells[at], f.Rows[1].Cells[at]}); have != b.states {
			t.Errorf("build %s: found the states %q; expected %q, because %s", builds[i].name, have, b.states, b.reason)
		}
		at++
	}
	if have := f.Rows[2].Cells; have != "bbbbbba" {
		t.Errorf("found the states %q of a rule that can never match; expected blind wherever it is read", have)
	}
	if r := f.Rows[3]; r.Title != "Unfit" || strings.Trim(r.Cells, "x") != "" || len(r.Causes) != 1 {
		t.Errorf("found %+v; expected that the rule with an error is not judged anywhere", r)
	}
	if r := f.Rows[1]; r.Where != "dns.yml:20" || r.Errors != 1 || len(r.Causes) != 4 {
		t.Errorf("found %+v; expected its line, an error and four causes", r)
	}
	var worst []string
	for _, w := range f.Worst {
		worst = append(worst, w.Title+": "+w.States)
	}
	if want := []string{"Rule 2: unsafe: 50 hosts; blind: 30 hosts", "Unfit: no result: 360 hosts", "Rule 3: blind: 280 hosts"}; !slices.Equal(worst, want) {
		t.Errorf("found the worst rules %q; expected %q, because the worst state is first", worst, want)
	}
	if want := "3 findings of the contract checks are not in the matrix; a larger --max-findings adds them"; f.Note != want {
		t.Errorf("found the note %q; expected %q", f.Note, want)
	}
	if have := f.Summary[0].Counts; !slices.Equal(have, []string{"", "1", "1", "", "", "", "", "2", ""}) {
		t.Errorf("found the sums %q of the first column; expected two safe rules and one that was not judged", have)
	}
}

// TestShortNames tests when the bars of costs have the template type in place of the whole name.
func TestShortNames(t *testing.T) {
	for _, tt := range []struct {
		why        string
		list, want []string
	}{
		{"the types of one set of rules", []string{"rules (dns)", "rules (ipc)"}, []string{"type dns", "type ipc"}},
		{"two sets", []string{"rules (dns)", "rules2 (dns)"}, []string{"rules (dns)", "rules2 (dns)"}},
		{"files", []string{"a.cf", "b.cf"}, []string{"a.cf", "b.cf"}},
		{"a short name beside a long one", []string{"a (x)", "a long one (y)"}, []string{"a (x)", "a long one (y)"}},
		{"brackets in the middle", []string{"a (x) b", "a (y) b"}, []string{"a (x) b", "a (y) b"}},
		{"no name", nil, nil},
	} {
		if have := shortNames(tt.list); !slices.Equal(have, tt.want) {
			t.Errorf("%s: found %q; expected %q", tt.why, have, tt.want)
		}
	}
}

// TestSplit tests which details stand with a place.
func TestSplit(t *testing.T) {
	cause, place := split([]string{"type t has a, b", "also: placeholder %x% has no values", "0 events may match", "witness: an event", "it is also: here"})
	if want := []string{"type t has a, b", "0 events may match", "it is also: here"}; !slices.Equal(cause, want) {
		t.Errorf("found %q with the cause; expected %q", cause, want)
	}
	if want := []string{"also: placeholder %x% has no values", "witness: an event"}; !slices.Equal(place, want) {
		t.Errorf("found %q with the place; expected %q", place, want)
	}
}

// TestHTMLVerdict tests the texts of the head of a page.
func TestHTMLVerdict(t *testing.T) {
	build := func(fleet *sensor.Fleet, failOnWarnings bool, names []string) *page.Report {
		rep := &validate.Report{Subject: validate.Rules("rules", nil), Fleet: fleet, FailOnWarnings: failOnWarnings, Ran: []*validate.Check{first}}
		bad := &validate.Check{ID: "CF2005", Name: "input-defined", Severity: validate.Error}
		odd := &validate.Check{ID: "CF3012", Name: "rule-blind", Severity: validate.Warning}
		rep.Findings = []validate.Finding{{Check: bad, Message: "m"}, {Check: odd, Message: "w"}}
		rep.Totals = []validate.Total{{Check: bad, Found: 1200}, {Check: odd, Found: 1}} // more than are held
		run := NewRun(Judged(rep, ""))
		run.Unfilled = names
		b := &pageBuilder{run: run, sections: map[string]*section{}, ids: map[causeKey]string{}}
		if err := b.collect(); err != nil {
			t.Fatal(err)
		}
		return b.page()
	}
	ours := &sensor.Fleet{Name: "ours"}
	out := build(ours, false, nil)
	if out.Answer != "No: 1,200 errors must be corrected. The verdict is rejected." || out.Status != "Exit status of this verdict: 1." || out.Examples != "" || out.Unfilled != nil {
		t.Errorf("found %q, %q, %q and %v; expected the number of errors that the tile has, and no other remark", out.Answer, out.Status, out.Examples, out.Unfilled)
	}
	example := &sensor.Fleet{Name: "demo", Builtin: true, Contracts: []sensor.Contract{testkit.Contract("b", 70, sensor.AccessNamed)}}
	out = build(example, true, []string{"Administrators", "Servers"})
	if want := "No: 1,200 errors and 1 warning must be corrected. The verdict is rejected."; out.Answer != want {
		t.Errorf("found %q; expected %q, because warnings reject too", out.Answer, want)
	}
	if want := "These are not your hosts: fleet demo (70 hosts) is an example in cfcheck. Give your own fleet with --fleet for a verdict on your hosts."; out.Examples != want {
		t.Errorf("found %q; expected %q", out.Examples, want)
	}
	if want := []string{"Administrators: [REPLACE-ME]", "Servers: [REPLACE-ME]"}; out.Unfilled == nil || !slices.Equal(out.Unfilled.Sample, want) || out.Unfilled.Found != "2 placeholders" || out.Unfilled.More != "" {
		t.Errorf("found %+v; expected the lines %q", out.Unfilled, want)
	}
	many := make([]string, maxUnfilled+1)
	for i := range many {
		many[i] = "p"
	}
	if out := build(ours, false, many); len(out.Unfilled.Sample) != maxUnfilled || out.Unfilled.More != "1 more placeholder" {
		t.Errorf("found %d lines and %q; expected that the page says what it leaves out", len(out.Unfilled.Sample), out.Unfilled.More)
	}
}

// TestHTMLWarnings tests the order of warnings: by the hosts on which a rule loses something.
func TestHTMLWarnings(t *testing.T) {
	check := func(id string) *validate.Check {
		return &validate.Check{ID: id, Name: "check", Severity: validate.Warning}
	}
	on := func(n uint64) []validate.Build { return []validate.Build{{Name: "b", Hosts: n}} }
	rep := &validate.Report{Subject: validate.Rules("rules", nil), Ran: []*validate.Check{first}, Findings: []validate.Finding{
		{Check: check("CF0014"), Message: "spelt"},
		{Check: check("CF3012"), Message: "blind on 10", Builds: on(10)},
		{Check: check("CF3012"), Message: "blind on 90", Builds: on(90)},
		{Check: check("CF3013"), Message: "widened on 500", Builds: on(500)},
		{Check: check("CF3014"), Message: "weakened on 200", Builds: on(200)},
		{Check: check("CF4001"), Message: "never"},
	}}
	b := &pageBuilder{run: NewRun(Judged(rep, "")), sections: map[string]*section{}, ids: map[causeKey]string{}}
	if err := b.collect(); err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, s := range b.page().Warnings {
		for _, c := range s.Causes {
			have = append(have, c.Message)
		}
	}
	if want := []string{"never", "weakened on 200", "blind on 90", "blind on 10", "widened on 500", "spelt"}; !slices.Equal(have, want) {
		t.Errorf("found the warnings %q; expected %q", have, want)
	}
}

// TestHTMLEqualBytes tests that equal runs have equal pages, also if results are read back from a
// file.
func TestHTMLEqualBytes(t *testing.T) {
	write := func(keep int) string {
		run := new(Run)
		defer run.Close()
		run.results.keep = keep
		for result := range manyFindings(300).All() {
			run.Add(result)
		}
		var b bytes.Buffer
		if err := HTML(&b, run); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if kept := write(0); kept != write(0) || kept != write(-1) {
		t.Error("pages of equal runs differ")
	}
}
