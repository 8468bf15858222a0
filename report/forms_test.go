package report

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/validate"
)

// people are the formats whose reports of all runs are compared with golden files. The others
// have golden files of the runs that goldenForms names.
var people = []string{"text", "json"}

var goldenForms = []string{"forms", "hostile"}

// compared reports whether a report on a run is compared with a golden file.
func compared(run, format string) bool {
	// A page has its script and its style in it, so a golden file would change with each of them.
	return slices.Contains(people, format) || slices.Contains(goldenForms, run) && format != "html"
}

// manyFindings returns a run with n findings, of which the last 100 are new.
func manyFindings(n int) *Run {
	const each = 100
	run := &Run{Lines: func(string, int) (string, bool) { return "  Image|endswith: '\\x.exe'", true }}
	for i := 0; i < n; i += each {
		rep := &validate.Report{Subject: &validate.Subject{Kind: validate.KindRules, Name: fmt.Sprintf("rules/%d", i)}, Ran: []*validate.Check{first}}
		for k := range each {
			rule := fmt.Sprintf("rule %d", i+k)
			rep.Findings = append(rep.Findings, validate.Finding{
				Check: first, Message: rule + " reads input 21 (index 20) of type ipc", Fix: "drop the criterion", Old: i+k < n-each,
				Details:  []string{"declared 21, build 1 supplies 20: 400 of 1,000 hosts (fleet ours)"},
				Where:    validate.Location{Path: "instance[0].word[0]", Source: validate.Position{Path: fmt.Sprintf("rules/%d.yml", i), Line: k + 1, Column: 3}},
				Identity: validate.Identity{Check: "CF9001", Subject: "channel 291, type 1", Rule: rule},
			})
		}
		rep.Totals = []validate.Total{{Check: first, Found: each, Old: min(max(n-each-i, 0), each)}}
		run.Add(Judged(rep, ""))
	}
	return run
}

// TestManyFindings writes 5,100 findings in each form; BenchmarkForms writes 10,000. A report within the limits of its
// reader says what it cut, and has the new findings.
func TestManyFindings(t *testing.T) {
	run := manyFindings(5_100)
	defer run.Close()
	for _, f := range Formats {
		var b bytes.Buffer
		start := time.Now()
		if err := f.Write(&b, run); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes in %v", f.Name, b.Len(), time.Since(start))
		if err := gatetest.Form(f.Name, b.Bytes()); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		says := map[string]string{
			"github":       "::error title=cfcheck::and 5,091 more; the report has them\n",
			"markdown":     "\nand 4,100 more findings; the report in another form has all of them\n",
			"sarif-github": `"cut"},"level":"warning","message":{"text":"left out of this file: 100 findings; code`,
		}[f.Name]
		if !strings.Contains(b.String(), says) || !strings.Contains(b.String(), "rule 5000 reads") {
			t.Errorf("%s: the report lacks %q or the new finding", f.Name, says)
		}
	}
}

