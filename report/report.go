// Package report writes what the gate found, for people and for programs. Its
// writers are pure functions of what they are given; they return the error of
// the writer, for a report that was not written is no verdict.
//
// A [Run] collects the results of one run of the gate. Its memory does not grow
// with their number: beyond [MaxKept] they are in a temporary file. A writer
// goes through them with [Run.All], as often as it needs to, and has the sums of
// [Run.Totals] before it starts.
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

// A Run is one run of the gate: the results for all subjects that it was asked
// to judge. The zero Run is empty and ready to use. Call Close once its reports
// are written. A Run must not be copied, nor used by several goroutines at a
// time.
type Run struct {
	Gate     Gate
	Problems []string // why there is no verdict, apart from what results say
	Remarks  []string // what else a person should know, apart from findings; they change no verdict

	// ShowNotes lets Text show the findings of severity note, and not only
	// their number. JSON has them always.
	ShowNotes bool

	// Sources are the files that the verdicts rest on besides channel files and
	// fleets.
	Sources []Source

	// PassedOver lists what in the folders was not judged. With FailOnWarnings
	// it leaves the verdict undecided.
	PassedOver     []PassedOver
	FailOnWarnings bool

	// MaxRules is how many rules Text shows of several of which the same is
	// said; 0: DefaultMaxRules.
	MaxRules int

	// Lines returns a line of a text that findings point into, and whether
	// it could be had. Nil: none can.
	Lines func(path string, line int) (string, bool)

	totals  Totals
	results store
	read    []readBy
}

// A readBy says whether a build of a fleet reads anything that was judged.
type readBy struct {
	fleet  *sensor.Fleet
	name   string
	judged bool
}

// reads notes whether a build of its fleet reads the subject of a result.
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
}

// DefaultMaxRules is how many rules of several Text shows unless the Run says
// otherwise.
const DefaultMaxRules = validate.GroupFindings

// A Gate says which gate judged.
type Gate struct {
	Version  string
	Digest   string // SHA-256 of the program in hex; empty: not computed
	SelfTest string // empty: passed, unless nothing is said of the gate at all; else what the gate judged wrongly
	Checks   int    // in its list
}

// Totals are sums over all results of a Run, including those that it could not
// keep.
type Totals struct {
	Results                       int
	Accepted, Rejected, Undecided int // results by verdict
	Errors, Warnings, Notes       int // findings by severity
	Unread                        int // results without a verdict that were skipped, by [Result.Unread]; they are not among the undecided
	Skipped                       int // checks that did not run, over all results

	// Checks are the checks that found something, by ID, with the number of
	// their findings.
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
	rep := r.report
	if rep == nil {
		return
	}
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
	}
}

// NewRun returns a run with some results.
func NewRun(results ...Result) *Run {
	r := new(Run)
	r.Add(results...)
	return r
}

// Add adds results. If one cannot be kept, the verdict on the run is undecided,
// and every report says why.
func (r *Run) Add(results ...Result) {
	for i := range results {
		r.totals.add(&results[i])
		r.reads(&results[i])
		r.results.add(results[i])
	}
}

// All returns the results in the order in which they were added. Each pass
// decodes one after the other. If results are missing, the last pair has the
// error, and the run is undecided.
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

// Close deletes the temporary file, if there is one. The results can no longer
// be read then.
func (r *Run) Close() error { return r.results.close() }

// Verdict returns the verdict on all of the run: undecided if a result is, or
// if there is none, or if not all results can be read back, or because of what was
// passed over; else rejected if a result is.
func (r *Run) Verdict() validate.Verdict {
	switch t := &r.totals; {
	case t.Results == 0 || t.Undecided > 0 || len(r.problems())+r.blocking() > 0 || r.Gate.SelfTest != "":
		return validate.Undecided
	case t.Rejected > 0:
		return validate.Rejected
	}
	return validate.Accepted
}

// problems returns why there is no verdict, apart from what results say. A
// writer asks for them before it starts, and then writes the readable results:
// no report begins with accepted and breaks off.
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

// missing returns why results are missing, "" if all can be read back.
func (r *Run) missing() string { return r.results.problem(r.totals.Results) }

// A Format is one way to write a Run.
type Format struct {
	Name    string // as in the flag --format
	Write   func(io.Writer, *Run) error
	Machine bool // programs read it: it has the digest of the gate, and many rules per message
}

// Formats lists all formats. The first is the default.
var Formats = []Format{
	{Name: "text", Write: Text},
	{Name: "json", Write: JSON, Machine: true},
}

// FormatNames returns the names of all formats, the default first.
func FormatNames() []string {
	var names []string
	for _, f := range Formats {
		names = append(names, f.Name)
	}
	return names
}

// FormatOf returns the format with a name, or a Format without Write if the name
// is unknown.
func FormatOf(name string) Format {
	for _, f := range Formats {
		if f.Name == name {
			return f
		}
	}
	return Format{}
}
