// Package policy reads the policy of a repository: the file .cfcheck.yaml, which states how
// cfcheck judges the content of that repository.
//
// A policy stands under review beside the content. It names the fleets, the recorded events
// and the rules to leave out, so that each run judges by the same settings. It can demand
// more than the gate does: ceilings, expected counts, protected rules. It can also demand
// less, but only for findings that do no harm to a sensor: see [validate.Check.WithSeverity].
//
// [Find] finds the file, and [Read] reads it. A policy that is not completely understood is
// an error, because a gate must not guess which of its settings were meant.
package policy

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/validate"
)

// FileName is the name of a policy file.
const FileName = ".cfcheck.yaml"

// SchemaName is the value of the key "schema" in a policy.
const SchemaName = "cfcheck.policy/v0"

// Schemas holds schema/policy.json and schema/waivers.json, the JSON Schemas (draft 2020-12) of
// a policy and of a file of waivers. A file that fits its schema may still be refused when it is
// read, for instance because of an unknown check.
//
//go:embed schema/policy.json schema/waivers.json
var Schemas embed.FS

// A Policy is the content of a policy file. A list is empty, and a Text or Number has no
// place, if the file does not have the key.
type Policy struct {
	Name string // name of the file, for messages

	Fleets     []Text // names of files or of built-in examples
	Types      []Text // names of files with definitions of template types
	NeverMatch []Text // names of files of recorded events that no rule may match
	KnownGood  []Text // names of files of recorded events that are known to be good
	KnownBad   []Text // names of files of recorded events that are known to be bad
	Exclude    []Text // patterns of rules to leave out
	Protected  []Text // IDs of rules that must be in the content, in lower case

	Ledger        Text   // name of the file with the record of content that shipped
	ExercisePlans []Text // see [rollout.ParseReference]
	Rings         Rings

	FailOn     Text // the lowest severity that rejects: error or warning
	Severities []Severity
	Ceilings   Ceilings
	Expect     Expect
	Tests      Tests

	Waivers     []validate.Waiver // their From has the place in the file
	WaiverFiles []Text            // names of further files of waivers, see [ReadWaivers]
}

// A Place is a position in a policy file. Line and Column count from 1, and Column counts
// bytes. The zero Place means that the file does not have the value.
type Place struct{ Line, Column int }

// A Text is a value of a policy and its place.
type Text struct {
	Value string
	Place
}

// A Number is a number of a policy and its place.
type Number struct {
	Value uint64
	Place
}

// A Severity is the severity that a policy gives to a check.
type Severity struct {
	Check    *validate.Check
	Severity validate.Severity
	Place
}

// Ceilings are the largest sizes that a policy allows. See [validate.Ceilings].
type Ceilings struct {
	Bytes, Instances, Memory Number
	MaxRemoved, MaxGrowth    Number // percent since the previous release
	KnownGoodMatches         Number // known-good events that one rule may match
	KnownGoodNew             Number // known-good events that one rule may newly match
}

// Rings are the sizes of the rings in which hosts get a release. See [rollout.Options].
type Rings struct {
	HostsPerCell, Factor Number
}

// Tests are the least numbers of tests that each rule must have.
type Tests struct {
	MustMatch    Number // tests with events that the rule must match
	MustNotMatch Number // tests with events that it must not match
}

// Expect has the least numbers that a run must judge. A run that judges fewer reaches no
// verdict, because some content or builds are missing.
type Expect struct {
	Files     Number // channel files and files of rules
	Instances Number // in all of them together
	Builds    Number // of all fleets together
}

// Set reports whether the file has the value.
func (p Place) Set() bool { return p.Line > 0 }

// At returns a place as people and editors write it: name, line and column.
func (p *Policy) At(at Place) string { return fmt.Sprintf("%s:%d:%d", p.Name, at.Line, at.Column) }

// Checks returns a list of checks with the severities of the policy.
func (p *Policy) Checks(checks []*validate.Check) []*validate.Check {
	list := slices.Clone(checks)
	for i, c := range list {
		for _, s := range p.Severities {
			if s.Check == c {
				// Read has refused the checks whose severity is permanent.
				list[i], _ = c.WithSeverity(s.Severity)
			}
		}
	}
	return list
}

// MaxErrors is the maximum number of errors that [Read] reports for one file.
const MaxErrors = 20

// An Error is a fault in a policy file, and its place.
type Error struct {
	Name string // name of the file
	Place
	Key   string // path of the key, such as "ceilings.bytes"; "" means the whole file
	Found string // the problem
	Want  string // the expected content, or advice; may be empty
}

func (e *Error) Error() string {
	key, want := e.Key, e.Want
	if key != "" {
		key += ": "
	}
	if want != "" {
		want = "; " + want
	}
	return fmt.Sprintf("%s:%d:%d: %s%s%s", e.Name, e.Line, e.Column, key, e.Found, want)
}

// Errors are the faults of a policy file, in the order of the file. The list is not empty.
type Errors []*Error

func (list Errors) Error() string {
	var lines []string
	for _, e := range list {
		lines = append(lines, e.Error())
	}
	return strings.Join(lines, "\n")
}
