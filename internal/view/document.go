// Package view shows a file in a browser: its sections to scale, each byte with its meaning, its
// rules, its needs and the findings on it.
//
// DocumentOf turns a file into a document, and Write puts documents with their bytes into a page.
// The page draws from the document and the bytes alone. It loads nothing, and all texts of a file
// enter it as texts.
package view

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/anatomy"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/delta"
	"github.com/cfcheck/cfcheck/validate"
)

// A File is a file to show.
type File struct {
	Name    string
	Data    []byte
	Reports []*validate.Report // one for each fleet; without one the file was not judged
	SHA256  string             // of Data, in hexadecimal; "" means that it is to be computed
}

// A Document describes a file to the page. The bytes of the file travel beside it.
type Document struct {
	Name   string `json:"name"`
	Format string `json:"format"`
	SHA256 string `json:"sha256"`

	Kinds   []anatomy.Kind               `json:"kinds"`
	Enums   map[string]map[string]string `json:"enums"`
	Regions regions                      `json:"regions"`
	Notes   []anatomy.Note               `json:"notes,omitempty"`

	Facts [][2]string `json:"facts,omitempty"`
	judgement
	Others []judgement `json:"others,omitempty"` // for the fleets behind the first one
	Inputs []string    `json:"inputs,omitempty"` // names, by index
	Needs  *needs      `json:"needs,omitempty"`
	Diff   *difference `json:"diff,omitempty"` // from this file to the other one
}

// A judgement is the result of the gate for one fleet.
type judgement struct {
	Fleet    string    `json:"fleet,omitempty"`
	Verdict  *verdict  `json:"verdict,omitempty"`
	Findings []finding `json:"findings,omitempty"`
	Skipped  []string  `json:"skipped,omitempty"`
}

// regions has a column for each field of a region, because a rule blob can have 100,000 regions. A
// column whose values are all zero, or for owners all -1, is left out.
type regions struct {
	Kind  []int    `json:"kind"`
	Start []int    `json:"start"`
	End   []int    `json:"end"`
	First []int    `json:"first,omitempty"`
	Owner []int    `json:"owner,omitempty"`
	State []string `json:"state,omitempty"`
	Label []string `json:"label,omitempty"`
}

type verdict struct {
	State string `json:"state"`
	Text  string `json:"text"`
}

type finding struct {
	Check        string        `json:"check"`
	Name         string        `json:"name"`
	Severity     string        `json:"severity"`
	Message      string        `json:"message"`
	Details      []string      `json:"details,omitempty"`
	Fix          string        `json:"fix,omitempty"`
	Path         string        `json:"path,omitempty"`
	Rule         string        `json:"rule,omitempty"`
	Source       string        `json:"source,omitempty"` // file, line and column of the rule
	Start        int           `json:"start"`
	End          int           `json:"end"`
	Requirements []requirement `json:"requirements,omitempty"`
}

// A requirement is a sentence of FORMAT.md or BLOB.md.
type requirement struct {
	Number string `json:"number"`
	Text   string `json:"text"`
}

type needs struct {
	Summary string      `json:"summary"`
	Inputs  []inputNeed `json:"inputs"`
	Lines   []string    `json:"lines"`
}

type inputNeed struct {
	Index    int    `json:"index"`
	Name     string `json:"name"`
	Type     string `json:"type,omitempty"`
	Rules    int    `json:"rules"`
	Criteria int    `json:"criteria"`
	Cost     string `json:"cost"` // steps for each byte
	From     string `json:"from,omitempty"`
}

type difference struct {
	Rules []ruleChange `json:"rules"`
}

// A ruleChange is a rule that one of two files lacks, or that differs in them.
type ruleChange struct {
	A      int    `json:"a"` // index in the first file, -1 if it lacks the rule
	B      int    `json:"b"`
	Status string `json:"status"`
	Effect string `json:"effect,omitempty"`
}

