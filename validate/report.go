package validate

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Report is what became of one subject. The zero Report is undecided.
type Report struct {
	Subject    *Subject
	File       *channelfile.File  // nil: it could not be read, or there is none
	Needs      *sensor.Needs      // nil: the file could not be read
	Definition *sensor.Definition // nil: the type is not known
	Fleet      *sensor.Fleet      // nil: none was given

	Findings      []Finding // errors first, then by check and place
	Summaries     []Summary // what groups of several findings have in common, in the order of these
	Totals        []Total   // how many findings each check made, if any
	Ran           []*Check  // in the order in which they ran
	Skipped       []Skip    // they could not run
	NotApplicable []*Check  // they do not apply to this kind of subject

	Builds []BuildReport
	// Unread is true if each build of the fleet is known to lack the type
	// version, and refuses it safely: no build reads the content. The verdict is
	// then undecided at best.
	Unread bool
	Counts Counts

	// Undecided says what stands in the way of a verdict, apart from
	// findings.
	Undecided []string

	FailOnWarnings bool // warnings reject as errors do
}

// A Total is how many findings a check made. The Report may hold fewer.
type Total struct {
	Check *Check
	Found int
}

// A Skip is a check that did not run, and why.
type Skip struct {
	Check *Check
	Why   string
}

// A BuildReport is what became of one build of the fleet.
type BuildReport struct {
	Build
	Addressed bool // false: it refuses the content safely, and was not judged
	Lacks     bool // its contract says that it does not have the type version
	AtFault   bool // an error speaks of it
}

// Counts say how much was judged.
type Counts struct {
	Instances, Criteria int // of the content
	Builds, Contracts   int // contracts that differ
	Hosts               uint64
}

// Verdict returns what the gate says. It is Accepted only if checks ran, none
// was skipped, none found an error, and nothing stands in the way.
func (r *Report) Verdict() Verdict {
	if r.Errors() > 0 || r.FailOnWarnings && r.Warnings() > 0 {
		return Rejected
	}
	if len(r.Undecided) > 0 || len(r.Skipped) > 0 || len(r.Ran) == 0 {
		return Undecided
	}
	return Accepted
}

// Errors, Warnings and Notes return the number of findings of each severity,
// including those that the report does not hold.
func (r *Report) Errors() int   { return r.found(Error) }
func (r *Report) Warnings() int { return r.found(Warning) }
func (r *Report) Notes() int    { return r.found(Note) }

// found counts what the totals say, and each finding of a check without a
// total: a report that was put together by hand may lack it.
func (r *Report) found(s Severity) (n int) {
	for _, t := range r.Totals {
		if severityOf(t.Check) == s {
			n += max(t.Found, 0)
		}
	}
	for i := range r.Findings {
		c := r.Findings[i].Check
		if severityOf(c) == s && !slices.ContainsFunc(r.Totals, func(t Total) bool { return t.Check == c && t.Found > 0 }) {
			n++
		}
	}
	return n
}

func (r *Report) undecided(format string, args ...any) {
	r.Undecided = append(r.Undecided, fmt.Sprintf(format, args...))
}
