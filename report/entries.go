package report

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"path"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// An entry is one thing that a report lists: a finding, or a part of the run that was not
// judged. Its texts are clean, and each is one line, so a writer only needs the escapes of its
// form.
type entry struct {
	kind     entryKind
	severity validate.Severity
	check    *validate.Check // nil unless the entry is about a check
	old      bool
	quiet    bool // it has no effect on the verdict, and a short report only counts it

	subject, fleet string // of the result; "" means the run as a whole
	message        string
	details        []string
	fix            string
	place          spot // no path means no file, as for a finding about all rules of a type
	file           spot // bytes of the judged file; no path means no bytes

	finding *validate.Finding // nil unless the entry is a finding; do not modify it
	window  window            // of the finding

	unjudged validate.Instance // the rule, if it could not be judged
	compare  bool              // the subject was compared with a previous release
}

// An entryKind says what an entry is.
type entryKind uint8

const (
	entryFinding entryKind = iota
	entryWaived            // a finding that a waiver accepts
	entryReason            // a reason why the run or a result is undecided
	entrySkipped           // checks that did not run, or a subject that no build reads
	entryLeftOut           // a rule that the verdict does not cover
	entryPassed            // entries of a folder that were not judged
	entryMore              // findings that the report does not hold
	entryRemark
)

// String returns the kind in a word or two.
func (k entryKind) String() string {
	return [...]string{"finding", "waived", "undecided", "skipped", "left out", "passed over", "more", "remark"}[k]
}

// ID returns the kind as an identifier.
func (k entryKind) ID() string { return strings.ReplaceAll(k.String(), " ", "-") }

// A spot is a place in a file.
type spot struct {
	path         string // "" means no place
	line, column int    // from 1; the column in bytes; 0 means unknown
	bytes        channelfile.Range
	open         bool // Run.Lines may be asked for the line
}

// The limits of the texts in forms for other programs, which show them in little space.
const (
	maxMessage = 2000 // bytes of a line
	maxDetails = 20   // lines
)

// shown returns a text on one clean line, cut after maxMessage bytes.
func shown(s string) string {
	long := len(s)
	if long > maxMessage {
		// The escapes of Clean take at most ten bytes for one.
		s = strings.ToValidUTF8(s[:maxMessage], "")
	}
	if s = Clean(s); long > maxMessage {
		s += "... (" + count(uint64(long), "byte") + ")"
	}
	return s
}

func shownList(list []string) (out []string) {
	for i, s := range list {
		if i == maxDetails {
			return append(out, "and "+count(uint64(len(list)-i), "more line"))
		}
		out = append(out, shown(s))
	}
	return out
}

// entries iterates over the entries of a run: the reasons why the run is undecided, then the
// entries of each result, then those that change no verdict. If a result cannot be read back,
// the last pair has the error.
func (r *Run) entries() iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		for _, reason := range r.Reasons() {
			if !yield(&entry{kind: entryReason, message: shown(reason)}, nil) {
				return
			}
		}
		for result, err := range r.results.all {
			if err != nil {
				yield(nil, err)
				return
			}
			if !result.entries(func(e *entry) bool {
				e.quiet = e.quiet || e.severity == validate.Note && !r.ShowNotes
				return yield(e, nil)
			}) {
				return
			}
		}
		for i := range r.PassedOver {
			p := &r.PassedOver[i]
			if p.blocks(r.FailOnWarnings) {
				continue // it is one of the reasons
			}
			e := &entry{kind: entryPassed, severity: validate.Warning, message: shown(p.String()), place: spot{path: p.Folder}}
			if !p.Kind.Warns() {
				e.severity, e.quiet = validate.Note, true
			}
			if !yield(e, nil) {
				return
			}
		}
		for _, remark := range r.Remarks {
			if !yield(&entry{kind: entryRemark, severity: validate.Note, quiet: true, message: shown(remark)}, nil) {
				return
			}
		}
	}
}

