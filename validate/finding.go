package validate

import (
	"cmp"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A Finding is one thing that a check found. Its severity is that of the check.
type Finding struct {
	Check *Check

	Where    Location
	Instance *Instance // the rule at fault, if it is one
	Input    *Input    // the input that it is about, if there is one
	Builds   []Build   // the builds that it is about, if it is about builds

	Message string   // what was found; lower case, no full stop
	Details []string // both sides of the conflict, a line each
	Fix     string   // what to do

	// Fault is true if the gate is at fault, not the content. Message asks the reader
	// to report the file.
	Fault bool

	// Witness shows the harm, where package witness was asked for it.
	Witness *interp.Witness

	// Group is equal for findings that say the same of several places, such
	// as two rules that read the same missing input. A writer may show what
	// the [Summary] of the group says and then the places alone; or, where
	// there is none, the first in full and the others in a line.
	Group string
}

// A Summary is what the findings of a group have in common, as one finding
// that is about all of them.
type Summary struct {
	Check *Check
	Group string
	Found int // the group's findings, at least 2; the Report may hold fewer

	Input   *Input
	Builds  []Build
	Message string
	Details []string
	Fix     string
}

// A Location is where a finding is. What is unknown is zero.
type Location struct {
	Path   string            // the part of the content, such as "instance[2].criterion[1]"
	Range  channelfile.Range // bytes of the channel file; empty: none, as where there is no file
	Source Position          // the text that the part was made from
}

// A Position is a place in what channel content was made from: a text, or a
// file of another format.
type Position struct {
	Path   string            // file name
	Line   int               // from 1; 0: unknown
	Column int               // in bytes, from 1; 0: unknown
	Text   string            // what stands there, as its author wrote it
	Range  channelfile.Range // bytes of a binary source; empty: none
}

// An Instance names a template instance, a rule.
type Instance struct {
	Index  int // in the file; -1: not from a file
	ID     channelfile.ID
	Rule   string // ID as the author wrote it
	Title  string
	Author string
}

// An Input names an input of a template type.
type Input struct {
	Index int    // from 0; people count from 1
	Name  string // empty: the definition does not have it
	Type  sensor.InputType
}

// A Build is a sensor build of the fleet.
type Build struct {
	Name  string
	Hosts uint64
}

// Severity returns the severity of the finding's check: there is no other, so
// the counts of a Report and its verdict cannot differ. Without a check it is
// Error.
func (f *Finding) Severity() Severity { return severityOf(f.Check) }

// severityOf returns the severity of a check. A missing check, and a severity
// that does not exist, block.
func severityOf(c *Check) Severity {
	if c == nil || c.Severity > Note {
		return Error
	}
	return c.Severity
}

// sortFindings orders by severity, check, place in the file, and text, so that
// a report is the same at every run.
func sortFindings(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Severity(), b.Severity()),
			cmp.Compare(a.Check.ID, b.Check.ID),
			cmp.Compare(a.Group, b.Group),
			cmp.Compare(a.Where.Range.Start, b.Where.Range.Start),
			cmp.Compare(a.Where.Source.Path, b.Where.Source.Path),
			cmp.Compare(a.Where.Source.Line, b.Where.Source.Line),
			cmp.Compare(a.instance(), b.instance()),
			cmp.Compare(a.input(), b.input()),
			cmp.Compare(a.Where.Path, b.Where.Path),
			cmp.Compare(a.Message, b.Message),
		)
	})
}

// sortSummaries orders summaries as sortFindings does the findings.
func sortSummaries(list []Summary) {
	slices.SortStableFunc(list, func(a, b Summary) int {
		return cmp.Or(
			cmp.Compare(a.Check.Severity, b.Check.Severity),
			cmp.Compare(a.Check.ID, b.Check.ID),
			cmp.Compare(a.Group, b.Group),
		)
	})
}

// instance and input return the index of what a finding is about, -1 if it is
// about none.

func (f *Finding) instance() int {
	if f.Instance == nil {
		return -1
	}
	return f.Instance.Index
}

func (f *Finding) input() int {
	if f.Input == nil {
		return -1
	}
	return f.Input.Index
}
