package report

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// A record is a Result as it is encoded. Checks and fleets are numbers in
// tables: they are in memory anyway, and a check has a function.
type record struct {
	Name    string
	Judged  bool
	Failed  bool
	Err     string // if Failed
	Digest  string
	LeftOut []string
	File    *File
	Windows []window
	Read    bool

	Subject        validate.Subject // stripped
	Fleet          int
	Findings       []findingRecord
	Summaries      []summaryRecord
	Totals         []totalRecord
	Ran            []int
	Skipped        []skipRecord
	NotApplicable  []int
	Shared         int                    // number of the builds, 0 if they are below
	Builds         []validate.BuildReport // that no table has room for
	Counts         validate.Counts
	Undecided      []string
	FailOnWarnings bool
}

// The parts of a report that name a check, without it.
type (
	findingRecord struct {
		validate.Finding
		Number int
	}
	summaryRecord struct {
		validate.Summary
		Number int
	}
	totalRecord struct{ Number, Found int }
	skipRecord  struct {
		Number int
		Why    string
	}
)

// tables hold what records refer to by number. 0 stands for nil.
type tables struct {
	checks table[*validate.Check]
	fleets table[*sensor.Fleet]

	// The lists of builds are equal for most subjects of a fleet, and long if
	// it is large.
	builds      [][]validate.BuildReport
	buildsOf    map[string]int // by key
	buildsBytes int
	key         []byte
}

// A table numbers values from 1 on.
type table[T comparable] struct {
	values  []T
	numbers map[T]int
}

func (t *table[T]) number(v T) int {
	var zero T
	if v == zero {
		return 0
	}
	n, ok := t.numbers[v]
	if !ok {
		if t.numbers == nil {
			t.numbers = map[T]int{}
		}
		t.values = append(t.values, v)
		n = len(t.values)
		t.numbers[v] = n
	}
	return n
}

func (t *table[T]) value(n int) (v T) {
	if n > 0 {
		v = t.values[n-1]
	}
	return v
}

func (t *tables) numbers(checks []*validate.Check) []int {
	list := make([]int, len(checks))
	for i, c := range checks {
		list[i] = t.checks.number(c)
	}
	return list
}

func (t *tables) checksOf(numbers []int) []*validate.Check {
	var list []*validate.Check
	for _, n := range numbers {
		list = append(list, t.checks.value(n))
	}
	return list
}

