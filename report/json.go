package report

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/internal/oneline"
	"github.com/cfcheck/cfcheck/validate"
)

// Schema is the name and version of the JSON report's schema.
const Schema = "cfcheck.report/v0"

// Schemas holds the JSON Schemas of the JSON outputs, such as schema/report.json.
//
//go:embed schema/backtest.json schema/cost.json schema/coverage.json schema/diff.json
//go:embed schema/explanation.json schema/fleet-page.json schema/plan.json schema/report.json
//go:embed schema/overview.json schema/replay.json schema/tests.json
var Schemas embed.FS

type jsonRun struct {
	Schema     string           `json:"schema"`
	Verdict    string           `json:"verdict"`
	ExitCode   int              `json:"exitCode"`
	Gate       jsonGate         `json:"gate"`
	Problems   []string         `json:"problems"`
	Remarks    []string         `json:"remarks"`
	Sources    []Source         `json:"sources"`
	Policy     *Policy          `json:"policy,omitempty"`
	PassedOver []jsonPassedOver `json:"passedOver"`
	Results    []jsonResult     `json:"results"`
}

type jsonGate struct {
	Version  string `json:"version"`
	Digest   string `json:"sha256,omitempty"`
	SelfTest string `json:"selfTest"`
	Checks   int    `json:"checks"`
}

type jsonResult struct {
	Name          string         `json:"name"`
	Kind          string         `json:"kind,omitempty"`
	Verdict       string         `json:"verdict"`
	Unread        bool           `json:"unread,omitempty"`
	Error         string         `json:"error,omitempty"`
	Source        *jsonSource    `json:"source,omitempty"`
	Digest        string         `json:"sha256,omitempty"`
	File          *File          `json:"file,omitempty"`
	Fleet         *jsonFleet     `json:"fleet,omitempty"`
	Counts        jsonCounts     `json:"counts"`
	Undecided     []string       `json:"undecided"`
	LeftOut       []LeftOut      `json:"leftOut"`
	Findings      []jsonFinding  `json:"findings"`
	Groups        []jsonGroup    `json:"groups"`
	Waived        []jsonFinding  `json:"waived,omitempty"`
	Totals        map[string]int `json:"totals"`
	Old           map[string]int `json:"old,omitempty"`
	NewOnly       bool           `json:"newOnly,omitempty"`
	Ran           []string       `json:"ran"`
	Skipped       []jsonSkip     `json:"skipped"`
	NotApplicable []string       `json:"notApplicable"`
}

type jsonFleet struct {
	Name     string      `json:"name"`
	Named    string      `json:"named,omitempty"`
	Example  bool        `json:"example"`
	Digest   string      `json:"sha256"`
	Evidence string      `json:"evidence"`
	Builds   []jsonBuild `json:"builds"`
}

type jsonBuild struct {
	Build     string `json:"build"`
	Hosts     uint64 `json:"hosts"`
	Addressed bool   `json:"addressed"`
	AtFault   bool   `json:"atFault"`
	Lacks     bool   `json:"lacks,omitempty"`
}

type jsonCounts struct {
	Errors    int    `json:"errors"`
	Warnings  int    `json:"warnings"`
	Notes     int    `json:"notes"`
	Waived    int    `json:"waived,omitempty"`
	Instances int    `json:"instances"`
	Criteria  int    `json:"criteria"`
	Builds    int    `json:"builds"`
	Contracts int    `json:"distinctContracts"`
	Hosts     uint64 `json:"hosts"`
}

type jsonSkip struct {
	Check string `json:"check"`
	Why   string `json:"why"`
}

