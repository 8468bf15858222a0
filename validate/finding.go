package validate

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A Finding is one fault that a check found. Its severity is the severity of the check.
type Finding struct {
	Check *Check

	Where    Location
	Instance *Instance // the rule at fault; nil means no single rule
	Input    *Input    // the input at fault; nil means no single input
	Builds   []Build   // the builds that it affects; empty if it does not depend on builds

	// Identity names the finding over revisions. A check sets Rule and Path, or neither of
	// them; [Run] computes the other fields, and these two if they are empty.
	Identity Identity

	Message string   // the fault that was found; lower case, no full stop
	Details []string // both sides of the conflict, one line each
	Fix     string   // advice; lower case, no full stop

	// Fault is true if the gate is at fault, not the content. Message asks the reader
	// to report the file.
	Fault bool

	// Extent is the size of the effect, such as the number of matched events. 0 means that the
	// effect has no size. It is compared only with that of the same finding of another revision.
	Extent uint64
	// Event is the place of the first recorded event that Instance matches, or does not match any
	// more, as Recorded.Events gives it. "" means no such event.
	Event string

	// Old is true if the finding stood at the previous release: the report on its content has
	// a finding with the same identity, on at least the same builds, and with at least the same
	// extent.
	Old bool

	// Waiver is the waiver that accepts the finding; nil means no waiver.
	Waiver *Waiver

	// Witness shows the harm. Nil means that package witness was not asked for it, or
	// that the check has no witnesses.
	Witness *interp.Witness

	// Group is the key of a group: findings that say the same about several places, such
	// as two rules that read the same missing input. "" means no group. A writer can
	// show the [Summary] of the group once and then only the places. If the group has no
	// Summary, it can show the first finding in full and only the places of the others.
	Group string
}

// A Summary is one finding about all places of a group.
type Summary struct {
	Check *Check
	Group string
	Found int // number of findings in the group, at least 2; the Report may keep fewer

	Input   *Input
	Builds  []Build
	Message string
	Details []string
	Fix     string
}

// A Location is the place of a finding. Unknown fields are zero.
type Location struct {
	Path   string            // the part of the content, such as "instance[2].criterion[1]"
	Range  channelfile.Range // bytes of the channel file; empty means no bytes
	Source Position          // the source of the part
}

// A Position is a place in the source of channel content: a text, or a file of another
// format.
type Position struct {
	Path   string            // file name
	Line   int               // from 1; 0 means unknown
	Column int               // in bytes, from 1; 0 means unknown
	Text   string            // text at this place, as its author wrote it
	Range  channelfile.Range // bytes of a binary source; empty means a text
}

// An Instance names a template instance, a rule.
type Instance struct {
	Index  int // in the file; -1 means not from a file
	ID     channelfile.ID
	Rule   string // ID as the author wrote it
	Title  string
	Author string
}

// String names the instance for messages.
//
//mutation:equivalent: only report texts depend on it
func (in *Instance) String() string {
	switch {
	case in.Title != "":
		return fmt.Sprintf("rule %q", in.Title)
	case in.Rule != "":
		return fmt.Sprintf("rule %q", in.Rule)
	case in.ID != channelfile.ID{}:
		return "instance " + in.ID.String()
	case in.Index >= 0:
		return fmt.Sprintf("instance %d", in.Index)
	}
	return "a rule"
}

// An Input names an input of a template type.
type Input struct {
	Index int    // from 0; people count from 1
	Name  string // "" means that the definition does not have it
	Type  sensor.InputType
}

// A Build is a sensor build of the fleet.
type Build struct {
	Name  string
	Hosts uint64
}

// Severity returns the severity of the finding's check, or Error without a check. A
// finding does not store a severity, so the counts of a Report agree with its verdict.
func (f *Finding) Severity() Severity { return severityOf(f.Check) }

// severityOf returns the severity of a check, and Error for a nil check or an unknown
// severity.
func severityOf(c *Check) Severity {
	if c == nil || c.Severity > Note {
		return Error
	}
	return c.Severity
}

// sortFindings sorts by severity, check, place and message, so that a report is the same
// in every run.
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

// sortSummaries sorts summaries in the order of sortFindings.
func sortSummaries(list []Summary) {
	slices.SortStableFunc(list, func(a, b Summary) int {
		return cmp.Or(
			cmp.Compare(a.Check.Severity, b.Check.Severity),
			cmp.Compare(a.Check.ID, b.Check.ID),
			cmp.Compare(a.Group, b.Group),
		)
	})
}

// instance and input return the index of the finding's instance or input, or -1.

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
