package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/oneline"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

var update = flag.Bool("update", false, "write the files that the tests compare with")

// Checks that the gate does not have.
var (
	first  = &validate.Check{ID: "CF9001", Name: "first-of-all", Doc: "the first holds\n\nElse nothing does."}
	second = &validate.Check{ID: "CF9002", Name: "second-holds", Doc: "the second holds\n\nText.", Requires: []string{"CF9001"}}
	third  = &validate.Check{ID: "CF9003", Name: "third-holds", Doc: "the third holds\n\nText.", Requires: []string{"CF9002"}}
	advice = &validate.Check{ID: "CF9004", Name: "advice", Doc: "all is well\n\nText.", Severity: validate.Warning}
	aside  = &validate.Check{ID: "CF9005", Name: "aside", Doc: "all is known\n\nText.", Severity: validate.Note}
)

// fleet has two contracts that rest on different evidence.
var fleet = &sensor.Fleet{Name: "ours", Contracts: []sensor.Contract{
	{Build: "1", Hosts: 400, Reader: sensor.Reader{Evidence: sensor.EvidenceStated}, Supplies: []sensor.Supply{{Evidence: sensor.EvidenceObserved}}},
	{Build: "2", Hosts: 600, Reader: sensor.Reader{Evidence: sensor.EvidenceExtracted}},
}}

// corpusFile returns the file of a case.
func corpusFile(t testing.TB, name string) *channelfile.File {
	t.Helper()
	return testkit.Parse(t, gatetest.Case(t, name).Data)
}

func at(start, end int) channelfile.Range { return channelfile.Range{Start: start, End: end} }

// waivedFinding is a finding that a waiver accepts.
func waivedFinding(c *validate.Check, message string, line int) validate.Finding {
	return validate.Finding{
		Check: c, Message: message, Where: validate.Location{Source: validate.Position{Path: "a.yml", Line: line, Column: 1}},
		Waiver: &validate.Waiver{
			Check: c.ID, Rule: "r", Reason: "later\x1b[31m", By: "ann", Until: sensor.Date{Year: 2027, Month: 1, Day: 31},
			From: validate.Position{Path: ".cfcheck.yaml", Line: 10 + line, Column: 3},
		},
	}
}

// runs are hand-made, one for each thing that a report has to show.
func passedOver() []PassedOver {
	return []PassedOver{
		{Folder: "out", Kind: OtherFile, Found: 1207, Names: []string{"out/1", "out/2\nline", "out/3", "out/4", "out/5"}},
		{Folder: "out", Kind: HiddenFile, Found: 1, Names: []string{"out/.x"}},
		{Folder: "out", Kind: Link, Found: 1, Names: []string{"out/link"}},
		{Folder: "out", Kind: SpecialFile, Found: 2, Names: []string{"out/fifo", "out/socket"}},
		{Folder: "rules", Kind: VersionControl, Found: 1, Names: []string{"rules/.git"}},
		{Folder: "rules", Kind: Excluded, Found: 2, Names: []string{"rules/ci/a.yml", "rules/ci/b.yml"}},
		{Folder: "rules", Kind: OtherPolicy, Found: 1, Names: []string{"rules/.cfcheck.yaml"}},
	}
}

