package report

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/validate"
)

// The limits of GitHub code scanning for one run. It accepts 25,000 results, and keeps the
// 5,000 most severe; cfcheck leaves it no choice, because it knows which of them are new.
const (
	gitHubResults = 5000
	gitHubRules   = 25_000
	gitHubText    = 1024 // characters of a description
)

// SARIF writes a run in the form SARIF 2.1.0 of OASIS. A finding in a binary file has its exact
// bytes, and one in a text its line.
//
// Findings that a waiver accepts are suppressed results. What was not judged is a notification
// of the invocation, which is unsuccessful if the verdict is undecided.
func SARIF(w io.Writer, r *Run) error { return writeSARIF(w, r, false) }

// SARIFGitHub writes a run in the form SARIF 2.1.0 for GitHub code scanning. Every result has a
// line: that of the rule, or line 1 of a binary file, whose bytes are a related location. It
// leaves out waived findings, because code scanning shows them as open. Beyond the limit of
// code scanning it writes the first findings, new ones before old ones, and a notification with
// the number of the others.
func SARIFGitHub(w io.Writer, r *Run) error { return writeSARIF(w, r, true) }

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name            string           `json:"name"`
	SemanticVersion string           `json:"semanticVersion,omitempty"`
	Version         string           `json:"version,omitempty"`
	InformationURI  string           `json:"informationUri"`
	Rules           []sarifRule      `json:"rules"`
	Properties      *sarifDriverMore `json:"properties,omitempty"`
}

type sarifDriverMore struct {
	Digest   string `json:"sha256,omitempty"`
	SelfTest string `json:"selfTest,omitempty"`
	Checks   int    `json:"checks,omitempty"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifRule struct {
	ID               string        `json:"id"`
	Name             string        `json:"name"`
	ShortDescription sarifText     `json:"shortDescription"`
	FullDescription  sarifText     `json:"fullDescription"`
	Help             sarifText     `json:"help"`
	HelpURI          string        `json:"helpUri"`
	Configuration    sarifLevel    `json:"defaultConfiguration"`
	Properties       sarifRuleMore `json:"properties"`
}

type sarifLevel struct {
	Level string `json:"level"`
}

type sarifRuleMore struct {
	Precision string   `json:"precision"`
	Severity  string   `json:"problem.severity"`
	Tags      []string `json:"tags"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Related      []sarifLocation    `json:"relatedLocations,omitempty"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Baseline     string             `json:"baselineState,omitempty"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	Fixes        []sarifFix         `json:"fixes,omitempty"`
	Properties   sarifMore          `json:"properties"`
}

type sarifFix struct {
	Description sarifText     `json:"description"`
	Changes     []sarifChange `json:"artifactChanges"`
	Properties  sarifFixMore  `json:"properties"`
}

type sarifFixMore struct {
	Safe bool `json:"safe"`
}

type sarifChange struct {
	Artifact     sarifArtifact      `json:"artifactLocation"`
	Replacements []sarifReplacement `json:"replacements"`
}

type sarifReplacement struct {
	Deleted  *sarifRegion `json:"deletedRegion"`
	Inserted sarifText    `json:"insertedContent"`
}

type sarifMore struct {
	Subject string   `json:"subject"`
	Fleet   string   `json:"fleet,omitempty"`
	Rule    string   `json:"rule,omitempty"`
	Title   string   `json:"title,omitempty"`
	Path    string   `json:"path,omitempty"`
	Builds  []string `json:"builds,omitempty"`
	Hosts   uint64   `json:"hosts,omitempty"`
	Offset  *int     `json:"byteOffset,omitempty"`
	Length  int      `json:"byteLength,omitempty"`
}

type sarifLocation struct {
	ID       int            `json:"id,omitempty"`
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	Message  *sarifText     `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
	Context  *sarifRegion  `json:"contextRegion,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
}

