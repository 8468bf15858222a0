package validate

import (
	"fmt"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Pass is one check at work on one subject. What the check's Uses does not
// name may be nil.
type Pass struct {
	Check   *Check
	Subject *Subject

	ParseError *channelfile.ParseError // why the bytes are no channel file that can be read
	File       *channelfile.File
	Broken     channelfile.Rules // the requirements of FORMAT.md that File breaks
	Needs      *sensor.Needs
	Definition *sensor.Definition // nil: the type or its version is unknown
	Known      *sensor.Definitions

	Fleet  *sensor.Fleet
	Groups []Group // the fleet's builds, by what they do
	Now    time.Time

	max      int
	total    int
	findings []Finding
}

// A Group is the builds of a fleet that do the same: the contract of the first
// stands for all.
type Group struct {
	Contract *sensor.Contract
	Builds   []Build
	Hosts    uint64

	// Supplies are what the builds supply for the subject's type version,
	// one a feed. Without any, the builds do not have that version.
	Supplies []*sensor.Supply
	// Addressed is false if the builds do not have the type version and
	// refuse it safely: the content never reaches their interpreter.
	Addressed bool

	atFault bool
}

// Blame records that an error speaks of the builds of a group, whether or not
// the report keeps the finding.
func (g *Group) Blame() { g.atFault = true }

// Report counts a finding, and keeps it unless the check has found very many.
// make is called only if the finding is kept; it need not set Check, Severity
// nor what it does not know.
func (p *Pass) Report(make func() Finding) {
	p.total++
	if len(p.findings) >= p.max {
		return
	}
	f := make()
	f.Check = p.Check
	f.Severity = p.Check.Severity
	p.findings = append(p.findings, f)
}

// ReportAt reports a finding about a part of the channel file.
func (p *Pass) ReportAt(r channelfile.Range, path, fix, format string, args ...any) {
	p.Report(func() Finding {
		return Finding{Where: p.Locate(r, path), Message: fmt.Sprintf(format, args...), Fix: fix}
	})
}

// Found returns how many findings the check has reported.
func (p *Pass) Found() int { return p.total }

// Locate returns the location of a part of the content as a whole.
func (p *Pass) Locate(r channelfile.Range, path string) Location {
	where := Location{Path: path, Range: r}
	if p.Subject.Origin != nil {
		where.Source, _ = p.Subject.Origin(channelfile.ID{}, -1, Position{})
	}
	return where
}

// LocateInstance returns the location of instance i of the file, and what it
// is called.
func (p *Pass) LocateInstance(i int) (Location, *Instance) {
	where, instance := p.locateInstance(i)
	if p.Subject.Origin != nil {
		if pos, ok := p.Subject.Origin(instance.ID, -1, where.Source); ok {
			where.Source = pos
		}
	}
	return where, instance
}

// locateInstance goes by the provenance in the file alone.
func (p *Pass) locateInstance(i int) (Location, *Instance) {
	in, origin := p.File.Instance(i), p.File.Origin(i)
	where := Location{
		Path:   fmt.Sprintf("instance[%d]", i),
		Range:  p.File.InstanceRange(i),
		Source: Position{Path: origin.Path, Line: origin.Line},
	}
	return where, &Instance{Index: i, ID: in.ID, Rule: origin.Rule, Title: origin.Title, Author: origin.Author}
}

// LocateWord returns the location of word w of the condition of instance i,
// which reads the input.
func (p *Pass) LocateWord(i, w, input int) (Location, *Instance) {
	where, instance := p.locateInstance(i)
	where.Path = fmt.Sprintf("instance[%d].word[%d]", i, w-p.File.Instance(i).First)
	where.Range = p.File.WordRange(w)
	line, text := p.File.Use(w)
	where.Source.Text = text
	if line > 0 {
		where.Source.Line = line
	}
	if p.Subject.Origin != nil {
		if pos, ok := p.Subject.Origin(instance.ID, input, where.Source); ok {
			where.Source = pos
		}
	}
	return where, instance
}

// InputAt returns what the subject's definition calls an input.
func (p *Pass) InputAt(index int) *Input {
	in := &Input{Index: index}
	if p.Definition != nil && index < len(p.Definition.Inputs) {
		in.Name, in.Type = p.Definition.Inputs[index].Name, p.Definition.Inputs[index].Type
	}
	return in
}

// LocateCriterion returns the location of the first word that refers to
// criterion i, which reads the input, and what its instance is called.
func (p *Pass) LocateCriterion(i, input int) (Location, *Instance) {
	for k := range p.File.Instances() {
		in := p.File.Instance(k)
		for w := in.First; w < in.First+in.Count; w++ {
			if word := p.File.Word(w); word.IsReference() && word.Criterion() == i {
				return p.LocateWord(k, w, input)
			}
		}
	}
	return p.Locate(p.File.CriterionRange(i), fmt.Sprintf("criterion[%d]", i)), nil
}