func runs(t testing.TB) []struct {
	name, why string
	run       *Run
} {
	file := corpusFile(t, "minimal")
	finding := func(c *validate.Check, message string) validate.Finding {
		return validate.Finding{Check: c, Message: message}
	}
	judged := func(r validate.Report) Result {
		for _, f := range r.Findings {
			i := slices.IndexFunc(r.Totals, func(t validate.Total) bool { return t.Check == f.Check })
			if i < 0 {
				i = len(r.Totals)
				r.Totals = append(r.Totals, validate.Total{Check: f.Check})
			}
			r.Totals[i].Found++
		}
		return Judged(&r, strings.Repeat("ab", 32))
	}
	gate := Gate{Version: "v1.2.3", Digest: strings.Repeat("cd", 32), Checks: 4}
	with := func(run Run, results ...Result) *Run {
		run.Add(results...)
		return &run
	}
	one := func(r Result) *Run { return with(Run{Gate: gate}, r) }

	onSource := finding(first, `rule "Demo" reads input 21 (index 20) of type ipc`)
	onSource.Where = validate.Location{Path: "instance[0].word[0]", Range: at(4, 8), Source: validate.Position{Path: "pipes.yml", Line: 7, Column: 9}}
	onSource.Details = []string{"declared 21, build 1 supplies 20: 400 of 1,000 hosts (fleet ours)", "declared 21, build 2 supplies 19: 600 of 1,000 hosts (fleet ours)"}
	onSource.Fix = `drop the criterion on field "ClientImage"`
	onSource.Instance = &validate.Instance{Index: 0, ID: channelfile.ID{15: 1}, Rule: "R1", Title: "Demo", Author: "cfcheck project"}
	onSource.Input = &validate.Input{Index: 20, Name: "ClientImage", Type: sensor.TypeString}
	onSource.Builds = []validate.Build{{Name: "1", Hosts: 400}}
	onSource.Group = "CF9001 input 20"
	onSource.Identity = validate.Identity{Check: "CF9001", Subject: "channel 291, type 1", Rule: onSource.Instance.ID.String(), Path: "ClientImage"}
	again := onSource
	again.Message = `rule "Other" reads input 21 (index 20) of type ipc`
	again.Where.Source.Line = 90
	lines := func(path string, line int) (string, bool) {
		if path != "pipes.yml" || line != 7 {
			return "", false
		}
		return "\tü: x # ClientImage\r", true
	}

	onBytes := finding(second, "the pool is not as it should be")
	onBytes.Where = validate.Location{Path: "pool[0]", Range: at(437, 445)}
	onBytes.Fix = "encode it again"
	provenance := onBytes
	provenance.Where.Source = validate.Position{Path: `C:\rules\pipes.yml`, Line: 3, Text: `PipeName: '\x'`}
	foreign := onBytes
	foreign.Where.Source = validate.Position{Path: "update.bin", Range: at(0x1234, 0x1238)}

	// Of 43 rules that read one missing input the report holds twelve.
	grouped := validate.Report{
		Subject: &validate.Subject{Kind: validate.KindRules, Name: "rules (process)"}, Ran: []*validate.Check{advice, first},
		Summaries: []validate.Summary{{
			Check: advice, Group: "OriginalFileName", Found: 43, Input: &validate.Input{Index: 2, Name: "OriginalFileName", Type: sensor.TypeString},
			Builds:  []validate.Build{{Name: "1", Hosts: 400}},
			Message: "43 of 907 rules can never match events of feed security of build 1, which do not have OriginalFileName",
			Details: []string{"feed security of build 1 does not supply OriginalFileName: 400 of 1,000 hosts (fleet ours)"}, Fix: "read another field",
		}, {Check: advice, Group: "bare", Found: 2, Message: "2 of 907 rules are as bare as this"}},
		Totals: []validate.Total{{Check: first, Found: 12}, {Check: advice, Found: 50}},
	}
	for i := range 12 {
		f := finding(advice, fmt.Sprintf("rule %d can never match", i))
		f.Group, f.Details, f.Fix, f.Builds = "OriginalFileName", grouped.Summaries[0].Details, "read another field", grouped.Summaries[0].Builds
		f.Where.Source = validate.Position{Path: fmt.Sprintf("rules/%02d.yml", i), Line: 10 + i}
		f.Instance = &validate.Instance{Index: i, ID: channelfile.ID{15: byte(i)}, Rule: fmt.Sprintf("r-%d", i), Title: fmt.Sprintf("Rule\t%d", i)}
		switch i {
		case 1:
			f.Instance.Title = ""
		case 2:
			f.Instance.Title, f.Instance.Rule = "", ""
		case 3:
			f.Instance = &validate.Instance{Index: 3}
		case 4:
			f.Instance = nil
		case 5:
			f.Instance = &validate.Instance{Index: -1}
		}
		grouped.Findings = append(grouped.Findings, f)
	}
	for i := range 2 {
		f := finding(advice, "as bare as this")
		f.Group, f.Where.Range = "bare", at(4*i, 4*i+4)
		grouped.Findings = append(grouped.Findings, f)
	}
	for i := range 12 {
		f := finding(first, fmt.Sprintf("one of several places, number %d", i))
		f.Group, f.Where.Source = "a group of which nobody says what it has in common", validate.Position{Path: "a.yml", Line: i + 1}
		grouped.Findings = append(grouped.Findings, f)
	}
	ofBytes := grouped
	ofBytes.Subject = validate.ChannelFile("C.cf", file.Data())

	hostile := finding(advice, "title \"a\nrejected  b\" \x1b[31mred \u202ebackwards \xff\x00")
	hostile.Where.Source = validate.Position{Path: "a\r\nb.yml", Line: 1, Text: "x\x1b]0;title\a"}
	hostile.Fix, hostile.Details = "tab\there", []string{"\u2028line", "zero\u200bwidth"}
	long := finding(first, strings.Repeat("long ", 1000))
	long.Where.Source = validate.Position{Path: "long.yml", Line: 1, Column: 5001}

	noted := validate.Report{
		Subject: validate.ChannelFile("C.cf", nil), Fleet: fleet, Ran: []*validate.Check{first, aside}, Counts: validate.Counts{Builds: 2, Contracts: 1, Hosts: 1000},
		Summaries: []validate.Summary{{Check: aside, Group: "two", Found: 2, Message: "2 of 9 rules are as plain as this"}},
		Totals:    []validate.Total{{Check: aside, Found: 1200}},
	}
	for i, group := range []string{"two", "two", ""} {
		f := finding(aside, fmt.Sprintf("rule %d is plain", i))
		f.Group, f.Fix = group, "nothing need be done"
		noted.Findings = append(noted.Findings, f)
	}
	accepted := judged(validate.Report{Subject: validate.ChannelFile("C.cf", nil), Ran: []*validate.Check{first}})

	stood := func(newOnly bool) Result {
		r := validate.Report{
			Subject: validate.ChannelFile("C.cf", nil), Fleet: fleet, Ran: []*validate.Check{first, advice}, NewOnly: newOnly, FailOnWarnings: true,
			Summaries: []validate.Summary{{Check: advice, Group: "two", Found: 2, Message: "2 of 9 rules are as bare as this"}, {Check: advice, Group: "all", Found: 2, Message: "2 of 9 rules are barer"}},
			Totals:    []validate.Total{{Check: first, Found: 1, Old: 1}, {Check: advice, Found: 5, Old: 4}},
		}
		for i, group := range []string{"", "two", "two", "all", "all", ""} {
			f := finding(advice, fmt.Sprintf("rule %d is bare", i))
			if i == 0 {
				f = finding(first, "it is at fault")
			}
			f.Group, f.Fix, f.Old = group, "look at it", i != 2
			f.Instance = &validate.Instance{Index: i, Title: fmt.Sprintf("Rule %d", i)}
			r.Findings = append(r.Findings, f)
		}
		return Judged(&r, "")
	}

	return []struct {
		name, why string
		run       *Run
	}{
		{"notes", "notes are counted, and not shown", one(Judged(&noted, ""))},
		{"notes-shown", "notes are shown where they are asked for", with(Run{Gate: gate, ShowNotes: true}, Judged(&noted, ""))},
		{"notes-beside", "a warning among notes is shown", one(judged(validate.Report{
			Subject: validate.ChannelFile("C.cf", nil), Ran: []*validate.Check{first, advice, aside}, Findings: []validate.Finding{finding(advice, "look at it"), finding(aside, "by the way")},
		}))},
		{"source", "the line of a rule, a caret under the byte that is at fault, and a second place in one line", with(Run{Gate: gate, Lines: lines}, judged(validate.Report{
			Subject: &validate.Subject{Kind: validate.KindRules, Name: "rules (ipc)"}, File: file, Needs: sensor.NeedsOf(file, nil), Fleet: fleet,
			Findings: []validate.Finding{onSource, again}, Ran: []*validate.Check{first, second},
			Builds: []validate.BuildReport{{Build: validate.Build{Name: "1", Hosts: 400}, Addressed: true, AtFault: true}, {Build: validate.Build{Name: "2", Hosts: 600}}},
			Counts: validate.Counts{Instances: 1, Criteria: 1, Builds: 2, Contracts: 2, Hosts: 1000},
		}))},
		{"bytes", "the bytes that are at fault ; and what the provenance says of them, instead", one(judged(validate.Report{
			Subject: validate.ChannelFile(`out\C.cf`, file.Data()), File: file,
			Findings: []validate.Finding{onBytes, provenance}, Ran: []*validate.Check{first, second},
			Definition: &sensor.Definition{Name: "ipc"}, Undecided: []string{"no fleet was given"},
		}))},
		{"foreign", "a place in a file of another format; of the channel file that it was decoded to, nobody has seen a byte", one(judged(validate.Report{
			Subject: validate.Rules("update.bin", file.Data()), File: file, Findings: []validate.Finding{foreign}, Ran: []*validate.Check{first, second},
		}))},
		{"unread", "a check that was skipped because one was that it requires is skipped for that one's reason", one(judged(validate.Report{
			Subject: validate.ChannelFile("C.cf", file.Data()), Fleet: fleet,
			Findings: []validate.Finding{finding(advice, "look at it")},
			Ran:      []*validate.Check{advice}, NotApplicable: []*validate.Check{advice},
			Skipped: []validate.Skip{{Check: first, Why: "there is nothing"}, {Check: second, Why: "requires CF9001"}, {Check: third, Why: "requires CF9002"}},
		}))},
		{"accepted", "what was compared with whom, though nothing was found", one(judged(validate.Report{
			Subject: validate.Needs("needs.json", new(sensor.Needs)), Needs: new(sensor.Needs), Fleet: fleet,
			Ran: []*validate.Check{first}, Counts: validate.Counts{Builds: 2, Contracts: 1, Hosts: 1000},
		}))},
		{"unaddressed", "of many builds that the content is not for nobody reads the names", one(judged(validate.Report{
			Subject: validate.ChannelFile("C.cf", nil), Fleet: fleet, Ran: []*validate.Check{first},
			Builds: []validate.BuildReport{
				{Build: validate.Build{Name: "1", Hosts: 400}, Addressed: true}, {Build: validate.Build{Name: "2", Hosts: math.MaxUint64}}, {Build: validate.Build{Name: "3", Hosts: 600}},
				{Build: validate.Build{Name: "4", Hosts: 600}}, {Build: validate.Build{Name: "5\x1b", Hosts: 600}}, {Build: validate.Build{Name: "6", Hosts: 600}}, {Build: validate.Build{Name: "7", Hosts: 600}},
			},
		}))},
		{"old", "a finding that stood at the previous release has a mark", one(stood(false))},
		{"old-new-only", "where only new findings count the others are counted, and not shown", one(stood(true))},
		{"old-shown", "they are shown where that is asked for, and none of them says rejected", with(Run{Gate: gate, ShowNotes: true}, stood(true))},
		{"more", "of a check that finds very much, the report says how many it does not show", one(judged(validate.Report{
			Subject: validate.ChannelFile("C.cf", nil), Findings: []validate.Finding{finding(first, "one"), finding(first, "two")},
			Totals: []validate.Total{{Check: first, Found: 1000}}, Ran: []*validate.Check{first},
		}))},
		{"grouped", "of many rules of which the same is said, the first stand below it; how many there are is said", one(Judged(&grouped, ""))},
		{"grouped-all", "all can be had", with(Run{Gate: gate, MaxRules: 100}, Judged(&grouped, ""))},
		{"grouped-bytes", "where no text is known the bytes are named", with(Run{Gate: gate, MaxRules: 3, Remarks: []string{"out: 3 files were\npassed over"}}, Judged(&ofBytes, ""))},
		{"sources", "one digest stands for all rules, and each other file has its own", with(Run{Gate: gate, Sources: []Source{
			SourceOf("types", "types.json", []byte("{}")), SourceOf("rules", "rules/b\n.yml", []byte("b")), SourceOf("rules", "rules/a.yml", nil),
		}}, accepted)},
		{"waived", "findings that waivers accept stand apart, and few of many", with(Run{Gate: gate, MaxRules: 2, Lines: lines}, judged(validate.Report{
			Subject: &validate.Subject{Name: "C.cf"}, Ran: []*validate.Check{first, advice}, WaivedFound: 1204,
			Waived: []validate.Finding{
				waivedFinding(first, "one", 1), waivedFinding(first, "two\n", 2), waivedFinding(first, "three", 3), waivedFinding(advice, "four", 4),
			},
		}))},
		{"waivers", "of the waivers of a run their file has the lines", with(Run{Gate: gate, Lines: lines}, judged(validate.Report{
			Subject: validate.Waivers("2 waivers", nil), Ran: []*validate.Check{advice},
			Findings: []validate.Finding{{Check: advice, Message: "unused", Where: validate.Location{Source: validate.Position{Path: "pipes.yml", Line: 7, Column: 3}}}},
		}))},
		{"policy", "the policy, its keys, and the keys that a flag overrides", with(Run{Gate: gate, Policy: &Policy{
			Path: "../.cfcheck.yaml", Size: 12, Digest: strings.Repeat("ab", 32), Settings: []Setting{
				{Key: "fleets", Values: []string{"a.json", "b\x1b.json"}, From: "../.cfcheck.yaml:2:10"},
				{Key: "fail-on", Values: []string{"warning"}, From: "--fail-on", Overrides: "../.cfcheck.yaml:3:10"},
				{Key: "exclude", Values: nil, From: "--exclude"},
			}}}, accepted)},
		{"policy-overridden", "a policy of which flags override all", with(Run{Gate: gate, Policy: &Policy{Path: ".cfcheck.yaml", Digest: strings.Repeat("cd", 32)}}, accepted)},
		{"passed-over", "what was not judged is counted and named, and without a flag it blocks nothing", with(Run{Gate: gate, PassedOver: passedOver()}, accepted)},
		{"passed-over-blocks", "with the flag it does, but for version control", with(Run{Gate: gate, PassedOver: passedOver(), FailOnWarnings: true}, accepted)},
		{"undecided", "nothing was judged, and each reason is said", with(Run{
			Gate:     Gate{Version: "(devel)", Checks: 4, SelfTest: "good content: rejected, expected accepted"},
			Problems: []string{"out: nothing to check"},
		}, NotJudged("a.cf", fmt.Errorf("a.cf: cannot be read: %w", fs.ErrNotExist)), NotJudged("b.cf", errors.New("internal error")))},
		{"several", "of several verdicts the last line says which counts, and of how many", with(Run{Gate: gate},
			judged(validate.Report{Subject: validate.ChannelFile("a.cf", nil), Ran: []*validate.Check{first}}),
			judged(validate.Report{Subject: validate.ChannelFile("b.cf", nil), Ran: []*validate.Check{first}, Findings: []validate.Finding{finding(first, "no")}}),
		)},
		{"fleets", "where a run has several fleets each result names its own", func() *Run {
			var results []Result
			for _, name := range []string{"ours", "a\nb.json"} {
				r := judged(validate.Report{Subject: validate.ChannelFile("C.cf", nil), Fleet: fleet, Needs: new(sensor.Needs), Ran: []*validate.Check{first}, Counts: validate.Counts{Builds: 2, Contracts: 2, Hosts: 1000}})
				r.FleetNamed = name
				results = append(results, r)
			}
			return with(Run{Gate: gate}, results...)
		}()},
		{"leftout", "rules that are not in the verdict come first, or they would hide what was found", func() *Run {
			r := judged(validate.Report{Subject: validate.ChannelFile("rules (ipc)", nil), Ran: []*validate.Check{first}, Findings: []validate.Finding{finding(advice, "look at it")}})
			r.LeftOut = []LeftOut{
				{File: "a.yml", Line: 1, Column: 2, Path: "detection.selection", ID: "0c7a", Title: "A", Reason: "it looks ahead"},
				{File: "b.yml", Line: 3, Column: 4, Reason: "it needs another"},
			}
			return one(r)
		}()},
		{"forms", "what each form has to show, in one run", func() *Run {
			fresh, stood := onSource, onSource
			fresh.Group, stood.Group = "", ""
			stood.Message, stood.Old, stood.Where.Source.Line = `rule "Older" reads input 21 (index 20) of type ipc`, true, 9
			rules := judged(validate.Report{
				Subject: &validate.Subject{Kind: validate.KindRules, Name: "rules (ipc)"}, Fleet: fleet,
				Ran: []*validate.Check{first, advice, aside}, Skipped: []validate.Skip{{Check: second, Why: "requires CF9001 first-of-all"}},
				Findings: []validate.Finding{stood, fresh, finding(advice, "look | at <it>"), finding(aside, "by the way")},
				Waived:   []validate.Finding{waivedFinding(advice, "accepted for now", 3)}, WaivedFound: 2,
			})
			rules.LeftOut = []LeftOut{{File: "pipes.yml", Line: 7, Column: 2, Path: "detection.selection", ID: "0c7a", Title: "A", Reason: "it looks ahead"}}
			file := judged(validate.Report{Subject: validate.ChannelFile("out/C.cf", corpusFile(t, "minimal").Data()), Ran: []*validate.Check{second}, Findings: []validate.Finding{onBytes}})
			return with(Run{Gate: gate, Lines: lines, PassedOver: passedOver()[:1], Remarks: []string{"a remark"}}, rules, file, NotJudged("gone.cf", errors.New("gone.cf: does not exist")))
		}()},
		{"hostile", "names and texts of what was judged can neither forge a line nor move the cursor", one(judged(validate.Report{
			Subject: validate.ChannelFile("C\n\x1b[2K.cf", nil), Findings: []validate.Finding{hostile}, Ran: []*validate.Check{advice}, Undecided: []string{"a\nb"},
		}))},
		{"long", "a long line is shown around the column, a long message cut", with(Run{Gate: gate, Lines: func(string, int) (string, bool) { return strings.Repeat("0123456789", 1000), true }},
			judged(validate.Report{Subject: &validate.Subject{Kind: validate.KindRules, Name: "long.yml"}, Findings: []validate.Finding{long}, Ran: []*validate.Check{first}}))},
	}
}