func BenchmarkForms(b *testing.B) {
	run := manyFindings(10_000)
	defer run.Close()
	for _, f := range Formats {
		b.Run(f.Name, func(b *testing.B) {
			for b.Loop() {
				var out bytes.Buffer
				if err := f.Write(&out, run); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestSARIFPlaces compares the places of findings in the two profiles.
func TestSARIFPlaces(t *testing.T) {
	data := make([]byte, 64)
	for _, tt := range []struct {
		why           string
		kind          validate.Kind
		where         validate.Location
		plain, github string // parts of the result
	}{
		{"bytes of a file", validate.KindChannelFile, validate.Location{Range: at(16, 20)},
			`"region":{"byteOffset":16,"byteLength":4,"snippet":{"binary":"AAAAAA=="}}`,
			`"locations":[{"physicalLocation":{"artifactLocation":{"uri":"out/a%20b.cf"},"region":{"startLine":1,"startColumn":1,"endLine":1,"endColumn":1}}}],"relatedLocations":[{"id":1,`},
		{"no bytes", validate.KindChannelFile, validate.Location{},
			`"locations":[{"physicalLocation":{"artifactLocation":{"uri":"out/a%20b.cf"}}}]`,
			`"region":{"startLine":1,"startColumn":1,"endLine":1,"endColumn":1}`},
		{"a source that the file states", validate.KindChannelFile, validate.Location{Range: at(16, 20), Source: validate.Position{Path: `rules\x.yml`, Line: 7, Column: 3}},
			`"message":{"text":"the source that the file states"}`,
			`"locations":[{"physicalLocation":{"artifactLocation":{"uri":"rules/x.yml"},"region":{"startLine":7,"startColumn":1,"endLine":7,"endColumn":1}}}]`},
		{"a source that leads out of the folder", validate.KindChannelFile, validate.Location{Source: validate.Position{Path: "../../etc/passwd", Line: 7}},
			`"uri":"out/a%20b.cf"`, `"uri":"out/a%20b.cf"`},
		{"an absolute source", validate.KindChannelFile, validate.Location{Source: validate.Position{Path: `C:\x.yml`, Line: 7}},
			`"uri":"out/a%20b.cf"`, `"uri":"out/a%20b.cf"`},
		{"a line of a rule: columns are not bytes", validate.KindRules, validate.Location{Source: validate.Position{Path: "rules/x.yml", Line: 7, Column: 6}},
			`"region":{"startLine":7,"startColumn":4,"endLine":7,"endColumn":7}`,
			`"region":{"startLine":7,"startColumn":4,"endLine":7,"endColumn":7}`},
		{"a line beyond the file", validate.KindRules, validate.Location{Source: validate.Position{Path: "rules/x.yml", Line: 8, Column: 6}},
			`"region":{"startLine":8}`,
			`"region":{"startLine":8,"startColumn":1,"endLine":8,"endColumn":1}`},
		{"an absolute path", validate.KindRules, validate.Location{Source: validate.Position{Path: "/r/x.yml", Line: 8}},
			`"uri":"file:///r/x.yml"`, `"uri":"file:///r/x.yml"`},
		{"a configuration of Sysmon", validate.KindSysmonSource, validate.Location{Source: validate.Position{Path: "sysmon.xml", Line: 7, Column: 1}},
			`"region":{"startLine":7,"startColumn":1,"endLine":7,"endColumn":7}`,
			`"region":{"startLine":7,"startColumn":1,"endLine":7,"endColumn":7}`},
	} {
		s := &validate.Subject{Kind: tt.kind, Name: "out/a b.cf", Data: data}
		run := NewRun(Judged(&validate.Report{
			Subject: s, Ran: []*validate.Check{first}, Totals: []validate.Total{{Check: first, Found: 1}},
			Findings: []validate.Finding{{Check: first, Message: "m {0} [x](y)", Where: tt.where}},
		}, "ab"))
		// "😀" is four bytes and two units of UTF-16.
		run.Lines = func(path string, line int) (string, bool) { return "a😀bcd\r", line == 7 }
		for form, want := range map[string]string{"sarif": tt.plain, "sarif-github": tt.github} {
			var b bytes.Buffer
			if err := FormatOf(form).Write(&b, run); err != nil {
				t.Fatal(err)
			}
			if err := gatetest.Form(form, b.Bytes()); err != nil {
				t.Errorf("%s: %s: %v", tt.why, form, err)
			}
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: %s lacks %s:\n%s", tt.why, form, want, &b)
			}
			message := map[string]string{"sarif": `"m {{0}} [x] (y)`, "sarif-github": `"m {0} [x] (y)`}[form]
			if !strings.Contains(b.String(), message) {
				t.Errorf("%s: %s lacks the message %s", tt.why, form, message)
			}
		}
	}
}

// TestSARIFCheckRefuses checks that the test of SARIF logs refuses something.
func TestSARIFCheckRefuses(t *testing.T) {
	run := NewRun(Judged(&validate.Report{
		Subject: validate.ChannelFile("a.cf", make([]byte, 64)), Ran: []*validate.Check{first}, Totals: []validate.Total{{Check: first, Found: 1}},
		Findings: []validate.Finding{{Check: first, Message: "m", Where: validate.Location{Range: channelfile.Range{Start: 16, End: 20}}}},
	}, ""))
	var b bytes.Buffer
	if err := SARIFGitHub(&b, run); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ why, old, new string }{
		{"lines and bytes in one region", `"byteOffset":16`, `"startLine":1,"byteOffset":16`},
		{"a result without a line", `"startLine":1`, `"startLine":0`},
		{"a result without a place", `"locations":[`, `"places":[`},
		{"another version", `"2.1.0"`, `"2.0.0"`},
		{"a rule that is missing", `"ruleId":"CF9001"`, `"ruleId":"CF9002"`},
		{"an unknown level", `"level":"error","message":{"text":"m`, `"level":"fatal","message":{"text":"m`},
		{"no fingerprint", "primaryLocationLineHash", "line"},
		{"an address that is not a URI", `"uri":"a.cf"`, `"uri":"a b.cf"`},
		{"an invocation that failed and accepts", `"executionSuccessful":true`, `"executionSuccessful":false`},
	} {
		doc := strings.Replace(b.String(), tt.old, tt.new, 1)
		if doc == b.String() {
			t.Errorf("%s: the report lacks %s", tt.why, tt.old)
		}
		if err := gatetest.Form("sarif-github", []byte(doc)); err == nil {
			t.Errorf("accepted: %s", tt.why)
		}
	}
}

// hostile are texts that would mean something to the reader of a form.
var hostile = []string{
	"plain", "a\r\n::error file=x::forged", "::stop-commands::x", "##[error]forged", "##vso[task.setvariable variable=x]y", "]]><failure/>", "&amp;<x>",
	"=cmd|' /C calc'!A0", "+1", "@sum", "\"\n\"", `\`, `\\|`, "a|b", "`", "``|", "](https://example.com)", "<script>", "**b** _i_ # h", "{0} {{", "%0A%3A",
	"\x1b]8;;x\x07", "\u009b2K", "\u202ereversed", "\u2028line", "\xff\xfe", "\x00", ",file=x:1", "../../etc/passwd", "//host/share", "C:", "%zz", "- x", "| x |", "😀",
	"https://example.com www.example.com",
}

// hostileRun returns a run with a text in each text that content, fleets and people decide.
func hostileRun(s string) *Run {
	f := validate.Finding{
		Check: advice, Message: s, Details: []string{s, s}, Fix: s, Instance: &validate.Instance{Rule: s, Title: s, Author: s},
		Builds:   []validate.Build{{Name: s, Hosts: 1}},
		Where:    validate.Location{Path: s, Source: validate.Position{Path: s, Line: 1, Column: 2, Text: s}},
		Identity: validate.Identity{Check: "CF9004", Subject: s, Rule: s, Path: s},
	}
	waived := f
	waived.Waiver = &validate.Waiver{Check: "CF9004", Rule: s, Reason: s, By: s, From: validate.Position{Path: s, Line: 1, Column: 1}}
	run := &Run{
		Gate: Gate{Version: s}, Problems: []string{s}, Remarks: []string{s}, Sources: []Source{{Use: "rules", Path: s}}, ShowNotes: true,
		PassedOver: []PassedOver{{Folder: s, Found: 1, Names: []string{s}}}, Lines: func(string, int) (string, bool) { return s, true },
	}
	for _, kind := range []validate.Kind{validate.KindChannelFile, validate.KindRules} {
		result := Judged(&validate.Report{
			Subject: &validate.Subject{Kind: kind, Name: s}, Ran: []*validate.Check{advice}, Undecided: []string{s},
			Skipped: []validate.Skip{{Check: second, Why: s}}, Findings: []validate.Finding{f}, Waived: []validate.Finding{waived}, WaivedFound: 1,
		}, "")
		result.FleetNamed, result.LeftOut = s, []LeftOut{{File: s, Line: 1, Column: 1, Path: s, ID: s, Title: s, Reason: s}}
		run.Add(result)
	}
	run.Add(NotJudged(s, errors.New(s)))
	return run
}

// TestHostileForms puts each hostile text into each text that content, fleets and people decide.
// Each report must be whole, and have as many findings as for a plain text.
func TestHostileForms(t *testing.T) {
	write := func(s string) map[string]string { return reports(t, hostileRun(s)) }
	// The number of something that content could forge.
	counts := map[string]func(string) int{
		"sarif":        func(s string) int { return strings.Count(s, `"ruleIndex":`) },
		"sarif-github": func(s string) int { return strings.Count(s, `"ruleIndex":`) },
		"github":       func(s string) int { return strings.Count(s, "\n") },
		"markdown":     func(s string) int { return strings.Count(s, "\n") },
		"junit":        func(s string) int { return strings.Count(s, "<testcase ") },
		"gitlab":       func(s string) int { return strings.Count(s, "\n") },
		"csv":          func(s string) int { return strings.Count(s, "\n") },
	}
	plain := write(hostile[0])
	for _, s := range hostile {
		for form, have := range write(s) {
			if err := gatetest.Form(form, []byte(have)); err != nil {
				t.Errorf("%q: %s: %v\n%s", s, form, err, have)
			}
			if n := counts[form]; n != nil && n(have) != n(plain[form]) {
				t.Errorf("%q: %s has %d parts; expected %d\n%s", s, form, n(have), n(plain[form]), have)
			}
			for line := range strings.Lines(have) {
				if line = strings.TrimSpace(line); form == "text" && (strings.HasPrefix(line, "::") || strings.Contains(line, "##[")) {
					t.Errorf("%q: the text has a command of a CI runner: %s", s, line)
				}
			}
			if form == "markdown" && (strings.Contains(have, " <script") || strings.Contains(have, "](https://example.com") || strings.Contains(have, " https://example.com")) {
				t.Errorf("%q: the summary has a link or an element:\n%s", s, have)
			}
		}
	}
}

// TestGitHubOrder checks which annotations are written, and in which order: reasons, then new
// findings, then old ones, the first of each check before the others, and by hosts.
func TestGitHubOrder(t *testing.T) {
	rep := &validate.Report{Subject: validate.Rules("rules (ipc)", nil), Ran: []*validate.Check{first, second}}
	add := func(c *validate.Check, old bool, hosts ...uint64) {
		for _, n := range hosts {
			f := validate.Finding{Check: c, Old: old, Message: fmt.Sprintf("%s on %d", c.ID, n), Builds: []validate.Build{{Name: "1", Hosts: n}}}
			f.Where.Source = validate.Position{Path: "rules/a.yml", Line: len(rep.Findings) + 1}
			rep.Findings = append(rep.Findings, f)
		}
	}
	add(first, false, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	add(first, true, 1000)
	add(second, false, 2, 1)
	rep.Totals = []validate.Total{{Check: first, Found: 13, Old: 1}, {Check: second, Found: 2}}
	// A finding without a line is about no file, and its message names the subject.
	rep.Findings[14].Where.Source = validate.Position{}
	run := NewRun(Judged(rep, ""), NotJudgedAt(validate.Position{Path: "rules/b.yml", Line: 3, Column: 5}, errors.New("not supported")))
	var b strings.Builder
	if err := GitHub(&b, run); err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, line := range strings.Split(strings.TrimSpace(b.String()), "\n") {
		_, message, _ := strings.Cut(line[1:], "::")
		have = append(have, message)
	}
	want := []string{"not supported", "CF9001 on 12", "CF9002 on 2", "CF9001 on 11", "CF9001 on 10", "CF9001 on 9", "CF9001 on 8", "CF9001 on 7", "CF9001 on 6", "and 7 more; the report has them"}
	if !slices.Equal(have[:len(have)-1], want) {
		t.Errorf("have %q\nwant %q", have, want)
	}
	if !strings.HasPrefix(b.String(), "::error file=rules/b.yml,line=3,endLine=3,title=undecided::not supported\n") {
		t.Errorf("the first annotation lacks its place:\n%s", &b)
	}

	b.Reset()
	rep.Findings, rep.Totals = rep.Findings[14:], []validate.Total{{Check: second, Found: 1}}
	if err := GitHub(&b, NewRun(Judged(rep, ""))); err != nil || !strings.HasPrefix(b.String(), "::error title=CF9002 second-holds::rules (ipc): CF9002 on 1\n") {
		t.Errorf("a finding without a file (%v):\n%s", err, &b)
	}
}

// TestSARIFAnyFile checks that code scanning gets a file for a finding that is about no file, and
// other viewers do not.
func TestSARIFAnyFile(t *testing.T) {
	run := NewRun(Judged(&validate.Report{
		Subject: validate.Rules("rules (ipc)", nil), Ran: []*validate.Check{first}, Totals: []validate.Total{{Check: first, Found: 1}},
		Findings: []validate.Finding{{Check: first, Message: "m"}},
	}, ""))
	run.Sources = []Source{{Use: "types", Path: "types.json"}, {Use: "rules", Path: "rules/a.yml"}}
	for form, want := range map[string]string{
		"sarif":        `"locations":[{"logicalLocations":[{"fullyQualifiedName":"rules (ipc)"}]}]`,
		"sarif-github": `"locations":[{"physicalLocation":{"artifactLocation":{"uri":"rules/a.yml"},"region":{"startLine":1,"startColumn":1,"endLine":1,"endColumn":1}}}]`,
	} {
		var b bytes.Buffer
		if err := FormatOf(form).Write(&b, run); err != nil {
			t.Fatal(err)
		}
		if err := gatetest.Form(form, b.Bytes()); err != nil || !strings.Contains(b.String(), want) || !strings.Contains(b.String(), `"rules (ipc): m`) {
			t.Errorf("%s (%v) lacks %s, or the subject:\n%s", form, err, want, &b)
		}
	}
}
