package report

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// A record is the encoded form of a Result. It refers to checks and fleets by their
// number in tables, because they stay in memory and a check contains a function.
type record struct {
	Name    string
	Judged  bool
	Failed  bool
	Err     string // if Failed
	At      validate.Position
	Rule    validate.Instance
	Digest  string
	LeftOut []LeftOut
	Named   string // FleetNamed
	File    *File
	Windows []window
	Read    bool

	Subject        validate.Subject // stripped
	Fleet          int
	Findings       []findingRecord
	Summaries      []summaryRecord
	Waived         []findingRecord
	WaivedFound    int
	Totals         []totalRecord
	Ran            []int
	Skipped        []skipRecord
	NotApplicable  []int
	List           int                    // number of the list of builds; 0 means Builds
	Builds         []validate.BuildReport // used if the table is full
	Counts         validate.Counts
	Undecided      []string
	FailOnWarnings bool
	NewOnly        bool
	Foreign        bool
	Unread         bool
}

// The parts of a report that refer to a check by number. If List is not 0, it is
// the number of their builds.
type (
	findingRecord struct {
		validate.Finding
		Number, List int
	}
	summaryRecord struct {
		validate.Summary
		Number, List int
	}
	totalRecord struct{ Number, Found, Old int }
	skipRecord  struct {
		Number int
		Why    string
	}
)

// tables hold the values that records refer to by number. 0 stands for nil.
type tables struct {
	checks  table[*validate.Check]
	fleets  table[*sensor.Fleet]
	reports lists[validate.BuildReport]
	builds  lists[validate.Build]
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
	if len(numbers) == 0 {
		return nil
	}
	list := make([]*validate.Check, len(numbers))
	for i, n := range numbers {
		list[i] = t.checks.value(n)
	}
	return list
}

// A lists numbers lists of builds from 1 on. Most subjects of a fleet share equal
// lists, which are long if the fleet is large.
type lists[T any] struct {
	lists   [][]T
	numbers map[string]int // by key
	bytes   int            // approximate size of all lists
	key     []byte
}

// number returns the number of a list, or 0 if the list is empty or does not fit
// into the table. appendKey appends a key that is unique to the value of T.
func (l *lists[T]) number(list []T, appendKey func([]byte, *T) []byte) int {
	if len(list) == 0 {
		return 0
	}
	l.key = l.key[:0]
	for i := range list {
		l.key = appendKey(l.key, &list[i])
	}
	n, ok := l.numbers[string(l.key)]
	if !ok {
		const each = 64 // upper bound of the bytes of a build
		size := 2*len(l.key) + each*len(list)
		if l.bytes+size > maxSharedBytes {
			return 0
		}
		if l.numbers == nil {
			l.numbers = map[string]int{}
		}
		l.bytes += size
		n = len(l.lists) + 1
		l.numbers[string(l.key)] = n
		l.lists = append(l.lists, slices.Clone(list))
	}
	return n
}

// list returns the list with number n, or other if n is 0.
func (l *lists[T]) list(n int, other []T) []T {
	if n > 0 {
		return slices.Clip(l.lists[n-1])
	}
	return other
}

func appendBuild(key []byte, b *validate.Build) []byte {
	key = binary.AppendUvarint(key, uint64(len(b.Name)))
	key = append(key, b.Name...)
	return binary.AppendUvarint(key, b.Hosts)
}