// TestReports compares the reports of hand-made runs, as text and as JSON.
func TestReports(t *testing.T) {
	for _, tt := range runs(t) {
		t.Run(tt.name, func(t *testing.T) {
			if tt.why == "" {
				t.Fatal("no why")
			}
			for _, f := range Formats {
				format, write := f.Name, f.Write
				var b bytes.Buffer
				if err := write(&b, tt.run); err != nil {
					t.Fatal(err)
				}
				if format == "json" {
					validJSON(t, b.Bytes())
				}
				if err := gatetest.Form(format, b.Bytes()); err != nil {
					t.Errorf("%s: %v\n%s", format, err, &b)
				}
				if compared(tt.name, format) {
					golden(t, tt.name+"."+format, b.Bytes())
				}
			}
		})
	}
}

// golden compares with a file in testdata.
func golden(t *testing.T, name string, have []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, have, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./report -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(have)); diff != "" {
		t.Errorf("%s differs; go test ./report -update writes it anew. -want +got:\n%s", path, diff)
	}
}

func TestGoldenFilesAreUsed(t *testing.T) {
	used := map[string]bool{"overview.text": true, "overview.json": true, "cost.text": true, "cost.json": true, "coverage.text": true, "coverage.csv": true, "coverage.json": true, "fleet.text": true, "fleet-inputs.text": true, "fleet.md": true, "fleet.csv": true, "fleet.json": true, "diff.text": true, "diff.md": true, "diff.json": true}
	for _, name := range inspected {
		for _, as := range []string{".inspect", ".hex", ".needs"} {
			used[name+as] = true
		}
	}
	for _, tt := range runs(t) {
		for _, format := range Formats {
			if compared(tt.name, format.Name) {
				used[tt.name+"."+format.Name] = true
			}
		}
	}
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !used[f.Name()] && f.Name() != "fuzz" {
			t.Errorf("testdata/%s is compared with nothing", f.Name())
		}
	}
}