// entries calls yield for each entry of a result, until it returns false, and reports whether
// it never did.
func (r *Result) entries(yield func(*entry) bool) bool {
	about := func(e entry) *entry {
		e.subject, e.fleet = r.Name, r.FleetNamed
		if e.place.path == "" && (r.report == nil || isFile(r.report.Subject.Kind)) {
			e.place.path = r.Name
		}
		return &e
	}
	for _, l := range r.LeftOut {
		message := l.Reason
		if l.Path != "" {
			message = l.Path + ": " + message
		}
		if title := cmp.Or(l.Title, l.ID); title != "" {
			message = fmt.Sprintf("rule %q: %s", title, message)
		}
		if !yield(about(entry{
			kind: entryLeftOut, severity: validate.Warning, message: shown("left out: " + message),
			place: spot{path: l.File, line: max(l.Line, 0), column: max(l.Column, 0), open: true},
		})) {
			return false
		}
	}
	rep := r.report
	if rep == nil {
		why := strings.TrimPrefix(fmt.Sprint(cmp.Or(r.err, errors.New("not judged"))), r.Name+": ")
		e := entry{kind: entryReason, message: shown(why)}
		if r.at.Line > 0 {
			e.place = spot{path: r.at.Path, line: r.at.Line, column: max(r.at.Column, 0), open: true}
			e.unjudged = r.Rule
		}
		return yield(about(e))
	}
	for _, u := range rep.Undecided {
		e := about(entry{kind: entryReason, message: shown(u)})
		if r.Unread() {
			e.kind, e.severity, e.quiet = entrySkipped, validate.Note, true
		}
		if !yield(e) {
			return false
		}
	}
	for _, s := range skips(rep) {
		if !yield(about(entry{kind: entrySkipped, severity: validate.Warning, message: shown("checks skipped: " + s), quiet: rep.Verdict() == validate.Rejected})) {
			return false
		}
	}
	compared := slices.ContainsFunc(rep.Ran, func(c *validate.Check) bool { return c.Uses&validate.UsesPrevious != 0 })
	held := map[*validate.Check]int{}
	for i := range rep.Findings {
		f := &rep.Findings[i]
		held[f.Check]++
		e := about(r.entryOf(f))
		e.compare, e.quiet = compared, rep.NewOnly && f.Old
		if i < len(r.windows) {
			e.window = r.windows[i]
		}
		if !yield(e) {
			return false
		}
	}
	for _, t := range rep.Totals {
		if more := t.Found - held[t.Check]; more > 0 && !yield(about(entry{
			kind: entryMore, severity: validate.Note, check: t.Check,
			message: fmt.Sprintf("%s: %s not shown; a larger --max-findings shows them", t.Check.ID, count(uint64(more), "further finding")),
		})) {
			return false
		}
	}
	for i := range rep.Waived {
		e := about(r.entryOf(&rep.Waived[i]))
		e.kind, e.quiet, e.compare = entryWaived, true, compared
		if !yield(e) {
			return false
		}
	}
	if more := rep.WaivedFound - len(rep.Waived); more > 0 {
		return yield(about(entry{kind: entryMore, severity: validate.Note, quiet: true, message: count(uint64(more), "further waived finding") + " not shown; a larger --max-findings shows them"}))
	}
	return true
}

// entryOf returns the entry of a finding, without the fields of its result.
func (r *Result) entryOf(f *validate.Finding) entry {
	e := entry{
		severity: f.Severity(), check: f.Check, old: f.Old, finding: f,
		message: shown(f.Message), details: shownList(f.Details), fix: shown(f.Fix),
	}
	if w := f.Witness; w != nil && w.Happens != "" {
		e.details = append(e.details, shown("witness: "+w.Happens))
	}
	kind, src := r.report.Subject.Kind, f.Where.Source
	own := kind == validate.KindRules || kind == validate.KindWaivers || kind == validate.KindSysmonSource
	switch {
	case src.Path != "" && own:
		e.place = spot{path: src.Path, line: max(src.Line, 0), column: max(src.Column, 0), open: true}
	case src.Line > 0 && claimed(src.Path) != "":
		e.place = spot{path: claimed(src.Path), line: src.Line, column: max(src.Column, 0)}
	}
	if at := f.Where.Range; at.Start >= 0 && at.End > at.Start && (kind == validate.KindChannelFile || kind == validate.KindSysmonBlob) {
		e.file = spot{path: r.Name, bytes: at}
	} else if kind == validate.KindChannelFile || kind == validate.KindSysmonBlob {
		e.file = spot{path: r.Name}
	}
	return e
}

// claimed returns the path of a source that a channel file states, with slashes, or "" if it
// could lead out of the folder of the sources. Nothing opens it: it only names a line that the
// author knows.
func claimed(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	if name == "" || len(name) > maxMessage || Clean(name) != name || strings.ContainsRune(name, ':') || path.IsAbs(name) || slices.Contains(strings.Split(name, "/"), "..") {
		return ""
	}
	return path.Clean(name)
}

// skips returns the reasons why checks of a report could not run, each once. A check that
// requires a skipped check has the same reason as that check.
func skips(rep *validate.Report) (whys []string) {
	whyOf := map[string]string{} // by ID
	for _, s := range rep.Skipped {
		why := s.Why
		for _, required := range s.Check.Requires {
			if root, ok := whyOf[required]; ok {
				why = root
				break
			}
		}
		whyOf[s.Check.ID] = why
		if !slices.Contains(whys, why) {
			whys = append(whys, why)
		}
	}
	return whys
}

// columns returns the column of a spot in units of UTF-16, from 1, and the column behind the
// end of its line. If the line is not available, ok is false and both are 1.
func (r *Run) columns(s *spot) (column, end int, ok bool) {
	if !s.open || s.line < 1 || r.Lines == nil {
		return 1, 1, false
	}
	line, ok := r.Lines(s.path, s.line)
	if !ok {
		return 1, 1, false
	}
	line = strings.TrimRight(line, "\r\n")
	cut := min(max(s.column-1, 0), len(line))
	column = 1 + units(line[:cut])
	return column, column + units(line[cut:]), true
}

