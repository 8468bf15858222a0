// Package report writes what the gate found, for people and for programs. Its
// writers are pure functions of what they are given; they return the error of
// the writer, for a report that was not written is no verdict.
package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/cfcheck/cfcheck/validate"
)

// A Run is one run of the gate: all that it was asked to judge.
type Run struct {
	Gate     Gate
	Results  []Result
	Problems []string // why there is no verdict, apart from what Results say
	Remarks  []string // what else a person should know, apart from findings; they change no verdict

	// ShowNotes lets Text show the findings of severity note, and not only
	// their number. JSON has them always.
	ShowNotes bool

	// MaxRules is how many rules Text shows of several of which the same is
	// said; 0: DefaultMaxRules.
	MaxRules int

	// Lines returns a line of a text that findings point into, and whether
	// it could be had. Nil: none can.
	Lines func(path string, line int) (string, bool)
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

// A Result is what became of one subject. It does not hold on to the bytes of
// the file, so that a run of many files takes the memory of one. Make it with
// [Judged] or [NotJudged].
type Result struct {
	Name string

	// LeftOut lists rules that are not in what was judged, because they
	// cannot be expressed and that was allowed.
	LeftOut []string

	report  *validate.Report // without file and data; nil: it was not judged, and err says why
	err     error
	digest  string // SHA-256 of the file in hex; empty: there is none
	file    *jsonFile
	windows []window // for the findings of the same index
}

// A window is the rows of bytes that a finding is about.
type window struct {
	start int // offset of the first
	bytes []byte
}

// Judged returns the result for a subject that was judged. Digest is the
// SHA-256 of its file in hex; if it is empty, that of the subject's data is
// computed, if it is a channel file.
func Judged(r *validate.Report, digest string) Result {
	if digest == "" && r.Subject.Kind == validate.KindChannelFile && len(r.Subject.Data) > 0 {
		sum := sha256.Sum256(r.Subject.Data)
		digest = hex.EncodeToString(sum[:])
	}
	result := Result{Name: r.Subject.Name, digest: digest}
	for i := range r.Findings {
		result.windows = append(result.windows, windowOf(r.Subject, r.Findings[i].Where))
	}
	if r.File != nil {
		result.file = fileJSON(r)
	}
	subject, report := *r.Subject, *r
	subject.Data, report.File, report.Subject = nil, nil, &subject
	result.report = &report
	return result
}

// NotJudged returns the result for a subject on which there is no verdict.
func NotJudged(name string, err error) Result { return Result{Name: name, err: err} }

// Verdict returns the verdict on one subject.
func (r *Result) Verdict() validate.Verdict {
	if r.report == nil {
		return validate.Undecided
	}
	return r.report.Verdict()
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
