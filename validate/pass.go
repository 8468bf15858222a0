package validate

import (
	"fmt"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A Pass is one check at work on one subject. What the check's Uses does not
// name may be nil, and the fleet and its groups are: such a check runs once for
// all fleets.
type Pass struct {
	Check   *Check
	Subject *Subject

	ParseError *channelfile.ParseError // why the bytes are no channel file that can be read
	File       *channelfile.File
	Broken     channelfile.Requirements // the requirements of FORMAT.md that File breaks
	Needs      *sensor.Needs
	Definition *sensor.Definition // nil: the type or its version is unknown
	Known      *sensor.Definitions

	Fleet   *sensor.Fleet
	Cohorts []Cohort // the fleet's builds, by what they do
	Now     time.Time

	NeverMatch       *Recorded
	KnownGood        *Recorded
	KnownGoodMatches uint64 // how many of KnownGood one rule may match

	max      int
	perGroup int
	total    int
	findings []Finding // kept so far; those of this check from first on
	first    int
	grouped  []*FindingGroup          // in the order in which they were made
	groupOf  map[string]*FindingGroup // by key
	uses     []int32                  // of each criterion the first word that refers to it, plus one

	ofSubject, ofFleet []shared // what checks have worked out

	budget     *Budget
	dearest    dearest
	over       bool   // the check asked for more than the budget has left
	unfinished string // why the check did not finish
}

// Recorded is recorded events on which content is run.
type Recorded struct {
	Name string // of the recording, for messages

	// Events passes those of a template type to yield, until that returns false,
	// each with a function that says where it was recorded. An event may be
	// overwritten by the next. An error says why there is not every event: the
	// verdict is then undecided. Events must pass the same each time, and may be
	// called by several goroutines.
	Events func(d *sensor.Definition, yield func(where func() string, e interp.Event) bool) error
}

// A Cohort is the builds of a fleet that do the same: the contract of the first
// stands for all.
type Cohort struct {
	Contract *sensor.Contract
	Builds   []Build
	Hosts    uint64

	// Supplies are what the builds supply for the subject's type version,
	// one a feed. Without any, the builds do not have that version.
	Supplies []*sensor.Supply
	// Addressed is false if the builds do not have the type version and
	// refuse it safely: the content never reaches their interpreter.
	Addressed bool
	// Lacks is true if the contract says that the builds do not have the
	// type version.
	Lacks bool

	atFault bool
}

// Blame records that an error speaks of the builds of a group, whether or not
// the report keeps the finding.
func (g *Cohort) Blame() { g.atFault = true }

// Report counts a finding, and keeps it unless the check has found very many.
// make is called only if the finding is kept; it need not set Check, nor what it
// does not know.
func (p *Pass) Report(make func() Finding) {
	p.total++
	if !p.Full() {
		p.keep(make())
	}
}

func (p *Pass) keep(f Finding) {
	f.Check = p.Check
	p.findings = append(p.findings, f)
}

// ReportMore counts n findings more, which need not be looked at: the report
// keeps no more of this check. It does nothing before [Pass.Full].
func (p *Pass) ReportMore(n int) {
	if p.Full() {
		p.total += max(n, 0)
	}
}

// Full reports whether the report keeps no further finding of the check, but
// of a group of which it has few.
func (p *Pass) Full() bool { return p.kept() >= p.max }

// kept returns how many findings of the check are kept.
func (p *Pass) kept() int { return len(p.findings) - p.first }

// A FindingGroup is findings of one check that say the same of several
// instances, such as all that read one missing input. Get it from
// [Pass.FindingGroup]; like the Pass it must not be kept.
type FindingGroup struct {
	pass      *Pass
	key       string
	summarize func(found int) Summary // nil: there are too many groups
	found     int
	kept      int
}

// GroupFindings is how many findings of a group a Report keeps, unless Options
// say otherwise, if it can keep no more of the check: what is wrong with a
// thousand instances must not hide what is wrong with one.
const GroupFindings = 10

// maxGroups is how many groups of a check a Report has summaries of, and keeps
// more findings than of the check at large.
const maxGroups = 100

// FindingGroup returns the group of findings with a key, which becomes their
// Group. Summarize is called once, after the check has run, with the number of
// findings, if they are several; what it returns need not set Check, Group and
// Found.
func (p *Pass) FindingGroup(key string, summarize func(found int) Summary) *FindingGroup {
	g := p.groupOf[key]
	if g != nil {
		return g
	}
	g = &FindingGroup{pass: p, key: key}
	if len(p.grouped) < maxGroups {
		g.summarize = summarize
		if p.groupOf == nil {
			p.groupOf = map[string]*FindingGroup{}
		}
		p.groupOf[key] = g
		p.grouped = append(p.grouped, g)
	}
	return g
}

// Report is [Pass.Report] for a finding of the group.
func (g *FindingGroup) Report(make func() Finding) {
	g.pass.total++
	g.found++
	if g.Full() {
		return
	}
	g.kept++
	f := make()
	f.Group = g.key
	g.pass.keep(f)
}

// ReportMore is [Pass.ReportMore] for findings of the group. It does nothing
// before the group is full.
func (g *FindingGroup) ReportMore(n int) {
	if g.Full() {
		g.pass.total += max(n, 0)
		g.found += max(n, 0)
	}
}

// Full reports whether the report keeps no further finding of the group.
func (g *FindingGroup) Full() bool {
	p := g.pass
	switch {
	case !p.Full():
		return false
	case g.summarize == nil || g.kept >= p.perGroup:
		return true
	case g.kept < GroupFindings:
		return false
	}
	// The first few of each group are kept in any case; what there is besides
	// has a bound for all of the check.
	return p.kept() >= p.max+p.perGroup
}

// summaries adds to a list what the findings of each group of several have in
// common.
func (p *Pass) summaries(list []Summary) []Summary {
	for _, g := range p.grouped {
		if g.found > 1 {
			s := g.summarize(g.found)
			s.Check, s.Group, s.Found = p.Check, g.key, g.found
			list = append(list, s)
		}
	}
	return list
}

// ReportAt reports a finding about a part of the channel file. A check that
// may find very many calls Report instead, with a function that calls At:
// what is not kept then costs nothing.
func (p *Pass) ReportAt(r channelfile.Range, path, fix, format string, args ...any) {
	p.Report(func() Finding { return p.At(r, path, fix, format, args...) })
}

// At returns a finding about a part of the channel file.
func (p *Pass) At(r channelfile.Range, path, fix, format string, args ...any) Finding {
	return Finding{Where: p.Locate(r, path), Message: fmt.Sprintf(format, args...), Fix: fix}
}

// Found returns how many findings the check has reported.
func (p *Pass) Found() int { return p.total }

// Locate returns the location of a part of the content that belongs to no
// instance. Where there is no channel file, it has no bytes, and the path is
// that of the document.
func (p *Pass) Locate(r channelfile.Range, path string) Location {
	switch p.Subject.Kind {
	case KindNeeds:
		r = channelfile.Range{}
		if in, ok := needsPaths[path]; ok {
			path = in
		}
	case KindDefinition:
		r = channelfile.Range{}
		path = strings.TrimPrefix(path, "header.")
	}
	return p.place(Location{Path: path, Range: r}, channelfile.ID{}, -1)
}

// needsPaths are the paths in a document with needs of what stands in the
// header of a channel file.
var needsPaths = map[string]string{
	"header":                 "sizes",
	"header.version":         "format",
	"header.channel":         "channel",
	"header.type":            "type",
	"header.type_version":    "typeVersion",
	"header.inputs_declared": "inputsDeclared",
	"header.inputs_read":     "inputsRead",
}

// place lets the subject say where a part comes from. What was compiled only
// to be judged has no bytes that anybody could look at.
func (p *Pass) place(where Location, id channelfile.ID, input int) Location {
	if p.Subject.Kind == KindRules {
		where.Range = channelfile.Range{}
	}
	if p.Subject.Origin != nil {
		if pos, ok := p.Subject.Origin(Part{where.Path, id, input, where.Source}); ok {
			where.Source = pos
		}
	}
	where.Source.Path, where.Source.Text = cut(where.Source.Path), cut(where.Source.Text)
	return where
}

// LocateInstance returns the location of instance i of the file, and what it
// is called.
func (p *Pass) LocateInstance(i int) (Location, *Instance) {
	where, instance := p.locateInstance(i)
	return p.place(where, instance.ID, -1), instance
}

// locateInstance goes by the provenance in the file alone.
func (p *Pass) locateInstance(i int) (Location, *Instance) {
	in, origin := p.File.Instance(i), p.File.ShortOrigin(i, p.textBytes())
	where := Location{
		Path:   fmt.Sprintf("instance[%d]", i),
		Range:  p.File.InstanceRange(i),
		Source: Position{Path: origin.Path, Line: origin.Line},
	}
	return where, &Instance{Index: i, ID: in.ID, Rule: cut(origin.Rule), Title: cut(origin.Title), Author: cut(origin.Author)}
}

// LocateWord returns the location of word w of the condition of instance i,
// and what the instance is called. Input is the input that the word reads, -1
// if that does not matter.
func (p *Pass) LocateWord(i, w, input int) (Location, *Instance) {
	where, instance := p.locateInstance(i)
	where.Path = fmt.Sprintf("instance[%d].word[%d]", i, w-p.File.Instance(i).First)
	where.Range = p.File.WordRange(w)
	line, text := p.File.ShortUse(w, p.textBytes())
	where.Source.Text = text
	if line > 0 {
		where.Source.Line = line
	}
	return p.place(where, instance.ID, input), instance
}

// LocateCause returns the location of what makes a need, and what the instance
// is called. It is how findings on needs speak of instances: there is no file
// to look at. Input is the input that it reads, -1 if that does not matter.
func (p *Pass) LocateCause(c sensor.Cause, input int) (Location, *Instance) {
	where := Location{Source: Position{Path: c.Path, Line: c.Line}}
	switch {
	case c.Instance >= 0:
		where.Path = fmt.Sprintf("instance[%d]", c.Instance)
	case input >= 0:
		where.Path = fmt.Sprintf("inputs[%d]", input)
	}
	return p.place(where, c.ID, input), &Instance{Index: c.Instance, ID: c.ID, Rule: cut(c.Rule), Title: cut(c.Title)}
}

// InputAt returns what the subject's definition calls an input.
func (p *Pass) InputAt(index int) *Input {
	in := &Input{Index: index}
	if p.Definition != nil && index >= 0 && index < len(p.Definition.Inputs) {
		in.Name, in.Type = p.Definition.Inputs[index].Name, p.Definition.Inputs[index].Type
	}
	return in
}

// LocateCriterion returns the location of the first word that refers to
// criterion i, which reads the input, and what its instance is called; nil if
// no word does.
func (p *Pass) LocateCriterion(i, input int) (Location, *Instance) {
	w := p.firstUse(i)
	if w < 0 {
		return p.Locate(p.File.CriterionRange(i), fmt.Sprintf("criterion[%d]", i)), nil
	}
	// The words of the instances stand end to end.
	next := sort.Search(p.File.Instances(), func(k int) bool { return p.File.Instance(k).First > w })
	return p.LocateWord(next-1, w, input)
}

// firstUse returns the first word that refers to criterion i, -1 if none does.
func (p *Pass) firstUse(i int) int {
	if p.uses == nil {
		p.uses = make([]int32, p.File.Criteria())
		for w := p.File.Words() - 1; w >= 0; w-- {
			if word := p.File.Word(w); word.IsReference() {
				p.uses[word.Criterion()] = int32(w) + 1
			}
		}
	}
	return int(p.uses[i]) - 1
}

// MaxText is how many characters of each text of the content a finding
// repeats: texts may be long, and findings many.
const MaxText = 256

// textBytes is how many bytes of a text are looked at: enough to see whether
// it has more characters than a finding repeats. A subject that says where
// things come from may go by what the provenance says, and gets all of it.
func (p *Pass) textBytes() int {
	if p.Subject.Origin != nil {
		return channelfile.MaxTextLength
	}
	return utf8.UTFMax * (MaxText + 1)
}

// cut returns the first characters of a text that a finding repeats.
func cut(s string) string {
	n := 0
	for i := range s {
		if n == MaxText {
			return strings.Clone(s[:i]) + "..."
		}
		n++
	}
	return s
}