// A sarifRegion has lines and columns, or bytes, and never both.
type sarifRegion struct {
	StartLine   int           `json:"startLine,omitempty"`
	StartColumn int           `json:"startColumn,omitempty"`
	EndLine     int           `json:"endLine,omitempty"`
	EndColumn   int           `json:"endColumn,omitempty"`
	ByteOffset  *int          `json:"byteOffset,omitempty"`
	ByteLength  int           `json:"byteLength,omitempty"`
	Snippet     *sarifSnippet `json:"snippet,omitempty"`
}

type sarifSnippet struct {
	Binary []byte `json:"binary"`
}

type sarifSuppression struct {
	Kind          string         `json:"kind"`
	Status        string         `json:"status"`
	Justification string         `json:"justification"`
	Location      *sarifLocation `json:"location,omitempty"`
}

type sarifInvocation struct {
	Successful  bool                `json:"executionSuccessful"`
	ExitCode    int                 `json:"exitCode"`
	Description string              `json:"exitCodeDescription"`
	Execution   []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Descriptor sarifID         `json:"descriptor"`
	Rule       *sarifID        `json:"associatedRule,omitempty"`
	Level      string          `json:"level"`
	Message    sarifText       `json:"message"`
	Locations  []sarifLocation `json:"locations,omitempty"`
}

type sarifID struct {
	ID string `json:"id"`
}

// A sarifWriter writes one log.
type sarifWriter struct {
	w       *bufio.Writer
	run     *Run
	gitHub  bool
	rules   []*validate.Check // sorted by ID
	seen    map[string]int    // results by fingerprint; nil without gitHub
	compact bytes.Buffer
}

func writeSARIF(w io.Writer, r *Run, gitHub bool) error {
	verdict := r.Verdict()
	s := &sarifWriter{w: bufio.NewWriter(w), run: r, gitHub: gitHub}
	var found [ranks]int
	if gitHub {
		s.seen = map[string]int{}
		for e, err := range r.entries() {
			if err != nil {
				return err
			}
			if s.isResult(e) {
				found[e.rank()]++
			}
		}
	}
	s.rules = r.checks()
	s.w.WriteString("{\n\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n\"version\": \"2.1.0\",\n\"runs\": [{\n\"tool\": ")
	if err := s.value(s.tool()); err != nil {
		return err
	}
	s.w.WriteString(",\n\"columnKind\": \"utf16CodeUnits\",\n\"results\": [")
	quota, cut, separator := allot(found, gitHubResults), 0, "\n"
	for e, err := range r.entries() {
		if err != nil {
			return errors.Join(err, s.w.Flush())
		}
		if !s.isResult(e) {
			continue
		}
		if gitHub && !quota.take(e) {
			cut++
			continue
		}
		s.w.WriteString(separator)
		if err := s.value(s.result(e)); err != nil {
			return err
		}
		separator = ",\n"
	}
	s.w.WriteString("],\n\"invocations\": [")
	head := sarifInvocation{verdict != validate.Undecided, ExitStatus(verdict), verdict.String() + ": " + r.sums(), nil}
	if err := s.invocation(head, cut); err != nil {
		return err
	}
	s.w.WriteString("]\n}]\n}\n")
	return s.w.Flush()
}

// isResult reports whether an entry is a result, and not a notification.
func (s *sarifWriter) isResult(e *entry) bool {
	return e.kind == entryFinding || e.kind == entryWaived && !s.gitHub
}

// value writes a value as JSON on one line.
func (s *sarifWriter) value(v any) error {
	s.compact.Reset()
	enc := json.NewEncoder(&s.compact)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := s.w.Write(printable(bytes.TrimSuffix(s.compact.Bytes(), []byte("\n"))))
	return err
}