var schema = sync.OnceValue(func() *jsonschema.Schema {
	data, err := Schemas.ReadFile("schema/report.json")
	if err != nil {
		panic(err)
	}
	return compiled(nil, data)
})

// compiled returns a compiled schema. It panics on an error if t is nil.
func compiled(t testing.TB, data []byte) *jsonschema.Schema {
	fail := func(err error) {
		if t == nil {
			panic(err)
		}
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		fail(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		fail(err)
	}
	return c.MustCompile("schema.json")
}

// A schemaCase is a document, and whether a schema must accept it.
type schemaCase struct {
	doc  string
	good bool
}

// testSchema checks that a schema of the package accepts the good documents and no other.
func testSchema(t *testing.T, name string, cases map[string]schemaCase) {
	t.Helper()
	raw, err := Schemas.ReadFile("schema/" + name)
	if err != nil {
		t.Fatal(err)
	}
	schema := compiled(t, raw)
	for why, tt := range cases {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(tt.doc))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); (err == nil) != tt.good {
			t.Errorf("%s: %v", why, err)
		}
	}
}

func validJSON(t *testing.T, data []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v:\n%s", err, data)
	}
	if err := schema().Validate(doc); err != nil {
		t.Errorf("%v:\n%s", err, data)
	}
}

// The schema must refuse something, or it would hold nothing.
func TestSchemaRefuses(t *testing.T) {
	for why, doc := range map[string]string{
		"a key that is not there":   `{"schema":"cfcheck.report/v0","verdict":"accepted","exitCode":0,"gate":{"version":"","selfTest":"passed","checks":1},"problems":[],"remarks":[],"sources":[],"passedOver":[],"results":[],"more":1}`,
		"another schema":            `{"schema":"cfcheck.report/v9","verdict":"accepted","exitCode":0,"gate":{"version":"","selfTest":"passed","checks":1},"problems":[],"remarks":[],"sources":[],"passedOver":[],"results":[]}`,
		"a verdict that is unknown": `{"schema":"cfcheck.report/v0","verdict":"maybe","exitCode":0,"gate":{"version":"","selfTest":"passed","checks":1},"problems":[],"remarks":[],"sources":[],"passedOver":[],"results":[]}`,
		"no verdict":                `{"schema":"cfcheck.report/v0"}`,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		if schema().Validate(value) == nil {
			t.Errorf("accepted: %s", why)
		}
	}
}

