package validate

import (
	"fmt"

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
	Counts Counts

	// Undecided says what stands in the way of a verdict, apart from
	// findings.
	Undecided []string

	failOnWarnings bool
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
	for _, f := range r.Findings {
		if f.Severity == Error || r.failOnWarnings {
			return Rejected
		}
	}
	if r.Errors() > 0 || r.failOnWarnings && r.Warnings() > 0 {
		return Rejected // of findings that the report does not hold
	}
	if len(r.Undecided) > 0 || len(r.Skipped) > 0 || len(r.Ran) == 0 {
		return Undecided
	}
	return Accepted
}

// Errors and Warnings return how many findings of each severity there are,
// those that the report does not hold included.
func (r *Report) Errors() int   { return r.found(Error) }
func (r *Report) Warnings() int { return r.found(Warning) }

func (r *Report) found(s Severity) (n int) {
	for _, t := range r.Totals {
		if t.Check.Severity == s {
			n += t.Found
		}
	}
	return n
}

func (r *Report) undecided(format string, args ...any) {
	r.Undecided = append(r.Undecided, fmt.Sprintf(format, args...))
}