// invocation writes the invocation with its notifications.
func (s *sarifWriter) invocation(head sarifInvocation, cut int) error {
	head.Execution = []sarifNotification{}
	s.compact.Reset()
	data, err := json.Marshal(head)
	if err != nil {
		return err
	}
	s.w.Write(printable(bytes.TrimSuffix(data, []byte("]}"))))
	separator := "\n"
	write := func(n sarifNotification) error {
		s.w.WriteString(separator)
		separator = ",\n"
		return s.value(n)
	}
	if cut > 0 {
		if err := write(sarifNotification{
			Descriptor: sarifID{"cut"}, Level: "warning",
			Message: s.text("left out of this file: " + count(uint64(cut), "finding") + "; code scanning keeps 5,000 results, so the file has new findings first; the report in another form has all of them"),
		}); err != nil {
			return err
		}
	}
	for e, err := range s.run.entries() {
		switch {
		case err != nil:
			return errors.Join(err, s.w.Flush())
		case s.isResult(e):
			continue
		}
		n := sarifNotification{Descriptor: sarifID{e.kind.ID()}, Level: levelOf(e.severity), Message: s.text(e.located())}
		if e.kind == entryWaived {
			n.Level = levelOf(validate.Note)
		}
		if e.check != nil {
			n.Rule = &sarifID{Clean(e.check.ID)}
		}
		if e.place.path != "" {
			n.Locations = []sarifLocation{s.location(&e.place)}
		}
		if err := write(n); err != nil {
			return err
		}
	}
	_, err = s.w.WriteString("]}")
	return err
}

// semantic is a version of a release of cfcheck.
var semantic = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)

func (s *sarifWriter) tool() sarifTool {
	gate := &s.run.Gate
	d := sarifDriver{Name: "cfcheck", InformationURI: repository, Rules: []sarifRule{}}
	if gate.Version != "" {
		d.Version = shown(gate.Version)
		if semantic.MatchString(d.Version) {
			d.SemanticVersion = d.Version[1:]
		}
		d.Properties = &sarifDriverMore{gate.Digest, "passed", gate.Checks}
		if gate.SelfTest != "" {
			d.Properties.SelfTest = shown(gate.SelfTest)
		}
	}
	for _, c := range s.rules[:min(len(s.rules), gitHubRules)] {
		d.Rules = append(d.Rules, s.rule(c))
	}
	return sarifTool{d}
}

func (s *sarifWriter) rule(c *validate.Check) sarifRule {
	title, body, _ := strings.Cut(c.Doc, "\n\n")
	first, _, _ := strings.Cut(body, "\n\n")
	problem := levelOf(c.Severity)
	if problem == "note" {
		problem = "recommendation"
	}
	out := sarifRule{
		ID: Clean(c.ID), Name: Clean(c.Name),
		ShortDescription: sarifText{Text: cutBytes(Clean(title), gitHubText-3)},
		FullDescription:  sarifText{Text: cutBytes(Clean(strings.ReplaceAll(first, "\n", " ")), gitHubText-3)},
		Help:             sarifText{c.Doc, fmt.Sprintf("%s\n\n[%s](%s)\n", c.Doc, c.ID, Page(c))},
		HelpURI:          Page(c), Configuration: sarifLevel{levelOf(c.Severity)},
		Properties: sarifRuleMore{"very-high", problem, []string{"cfcheck"}},
	}
	if out.FullDescription.Text == "" {
		out.FullDescription = out.ShortDescription
	}
	for _, f := range validate.Families {
		if len(c.ID) > 2 && f.Digit == c.Family() { // a check made by hand may have any ID
			out.Properties.Tags = append(out.Properties.Tags, f.Name)
		}
	}
	return out
}

