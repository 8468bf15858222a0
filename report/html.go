package report

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/report/internal/page"
	"github.com/cfcheck/cfcheck/validate"
)

// The bounds of a page. A page says how many places it leaves out.
const (
	maxPlaces      = 5000 // of all causes
	maxCausePlaces = 1000 // of one cause
	maxFixes       = 20   // of a section, at the top
	maxUnfilled    = 2000 // placeholders
)

// firstPlaces are the places of a cause that a page shows without a click, and that it prints. The
// index is the list of the section.
var firstPlaces = [...]int{25, 3, 3}

// HTML writes a run as one page that needs no other file: the verdict and the work to do, the
// findings by cause with their lines or bytes, and the facts of Run.Picture as tables and
// pictures. A browser runs no script of the content; see package page. Equal runs give equal
// bytes.
func HTML(w io.Writer, r *Run) error {
	b := &pageBuilder{run: r, sections: map[string]*section{}, ids: map[causeKey]string{}}
	if err := b.collect(); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	if err := page.Write(out, b.page()); err != nil {
		return err
	}
	return out.Flush()
}

// A pageBuilder collects the sections of a page.
type pageBuilder struct {
	run      *Run
	sections map[string]*section
	order    []*section
	ids      map[causeKey]string // anchors of causes
	quota    quota               // of places
	matches  []page.Bar          // of findings with an extent
	extents  []uint64
	unjudged []unjudged
}

// An unjudged is a rule that could not be judged.
type unjudged struct {
	path, where string
	rule        validate.Instance
	cause       causeKey
}

// A section has the causes of one check that count alike.
type section struct {
	page.Section
	list   int // 0 blocks, 1 warns, 2 does not count
	rank   rank
	found  int
	files  map[string]bool // of its places
	plan   bool            // --allow-unsupported leaves out all that could not be judged
	passed bool            // it lists entries of folders
	places bool            // each entry is a place in a file
	loss   loss            // the greatest of its causes
	causes []*causeOnPage
	cause  map[causeKey]*causeOnPage
}

// A causeOnPage has the places of one cause.
type causeOnPage struct {
	page.Cause
	found, left int
	loss        loss // the greatest of its places
	old         bool
	general     string          // the message without the rule; "" means that the places differ
	rules       map[string]bool // that have the general message
}

// A loss has the hosts that a finding concerns.
type loss struct {
	blind    uint64 // hosts on which a rule matches less than it should
	affected uint64
}

// lossOf returns the loss of an entry. A rule that can never match is blind on all hosts.
func lossOf(e *entry) loss {
	n := e.hosts()
	switch {
	case e.finding == nil:
		return loss{}
	case e.check.ID == "CF4001":
		return loss{math.MaxUint64, math.MaxUint64}
	case stateOf(e.check) == stateBlind || stateOf(e.check) == stateWeakened:
		return loss{n, n}
	}
	return loss{0, n}
}

// with returns the greater of two losses.
func (l loss) with(o loss) loss {
	if o.compare(l) < 0 {
		return o
	}
	return l
}

// compare orders losses, the greatest first.
func (l loss) compare(o loss) int {
	return cmp.Or(cmp.Compare(o.blind, l.blind), cmp.Compare(o.affected, l.affected))
}

// collect reads all entries of the run, twice: new findings and errors have places on the page
// before the others.
func (b *pageBuilder) collect() error {
	var found [ranks]int
	if err := b.entries(func(e *entry, _ *validate.Summary) { found[e.rank()]++ }); err != nil {
		return err
	}
	b.quota = allot(found, maxPlaces)
	return b.entries(b.add)
}