// units returns the length of a text in units of UTF-16.
func units(s string) (n int) {
	for _, c := range s {
		n += max(utf16.RuneLen(c), 1)
	}
	return n
}

// where returns the place of an entry, as in compiler messages. An entry without a file has the
// name of its subject.
func (e *entry) where() string {
	if e.place.path == "" {
		return fileName(e.subject)
	}
	at := fileName(e.place.path)
	if e.place.line > 0 {
		at = fmt.Sprintf("%s:%d", at, e.place.line)
		if e.place.column > 0 {
			at = fmt.Sprintf("%s:%d", at, e.place.column)
		}
	}
	return at
}

// located returns the message of an entry, after the name of its subject if it has no file.
func (e *entry) located() string {
	if e.place.path == "" && e.subject != "" {
		return shown(e.subject) + ": " + e.message
	}
	return e.message
}

// name returns the ID and the name of the entry's check, or its kind.
func (e *entry) name() string {
	if e.check == nil {
		return e.kind.String()
	}
	return Clean(e.check.ID + " " + e.check.Name)
}

// hosts returns the number of hosts that the entry affects.
func (e *entry) hosts() (n uint64) {
	if e.finding != nil {
		for _, b := range e.finding.Builds {
			n += min(b.Hosts, math.MaxUint64-n)
		}
	}
	return n
}

// rule returns the ID and the title of the entry's rule, as its author wrote them.
func (e *entry) rule() (id, title string) {
	if e.finding == nil || e.finding.Instance == nil {
		return "", ""
	}
	in := e.finding.Instance
	if id = in.Rule; id == "" && in.ID != (channelfile.ID{}) {
		id = in.ID.String()
	}
	return shown(id), shown(in.Title)
}

// fingerprint returns the fingerprint of a finding's identity.
func (e *entry) fingerprint() string {
	id := validate.Identity{Check: e.kind.ID(), Subject: e.subject, Path: e.message}
	if e.finding != nil {
		if id = e.finding.Identity; id == (validate.Identity{}) {
			id = validate.Identity{Check: e.check.ID, Subject: e.subject, Path: e.finding.Where.Path}
		}
	}
	return id.Fingerprint()
}

// A rank orders entries by what people have to see first.
type rank uint8

const ranks rank = 8

// rank returns the rank of an entry: reasons, then what is new, then what is old, and notes and
// entries without an effect at the end.
func (e *entry) rank() rank {
	switch {
	case e.kind == entryReason:
		return 0
	case e.quiet:
		return 7
	case e.severity == validate.Note:
		return 6
	case e.old:
		return 4 + rank(e.severity)
	case e.severity == validate.Error:
		return 1
	case e.kind == entryFinding:
		return 2
	}
	return 3
}

// A quota limits the entries of a report to the first ones by rank.
type quota struct{ left [ranks]int }

// allot returns a quota of n of the given numbers of entries by rank.
func allot(found [ranks]int, n int) (q quota) {
	for i, k := range found {
		q.left[i] = min(k, n)
		n -= q.left[i]
	}
	return q
}

// take reports whether the quota has room for an entry, and takes the room.
func (q *quota) take(e *entry) bool {
	if q.left[e.rank()] == 0 {
		return false
	}
	q.left[e.rank()]--
	return true
}

// sums returns the counts of a run as one line, and what was not judged.
func (r *Run) sums() string {
	t := &r.totals
	parts := []string{
		count(uint64(t.Results), "result") + ": " + numeral.Thousands(uint64(t.Accepted)) + " accepted, " +
			numeral.Thousands(uint64(t.Rejected)) + " rejected, " + numeral.Thousands(uint64(t.Undecided)) + " undecided, " +
			numeral.Thousands(uint64(t.Unread)) + " skipped",
		count(uint64(t.Errors), "error"), count(uint64(t.Warnings), "warning"), count(uint64(t.Notes), "note"),
	}
	old := 0
	for _, c := range t.Checks {
		old += c.Old
	}
	if old > 0 {
		parts = append(parts, numeral.Thousands(uint64(old))+" old")
	}
	passed := 0
	for i := range r.PassedOver {
		passed += max(r.PassedOver[i].Found, 0)
	}
	for _, of := range []struct {
		n          int
		noun, what string
	}{{t.Waived, "finding", "waived"}, {t.LeftOut, "rule", "left out"}, {t.Skipped, "check", "skipped"}, {passed, "entry", "of folders passed over"}} {
		if of.n > 0 {
			parts = append(parts, count(uint64(of.n), of.noun)+" "+of.what)
		}
	}
	return strings.Join(parts, "; ")
}

// cutBytes returns the start of a text with at most n bytes.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}