// TestCorpus writes the report on every case of the corpus: each is JSON as
// published, and safe to show.
func TestCorpus(t *testing.T) {
	for i, c := range corpus.Cases() {
		if testing.Short() && i%4 != 0 {
			continue
		}
		opts := gatetest.Options(t, &c, suite.Checks...)
		defs := opts.Definitions
		r := validate.Run(validate.ChannelFile(c.FileName, c.Data), opts)
		run := NewRun(Judged(r, ""))
		run.Gate = Gate{Version: "v0", Checks: len(suite.Checks)}
		var text, data bytes.Buffer
		if err := errors.Join(Text(&text, run), JSON(&data, run)); err != nil {
			t.Fatal(err)
		}
		validJSON(t, data.Bytes())
		shownSafely(t, c.Name, text.String())
		if f, err := channelfile.Parse(c.Data); err == nil {
			var shown bytes.Buffer
			if err := errors.Join(Inspect(&shown, f, defs), Hex(&shown, f), Needs(&shown, c.FileName, sensor.NeedsOf(f, defs), defs.ByNumber(f.Header.Type, f.Header.TypeVersion))); err != nil {
				t.Fatal(err)
			}
			shownSafely(t, c.Name, shown.String())
		}
	}
}

func shownSafely(t *testing.T, name, text string) {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		switch {
		case !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }):
			t.Errorf("%s: line %d could change what a terminal shows: %q", name, i+1, line)
		case strings.TrimRight(line, " ") != line:
			t.Errorf("%s: line %d ends in spaces: %q", name, i+1, line)
		}
	}
	if !strings.HasSuffix(text, "\n") {
		t.Errorf("%s: the last line has no end", name)
	}
}