// entries calls yield for each entry of the run, with the summary of its group or nil.
func (b *pageBuilder) entries(yield func(*entry, *validate.Summary)) error {
	r := b.run
	for _, reason := range r.Reasons() {
		yield(&entry{kind: entryReason, message: shown(reason)}, nil)
	}
	for result, err := range r.results.all {
		if err != nil {
			return err
		}
		var sums summaries
		if result.report != nil {
			sums = summariesOf(result.report)
		}
		result.entries(func(e *entry) bool {
			e.quiet = e.quiet || e.severity == validate.Note
			var sum *validate.Summary
			if e.finding != nil {
				if i, ok := sums.of(e.finding); ok {
					sum = &result.report.Summaries[i]
				}
			}
			yield(e, sum)
			return true
		})
	}
	for i := range r.PassedOver {
		if p := &r.PassedOver[i]; !p.blocks(r.FailOnWarnings) {
			yield(&entry{kind: entryPassed, severity: validate.Warning, message: shown(p.String()), quiet: !p.Kind.Warns()}, nil)
		}
	}
	return nil
}

// blocks reports whether an entry keeps the run from being accepted.
func (b *pageBuilder) blocks(e *entry) bool {
	switch {
	case e.quiet:
		return false
	case e.kind == entryReason, e.kind == entrySkipped:
		return true
	}
	return e.kind == entryFinding && (e.severity == validate.Error || e.severity == validate.Warning && b.run.failOnWarnings)
}

// leadingPath is the part of a message that names the place in a rule, such as
// "detection.sel[0]: ".
var leadingPath = regexp.MustCompile(`^[a-z]\w*(\.\w+|\[\d+\])+: `)

// add adds an entry to its section. The summary is nil unless the entry belongs to a group.
func (b *pageBuilder) add(e *entry, sum *validate.Summary) {
	list := 1
	switch {
	case b.blocks(e):
		list = 0
	case e.quiet:
		list = 2
	}
	check := ""
	if e.check != nil {
		check = e.check.ID
	}
	name := fmt.Sprintf("%d-%s-%s", list, e.kind.ID(), check)
	s := b.sections[name]
	if s == nil {
		s = &section{list: list, rank: e.rank(), plan: true, places: true, passed: e.kind == entryPassed, cause: map[causeKey]*causeOnPage{}, files: map[string]bool{}}
		s.ID = fmt.Sprintf("part-%d", len(b.order)+1)
		s.Severity, s.Title = e.severity.String(), kindTitle(e.kind)
		if e.kind == entryReason || e.kind == entrySkipped && list == 0 {
			s.Severity = "undecided"
		}
		if e.check != nil {
			s.Check, s.URL = shown(e.check.ID), Page(e.check)
			if e.kind == entryFinding {
				s.Title = "Requirement: " + e.check.Title()
			}
		}
		b.sections[name] = s
		b.order = append(b.order, s)
	}
	s.plan = s.plan && e.kind == entryReason && strings.HasPrefix(leadingPath.ReplaceAllString(e.message, ""), "not supported: ")
	s.places = s.places && e.place.open
	key := causeKey{check: check, group: "=" + leadingPath.ReplaceAllString(e.message, "")}
	if e.finding != nil {
		key = causeOf(e.subject, e.fleet, e.finding)
	}
	c := s.cause[key]
	if c == nil {
		c = &causeOnPage{old: true, rules: map[string]bool{}}
		c.ID = fmt.Sprintf("%s-%d", s.ID, len(s.causes)+1)
		c.Message, c.Fix = strings.TrimPrefix(key.group, "="), e.fix
		c.Details, _ = split(e.details)
		if e.finding != nil {
			c.Message = e.message
			if n := e.hosts(); n > 0 {
				c.Hosts = count(n, "host")
			}
		}
		if sum != nil {
			c.Message, c.Details, c.Fix = shown(sum.Message), shownList(sum.Details), shown(sum.Fix)
		}
		if e.kind == entryWaived {
			c.Details = append(slices.Clip(c.Details), fmt.Sprintf("until %v, by %s: %s", e.finding.Waiver.Until, shown(e.finding.Waiver.By), shown(e.finding.Waiver.Reason)))
		}
		if sum == nil {
			c.general = withoutRule(e)
		}
		s.cause[key] = c
		s.causes = append(s.causes, c)
		if _, ok := b.ids[key]; !ok {
			b.ids[key] = c.ID
		}
	}
	if e.kind == entryReason && e.place.open {
		b.unjudged = append(b.unjudged, unjudged{e.place.path, e.where(), e.unjudged, key})
	}
	if c.general != "" && c.general != withoutRule(e) {
		c.general = ""
	}
	if c.general != "" {
		id, title := e.rule()
		c.rules[id+"\x00"+title] = true
	}
	c.old = c.old && e.old
	c.found++
	s.found++
	c.loss, s.loss = c.loss.with(lossOf(e)), s.loss.with(lossOf(e))
	if e.place.path != "" {
		s.files[e.place.path] = true
	}
	if f := e.finding; f != nil && f.Extent > 0 && f.Instance != nil && strings.HasPrefix(f.Check.ID, behaviour) {
		b.matches = append(b.matches, page.Bar{Name: called(f)[min(1, len(called(f))):], Detail: shown(f.Check.ID + ": " + f.Check.Title()), Bad: e.severity == validate.Error})
		b.extents = append(b.extents, f.Extent)
	}
	if len(c.Places)+len(c.Rest) == maxCausePlaces || !b.quota.take(e) {
		c.left++
		return
	}
	if p := b.place(e, sum, c); p.Why != nil || len(c.Places) < firstPlaces[list] {
		c.Places = append(c.Places, p)
	} else {
		c.Rest = append(c.Rest, p)
	}
}

