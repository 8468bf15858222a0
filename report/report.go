// Package report writes the results of the gate, for people and for programs.
//
// A [Run] collects the results of one run of the gate: a [Result] for each
// subject and fleet. [Text] and [JSON] write it, and [Formats] lists all formats.
// They are pure functions of the Run, and they return the error of the writer,
// because a report that was not written is no verdict.
//
// You can write a format of your own with the exported names alone. [Run.Verdict]
// and [Run.Totals] are known before the first result is read. [Run.All] iterates
// over the results, as often as you need. [Result.Report] has the findings, and
// [Result.Place] says where each of them is. The example of [Run.All] writes CSV.
//
// The memory of a Run does not grow with the number of results: beyond [MaxKept]
// they are in a temporary file. The time of a writer is proportional to the size
// of the report. To stop one early, return an error from its io.Writer.
package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// A Run is one run of the gate: the results for all subjects. The zero Run is
// empty and ready to use. Call Close after its reports are written. Do not copy a
// Run, and do not use it from several goroutines at a time.
type Run struct {
	Gate Gate

	// Problems are faults of the run as a whole, which the caller found. With a
	// problem the run is undecided. [Run.Reasons] contains them.
	Problems []string

	// Remarks are messages for people. They change no verdict.
	Remarks []string

	// ShowNotes makes Text show the findings of severity note. Without it, Text
	// only counts them. JSON always shows them.
	ShowNotes bool

	// Details makes Text write more about each subject: the header of the file, its digest,
	// the checks that were skipped, and the builds that do not read it.
	Details bool

	// Quiet makes Text write only the findings that reject, the reasons why the verdict is
	// undecided, and the last line.
	Quiet bool

	// Color makes Text write control sequences for the colours of a terminal.
	Color bool

	// Sources lists the input files other than channel files and fleets.
	Sources []Source

	// Policy is the policy file that the run followed; nil means no policy.
	Policy *Policy

	// PassedOver lists the entries of folders that were not judged. Each is a
	// warning, or a note if its kind is VersionControl. With FailOnWarnings the
	// warnings leave the run undecided, and [Run.Reasons] contains them.
	PassedOver     []PassedOver
	FailOnWarnings bool

	// MaxRules limits how many rules Text lists under one shared message. 0
	// means DefaultMaxRules.
	MaxRules int

	// Unfilled lists the placeholders without values in the rules that could not be compiled,
	// without "%", sorted. Only HTML lists them.
	Unfilled []string

	// Picture has facts that only HTML draws. nil means that it draws only the results.
	Picture *Picture

	// Lines returns a line of a source text, and whether it is available. nil
	// means that no line is available.
	Lines func(path string, line int) (string, bool)

	// Corrections returns the corrections for the findings of a file of rules. nil means that
	// no corrections are known.
	Corrections func(path string) []Correction

	totals  Totals
	results store
	read    []readBy
	waived  []*validate.Check // checks with waived findings, sorted by ID
	files   fileCounts

	failOnWarnings, newOnly bool // of a report
}

// A readBy has a fleet, and whether a build of the fleet reads a judged subject.
type readBy struct {
	fleet  *sensor.Fleet
	name   string
	judged bool
	counts validate.Counts // of the fleet, from the first report that has them
}

// reads updates the entry of the result's fleet in r.read.
func (r *Run) reads(result *Result) {
	rep := result.report
	if rep == nil || rep.Fleet == nil {
		return
	}
	i := slices.IndexFunc(r.read, func(o readBy) bool { return o.fleet == rep.Fleet })
	if i < 0 {
		i = len(r.read)
		r.read = append(r.read, readBy{fleet: rep.Fleet, name: cmp.Or(result.FleetNamed, rep.Fleet.Name)})
	}
	r.read[i].judged = r.read[i].judged || !result.Unread()
	if r.read[i].counts.Builds == 0 && result.read {
		r.read[i].counts = rep.Counts
	}
}