type jsonFinding struct {
	Check    string        `json:"check"`
	Name     string        `json:"name"`
	Severity string        `json:"severity"`
	Old      bool          `json:"old,omitempty"`
	Message  string        `json:"message"`
	Details  []string      `json:"details,omitempty"`
	Fix      string        `json:"fix,omitempty"`
	Path     string        `json:"path,omitempty"`
	Bytes    *jsonRange    `json:"bytes,omitempty"`
	Source   *jsonSource   `json:"source,omitempty"`
	Instance *jsonInstance `json:"instance,omitempty"`
	Input    *jsonInput    `json:"input,omitempty"`
	Builds   []jsonHosts   `json:"builds,omitempty"`
	Group    *int          `json:"group,omitempty"`
	Identity *jsonIdentity `json:"identity,omitempty"`
	Waiver   *jsonWaiver   `json:"waiver,omitempty"`

	Witness json.RawMessage `json:"witness,omitempty"`
}

type jsonIdentity struct {
	Fingerprint string `json:"fingerprint"`
	Subject     string `json:"subject"`
	Rule        string `json:"rule,omitempty"`
	Path        string `json:"path,omitempty"`
}

type jsonWaiver struct {
	Reason string      `json:"reason"`
	By     string      `json:"by"`
	Until  string      `json:"until"`
	From   *jsonSource `json:"from,omitempty"`
}

type jsonGroup struct {
	Check    string      `json:"check"`
	Name     string      `json:"name"`
	Severity string      `json:"severity"`
	Found    int         `json:"found"`
	Message  string      `json:"message"`
	Details  []string    `json:"details,omitempty"`
	Fix      string      `json:"fix,omitempty"`
	Input    *jsonInput  `json:"input,omitempty"`
	Builds   []jsonHosts `json:"builds,omitempty"`
}

type jsonRange struct {
	Offset int `json:"offset"`
	Length int `json:"length"`
}

type jsonSource struct {
	Path   string     `json:"path,omitempty"`
	Line   int        `json:"line,omitempty"`
	Column int        `json:"column,omitempty"`
	Text   string     `json:"text,omitempty"`
	Bytes  *jsonRange `json:"bytes,omitempty"`
}

type jsonInstance struct {
	Index  int    `json:"index"`
	ID     string `json:"id"`
	Rule   string `json:"rule,omitempty"`
	Title  string `json:"title,omitempty"`
	Author string `json:"author,omitempty"`
}

type jsonInput struct {
	Index int    `json:"index"`
	Name  string `json:"name,omitempty"`
	Type  string `json:"type,omitempty"`
}

type jsonHosts struct {
	Build string `json:"build"`
	Hosts uint64 `json:"hosts"`
}

// ExitStatus returns the exit status for a verdict: 0 accepted, 1 rejected, 2
// undecided. Every status except 0 blocks a release; only 1 blames the content.
func ExitStatus(v validate.Verdict) int {
	switch v {
	case validate.Accepted:
		return 0
	case validate.Rejected:
		return 1
	}
	return 2
}

// JSON writes a run for programs, in the form of [Schema]. It writes one result
// after the other. If a result cannot be read back, JSON returns an error, and the
// output is not valid JSON.
func JSON(w io.Writer, r *Run) error {
	verdict := r.Verdict()
	out := jsonRun{
		Schema: Schema, Verdict: verdict.String(), ExitCode: ExitStatus(verdict),
		Gate:       jsonGate{r.Gate.Version, r.Gate.Digest, "passed", r.Gate.Checks},
		Problems:   list(r.problems()),
		Remarks:    list(r.Remarks),
		Sources:    sourcesJSON(r.Sources),
		Policy:     policyJSON(r.Policy),
		PassedOver: passedJSON(r.PassedOver),
		Results:    []jsonResult{},
	}
	switch {
	case r.Gate == (Gate{}):
		out.Gate.SelfTest = "not stated"
	case r.Gate.SelfTest != "":
		out.Gate.SelfTest = r.Gate.SelfTest
	}
	var e indenter
	whole, err := e.indented(out, "")
	if err != nil {
		return err
	}
	// The results go between the brackets of the last field.
	const end = "]\n}\n"
	b := bufio.NewWriter(w)
	b.Write(bytes.TrimSuffix(whole, []byte(end)))
	separator := "\n    "
	for result, err := range r.results.all {
		if err != nil {
			return errors.Join(err, b.Flush())
		}
		data, err := e.indented(resultJSON(&result), "    ")
		if err != nil {
			return err
		}
		b.WriteString(separator)
		if _, err := b.Write(bytes.TrimSuffix(data, []byte("\n"))); err != nil {
			return err
		}
		separator = ",\n    "
	}
	if r.results.readable() > 0 {
		b.WriteString("\n  ")
	}
	b.WriteString(end)
	return b.Flush()
}