// The IDs of the families of checks that run content on events, and that judge configurations.
const (
	behaviour = "CF5"
	foreign   = "CF8"
)

// kindTitle returns the title of a section without a check.
func kindTitle(k entryKind) string {
	return map[entryKind]string{
		entryReason: "Could not be judged", entrySkipped: "Checks that were skipped", entryLeftOut: "Rules that were left out",
		entryPassed: "Entries of folders that were passed over", entryMore: "Findings that this report does not hold", entryWaived: "Accepted by a waiver", entryRemark: "Remarks",
	}[k]
}

// withoutRule returns the message of a finding without the name of its rule, or "" if the message
// does not begin with it.
func withoutRule(e *entry) string {
	if e.finding == nil || e.finding.Instance == nil {
		return ""
	}
	rest, ok := strings.CutPrefix(e.finding.Message, fmt.Sprintf("rule %q ", e.finding.Instance.Title))
	if !ok {
		return ""
	}
	return shown(rest)
}

// typeOf returns the template type that a finding on a field names, or "".
func typeOf(f *validate.Finding) string {
	if f.Check.ID != "CF2005" || f.Instance == nil {
		return ""
	}
	name, _, ok := strings.Cut(f.Group, " ")
	if !ok {
		return ""
	}
	return shown(name)
}

// place returns a place of a cause.
func (b *pageBuilder) place(e *entry, sum *validate.Summary, c *causeOnPage) page.Place {
	p := page.Place{Where: e.where(), Rule: shown(cmp.Or(e.unjudged.Title, e.unjudged.Rule)), Author: shown(e.unjudged.Author)}
	if e.finding != nil {
		if in := e.finding.Instance; in != nil {
			id, title := e.rule()
			p.Rule, p.Author, p.Type = cmp.Or(title, id), shown(in.Author), typeOf(e.finding)
		}
		if sum == nil && c.found > 1 && e.message != c.Message && (c.general == "" || c.general != withoutRule(e)) {
			p.Message = e.message
		}
		_, p.Details = split(e.details)
		if e.place.path == "" && e.file.bytes.Len() > 0 {
			p.Where = fileName(e.file.path) + ": " + offset(e.file.bytes.Start)
		}
		p.Rows, p.Until = rows(e.window, e.finding.Where.Range)
		if key, ok := whyOf(e.subject, e.finding); ok && b.run.Picture != nil {
			p.Why = b.run.Picture.whys.of[key]
		}
	}
	if e.place.open {
		b.line(&p, e.place.path, e.place.line, e.place.column, "")
		for _, n := range linesOf(e) {
			b.line(&p, e.place.path, n.line, 0, n.role)
		}
	}
	return p
}

// ofPlace are the beginnings of details that are about one place. The others stand with the cause.
var ofPlace = []string{"witness: ", "also: "}