func appendBuildReport(key []byte, b *validate.BuildReport) []byte {
	return append(appendBuild(key, &b.Build), bit(b.Addressed)|bit(b.AtFault)<<1|bit(b.Lacks)<<2)
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func (t *tables) findings(findings []validate.Finding) (list []findingRecord) {
	for _, f := range findings {
		n, builds := t.checks.number(f.Check), t.builds.number(f.Builds, appendBuild)
		f.Check = nil
		if builds > 0 {
			f.Builds = nil
		}
		list = append(list, findingRecord{f, n, builds})
	}
	return list
}

func (t *tables) findingsOf(records []findingRecord) (list []validate.Finding) {
	for _, f := range records {
		f.Check, f.Builds = t.checks.value(f.Number), t.builds.list(f.List, f.Builds)
		list = append(list, f.Finding)
	}
	return list
}

// record returns the encoded form of a result.
func (t *tables) record(r *Result) *record {
	rec := &record{Name: r.Name, At: r.at, Rule: r.Rule, Digest: r.digest, LeftOut: r.LeftOut, Named: r.FleetNamed, File: r.file, Windows: r.windows, Read: r.read}
	if r.err != nil {
		rec.Failed, rec.Err = true, r.err.Error()
	}
	rep := r.report
	if rep == nil {
		return rec
	}
	rec.Judged, rec.Subject, rec.Fleet = true, *rep.Subject, t.fleets.number(rep.Fleet)
	rec.Findings, rec.Waived, rec.WaivedFound = t.findings(rep.Findings), t.findings(rep.Waived), rep.WaivedFound
	for _, s := range rep.Summaries {
		n, list := t.checks.number(s.Check), t.builds.number(s.Builds, appendBuild)
		s.Check = nil
		if list > 0 {
			s.Builds = nil
		}
		rec.Summaries = append(rec.Summaries, summaryRecord{s, n, list})
	}
	for _, total := range rep.Totals {
		rec.Totals = append(rec.Totals, totalRecord{t.checks.number(total.Check), total.Found, total.Old})
	}
	for _, s := range rep.Skipped {
		rec.Skipped = append(rec.Skipped, skipRecord{t.checks.number(s.Check), s.Why})
	}
	rec.Ran, rec.NotApplicable = t.numbers(rep.Ran), t.numbers(rep.NotApplicable)
	if rec.List = t.reports.number(rep.Builds, appendBuildReport); rec.List == 0 {
		rec.Builds = rep.Builds
	}
	rec.Counts, rec.Undecided, rec.FailOnWarnings, rec.Unread = rep.Counts, rep.Undecided, rep.FailOnWarnings, rep.Unread
	rec.NewOnly, rec.Foreign = rep.NewOnly, rep.Foreign
	return rec
}

// result returns the result that a record encodes.
func (t *tables) result(rec *record) Result {
	r := Result{Name: rec.Name, at: rec.At, Rule: rec.Rule, digest: rec.Digest, LeftOut: rec.LeftOut, FleetNamed: rec.Named, file: rec.File, windows: rec.Windows, read: rec.Read}
	if rec.Failed {
		r.err = errors.New(rec.Err)
	}
	if !rec.Judged {
		return r
	}
	rep := &validate.Report{
		Subject: &rec.Subject, Fleet: t.fleets.value(rec.Fleet),
		Ran: t.checksOf(rec.Ran), NotApplicable: t.checksOf(rec.NotApplicable),
		Builds: t.reports.list(rec.List, rec.Builds), Counts: rec.Counts, Undecided: rec.Undecided, FailOnWarnings: rec.FailOnWarnings, NewOnly: rec.NewOnly, Foreign: rec.Foreign, Unread: rec.Unread,
	}
	rep.Findings, rep.Waived, rep.WaivedFound = t.findingsOf(rec.Findings), t.findingsOf(rec.Waived), rec.WaivedFound
	for _, s := range rec.Summaries {
		s.Check, s.Builds = t.checks.value(s.Number), t.builds.list(s.List, s.Builds)
		rep.Summaries = append(rep.Summaries, s.Summary)
	}
	for _, total := range rec.Totals {
		rep.Totals = append(rep.Totals, validate.Total{Check: t.checks.value(total.Number), Found: total.Found, Old: total.Old})
	}
	for _, s := range rec.Skipped {
		rep.Skipped = append(rep.Skipped, validate.Skip{Check: t.checks.value(s.Number), Why: s.Why})
	}
	r.report = rep
	return r
}

// items returns 1 plus the number of findings and summaries of a result.
func (r *Result) items() int {
	if r.report == nil {
		return 1
	}
	return 1 + len(r.report.Findings) + len(r.report.Waived) + len(r.report.Summaries)
}

// size returns the approximate size of a result in bytes, without shared values.
func (r *Result) size() int {
	const each = 512 // bytes of a Result, or of a Finding with Instance, Input and window
	n := each * r.items()
	for i := range r.LeftOut {
		l := &r.LeftOut[i]
		n += 128 + len(l.File) + len(l.Path) + len(l.ID) + len(l.Title) + len(l.Reason)
	}
	if r.report == nil {
		return n
	}
	n += length(r.report.Undecided) + builds(len(r.report.Builds))
	for _, f := range slices.Concat(r.report.Findings, r.report.Waived) {
		id := &f.Identity
		n += len(id.Subject) + len(id.Rule) + len(id.Path)
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