// waives adds the checks of the waived findings of a result to r.waived.
func (r *Run) waives(result *Result) {
	if result.report != nil {
		for i := range result.report.Waived {
			r.waived = addCheck(r.waived, result.report.Waived[i].Check)
		}
	}
}

// addCheck adds a check to a list that is sorted by ID, unless the list has its ID.
func addCheck(list []*validate.Check, c *validate.Check) []*validate.Check {
	i, ok := slices.BinarySearchFunc(list, c.ID, func(c *validate.Check, id string) int { return cmp.Compare(c.ID, id) })
	if !ok {
		list = slices.Insert(list, i, c)
	}
	return list
}

// checks returns the checks of all findings, also of those that are waived, sorted by ID.
func (r *Run) checks() []*validate.Check {
	list := slices.Clone(r.waived)
	for _, t := range r.totals.Checks {
		list = addCheck(list, t.Check)
	}
	return list
}

// DefaultMaxRules is the default of Run.MaxRules.
const DefaultMaxRules = validate.GroupFindings

// A Gate identifies the program that judged.
type Gate struct {
	Version string
	Digest  string // SHA-256 of the program file in hex; "" means not computed
	// SelfTest is the failure of the self-test, which makes the run undecided. ""
	// means that the self-test passed. For a zero Gate, JSON instead writes "not
	// stated".
	SelfTest string
	Checks   int // number of checks in its list
}

// Totals are sums over all results of a Run, including those that it could not
// keep. They do not count Problems, PassedOver and the self-test, which belong to
// no result.
type Totals struct {
	Results                       int
	Accepted, Rejected, Undecided int // results by verdict
	Errors, Warnings, Notes       int // findings by severity
	Unread                        int // results with [Result.Unread]; Undecided does not count them
	Skipped                       int // checks that did not run, over all results
	Waived                        int // findings that a waiver accepts
	LeftOut                       int // rules that were left out

	// Checks lists the checks with findings, sorted by ID, and the number of
	// findings of each.
	Checks []validate.Total
}

func (t *Totals) add(r *Result) {
	t.Results++
	switch verdict := r.Verdict(); {
	case verdict == validate.Accepted:
		t.Accepted++
	case verdict == validate.Rejected:
		t.Rejected++
	case r.Unread():
		t.Unread++
	default:
		t.Undecided++
	}
	t.LeftOut += len(r.LeftOut)
	rep := r.report
	if rep == nil {
		return
	}
	t.Waived += max(rep.WaivedFound, 0)
	t.Errors += rep.Errors()
	t.Warnings += rep.Warnings()
	t.Notes += rep.Notes()
	t.Skipped += len(rep.Skipped)
	for _, found := range rep.Totals {
		i, ok := slices.BinarySearchFunc(t.Checks, found.Check, func(t validate.Total, c *validate.Check) int { return cmp.Compare(t.Check.ID, c.ID) })
		if !ok {
			t.Checks = slices.Insert(t.Checks, i, validate.Total{Check: found.Check})
		}
		t.Checks[i].Found += found.Found
		t.Checks[i].Old += found.Old
	}
}

// old returns the number of findings of a severity that are old.
func (t *Totals) old(s validate.Severity) (n int) {
	for i := range t.Checks {
		if c := &t.Checks[i]; c.Check.Severity == s {
			n += min(max(c.Old, 0), max(c.Found, 0))
		}
	}
	return n
}

// NewRun returns a Run with the given results.
func NewRun(results ...Result) *Run {
	r := new(Run)
	r.Add(results...)
	return r
}

// Add adds results. If a result cannot be stored, the verdict on the run is
// undecided, and every report gives the reason.
func (r *Run) Add(results ...Result) {
	for i := range results {
		r.totals.add(&results[i])
		r.reads(&results[i])
		r.waives(&results[i])
		r.files.add(&results[i])
		if rep := results[i].report; rep != nil {
			r.failOnWarnings = r.failOnWarnings || rep.FailOnWarnings
			r.newOnly = r.newOnly || rep.NewOnly
		}
		r.results.add(results[i])
	}
}