// split splits details into those of the cause and those of the place.
func split(details []string) (cause, place []string) {
	for _, d := range details {
		if slices.ContainsFunc(ofPlace, func(begin string) bool { return strings.HasPrefix(d, begin) }) {
			place = append(place, d)
		} else {
			cause = append(cause, d)
		}
	}
	return cause, place
}

// line adds a line of a source to a place, if it is available.
func (b *pageBuilder) line(p *page.Place, path string, line, column int, note string) {
	if line < 1 || b.run.Lines == nil {
		return
	}
	text, ok := b.run.Lines(path, line)
	if !ok {
		return
	}
	before, at := excerpt(strings.TrimRight(text, "\r\n"), column)
	if column == 0 {
		before, at = at, ""
	}
	p.Lines = append(p.Lines, page.Line{Number: line, Before: before, Mark: at, Note: note})
}

// An otherLine is a line of a configuration that a finding contradicts.
type otherLine struct {
	line int
	role string
}

// lineNumber is how the findings on a configuration name another line of it.
var lineNumber = regexp.MustCompile(`\bline (\d+)\b(?:: (\w+))?`)

// maxOtherLines limits the lines of a finding.
const maxOtherLines = 8

// linesOf returns the other lines of a configuration that a finding names, each once.
func linesOf(e *entry) (list []otherLine) {
	if e.finding == nil || e.place.line < 1 || !strings.HasPrefix(e.check.ID, foreign) {
		return nil
	}
	for _, text := range append([]string{e.message}, e.details...) {
		for _, m := range lineNumber.FindAllStringSubmatch(text, -1) {
			n, err := strconv.Atoi(m[1])
			if err != nil || n == e.place.line || len(list) == maxOtherLines {
				continue
			}
			role := ""
			if m[2] == "excludes" {
				role = m[2]
			}
			if i := slices.IndexFunc(list, func(o otherLine) bool { return o.line == n }); i >= 0 {
				list[i].role = cmp.Or(list[i].role, role)
				continue
			}
			list = append(list, otherLine{n, role})
		}
	}
	return list
}

// rows returns the rows of a window, and the end of the bytes that follow it.
func rows(w window, at channelfile.Range) (out []page.Row, until string) {
	for row := 0; row < len(w.Bytes); row += windowRow {
		line := page.Row{Offset: fmt.Sprintf("0x%04x", w.Start+row)}
		for i, c := range w.Bytes[row:min(row+windowRow, len(w.Bytes))] {
			text := &line.After
			switch place := w.Start + row + i; {
			case place < at.Start:
				text = &line.Before
			case place < at.End:
				text = &line.Mark
			}
			*text += fmt.Sprintf("%02x ", c)
		}
		out = append(out, line)
	}
	if end := w.Start + len(w.Bytes); len(out) > 0 && end < at.End {
		until = fmt.Sprintf("%#x (%d)", at.End-1, at.End-1)
	}
	return out, until
}