func (s *sarifWriter) result(e *entry) *sarifResult {
	lines := append([]string{e.located()}, e.details...)
	if e.fix != "" {
		lines = append(lines, "fix: "+e.fix)
	}
	if s.gitHub && e.file.bytes.Len() > 0 {
		at := e.file.bytes
		lines = append(lines, fmt.Sprintf("at 0x%04x (%d), %s of %s", at.Start, at.Start, count(uint64(at.Len()), "byte"), shown(e.file.path)))
	}
	index, _ := slices.BinarySearchFunc(s.rules, e.check.ID, func(c *validate.Check, id string) int { return strings.Compare(c.ID, id) })
	out := &sarifResult{
		RuleID: Clean(e.check.ID), RuleIndex: index, Level: levelOf(e.severity), Message: s.text(strings.Join(lines, "\n")),
		Properties: sarifMore{Subject: shown(e.subject), Fleet: shown(e.fleet), Path: shown(e.finding.Where.Path), Hosts: e.hosts()},
	}
	out.Properties.Rule, out.Properties.Title = e.rule()
	for _, b := range e.finding.Builds[:min(len(e.finding.Builds), maxDetails)] {
		out.Properties.Builds = append(out.Properties.Builds, shown(b.Name))
	}
	if at := e.file.bytes; at.Len() > 0 {
		out.Properties.Offset, out.Properties.Length = &at.Start, at.Len()
	}
	s.locate(e, out)
	s.fix(e, out)
	print := e.fingerprint()
	out.Fingerprints = map[string]string{"cfcheck/v1": print}
	if s.gitHub {
		// GitHub takes results with equal fingerprints for one.
		s.seen[print]++
		out.Fingerprints["primaryLocationLineHash"] = fmt.Sprintf("%s:%d", print, s.seen[print])
	}
	switch {
	case e.old:
		out.Baseline = "unchanged"
	case e.compare:
		out.Baseline = "new"
	}
	if w := e.finding.Waiver; w != nil && e.kind == entryWaived {
		sup := sarifSuppression{Kind: "external", Status: "accepted", Justification: shown(fmt.Sprintf("until %v, by %s: %s", w.Until, w.By, w.Reason))}
		if w.From.Path != "" {
			if w.From.Path == e.place.path {
				sup.Kind = "inSource"
			}
			at := s.location(&spot{path: w.From.Path, line: max(w.From.Line, 0), column: max(w.From.Column, 0), open: true})
			sup.Location = &at
		}
		out.Suppressions = []sarifSuppression{sup}
	}
	return out
}

// A Correction is a replacement of text that corrects a finding about a rule.
type Correction struct {
	Check        string // ID
	Line, Column int    // of the finding, as in [validate.Position]
	Title        string // such as: write "experimental"
	Safe         bool   // the content that a sensor reads does not change

	// the text to replace; lines and columns count from 1, and columns count units of UTF-16
	StartLine, StartColumn, EndLine, EndColumn int
	New                                        string
}

// fix sets the fix of a result, which makes all corrections of the finding. Code scanning shows
// no fixes.
func (s *sarifWriter) fix(e *entry, out *sarifResult) {
	if s.gitHub || s.run.Corrections == nil || e.place.path == "" || e.place.line < 1 {
		return
	}
	fix := sarifFix{Properties: sarifFixMore{Safe: true}}
	change := sarifChange{Artifact: sarifArtifact{uriOf(e.place.path)}}
	for _, c := range s.run.Corrections(e.place.path) {
		if c.Check != e.check.ID || c.Line != e.place.line || c.Column != e.place.column {
			continue
		}
		fix.Description = s.text(shown(c.Title))
		fix.Properties.Safe = fix.Properties.Safe && c.Safe
		change.Replacements = append(change.Replacements, sarifReplacement{
			Deleted:  &sarifRegion{StartLine: c.StartLine, StartColumn: c.StartColumn, EndLine: c.EndLine, EndColumn: c.EndColumn},
			Inserted: sarifText{Text: c.New},
		})
	}
	if len(change.Replacements) > 0 {
		fix.Changes = []sarifChange{change}
		out.Fixes = []sarifFix{fix}
	}
}