func TestVerdictOfARun(t *testing.T) {
	of := func(v validate.Verdict) Result {
		r := validate.Report{Subject: new(validate.Subject), Ran: []*validate.Check{first}}
		switch v {
		case validate.Rejected:
			r.Findings = []validate.Finding{{Check: first}}
		case validate.Undecided:
			r.Undecided = []string{"why"}
		}
		return Judged(&r, "")
	}
	a, r, u := of(validate.Accepted), of(validate.Rejected), of(validate.Undecided)
	for _, tt := range []struct {
		why     string
		run     Run
		results []Result
		status  int
	}{
		{"nothing was judged", Run{}, nil, 2},
		{"all is well", Run{}, []Result{a, a}, 0},
		{"1 wins over 0", Run{}, []Result{a, r, a}, 1},
		{"2 wins over 1", Run{}, []Result{r, u}, 2},
		{"whatever the order", Run{}, []Result{u, r}, 2},
		{"what was not judged is undecided", Run{}, []Result{r, NotJudged("x", fs.ErrNotExist)}, 2},
		{"the zero Result is undecided", Run{}, []Result{{}}, 2},
		{"a problem outside of the results", Run{Problems: []string{"why"}}, []Result{a}, 2},
		{"a gate that is broken", Run{Gate: Gate{SelfTest: "why"}}, []Result{a}, 2},
	} {
		tt.run.Add(tt.results...)
		if have := ExitStatus(tt.run.Verdict()); have != tt.status {
			t.Errorf("%s: %v, exit status %d; expected %d", tt.why, tt.run.Verdict(), have, tt.status)
		}
	}
}

// Judged lets go of the bytes, and leaves the caller's report alone.
func TestJudgedHoldsNoBytes(t *testing.T) {
	file := corpusFile(t, "minimal")
	r := &validate.Report{Subject: validate.ChannelFile("C.cf", file.Data()), File: file}
	result := Judged(r, "")
	if result.report.File != nil || result.report.Subject.Data != nil {
		t.Error("the result holds the file")
	}
	if r.File == nil || r.Subject.Data == nil {
		t.Error("the report was changed")
	}
}

// TestNoFinding asks for the place and the bytes of findings that do not exist.
func TestNoFinding(t *testing.T) {
	data := make([]byte, 100)
	judged := Judged(&validate.Report{
		Subject:  &validate.Subject{Name: "a.cf", Data: data},
		Findings: []validate.Finding{{Check: first, Where: validate.Location{Path: "instance[0]", Range: at(16, 20)}}},
	}, "")
	notJudged := NotJudged("a.cf", errors.New("unreadable"))
	if start, rows := judged.Window(0); start != 16 || len(rows) != 16 {
		t.Errorf("finding 0 is at %d with %d bytes, want 16 with 16", start, len(rows))
	}
	for _, tt := range []struct {
		result *Result
		i      int
		why    string
	}{
		{&judged, -1, "before the first finding"},
		{&judged, 1, "after the last finding"},
		{&judged, math.MinInt, "the smallest number"},
		{&judged, math.MaxInt, "the largest number"},
		{&notJudged, 0, "a result without findings"},
	} {
		if start, rows := tt.result.Window(tt.i); start != 0 || rows != nil {
			t.Errorf("Window(%d) = %d, %x, want no bytes (%s)", tt.i, start, rows, tt.why)
		}
		if place := tt.result.Place(tt.i); place != "a.cf" {
			t.Errorf("Place(%d) = %q, want the name of the subject (%s)", tt.i, place, tt.why)
		}
	}
}