// page returns the content of the page.
func (b *pageBuilder) page() *page.Report {
	r, t := b.run, &b.run.totals
	verdict := r.Verdict()
	out := &page.Report{Title: "cfcheck: " + verdict.String(), Question: "May it ship?", Verdict: verdict.String()}
	if p := r.Picture; p != nil && len(p.fleets) == 1 {
		m := p.fleets[0]
		rows, blind, without, lacking, faulty := m.judged(b.unjudged), 0, 0, 0, 0
		for i := range rows {
			switch cells := rows[i].Cells; {
			case strings.IndexByte(cells, stateNoResult) >= 0 && rows[i].Errors > 0:
				faulty++
			case strings.IndexByte(cells, stateNoResult) >= 0:
				lacking++
			case strings.IndexByte(cells, stateBlind) >= 0:
				blind++
			case strings.IndexByte(cells, stateWithout) >= 0:
				without++
			}
		}
		if n := len(rows) + m.missing; n > 0 {
			out.Totals = append(out.Totals, page.Fact{Name: "rules", Value: numeral.Thousands(uint64(n))})
		}
		out.Totals = append(out.Totals, page.Fact{Name: "hosts", Value: numeral.Thousands(m.fleet.Hosts())})
		if blind > 0 {
			out.Totals = append(out.Totals, page.Fact{Name: "rules blind on some hosts", Value: numeral.Thousands(uint64(blind))})
		}
		if without > 0 {
			out.Totals = append(out.Totals, page.Fact{Name: "other rules not addressed on some hosts", Value: numeral.Thousands(uint64(without))})
		}
		if n := faulty + lacking; n > 0 {
			out.Totals = append(out.Totals, page.Fact{Name: "rules without a result", Value: numeral.Thousands(uint64(n))})
			out.Explained = fmt.Sprintf("Rules without a result: %s with errors, and %s with places that could not be judged. A rule with both counts once, as one with errors, and a rule can have several errors or places.",
				numeral.Thousands(uint64(faulty)), numeral.Thousands(uint64(lacking)))
		}
	}
	out.Totals = append(out.Totals, []page.Fact{
		{Name: "errors", Value: numeral.Thousands(uint64(t.Errors))}, {Name: "warnings", Value: numeral.Thousands(uint64(t.Warnings))},
	}...)
	slices.SortStableFunc(b.order, func(a, c *section) int {
		order := cmp.Or(cmp.Compare(a.list, c.list), cmp.Compare(a.rank, c.rank))
		if order == 0 && a.list == 1 {
			order = a.loss.compare(c.loss)
		}
		return order
	})
	notJudged, parts := 0, "place"
	for _, s := range b.order {
		if s.list == 0 && s.Severity == "undecided" {
			notJudged += s.found
			if !s.places {
				parts = "part"
			}
		}
	}
	// A report may hold fewer findings than were found.
	errors, warnings := t.Errors, 0
	if r.failOnWarnings {
		warnings = t.Warnings
	}
	if r.newOnly {
		errors, warnings = errors-t.old(validate.Error), max(warnings-t.old(validate.Warning), 0)
	}
	corrections := counted(errors, "error")
	if warnings > 0 {
		corrections = strings.TrimPrefix(corrections+" and "+counted(warnings, "warning"), " and ")
	}
	for _, s := range b.order {
		if s.list == 0 && s.plan {
			s.Advice = "give the values or correct the rules. Or leave these rules out with --allow-unsupported: the verdict then does not cover them, "
			if other := blocking(b.order) - s.found; other > 0 {
				s.Advice += fmt.Sprintf("and %s still %s", count(uint64(other), "other finding"), map[bool]string{true: "blocks", false: "block"}[other == 1])
			} else {
				s.Advice += "and nothing else blocks"
			}
		}
		s.finish()
		list := [...]*[]page.Section{&out.Blocks, &out.Warnings, &out.Others}[s.list]
		*list = append(*list, s.Section)
	}
	if notJudged > 0 {
		out.Totals = append(out.Totals, page.Fact{Name: parts + "s not judged", Value: numeral.Thousands(uint64(notJudged))})
	}
	switch {
	case verdict == validate.Accepted:
		out.Answer = "Yes: accepted."
		if t.Warnings > 0 {
			out.Answer = "Yes: accepted, with warnings."
		}
	case verdict == validate.Rejected:
		out.Answer = fmt.Sprintf("No: %s must be corrected. The verdict is rejected.", cmp.Or(corrections, "the content"))
	case notJudged == 0:
		out.Answer = "No: the gate could not judge all of it. The verdict is undecided."
	case corrections == "":
		out.Answer = fmt.Sprintf("No: %s could not be judged. The verdict is undecided.", count(uint64(notJudged), parts))
	default:
		out.Answer = fmt.Sprintf("No: %s must be corrected, and %s could not be judged. The verdict is undecided.", corrections, count(uint64(notJudged), parts))
	}
	out.Errors = corrections != ""
	out.Status = fmt.Sprintf("Exit status of this verdict: %d.", ExitStatus(verdict))
	out.Examples = r.examples()
	out.Unfilled = unfilled(r.Unfilled)
	out.Remarks = shownList(r.Remarks)
	b.facts(out)
	b.pictures(out)
	return out
}