// shared returns the number of a list of builds, 0 if the table has no room for
// it.
func (t *tables) shared(builds []validate.BuildReport) int {
	if len(builds) == 0 {
		return 0
	}
	t.key = t.key[:0]
	for _, b := range builds {
		t.key = binary.AppendUvarint(t.key, uint64(len(b.Name)))
		t.key = append(t.key, b.Name...)
		t.key = binary.AppendUvarint(t.key, b.Hosts)
		t.key = append(t.key, bit(b.Addressed)|bit(b.AtFault)<<1)
	}
	n, ok := t.buildsOf[string(t.key)]
	if !ok {
		const each = 64 // bytes of a BuildReport, and more
		size := 2*len(t.key) + each*len(builds)
		if t.buildsBytes+size > maxSharedBytes {
			return 0
		}
		t.buildsBytes += size
		if t.buildsOf == nil {
			t.buildsOf = map[string]int{}
		}
		t.builds = append(t.builds, slices.Clone(builds))
		n = len(t.builds)
		t.buildsOf[string(t.key)] = n
	}
	return n
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// record returns a result as it is encoded.
func (t *tables) record(r *Result) *record {
	rec := &record{Name: r.Name, Digest: r.digest, LeftOut: r.LeftOut, File: r.file, Windows: r.windows, Read: r.read}
	if r.err != nil {
		rec.Failed, rec.Err = true, r.err.Error()
	}
	rep := r.report
	if rep == nil {
		return rec
	}
	rec.Judged, rec.Subject, rec.Fleet = true, *rep.Subject, t.fleets.number(rep.Fleet)
	for _, f := range rep.Findings {
		n := t.checks.number(f.Check)
		f.Check = nil
		rec.Findings = append(rec.Findings, findingRecord{f, n})
	}
	for _, s := range rep.Summaries {
		n := t.checks.number(s.Check)
		s.Check = nil
		rec.Summaries = append(rec.Summaries, summaryRecord{s, n})
	}
	for _, total := range rep.Totals {
		rec.Totals = append(rec.Totals, totalRecord{t.checks.number(total.Check), total.Found})
	}
	for _, s := range rep.Skipped {
		rec.Skipped = append(rec.Skipped, skipRecord{t.checks.number(s.Check), s.Why})
	}
	rec.Ran, rec.NotApplicable = t.numbers(rep.Ran), t.numbers(rep.NotApplicable)
	if rec.Shared = t.shared(rep.Builds); rec.Shared == 0 {
		rec.Builds = rep.Builds
	}
	rec.Counts, rec.Undecided, rec.FailOnWarnings = rep.Counts, rep.Undecided, rep.FailOnWarnings
	return rec
}

// result returns the result that a record was made of.
func (t *tables) result(rec *record) Result {
	r := Result{Name: rec.Name, digest: rec.Digest, LeftOut: rec.LeftOut, file: rec.File, windows: rec.Windows, read: rec.Read}
	if rec.Failed {
		r.err = errors.New(rec.Err)
	}
	if !rec.Judged {
		return r
	}
	rep := &validate.Report{
		Subject: &rec.Subject, Fleet: t.fleets.value(rec.Fleet),
		Ran: t.checksOf(rec.Ran), NotApplicable: t.checksOf(rec.NotApplicable),
		Builds: rec.Builds, Counts: rec.Counts, Undecided: rec.Undecided, FailOnWarnings: rec.FailOnWarnings,
	}
	for _, f := range rec.Findings {
		f.Check = t.checks.value(f.Number)
		rep.Findings = append(rep.Findings, f.Finding)
	}
	for _, s := range rec.Summaries {
		s.Check = t.checks.value(s.Number)
		rep.Summaries = append(rep.Summaries, s.Summary)
	}
	for _, total := range rec.Totals {
		rep.Totals = append(rep.Totals, validate.Total{Check: t.checks.value(total.Number), Found: total.Found})
	}
	for _, s := range rec.Skipped {
		rep.Skipped = append(rep.Skipped, validate.Skip{Check: t.checks.value(s.Number), Why: s.Why})
	}
	if rec.Shared > 0 {
		rep.Builds = slices.Clip(t.builds[rec.Shared-1])
	}
	r.report = rep
	return r
}

// items returns how many findings a result has, and one for itself.
func (r *Result) items() int {
	if r.report == nil {
		return 1
	}
	return 1 + len(r.report.Findings) + len(r.report.Summaries)
}

// size returns about how many bytes a result takes, without what results share.
func (r *Result) size() int {
	const each = 512 // a Result; a Finding with an Instance, an Input and a window
	n := each*r.items() + length(r.LeftOut)
	if r.report == nil {
		return n
	}
	n += length(r.report.Undecided) + builds(len(r.report.Builds))
	for i := range r.report.Findings {
		f := &r.report.Findings[i]
		n += len(f.Message) + length(f.Details) + len(f.Fix) + len(f.Where.Source.Path) + len(f.Where.Source.Text) + builds(len(f.Builds))
		if w := f.Witness; w != nil {
			n += each + len(w.Content) + len(w.Types)
			for k := range w.Event {
				n += 64 + len(w.Event[k].Text)
			}
		}
	}
	for i := range r.report.Summaries {
		s := &r.report.Summaries[i]
		n += len(s.Message) + length(s.Details) + len(s.Fix) + builds(len(s.Builds))
	}
	return n
}

func builds(n int) int { return 40 * n }

func length(list []string) (n int) {
	for _, s := range list {
		n += 16 + len(s)
	}
	return n
}
