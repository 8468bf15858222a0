// Package report writes what the gate found, for people and for programs. Its
// writers are pure functions of what they are given; they return the error of
// the writer, for a report that was not written is no verdict.
package report

import (
	"io"

	"github.com/cfcheck/cfcheck/validate"
)

// A Run is one run of the gate: all that it was asked to judge.
type Run struct {
	Gate     Gate
	Results  []Result
	Problems []string // why there is no verdict, apart from what Results say

	// Lines returns a line of a text that findings point into, and whether
	// it could be had. Nil: none can.
	Lines func(path string, line int) (string, bool)
}

// A Gate says which gate judged.
type Gate struct {
	Version  string
	Digest   string // SHA-256 of the program in hex; empty: not computed
	SelfTest string // empty: passed; else what the gate judged wrongly
	Checks   int    // in its list
}

// A Result is what became of one subject.
type Result struct {
	Name   string
	Digest string           // SHA-256 of the file in hex; empty: there is none
	Report *validate.Report // nil: it was not judged, and Err says why
	Err    error

	// LeftOut lists rules that are not in what was judged, because they
	// cannot be expressed and that was allowed.
	LeftOut []string
}

// Verdict returns the verdict on one subject.
func (r *Result) Verdict() validate.Verdict {
	if r.Report == nil || r.Err != nil {
		return validate.Undecided
	}
	return r.Report.Verdict()
}

// Verdict returns the verdict on all of the run: undecided if anything is, or
// if nothing was judged; else rejected if anything is.
func (r *Run) Verdict() validate.Verdict {
	if len(r.Results) == 0 || len(r.Problems) > 0 || r.Gate.SelfTest != "" {
		return validate.Undecided
	}
	verdict := validate.Accepted
	for i := range r.Results {
		switch r.Results[i].Verdict() {
		case validate.Undecided:
			return validate.Undecided
		case validate.Rejected:
			verdict = validate.Rejected
		}
	}
	return verdict
}

// Formats are the ways to write a run, by name.
var Formats = map[string]func(io.Writer, *Run) error{
	"text": Text,
	"json": JSON,
}