// counted returns a number with a noun, or "" for 0.
func counted(n int, noun string) string {
	if n == 0 {
		return ""
	}
	return count(uint64(n), noun)
}

// examples says which fleets of a run are built into cfcheck, or returns "".
func (r *Run) examples() string {
	var names []string
	for i := range r.read {
		if f := r.read[i].fleet; f.Builtin {
			names = append(names, fmt.Sprintf("fleet %s (%s)", shown(f.Name), count(f.Hosts(), "host")))
		}
	}
	if len(names) == 0 {
		return ""
	}
	are := " is an example"
	if len(names) > 1 {
		are = " are examples"
	}
	return "These are not your hosts: " + strings.Join(names, " and ") + are + " in cfcheck. Give your own fleet with --fleet for a verdict on your hosts."
}

// unfilled returns the placeholders without values as lines of a file for --placeholders. It
// returns nil for an empty list.
func unfilled(names []string) *page.Unfilled {
	if len(names) == 0 {
		return nil
	}
	out := &page.Unfilled{Found: count(uint64(len(names)), "placeholder")}
	for _, name := range names[:min(len(names), maxUnfilled)] {
		out.Sample = append(out.Sample, shown(name)+": [REPLACE-ME]")
	}
	out.More = counted(max(len(names)-maxUnfilled, 0), "more placeholder")
	return out
}

// blocking returns the number of entries that block.
func blocking(list []*section) (n int) {
	for _, s := range list {
		if s.list == 0 {
			n += s.found
		}
	}
	return n
}

// finish completes the texts of a section.
func (s *section) finish() {
	noun := map[string]string{"error": "error", "warning": "warning", "note": "note", "undecided": "part"}[s.Severity]
	switch {
	case s.passed: // these are no findings, so the number of warnings does not have them
		noun = "remark"
	case s.Severity == "undecided" && s.places:
		noun = "place"
	}
	s.Found = count(uint64(s.found), noun)
	if n := len(s.files); n > 1 {
		s.Where = "in " + count(uint64(n), "file")
	}
	if s.list == 0 { // in the order of the list at the top
		slices.SortStableFunc(s.causes, func(a, b *causeOnPage) int { return cmp.Compare(b.found, a.found) })
	} else if s.list == 1 {
		slices.SortStableFunc(s.causes, func(a, b *causeOnPage) int { return a.loss.compare(b.loss) })
	}
	for _, c := range s.causes {
		if n := len(c.rules); n > 1 && c.general != "" {
			c.Message = fmt.Sprintf("%s: each %s", count(uint64(n), "rule"), c.general)
		}
		c.Found, c.Old = count(uint64(c.found), "place"), c.old && s.Check != ""
		if n := len(c.Rest); n > 0 {
			c.RestIs = count(uint64(n), "more place")
		}
		if c.left > 0 {
			c.More = count(uint64(c.left), "more place")
		}
		s.Causes = append(s.Causes, c.Cause)
	}
	if s.list == 0 {
		s.fixes()
	}
}

// fixes sets the corrections of a section, the most frequent first. A section without advice lists
// its faults.
func (s *section) fixes() {
	type correction struct {
		page.Fix
		found int
	}
	var list []correction
	for _, c := range s.causes {
		fix := page.Fix{ID: c.ID, Text: brief(c.Fix), Message: c.Message}
		if c.Fix == "" {
			fix = page.Fix{ID: c.ID, Text: c.Message, Fault: true}
		}
		i := slices.IndexFunc(list, func(o correction) bool { return o.Text == fix.Text })
		if i < 0 {
			i = len(list)
			list = append(list, correction{Fix: fix})
		} else {
			list[i].Message = "" // several causes have this correction
		}
		list[i].found += c.found
	}
	slices.SortStableFunc(list, func(a, b correction) int { return cmp.Compare(b.found, a.found) })
	for _, k := range list[:min(len(list), maxFixes)] {
		k.Found = count(uint64(k.found), "place")
		s.Fixes = append(s.Fixes, k.Fix)
	}
	if more := len(list) - maxFixes; more > 0 {
		s.Fixes = append(s.Fixes, page.Fix{Text: "see below", Found: count(uint64(more), "more correction"), Fault: true})
	}
}

