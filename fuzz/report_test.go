package fuzz

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// reportSchema is the published JSON Schema of reports.
var reportSchema = sync.OnceValue(func() *jsonschema.Schema {
	const name = "schema/report.json"
	data, err := report.Schemas.ReadFile(name)
	if err != nil {
		panic(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, doc); err != nil {
		panic(err)
	}
	return c.MustCompile(name)
})

func FuzzReport(f *testing.F) {
	names := []string{
		"::error file=x::y", "a\r\n::error::x", "##[error]x ##vso[task.setvariable]x", "]]><failure/>", "=cmd|' /C calc'!A0", "| a | b |`", "](x)<script>", "{0}%0A,file=x:1",
		"\u009b2K\u2066", "../../etc/passwd", "//host/x", "C:", "%zz",
		"", "C-00000291-00000001-00000001.cf", "a\nb\x1b[31m\u202E\xFF", `C:\out\x.cf`,
	}
	n := 0
	gateSeeds(f, func(data, spec []byte, how byte) {
		// FuzzGate has these seeds too, and judges all of them.
		if n++; n%4 == 0 || fuzzing() || longtest.Enabled() {
			f.Add(data, spec, how, names[n/4%len(names)])
		}
	})
	f.Fuzz(func(t *testing.T, data, spec []byte, how byte, name string) {
		s, opts := gateInput(data, spec, how)
		s.Name = name
		judged := report.Judged(validate.Run(s, opts), "")
		judged.LeftOut = []report.LeftOut{{File: name, Line: 1, Column: 1, Path: name, ID: name, Title: name, Reason: name}}
		run := report.NewRun(judged, report.NotJudged(name, errors.New("cannot be read: "+name)))
		run.Gate = report.Gate{Version: "v0.0.0-fuzz", Checks: len(suite.Checks)}
		run.Problems = []string{name}
		run.Lines = func(path string, line int) (string, bool) { return path, line%2 == 0 }
		run.Remarks = []string{name}
		run.PassedOver = []report.PassedOver{{Folder: name, Kind: report.OtherFile, Found: 2, Names: []string{name}}}
		for _, f := range report.Formats {
			have := written(t, f.Write, run)
			if err := gatetest.Form(f.Name, []byte(have)); err != nil {
				t.Errorf("%s: %v\n%s", f.Name, err, have)
			}
			if f.Name == "json" {
				checkJSON(t, have, run)
			}
		}

		if file, err := channelfile.Parse(s.Data); err == nil {
			for _, write := range []func(io.Writer) error{
				func(w io.Writer) error { return report.Hex(w, file) },
				func(w io.Writer) error { return report.Inspect(w, file, definitions()) },
				func(w io.Writer) error {
					return report.Needs(w, name, sensor.NeedsOf(file, definitions()), definitions().ByNumber(file.Header.Type, file.Header.TypeVersion))
				},
			} {
				var b strings.Builder
				if err := write(&b); err != nil {
					t.Fatal(err)
				}
				checkText(t, b.String())
			}
		}
	})
}

// written returns the output of a writer for a run. It checks that a second call writes the
// same, and that the writer returns write errors.
func written(t *testing.T, write func(io.Writer, *report.Run) error, run *report.Run) string {
	t.Helper()
	var once, twice strings.Builder
	if err := errors.Join(write(&once, run), write(&twice, run)); err != nil {
		t.Fatal(err)
	}
	if once.String() != twice.String() {
		t.Errorf("a report is written differently the second time:\n%s\n%s", &once, &twice)
	}
	if err := write(full{}, run); err == nil {
		t.Error("the writer did not return a write error")
	}
	return once.String()
}

// full is a disk without free space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// checkText checks that a text has no hidden characters.
func checkText(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) || !strings.HasSuffix(s, "\n") {
		t.Errorf("a text is not UTF-8, or ends within a line: %q", s)
	}
	for i, r := range s {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("a text has %U at %d: %q", r, i, s[:i])
			break
		}
	}
}

// checkJSON compares a report with its schema and with the run.
func checkJSON(t *testing.T, s string, run *report.Run) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(s))
	if err != nil {
		t.Fatalf("%v: %s", err, s)
	}
	if err := reportSchema().Validate(doc); err != nil {
		t.Errorf("%v\n%s", err, s)
	}
	var out struct {
		Verdict  string
		ExitCode int
		Results  []struct {
			Verdict  string
			Counts   struct{ Errors, Warnings int }
			Findings []struct{ Severity string }
		}
	}
	if err := json.Unmarshal([]byte(s), &out); err != nil {
		t.Fatal(err)
	}
	if out.Verdict != run.Verdict().String() || out.ExitCode != report.ExitStatus(run.Verdict()) || len(out.Results) != run.Totals().Results {
		t.Errorf("the report has %s, %d, for %d results; the run has %v, for %d", out.Verdict, out.ExitCode, len(out.Results), run.Verdict(), run.Totals().Results)
	}
	var results []report.Result
	for r, err := range run.All() {
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	for i, r := range out.Results {
		if r.Verdict != results[i].Verdict().String() {
			t.Errorf("result %d is %v, but the report has %s", i, results[i].Verdict(), r.Verdict)
		}
		if r.Verdict == validate.Accepted.String() && r.Counts.Errors > 0 {
			t.Errorf("result %d is accepted with %d errors", i, r.Counts.Errors)
		}
	}
}