// MaxSize is the size in bytes of the largest file that a page shows. Browsers limit the length
// of a text, and the bytes travel as one.
const MaxSize = 256 << 20

// DocumentOf returns the document of a file.
func DocumentOf(f File, defs *sensor.Definitions) *Document {
	if f.SHA256 == "" {
		digest := sha256.Sum256(f.Data)
		f.SHA256 = hex.EncodeToString(digest[:])
	}
	of := anatomy.Of
	if len(f.Reports) > 0 && intact(f.Reports[0]) {
		of = anatomy.OfIntact
	}
	m := of(f.Name, f.Data)
	d := &Document{
		Name: report.Clean(path.Base(strings.ReplaceAll(f.Name, `\`, "/"))), Format: string(m.Format), SHA256: f.SHA256,
		Kinds: m.Kinds, Enums: m.Enums, Regions: regionsOf(m), Notes: m.Notes,
	}
	for i, r := range f.Reports {
		j := judgementOf(r)
		if m.Format == anatomy.Configuration {
			j.placeLines(r, m)
		}
		if i == 0 {
			d.judgement = j
		} else {
			d.Others = append(d.Others, j)
		}
	}
	switch m.Format {
	case anatomy.ChannelFile:
		d.channelFile(f, defs)
	case anatomy.RuleBlob:
		d.blob(m)
	case anatomy.Configuration:
		d.Facts = [][2]string{{"lines", numeral.Thousands(uint64(len(m.Regions)))}}
	}
	return d
}

// intact reports whether the gate compared the digest of each section, and all agree.
func intact(r *validate.Report) bool {
	const id = "CF1031"
	ran := slices.ContainsFunc(r.Ran, func(c *validate.Check) bool { return c.ID == id })
	return ran && r.File != nil && !slices.ContainsFunc(r.Totals, func(t validate.Total) bool { return t.Check.ID == id })
}

// placeLines gives the findings on a configuration the bytes of their lines.
func (j *judgement) placeLines(r *validate.Report, m *anatomy.Map) {
	for i := range j.Findings {
		line := r.Findings[i].Where.Source.Line
		if f := &j.Findings[i]; f.End == 0 && line >= 1 && line <= len(m.Regions) {
			f.Start, f.End = m.Regions[line-1].Start, m.Regions[line-1].End
			f.Path = "" // it names a byte
		}
	}
}

func regionsOf(m *anatomy.Map) regions {
	r := regions{Kind: []int{}, Start: []int{}, End: []int{}}
	first, owner, state, label := false, false, false, false
	for i := range m.Regions {
		x := &m.Regions[i]
		first, owner = first || x.First != 0, owner || x.Owner >= 0
		state, label = state || x.State != anatomy.Unchecked, label || x.Label != ""
	}
	for i := range m.Regions {
		x := &m.Regions[i]
		r.Kind, r.Start, r.End = append(r.Kind, x.Kind), append(r.Start, x.Start), append(r.End, x.End)
		if first {
			r.First = append(r.First, x.First)
		}
		if owner {
			r.Owner = append(r.Owner, x.Owner)
		}
		if state {
			r.State = append(r.State, string(x.State))
		}
		if label {
			r.Label = append(r.Label, x.Label)
		}
	}
	return r
}

// judgementOf returns the results of the gate.
func judgementOf(r *validate.Report) (j judgement) {
	if r.Fleet != nil {
		j.Fleet = report.Clean(r.Fleet.Name)
	}
	v := r.Verdict()
	j.Verdict = &verdict{State: v.String(), Text: verdictText(r)}
	for i := range r.Findings {
		j.Findings = append(j.Findings, findingOf(&r.Findings[i], len(r.Subject.Data)))
	}
	for _, t := range r.Totals {
		kept := 0
		for i := range r.Findings {
			if r.Findings[i].Check == t.Check {
				kept++
			}
		}
		if t.Found > kept {
			j.Skipped = append(j.Skipped, fmt.Sprintf("%s found %s more places, which are not listed.", t.Check, numeral.Thousands(uint64(t.Found-kept))))
		}
	}
	if n := len(r.Skipped); n > 0 {
		j.Skipped = append(j.Skipped, fmt.Sprintf("%d checks could not run, because checks before them found errors.", n))
	}
	return j
}

// verdictText returns the findings that a verdict rests on, and the fleet.
func verdictText(r *validate.Report) string {
	var parts []string
	for _, n := range []struct {
		found int
		one   string
	}{{r.Errors(), "error"}, {r.Warnings(), "warning"}, {r.Notes(), "note"}} {
		if n.found == 1 {
			parts = append(parts, "1 "+n.one)
		} else if n.found > 1 {
			parts = append(parts, numeral.Thousands(uint64(n.found))+" "+n.one+"s")
		}
	}
	text := "no finding"
	if len(parts) > 0 {
		text = strings.Join(parts, ", ")
	}
	if r.Fleet == nil {
		return text + "; without a fleet nothing is accepted"
	}
	text += "; for the fleet " + report.Clean(r.Fleet.Name)
	for _, why := range r.Undecided {
		text += "; " + report.Clean(why)
	}
	return text
}

// findingOf returns a finding on a file of a size.
func findingOf(f *validate.Finding, size int) finding {
	where := f.Where.Range
	if where.Len() == 0 {
		where = f.Where.Source.Range
	}
	out := finding{
		Check: f.Check.ID, Name: f.Check.Name, Severity: f.Severity().String(), Message: report.Clean(f.Message), Fix: report.Clean(f.Fix),
		Path: report.Clean(f.Where.Path), Start: where.Start, End: where.End, Requirements: narrowed(requirementsOf(f.Check.ID), f, size),
	}
	for _, line := range f.Details {
		out.Details = append(out.Details, report.Clean(line))
	}
	if s := f.Where.Source; s.Path != "" && s.Line > 0 {
		out.Source = report.Clean(fmt.Sprintf("%s:%d:%d", s.Path, s.Line, max(s.Column, 1)))
	}
	if f.Instance != nil {
		out.Rule = report.Clean(f.Instance.String())
	}
	return out
}

// blob adds the facts of a rule blob.
func (d *Document) blob(m *anatomy.Map) {
	for p := range m.Parts() {
		if _, field, _ := strings.Cut(p.Path, "header."); p.Start >= 24 {
			break
		} else if field == "binary_version" || field == "schema_version" {
			d.Facts = append(d.Facts, [2]string{strings.ReplaceAll(field, "_", " "), p.Says})
		}
	}
	count := map[string]int{}
	for i := range m.Regions {
		count[m.Kinds[m.Regions[i].Kind].Name]++
	}
	d.Facts = append(d.Facts,
		[2]string{"events", numeral.Thousands(uint64(count["event"]))},
		[2]string{"filters", numeral.Thousands(uint64(count["filter"]))},
		[2]string{"Rule elements", numeral.Thousands(uint64(count["aggregation"]))})
}

// channelFile adds the facts of a channel file, its inputs and its needs, as far as it can be read.
func (d *Document) channelFile(f File, defs *sensor.Definitions) {
	file, err := channelfile.Parse(f.Data)
	if err != nil {
		return
	}
	h := file.Header
	def := defs.ByNumber(h.Type, h.TypeVersion)
	typ := fmt.Sprintf("%d version %d", h.Type, h.TypeVersion)
	if def != nil {
		typ = report.Clean(def.Name) + " version " + fmt.Sprint(h.TypeVersion)
		for _, in := range def.Inputs {
			d.Inputs = append(d.Inputs, report.Clean(in.Name))
		}
	}
	d.Facts = [][2]string{
		{"channel", fmt.Sprint(h.Channel)}, {"revision", fmt.Sprint(h.Revision)}, {"type", typ},
		{"inputs", fmt.Sprintf("%d declared, %d read", h.InputsDeclared, h.InputsRead)},
		{"rules", numeral.Thousands(uint64(file.Instances()))},
		{"created", created(h.Created)},
	}
	n := sensor.NeedsOf(file, defs)
	if len(f.Reports) > 0 && f.Reports[0].Needs != nil {
		n = f.Reports[0].Needs
	}
	d.Needs = needsOf(n, def)
}

// created returns a time of creation. 0 is the time of a build that states no other.
func created(seconds uint64) string {
	if seconds == 0 {
		return "not stated"
	}
	return time.Unix(int64(min(seconds, channelfile.MaxCreated)), 0).UTC().Format(time.RFC3339)
}

func needsOf(n *sensor.Needs, def *sensor.Definition) *needs {
	out := &needs{Summary: fmt.Sprintf("Declares %d inputs and reads %d of them. Format %s.", n.InputsDeclared, len(n.Inputs), report.Clean(n.Format)), Inputs: []inputNeed{}}
	for _, in := range n.Inputs {
		need := inputNeed{Index: in.Index, Name: report.Clean(in.Name), Rules: in.Instances, Criteria: in.Criteria, Cost: numeral.Thousands(in.Coefficient), From: report.Clean(report.SuppliedBy(def, in.Index))}
		if in.TypeKnown {
			need.Type = in.Type.String()
		}
		if need.Name == "" {
			need.Name = fmt.Sprintf("input %d", in.Index+1)
		}
		out.Inputs = append(out.Inputs, need)
	}
	for _, op := range n.Operators {
		out.Lines = append(out.Lines, fmt.Sprintf("operator %v: %s rules, %s criteria", op.Operator, numeral.Thousands(uint64(op.Instances)), numeral.Thousands(uint64(op.Criteria))))
	}
	s := n.Sizes
	out.Lines = append(out.Lines,
		fmt.Sprintf("at most %s words per condition, %s operands per criterion, %s bytes per value, %s truths on the stack", numeral.Thousands(uint64(s.WordsPerInstance)), numeral.Thousands(uint64(s.OperandsPerCriterion)), numeral.Thousands(uint64(s.ValueLength)), numeral.Thousands(uint64(s.Stack))),
		fmt.Sprintf("cost of an event: %s steps, and the steps for the lengths of the inputs", numeral.Thousands(n.Constant)),
		fmt.Sprintf("memory: %s bytes", numeral.Thousands(n.Memory)))
	return out
}

// Compare adds to the document of the first of two files the difference of their rules. It does
// nothing unless both are channel files that can be read.
func Compare(first *Document, a, b []byte, defs *sensor.Definitions) {
	old, err := channelfile.Parse(a)
	if err != nil {
		return
	}
	newer, err := channelfile.Parse(b)
	if err != nil {
		return
	}
	inputs := delta.InputsOf(old.Header, newer.Header, defs)
	changes := delta.Between(old, newer, inputs)
	var types []sensor.InputType
	if def := defs.ByNumber(newer.Header.Type, newer.Header.TypeVersion); def != nil {
		for _, in := range def.Inputs {
			types = append(types, in.Type)
		}
	}
	directions := delta.NewDirections(old, newer, types, inputs)
	d := &difference{Rules: []ruleChange{}}
	for _, p := range changes.Changed {
		change := ruleChange{A: p.Old, B: p.New, Status: "changed"}
		if direction := directions.Of(p); direction != delta.Unclear {
			change.Effect = direction.Says()
		}
		d.Rules = append(d.Rules, change)
	}
	for _, i := range changes.Removed {
		d.Rules = append(d.Rules, ruleChange{A: i, B: -1, Status: "removed"})
	}
	for _, i := range changes.Added {
		d.Rules = append(d.Rules, ruleChange{A: -1, B: i, Status: "added"})
	}
	first.Diff = d
}

// JSON returns the document. Its text has no "<", so a script element of a page can hold it.
func (d *Document) JSON() ([]byte, error) {
	d.Kinds = slices.Clone(d.Kinds)
	return json.Marshal(d)
}