// brief returns a long advice without its list of names, which stands with the cause.
func brief(fix string) string {
	const long = 300
	if i := strings.Index(fix, ": "); len(fix) > long && i > 0 {
		return fix[:i] + " (listed below)"
	}
	return fix
}

// facts adds the facts about the run.
func (b *pageBuilder) facts(out *page.Report) {
	r := b.run
	add := func(name, value string) {
		if value != "" {
			out.Facts = append(out.Facts, page.Fact{Name: name, Value: shown(value)})
		}
	}
	add("Results", r.sums())
	for i := range r.read {
		f := &r.read[i]
		name := f.fleet.Name
		if f.fleet.Builtin {
			name = "example " + name
		}
		if f.counts.Builds > 0 {
			add("Fleet", fmt.Sprintf("%s: %s (%s), %s; evidence: %s; sha256 %s", name, count(uint64(f.counts.Builds), "build"),
				count(uint64(f.counts.Contracts), "distinct contract"), count(f.counts.Hosts, "host"), Evidence(f.fleet), hex.EncodeToString(f.fleet.Digest[:])))
		}
	}
	uses, of := []string{}, map[string][]Source{}
	for _, s := range r.Sources {
		if of[s.Use] == nil {
			uses = append(uses, s.Use)
		}
		of[s.Use] = append(of[s.Use], s)
	}
	for _, use := range uses {
		list := of[use]
		name := list[0].Path
		if len(list) > 1 {
			name = count(uint64(len(list)), "file")
		}
		add("Read as "+use, name+", sha256 "+SourcesDigest(list))
	}
	if r.Gate != (Gate{}) {
		add("Gate", fmt.Sprintf("cfcheck %s, %s", r.Gate.Version, count(uint64(r.Gate.Checks), "check")))
		add("Gate sha256", r.Gate.Digest)
		add("Self-test", cmp.Or(r.Gate.SelfTest, "passed"))
	}
}

// pictures adds the facts that the run collected for pictures.
func (b *pageBuilder) pictures(out *page.Report) {
	order := make([]int, len(b.matches))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, k int) int { return cmp.Compare(b.extents[k], b.extents[i]) })
	chart := page.Chart{ID: "rates", Title: "Matches on recorded events", Columns: [2]string{"rule", "events"}, Note: "The events that the findings on behaviour count."}
	for _, i := range order[:min(len(order), chartBars)] {
		bar := b.matches[i]
		bar.Value = numeral.Thousands(b.extents[i])
		bar.Part = math.Round(1000 * float64(b.extents[i]) / float64(b.extents[order[0]]))
		chart.Bars = append(chart.Bars, bar)
	}
	if more := len(order) - chartBars; more > 0 {
		chart.More = numeral.Thousands(uint64(more)) + " more"
	}
	if len(chart.Bars) > 0 {
		out.Bars = append(out.Bars, chart)
	}
	p := b.run.Picture
	if p == nil {
		return
	}
	for _, m := range p.fleets {
		if len(m.rows) > 0 || m.missing > 0 {
			out.Fleets = append(out.Fleets, m.pageFleet(b.ids, b.unjudged))
		}
	}
	out.Bars = append(out.Bars, p.costCharts()...)
	for i := range p.maps {
		out.Maps = append(out.Maps, p.maps[i].page())
	}
	if n := p.whys.left; n > 0 {
		out.Remarks = append(out.Remarks, fmt.Sprintf("%s on recorded events: the page has no room for the condition; cfcheck explain --event shows it", count(uint64(n), "finding")))
	}
	if p.lost > 0 {
		out.Remarks = append(out.Remarks, fmt.Sprintf("%s not drawn to scale; cfcheck dump shows the parts of a file", count(uint64(p.lost), "file")))
	}
	out.Compared, out.Diffs = p.compared, p.diffs()
}