func TestWindow(t *testing.T) {
	data := make([]byte, 100) // the last row has four bytes
	for i := range data {
		data[i] = byte(i)
	}
	rows := func(lines ...string) string { return strings.Join(lines, "\n") }
	for _, tt := range []struct {
		why  string
		at   channelfile.Range
		want string
	}{
		{"the first byte", at(0, 1), rows(
			"0x0000 | 00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f",
			"       | ^^")},
		{"either side of the gap in the middle", at(7, 9), rows(
			"0x0000 | 00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f",
			"       |                      ^^  ^^")},
		{"over the end of a row", at(31, 33), rows(
			"0x0010 | 10 11 12 13 14 15 16 17  18 19 1a 1b 1c 1d 1e 1f",
			"       |                                               ^^",
			"0x0020 | 20 21 22 23 24 25 26 27  28 29 2a 2b 2c 2d 2e 2f",
			"       | ^^")},
		{"the end of a row is not the start of the next", at(30, 32), rows(
			"0x0010 | 10 11 12 13 14 15 16 17  18 19 1a 1b 1c 1d 1e 1f",
			"       |                                            ^^ ^^")},
		{"the last byte, in a short row", at(99, 100), rows(
			"0x0060 | 60 61 62 63",
			"       |          ^^")},
		{"three rows are all", at(15, 48), rows(
			"0x0000 | 00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f",
			"       |                                               ^^",
			"0x0010 | 10 11 12 13 14 15 16 17  18 19 1a 1b 1c 1d 1e 1f",
			"       | ^^ ^^ ^^ ^^ ^^ ^^ ^^ ^^  ^^ ^^ ^^ ^^ ^^ ^^ ^^ ^^",
			"0x0020 | 20 21 22 23 24 25 26 27  28 29 2a 2b 2c 2d 2e 2f",
			"       | ^^ ^^ ^^ ^^ ^^ ^^ ^^ ^^  ^^ ^^ ^^ ^^ ^^ ^^ ^^ ^^")},
		{"of more it says where they end", at(47, 97), rows(
			"0x0020 | 20 21 22 23 24 25 26 27  28 29 2a 2b 2c 2d 2e 2f",
			"       |                                               ^^",
			"0x0030 | 30 31 32 33 34 35 36 37  38 39 3a 3b 3c 3d 3e 3f",
			"       | ^^ ^^ ^^ ^^ ^^ ^^ ^^ ^^  ^^ ^^ ^^ ^^ ^^ ^^ ^^ ^^",
			"0x0040 | 40 41 42 43 44 45 46 47  48 49 4a 4b 4c 4d 4e 4f",
			"       | ^^ ^^ ^^ ^^ ^^ ^^ ^^ ^^  ^^ ^^ ^^ ^^ ^^ ^^ ^^ ^^",
			"... to 0x0061 (97)")},
		{"no bytes", at(5, 5), ""},
		{"backwards", at(5, 4), ""},
		{"before the start", at(-1, 4), ""},
		{"beyond the end", at(99, 101), ""},
	} {
		f := validate.Finding{Check: first, Where: validate.Location{Range: tt.at}}
		r := Judged(&validate.Report{Subject: validate.ChannelFile("C.cf", data), Findings: []validate.Finding{f}}, "")
		var b strings.Builder
		if err := Text(&b, NewRun(r)); err != nil {
			t.Fatal(err)
		}
		_, have, _ := strings.Cut(b.String(), "\n")
		have, _, _ = strings.Cut(have, "\nrejected")
		have = strings.TrimSpace(strings.ReplaceAll("\n"+have, "\n"+inset, "\n"))
		if diff := cmp.Diff(tt.want, have); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
	}
}

func TestExcerpt(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, tt := range []struct {
		why, line  string
		column     int
		before, at string
	}{
		{"a column in the middle", "abc", 2, "a", "bc"},
		{"no column", "abc", 0, "", "abc"},
		{"the first column", "abc", 1, "", "abc"},
		{"one behind the end, where something is missing", "abc", 4, "abc", ""},
		{"far behind the end: the file has changed since", "abc", 99, "abc", ""},
		{"an empty line", "", 1, "", ""},
		{"inside a character: columns are bytes", "ü", 2, `\xc3`, `\xbc`},
		{"as much as is shown on either side", x(200), 101, x(100), x(100)},
		{"more than that", x(300), 151, "..." + x(100), x(100) + "..."},
		{"a column inside a command to a CI runner", "##[x]", 2, `\x23`, `\x23[x]`},
		{"runes are not cut in half", strings.Repeat("ü", 300), 301, "..." + strings.Repeat("ü", 100), strings.Repeat("ü", 100) + "..."},
	} {
		if before, at := excerpt(tt.line, tt.column); before != tt.before || at != tt.at {
			t.Errorf("%s: %q, %q; expected %q, %q", tt.why, before, at, tt.before, tt.at)
		}
	}
}