// locate sets the locations of a result. For GitHub the first is the line of the rule, and
// otherwise the bytes of a binary file if there is one.
func (s *sarifWriter) locate(e *entry, out *sarifResult) {
	var logical []sarifLogical
	if path := e.finding.Where.Path; path != "" {
		logical = []sarifLogical{{shown(path)}}
	}
	place := e.place
	if place.path == "" && s.gitHub {
		place.path = s.anyFile(e)
	}
	if place.path == "" {
		out.Locations = []sarifLocation{{Logical: append(logical, sarifLogical{shown(e.subject)})}}
		return
	}
	text := s.location(&place)
	if e.file.path == "" {
		text.Logical = logical
		out.Locations = []sarifLocation{text}
		return
	}
	binary := sarifLocation{Physical: &sarifPhysical{Artifact: sarifArtifact{uriOf(e.file.path)}}, Logical: logical}
	if at := e.file.bytes; at.Len() > 0 {
		region := &sarifRegion{ByteOffset: &at.Start, ByteLength: at.Len()}
		if w := &e.window; len(w.Bytes) > 0 && at.Start >= w.Start {
			if from, to := at.Start-w.Start, at.End-w.Start; to <= len(w.Bytes) {
				region.Snippet = &sarifSnippet{w.Bytes[from:to]}
			}
			binary.Physical.Context = &sarifRegion{ByteOffset: &w.Start, ByteLength: len(w.Bytes), Snippet: &sarifSnippet{w.Bytes}}
			if end := w.Start + len(w.Bytes); end < at.End {
				binary.Physical.Context = nil // SARIF wants the region inside its context
			}
		}
		binary.Physical.Region = region
	}
	one, other := binary, text
	if s.gitHub {
		one, other = text, binary
	}
	out.Locations = []sarifLocation{one}
	if s.gitHub && e.file.bytes.Len() > 0 || !s.gitHub && e.place.line > 0 {
		said := "the bytes"
		if !s.gitHub {
			said = "the source that the file states"
		}
		other.ID, other.Message = 1, &sarifText{Text: said}
		out.Related = []sarifLocation{other}
	}
}

// anyFile returns the path of a file for a finding that is about no single file. Code scanning
// refuses all results if one of them has no file.
func (s *sarifWriter) anyFile(e *entry) string {
	for i := range s.run.Sources {
		if s.run.Sources[i].Use == "rules" {
			return s.run.Sources[i].Path
		}
	}
	if p := s.run.Policy; p != nil {
		return p.Path
	}
	return cmp.Or(e.subject, ".")
}

// location returns the location of a text.
func (s *sarifWriter) location(at *spot) sarifLocation {
	p := &sarifPhysical{Artifact: sarifArtifact{uriOf(at.path)}}
	switch {
	case at.line > 0:
		p.Region = &sarifRegion{StartLine: at.line}
		if column, end, ok := s.run.columns(at); ok || s.gitHub {
			p.Region.StartColumn, p.Region.EndLine, p.Region.EndColumn = column, at.line, end
		}
	case s.gitHub:
		p.Region = &sarifRegion{StartLine: 1, StartColumn: 1, EndLine: 1, EndColumn: 1}
	}
	return sarifLocation{Physical: p}
}

// text returns a message. SARIF doubles braces, which otherwise stand for arguments; GitHub
// shows them as they are. Content must not look like a link in either.
func (s *sarifWriter) text(text string) sarifText {
	text = strings.ReplaceAll(text, "](", "] (")
	if !s.gitHub {
		text = braces.Replace(text)
	}
	return sarifText{Text: text}
}

var braces = strings.NewReplacer("{", "{{", "}", "}}")

// levelOf returns the level of SARIF for a severity.
func levelOf(s validate.Severity) string {
	switch s {
	case validate.Warning:
		return "warning"
	case validate.Note:
		return "note"
	}
	return "error"
}

// uriOf returns the URI of a file by its name: relative for a relative name. A name without
// a file, such as "rules (ipc)", becomes a relative URI too.
func uriOf(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	if len(name) > maxMessage {
		name = name[:maxMessage]
	}
	switch {
	case name == "":
		return "unnamed"
	case len(name) > 2 && name[1] == ':' && name[2] == '/' && (name[0]|0x20) >= 'a' && (name[0]|0x20) <= 'z':
		return (&url.URL{Scheme: "file", Path: "/" + path.Clean(name)}).String()
	case path.IsAbs(name):
		return (&url.URL{Scheme: "file", Path: path.Clean(name)}).String()
	}
	return (&url.URL{Path: path.Clean(name)}).String()
}