// All iterates over the results in the order in which they were added. It holds
// one result in memory at a time, unless all of them fit into MaxKept. If results
// are missing, the last pair has the error, and the run is undecided.
func (r *Run) All() iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		for result, err := range r.results.all {
			if !yield(result, err) || err != nil {
				return
			}
		}
		if missing := r.missing(); missing != "" {
			yield(Result{}, errors.New(missing))
		}
	}
}

// Totals returns the sums over all results.
func (r *Run) Totals() Totals {
	t := r.totals
	t.Checks = slices.Clone(t.Checks)
	return t
}

// Close deletes the temporary file, if any. The results can no longer be read
// afterwards.
func (r *Run) Close() error { return r.results.close() }

// Verdict returns the verdict on the whole run. It is undecided if a result is
// undecided, if there are no results, or for any reason that [Run.Reasons] lists.
// Otherwise it is rejected if any result is rejected.
func (r *Run) Verdict() validate.Verdict {
	switch t := &r.totals; {
	case t.Results == 0 || t.Undecided > 0 || len(r.problems())+r.blocking() > 0 || r.Gate.SelfTest != "":
		return validate.Undecided
	case t.Rejected > 0:
		return validate.Rejected
	}
	return validate.Accepted
}

// Reasons returns the reasons why the run as a whole is undecided, each as a
// sentence without a full stop. These are:
//   - the Problems
//   - a fleet for which nothing was judged
//   - results that cannot be read back
//   - a failure of the self-test
//   - PassedOver, if FailOnWarnings is set
//
// The reasons of a single result are in its report or its error. Call Reasons
// before you write the first result, because it also reads all results back.
func (r *Run) Reasons() []string {
	reasons := r.problems()
	if r.Gate.SelfTest != "" {
		reasons = append(reasons, "the self-test of the gate failed: "+r.Gate.SelfTest)
	}
	for i := range r.PassedOver {
		if p := &r.PassedOver[i]; p.blocks(r.FailOnWarnings) {
			reasons = append(reasons, p.String())
		}
	}
	return reasons
}

// problems returns the Problems of the run and the problems of its results as a
// whole. A writer calls it before it writes, and then writes the readable results,
// so that no report begins with accepted and breaks off.
func (r *Run) problems() []string {
	problems := slices.Clip(r.Problems)
	for _, f := range r.read {
		if !f.judged {
			problems = append(problems, fmt.Sprintf("nothing was judged for fleet %s: each of its builds is known to lack the template types", f.name))
		}
	}
	if missing := r.missing(); missing != "" {
		problems = append(problems, missing)
	}
	return problems
}

// missing returns the reason why results are missing, or "" if all can be read
// back.
func (r *Run) missing() string { return r.results.problem(r.totals.Results) }

// A Format is one way to write a Run.
type Format struct {
	Name    string // as in the flag --format
	Write   func(io.Writer, *Run) error
	Machine bool // for programs: it lists many rules per message
	Digest  bool // it states the digest of the gate

	Pictures bool // it draws the Picture of the run
}

// Formats lists all formats. The first is the default.
var Formats = []Format{
	{Name: "text", Write: Text},
	{Name: "json", Write: JSON, Machine: true, Digest: true},
	{Name: "sarif", Write: SARIF, Machine: true, Digest: true},
	{Name: "sarif-github", Write: SARIFGitHub, Machine: true, Digest: true},
	{Name: "github", Write: GitHub},
	{Name: "markdown", Write: Markdown},
	{Name: "html", Write: HTML, Machine: true, Digest: true, Pictures: true},
	{Name: "junit", Write: JUnit, Machine: true, Digest: true},
	{Name: "gitlab", Write: GitLab, Machine: true},
	{Name: "csv", Write: CSV, Machine: true},
}

// FormatNames returns the names of all formats, the default first.
func FormatNames() []string {
	var names []string
	for _, f := range Formats {
		names = append(names, f.Name)
	}
	return names
}

// FormatOf returns the format with the given name, or the zero Format if the name
// is unknown.
func FormatOf(name string) Format {
	for _, f := range Formats {
		if f.Name == name {
			return f
		}
	}
	return Format{}
}