func TestClean(t *testing.T) {
	for _, tt := range []struct{ why, in, want string }{
		{"what prints stays", `Ünï "quoted" \ 漢字`, `Ünï "quoted" \ 漢字`},
		{"a line end could forge a line", "a\nb\r\n", `a\nb\r\n`},
		{"a tab has no width of its own", "a\tb", "a b"},
		{"an escape moves the cursor", "\x1b[2K", `\x1b[2K`},
		{"so does a C1 control", "\u009b2K", `\u009b2K`},
		{"bidirectional controls reorder what is around them", "\u202e\u2066", `\u202e\u2066`},
		{"line and paragraph separators", "\u2028\u2029", `\u2028\u2029`},
		{"what has no width hides", "a\u200b\ufeffb", `a\u200b\ufeffb`},
		{"beyond the first plane", "\U000e0001", `\U000e0001`},
		{"a command that CI runners find anywhere in a line", "a ##[error]b ##vso[task.x] ##", `a #\x23[error]b #\x23vso[task.x] ##`},
		{"such a command behind another sign", "###[x]", `##\x23[x]`},
		{"bytes that are no UTF-8", "\xff\xc3", `\xff\xc3`},
		{"the replacement character is one", "\ufffd", "\ufffd"},
		{"nothing", "", ""},
	} {
		if have := Clean(tt.in); have != tt.want {
			t.Errorf("%s: %q becomes %q, expected %q", tt.why, tt.in, have, tt.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "abc", "a\nb", "##[error]", "##\u200b[", "\x1b[2K", "\u202e", "\xff", "\ufffd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		have := Clean(s)
		if !utf8.ValidString(have) || strings.ContainsFunc(have, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q becomes %q, which does not all print", s, have)
		}
		if oneline.RunnerCommand.MatchString(have) {
			t.Errorf("%q becomes %q, which has a command of a CI runner", s, have)
		}
		if again := Clean(have); again != have {
			t.Errorf("%q becomes %q, and that %q", s, have, again)
		}
	})
}

// A limited takes so many bytes, and then fails.
type limited struct{ left int }

var errFull = errors.New("no space left")

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

// A writer returns the error of its io.Writer, wherever the report is cut.
func TestWritersReturnTheError(t *testing.T) {
	file := corpusFile(t, "every-operator")
	needs := sensor.NeedsOf(file, builtin.Definitions())
	run := runs(t)[0].run
	for name, write := range map[string]func(io.Writer) error{
		"text":          func(w io.Writer) error { return Text(w, run) },
		"json":          func(w io.Writer) error { return JSON(w, run) },
		"hex":           func(w io.Writer) error { return Hex(w, file) },
		"inspect":       func(w io.Writer) error { return Inspect(w, file, builtin.Definitions()) },
		"needs":         func(w io.Writer) error { return Needs(w, "C.cf", needs, nil) },
		"overview text": overview(t).Text,
		"overview json": overview(t).JSON,
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if b.Len() == 0 {
			t.Fatalf("%s writes nothing", name)
		}
		for _, n := range []int{0, 1, b.Len() / 2, b.Len() - 1} {
			if err := write(&limited{n}); !errors.Is(err, errFull) {
				t.Errorf("%s: after %d of %d bytes the error is %v, expected the writer's", name, n, b.Len(), err)
			}
		}
		if err := write(&limited{b.Len()}); err != nil {
			t.Errorf("%s: with room for all of it the error is %v", name, err)
		}
	}
}

// inspected are the cases of the corpus that TestInspect shows.
var inspected = []string{"every-operator", "regexps"}

func TestInspect(t *testing.T) {
	for _, name := range inspected {
		file := corpusFile(t, name)
		defs := builtin.Definitions()
		for kind, write := range map[string]func(io.Writer) error{
			"hex":     func(w io.Writer) error { return Hex(w, file) },
			"inspect": func(w io.Writer) error { return Inspect(w, file, defs) },
			"needs": func(w io.Writer) error {
				return Needs(w, "C.cf", sensor.NeedsOf(file, defs), defs.ByNumber(file.Header.Type, file.Header.TypeVersion))
			},
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, name+"."+kind, b.Bytes())
		}
	}
}

// A counted repetition is a thousand instructions, and one line.
func TestInspectThousand(t *testing.T) {
	var b bytes.Buffer
	if err := Inspect(&b, corpusFile(t, "expression-of-a-thousand"), nil); err != nil {
		t.Fatal(err)
	}
	const want = `
program 0  '.{1000,}'  1,002 instructions
       0  [\x00-\x09\x0B-\x{10FFFF}] to 1, and so on up to 1000
    1000  split to 999 and 1001
    1001  match
`
	if !strings.HasSuffix(b.String(), want) {
		t.Errorf("%s\nexpected at the end%s", b.String(), want)
	}
}

// TestHexShowsEveryByte holds that no byte of a file is hidden, whatever its
// section table says, and that in a file in normal form each is shown once.
func TestHexShowsEveryByte(t *testing.T) {
	n := 0
	for _, c := range corpus.Cases() {
		f, err := channelfile.Parse(c.Data)
		if err != nil {
			continue
		}
		n++
		var b bytes.Buffer
		if err := Hex(&b, f); err != nil {
			t.Fatal(err)
		}
		shown := make([]int, len(c.Data))
		for line := range strings.Lines(b.String()) {
			var offset int
			if _, err := fmt.Sscanf(line, "%x", &offset); err != nil {
				t.Fatalf("%s: %v: %q", c.Name, err, line)
			}
			for i, h := range strings.Fields(line[len("00000000"):min(len(line), len("00000000  ")+3*16)]) {
				if want := fmt.Sprintf("%02x", c.Data[offset+i]); h != want {
					t.Fatalf("%s: %q: byte %d is %s", c.Name, line, i, want)
				}
				shown[offset+i]++
			}
		}
		for i, times := range shown {
			if times == 0 || times > 1 && f.Conformance() == 0 {
				t.Errorf("%s: byte 0x%x is shown %d times", c.Name, i, times)
				break
			}
		}
	}
	if n < 100 {
		t.Errorf("%d files of the corpus could be read; expected more", n)
	}
}

func TestExplain(t *testing.T) {
	for _, c := range suite.Checks {
		text := Explain(c)
		if !strings.HasPrefix(text, "# "+c.ID+" "+c.Name+"\n\n") || !strings.HasSuffix(text, ".\n") && !strings.HasSuffix(text, "?\n") {
			t.Errorf("%s is explained as\n%s", c.ID, text)
		}
		for line := range strings.Lines(text) {
			if utf8.RuneCountInString(line) > 100 {
				t.Errorf("%s: a line of %d characters, of a text for a terminal: %s", c.ID, utf8.RuneCountInString(line), line)
			}
		}
		if Family(c) == "" {
			t.Errorf("%s is of a family without a name", c.ID)
		}
	}
}

func TestSchemaIsJSON(t *testing.T) {
	data, err := Schemas.ReadFile("schema/report.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Properties struct {
			Schema struct{ Const string }
		}
		Defs struct {
			Result struct {
				Properties struct {
					Kind struct{ Enum []string }
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	for kind := validate.KindChannelFile; kind <= validate.KindSysmonBlob; kind++ {
		if !slices.Contains(doc.Defs.Result.Properties.Kind.Enum, kind.String()) {
			t.Errorf("the schema has no kind of subject %q", kind)
		}
	}
	if doc.Properties.Schema.Const != Schema {
		t.Errorf("the schema is for %q, the reports say %q", doc.Properties.Schema.Const, Schema)
	}
}
