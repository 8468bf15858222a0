package validate

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Report is the result of judging one subject. The zero Report is undecided.
type Report struct {
	Subject    *Subject
	File       *channelfile.File  // nil means that it could not be read, or that there is no file
	Needs      *sensor.Needs      // nil means that the file could not be read
	Definition *sensor.Definition // nil means that the type is unknown
	Fleet      *sensor.Fleet      // nil means that no fleet was given

	Findings      []Finding // sorted: errors first, then by check and place
	Summaries     []Summary // one for each group of several findings, in the order of the findings
	Totals        []Total   // for each check with findings, in the order in which they ran
	Ran           []*Check  // in the order of the list
	Skipped       []Skip    // checks that could not run
	NotApplicable []*Check  // checks that do not apply to this kind of subject

	// Waived are the findings that a waiver accepts, in the same order. They do not count.
	// WaivedFound is their number; Waived may have fewer.
	Waived      []Finding
	WaivedFound int
	WaiverUses  []WaiverUse // of the waivers of the Options, and then of the Subject

	Builds []BuildReport
	// Unread is true if no build of the fleet reads the content, because each build is
	// known to lack the type version and refuses it safely. The verdict is then
	// undecided or rejected.
	Unread bool
	Counts Counts

	// Undecided has the reasons, other than findings, why the content cannot be accepted.
	Undecided []string

	// Foreign is true if the subject is content of a sensor of another maker, and could be read.
	Foreign bool

	FailOnWarnings bool // warnings reject as errors do
	NewOnly        bool // findings that are old do not reject
}

// A Total is the number of findings of a check. The Report may keep fewer.
type Total struct {
	Check *Check
	Found int
	Old   int // number of those that are marked as old
}

// A Skip is a check that did not run, and the reason.
type Skip struct {
	Check *Check
	Why   string
}

// A BuildReport is the result for one build of the fleet.
type BuildReport struct {
	Build
	Addressed bool // false means that the build refuses the content safely, and was not judged
	Lacks     bool // its contract states that it lacks the type version
	AtFault   bool // an error affects it
}

// Counts are the numbers of judged parts.
type Counts struct {
	Instances, Criteria int // of the content
	Builds, Contracts   int // Contracts counts distinct contracts
	Hosts               uint64
}

// Verdict returns the decision of the gate:
//   - Rejected if a check found an error, or a warning and FailOnWarnings is set; with NewOnly,
//     findings that are old do not count
//   - otherwise Undecided if no check ran, a check was skipped, or Undecided has a reason
//   - otherwise Accepted
func (r *Report) Verdict() Verdict {
	errors, warnings := r.Errors(), r.Warnings()
	if r.NewOnly {
		errors, warnings = errors-r.Old(Error), warnings-r.Old(Warning)
	}
	if errors > 0 || r.FailOnWarnings && warnings > 0 {
		return Rejected
	}
	if len(r.Undecided) > 0 || len(r.Skipped) > 0 || len(r.Ran) == 0 {
		return Undecided
	}
	return Accepted
}

// Errors, Warnings and Notes return the number of findings of each severity, including
// findings that the report does not keep.
func (r *Report) Errors() int   { return r.found(Error) }
func (r *Report) Warnings() int { return r.found(Warning) }
func (r *Report) Notes() int    { return r.found(Note) }

// Old returns the number of findings of a severity that are marked as old.
func (r *Report) Old(s Severity) (n int) {
	for _, t := range r.Totals {
		if severityOf(t.Check) == s {
			n += min(max(t.Old, 0), max(t.Found, 0))
		}
	}
	return n
}

// found returns the number of findings by the totals, plus the findings of checks without
// a total, which a report made by hand may have.
func (r *Report) found(s Severity) (n int) {
	for _, t := range r.Totals {
		if severityOf(t.Check) == s {
			n += max(t.Found, 0)
		}
	}
	for i := range r.Findings {
		c := r.Findings[i].Check
		//mutation:missed condition, comparison#1, comparison#3: TestReportByHand detects it
		if severityOf(c) == s && !slices.ContainsFunc(r.Totals, func(t Total) bool { return t.Check == c && t.Found > 0 }) {
			n++
		}
	}
	return n
}

func (r *Report) undecided(format string, args ...any) {
	r.Undecided = append(r.Undecided, fmt.Sprintf(format, args...))
}