// An indenter writes values as indented JSON into two buffers that it reuses. A
// json.Encoder with SetIndent grows its buffer repeatedly, so that a report with
// long texts takes several times its size.
type indenter struct{ compact, out bytes.Buffer }

// indented returns v as JSON with a newline at the end. Each line except the first
// starts with the prefix. The next call overwrites the bytes.
func (e *indenter) indented(v any, prefix string) ([]byte, error) {
	e.compact.Reset()
	e.out.Reset()
	enc := json.NewEncoder(&e.compact)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	e.out.Grow(2 * e.compact.Len())
	if err := json.Indent(&e.out, e.compact.Bytes(), prefix, "  "); err != nil {
		return nil, err
	}
	return printable(e.out.Bytes()), nil
}

// printable escapes the runes of a JSON document that could change how a terminal
// or a log shows other runes, and the start of commands to CI runners. They occur only
// in strings, where the escape has the same meaning.
func printable(doc []byte) []byte {
	if bytes.Contains(doc, []byte("##")) {
		doc = oneline.RunnerCommand.ReplaceAll(doc, []byte(`#\u0023$1[`))
	}
	shown := func(r rune) bool { return r < 0x7F || unicode.IsPrint(r) }
	first := bytes.IndexFunc(doc, func(r rune) bool { return !shown(r) })
	if first < 0 {
		return doc
	}
	out := slices.Clone(doc[:first])
	for _, r := range string(doc[first:]) {
		if shown(r) {
			out = utf8.AppendRune(out, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return out
}

// writeIndented writes v as indented JSON.
func writeIndented(w io.Writer, v any) error {
	var e indenter
	data, err := e.indented(v, "")
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// valid returns a name that JSON can represent. Two files whose names are not UTF-8
// keep different names.
func valid(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	return Clean(name)
}

// list returns s, or an empty slice in place of nil, which JSON would write as null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func resultJSON(r *Result) jsonResult {
	out := jsonResult{
		Name: valid(r.Name), Verdict: r.Verdict().String(), Unread: r.Unread(), Digest: r.digest, File: r.file,
		Undecided: []string{}, LeftOut: append([]LeftOut{}, r.LeftOut...), Findings: []jsonFinding{}, Groups: []jsonGroup{}, Totals: map[string]int{},
		Ran: []string{}, Skipped: []jsonSkip{}, NotApplicable: []string{},
	}
	if r.err != nil {
		out.Error = r.err.Error()
	}
	if r.at.Line > 0 {
		out.Source = sourceJSON(r.at)
	}
	rep := r.report
	if rep == nil {
		return out
	}
	out.Kind, out.NewOnly = rep.Subject.Kind.String(), rep.NewOnly
	out.Undecided = list(rep.Undecided)
	out.Counts = jsonCounts{
		rep.Errors(), rep.Warnings(), rep.Notes(), rep.WaivedFound, rep.Counts.Instances, rep.Counts.Criteria,
		rep.Counts.Builds, rep.Counts.Contracts, rep.Counts.Hosts,
	}
	if fleet := rep.Fleet; fleet != nil {
		out.Fleet = &jsonFleet{fleet.Name, r.FleetNamed, fleet.Builtin, hex.EncodeToString(fleet.Digest[:]), Evidence(fleet), []jsonBuild{}}
		for _, b := range rep.Builds {
			out.Fleet.Builds = append(out.Fleet.Builds, jsonBuild{b.Name, b.Hosts, b.Addressed, b.AtFault, b.Lacks})
		}
	}
	sums := summariesOf(rep)
	for i := range rep.Findings {
		f := findingJSON(&rep.Findings[i])
		if k, ok := sums.of(&rep.Findings[i]); ok {
			// Only the group has these fields, because it may have a
			// thousand rules and a thousand builds.
			f.Group, f.Details, f.Fix, f.Builds = &k, nil, "", nil
		}
		out.Findings = append(out.Findings, f)
	}
	for i := range rep.Waived {
		out.Waived = append(out.Waived, findingJSON(&rep.Waived[i]))
	}
	for i := range rep.Summaries {
		out.Groups = append(out.Groups, groupJSON(&rep.Summaries[i]))
	}
	for _, t := range rep.Totals {
		out.Totals[t.Check.ID] = t.Found
		if t.Old > 0 {
			if out.Old == nil {
				out.Old = map[string]int{}
			}
			out.Old[t.Check.ID] = t.Old
		}
	}
	for _, c := range rep.Ran {
		out.Ran = append(out.Ran, c.ID)
	}
	for _, s := range rep.Skipped {
		out.Skipped = append(out.Skipped, jsonSkip{s.Check.ID, s.Why})
	}
	for _, c := range rep.NotApplicable {
		out.NotApplicable = append(out.NotApplicable, c.ID)
	}
	return out
}

func findingJSON(f *validate.Finding) jsonFinding {
	out := jsonFinding{
		Check: f.Check.ID, Name: f.Check.Name, Severity: f.Severity().String(), Old: f.Old,
		Message: f.Message, Details: f.Details, Fix: f.Fix, Path: f.Where.Path,
	}
	if r := f.Where.Range; r.Len() > 0 {
		out.Bytes = &jsonRange{r.Start, r.Len()}
	}
	out.Source = sourceJSON(f.Where.Source)
	if w := f.Waiver; w != nil {
		out.Waiver = &jsonWaiver{w.Reason, w.By, w.Until.String(), sourceJSON(w.From)}
	}
	if in := f.Instance; in != nil {
		out.Instance = &jsonInstance{in.Index, in.ID.String(), in.Rule, in.Title, in.Author}
	}
	out.Input, out.Builds = inputJSON(f.Input), buildsJSON(f.Builds)
	if id := f.Identity; id != (validate.Identity{}) {
		out.Identity = &jsonIdentity{id.Fingerprint(), id.Subject, id.Rule, id.Path}
	}
	if f.Witness != nil {
		// Every witness of package witness can be written.
		out.Witness, _ = f.Witness.JSON()
	}
	return out
}

// sourceJSON returns a position for JSON, or nil if it is unknown.
func sourceJSON(s validate.Position) *jsonSource {
	if s.Path == "" && s.Line == 0 && s.Range.Len() == 0 {
		return nil
	}
	out := &jsonSource{Path: s.Path, Line: s.Line, Column: s.Column, Text: s.Text}
	if s.Range.Len() > 0 {
		out.Bytes = &jsonRange{s.Range.Start, s.Range.Len()}
	}
	return out
}

func groupJSON(s *validate.Summary) jsonGroup {
	return jsonGroup{
		Check: s.Check.ID, Name: s.Check.Name, Severity: s.Check.Severity.String(), Found: s.Found,
		Message: s.Message, Details: s.Details, Fix: s.Fix, Input: inputJSON(s.Input), Builds: buildsJSON(s.Builds),
	}
}

func inputJSON(in *validate.Input) *jsonInput {
	if in == nil {
		return nil
	}
	out := &jsonInput{Index: in.Index, Name: in.Name}
	if in.Name != "" {
		out.Type = fmt.Sprint(in.Type)
	}
	return out
}

func buildsJSON(builds []validate.Build) (out []jsonHosts) {
	for _, b := range builds {
		out = append(out, jsonHosts{b.Name, b.Hosts})
	}
	return out
}
