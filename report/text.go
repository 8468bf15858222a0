package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// indent is the column at which the text of a report starts. The word before it,
// such as rejected, is the outcome.
const indent = 10

// Text writes a run for people. It escapes every character of the judged content
// that could move a cursor.
func Text(w io.Writer, r *Run) error {
	t := &text{w: bufio.NewWriter(w), run: r}
	problems, verdict := r.problems(), r.Verdict()
	for result, err := range r.results.all {
		if err != nil {
			t.line("undecided", "the report ends here: %s", Clean(err.Error()))
			return errors.Join(err, t.w.Flush())
		}
		t.result(&result)
		if _, err := t.w.Write(nil); err != nil {
			return err
		}
	}
	t.sourceLines()
	t.policy()
	for i := range r.PassedOver {
		t.passedOver(&r.PassedOver[i])
	}
	if r.blocking() > 0 {
		t.more("fix: name the files that ship, or move the others to another folder; without --fail-on warning these are warnings")
	}
	for _, n := range r.Remarks {
		t.line("remark", "%s", Clean(n))
	}
	for _, p := range problems {
		t.line("undecided", "%s", Clean(p))
	}
	if r.Gate.SelfTest != "" {
		t.line("undecided", "the self-test of the gate failed: %s", Clean(r.Gate.SelfTest))
		t.more("do not rely on any verdict of this program; install it again")
	}
	blocked := r.blocking() + len(problems)
	if n := r.totals.Results + blocked; n > 1 {
		skipped := ""
		if r.totals.Unread > 0 {
			skipped = fmt.Sprintf(", %d skipped", r.totals.Unread)
		}
		t.line(verdict.String(), "%d in all: %d accepted, %d rejected, %d undecided%s",
			n, r.totals.Accepted, r.totals.Rejected, r.totals.Undecided+blocked, skipped)
	}
	return t.w.Flush()
}

// passedOver lists the entries of a folder that were not judged.
func (t *text) passedOver(p *PassedOver) {
	switch {
	case p.blocks(t.run.FailOnWarnings):
		t.line("undecided", "%s", Clean(p.String()))
	case p.blocks(true):
		t.line("warning", "%s", Clean(p.String()))
	default:
		t.line("remark", "%s", Clean(p.String()))
	}
}

type text struct {
	w   *bufio.Writer // its error sticks until Flush
	run *Run
}

// line writes a line after the word that names the outcome. It cuts a line after
// 2,000 bytes, because each text in a file may have 65,535 bytes.
func (t *text) line(word, format string, args ...any) {
	const most = 2000 // bytes
	s := fmt.Sprintf(format, args...)
	if len(s) > most {
		s = fmt.Sprintf("%s... (%s)", strings.ToValidUTF8(s[:most], ""), count(uint64(len(s)), "byte"))
	}
	fmt.Fprintf(t.w, "%-*s%s\n", indent, word, s)
}

func (t *text) more(format string, args ...any) { t.line("", format, args...) }

func (t *text) result(r *Result) {
	for _, l := range r.LeftOut {
		t.line("left out", "%s", Clean(l.String()))
	}
	if r.report == nil {
		t.line("undecided", "%s", Clean(r.Name))
		t.more("%s", Clean(strings.TrimPrefix(fmt.Sprint(r.err), r.Name+": ")))
		return
	}
	rep := r.report
	sums := summariesOf(rep)
	for i := 0; i < len(rep.Findings); {
		n := sameGroup(rep.Findings[i:])
		if t.hidden(rep.Findings[i].Check) || t.allOld(rep, i, n) {
			i += n
			continue
		}
		if k, ok := sums.of(&rep.Findings[i]); ok {
			t.summary(r, i, n, &rep.Summaries[k])
		} else {
			t.finding(r, i)
			t.also(r, i+1, n-1)
		}
		i += n
	}
	t.dropped(rep, sums)
	t.waived(r)
	for _, u := range rep.Undecided {
		word := "undecided"
		if r.Unread() {
			word = "skipped"
		}
		t.line(word, "%s", Clean(u))
	}
	t.conclusion(r)
}

// hidden reports whether the findings of a check are only counted, not shown.
func (t *text) hidden(c *validate.Check) bool {
	return !t.run.ShowNotes && c != nil && c.Severity == validate.Note
}

// allOld reports whether the n findings from index i are only counted, because all are old
// and do not count for the verdict.
func (t *text) allOld(rep *validate.Report, i, n int) bool {
	return rep.NewOnly && !t.run.ShowNotes &&
		!slices.ContainsFunc(rep.Findings[i:i+n], func(f validate.Finding) bool { return !f.Old })
}

// old returns a mark for a finding that is old, or "".
func old(f *validate.Finding) string {
	if f.Old {
		return " (old)"
	}
	return ""
}

// sameGroup returns how many findings at the start of fs belong to one group. A
// finding without a group stands alone.
func sameGroup(fs []validate.Finding) int {
	n := 1
	for n < len(fs) && fs[0].Group != "" && fs[n].Group == fs[0].Group && fs[n].Check == fs[0].Check {
		n++
	}
	return n
}

// summaries maps each group to the index of its summary in a report.
type summaries map[groupKey]int

type groupKey struct {
	check *validate.Check
	group string
}

func summariesOf(rep *validate.Report) summaries {
	m := summaries{}
	for i := range rep.Summaries {
		m[groupKey{rep.Summaries[i].Check, rep.Summaries[i].Group}] = i
	}
	return m
}

// of returns the index of the summary of a finding's group.
func (m summaries) of(f *validate.Finding) (i int, ok bool) {
	if f.Group == "" {
		return 0, false
	}
	i, ok = m[groupKey{f.Check, f.Group}]
	return i, ok
}

// maxRules returns the limit of rules under one shared message.
func (t *text) maxRules() int {
	if t.run.MaxRules > 0 {
		return t.run.MaxRules
	}
	return DefaultMaxRules
}

// summary writes the shared message of the n findings from index i, and the rules
// of these findings below it.
func (t *text) summary(r *Result, i, n int, s *validate.Summary) {
	t.line(word(r.report, r.report.Findings[i:i+n]...), "%s %s", s.Check.ID, Clean(s.Message))
	for _, d := range s.Details {
		t.more("%s", Clean(d))
	}
	if s.Fix != "" {
		t.more("fix: %s", Clean(s.Fix))
	}
	t.witness(&r.report.Findings[i])
	shown := min(n, t.maxRules())
	for k := i; k < i+shown; k++ {
		f := &r.report.Findings[k]
		t.more("%s%s%s", placeOf(r, f), called(f), old(f))
	}
	if rest := s.Found - shown; rest > 0 {
		t.more("and %s more; a larger --max-findings shows them", numeral.Thousands(uint64(rest)))
	}
}

// also writes a line for each of the n findings from index i, which have the same
// message as the finding before them.
func (t *text) also(r *Result, i, n int) {
	shown := min(n, t.maxRules())
	if r.report.Subject.Kind == validate.KindDefinition {
		shown = n // the findings are about inputs, not about rules
	}
	for k := i; k < i+shown; k++ {
		f := &r.report.Findings[k]
		t.more("also %s %s%s", place(r, f), Clean(f.Message), old(f))
	}
	if n > shown {
		t.more("and %s more; a larger --max-findings shows them", numeral.Thousands(uint64(n-shown)))
	}
}

// placeOf is place, with the offset of the bytes if the place in the sources is
// unknown.
func placeOf(r *Result, f *validate.Finding) string {
	if f.Where.Source.Path == "" && f.Where.Source.Line == 0 && f.Where.Range.Len() > 0 && r.report.Subject.Kind == validate.KindChannelFile {
		return fmt.Sprintf(`"%s:0x%04x"`, Clean(r.Name), f.Where.Range.Start)
	}
	return place(r, f)
}

// called returns the name of a finding's rule after a space, or "".
func called(f *validate.Finding) string {
	switch in := f.Instance; {
	case in == nil:
		return ""
	case in.Title != "":
		return " " + Clean(in.Title)
	case in.Rule != "":
		return " " + Clean(in.Rule)
	case in.ID != channelfile.ID{}:
		return " instance " + in.ID.String()
	case in.Index >= 0:
		return " instance " + strconv.Itoa(in.Index)
	}
	return ""
}

// word returns the word that starts the line of findings of one check. Old findings do not
// reject if only new findings count.
func word(rep *validate.Report, fs ...validate.Finding) string {
	if s := fs[0].Severity(); s != validate.Error {
		return s.String()
	}
	if rep.NewOnly && !slices.ContainsFunc(fs, func(f validate.Finding) bool { return !f.Old }) {
		return "error"
	}
	return "rejected"
}

func (t *text) finding(r *Result, i int) {
	f := &r.report.Findings[i]
	t.line(word(r.report, *f), "%s %s %s%s", f.Check.ID, place(r, f), Clean(f.Message), old(f))
	for _, d := range f.Details {
		t.more("%s", Clean(d))
	}
	if f.Fix != "" {
		t.more("fix: %s", Clean(f.Fix))
	}
	t.witness(f)
	if !t.source(r, f) && len(r.windows[i].Bytes) > 0 {
		at := f.Where.Range
		t.more("at 0x%04x (%d): %s", at.Start, at.Start, Clean(f.Where.Path))
		t.window(r.windows[i], at)
	}
}

// witness writes the effect of a finding's witness, if any, on a sensor that
// checks nothing.
func (t *text) witness(f *validate.Finding) {
	w := f.Witness
	if w == nil || w.Happens == "" {
		return
	}
	with := ""
	if w.Edit != "" {
		with = "with " + w.Edit + ": "
	}
	t.more("witness: %s%s", Clean(with), Clean(w.Happens))
}

// place returns the quoted place of a finding for a terminal.
func place(r *Result, f *validate.Finding) string {
	return `"` + Clean(placeName(r, f)) + `"`
}

// placeName implements [Result.Place].
func placeName(r *Result, f *validate.Finding) string {
	pos := f.Where.Source
	name := r.Name
	if pos.Path != "" {
		name = pos.Path
		switch {
		case pos.Line > 0 && pos.Column > 0:
			name += fmt.Sprintf(":%d:%d", pos.Line, pos.Column)
		case pos.Line > 0:
			name += ":" + strconv.Itoa(pos.Line)
		case pos.Range.Len() > 0:
			name += fmt.Sprintf(":0x%04x", pos.Range.Start)
		}
	}
	return name
}

// source writes the source line that a finding is about, if it is available, and
// reports whether it is.
//
// The source path in a channel file is a claim of that file. Such a path is never
// opened: otherwise a channel file could make the report show any other file.
func (t *text) source(r *Result, f *validate.Finding) bool {
	pos := f.Where.Source
	if pos.Line == 0 {
		return false
	}
	line, ok := "", false
	if kind := r.report.Subject.Kind; t.run.Lines != nil && (kind == validate.KindRules || kind == validate.KindWaivers || kind == validate.KindSysmonSource) {
		line, ok = t.run.Lines(pos.Path, pos.Line)
	}
	if !ok {
		if pos.Text == "" {
			return false
		}
		line, pos.Column = pos.Text, 0
	}
	before, at := excerpt(strings.TrimRight(line, "\r\n"), pos.Column)
	number := strconv.Itoa(pos.Line)
	t.more("%s | %s%s", number, before, at)
	if pos.Column > 0 && at != "" {
		blank := func(s string) string { return strings.Repeat(" ", utf8.RuneCountInString(s)) }
		t.more("%s | %s%s", blank(number), blank(before), strings.Repeat("^", utf8.RuneCountInString(at)))
	}
	return true
}

// excerpt splits a line before the given column (in bytes from 1) and cleans both
// parts. It shortens a long line to the part around the column.
func excerpt(line string, column int) (before, at string) {
	const most = 100 // runes on either side
	cut := min(max(column-1, 0), len(line))
	before, at = Clean(line[:cut]), Clean(line[cut:])
	if runnerCommand.MatchString(before + at) { // the column is inside a command
		before, at = strings.ReplaceAll(before, "#", `\x23`), strings.ReplaceAll(at, "#", `\x23`)
	}
	if n := utf8.RuneCountInString(before); n > most {
		before = "..." + string([]rune(before)[n-most:])
	}
	if utf8.RuneCountInString(at) > most {
		at = string([]rune(at)[:most]) + "..."
	}
	return before, at
}

// The size of the window under a finding.
const (
	windowRows = 3  // maximum number of rows
	windowRow  = 16 // bytes in a row
)

// windowOf returns the rows of bytes that a location is about, at most windowRows
// from its start. The window is empty if the content was compiled from rules,
// because then nobody has the bytes. It is also empty if the fault is in the name of
// the file or in the content as a whole. A fault of the whole is reported at the header.
func windowOf(s *validate.Subject, where validate.Location) window {
	data, at := s.Data, where.Range
	switch {
	case s.Kind != validate.KindChannelFile && s.Kind != validate.KindSysmonBlob, where.Path == "file.name", where.Path == "header":
		return window{}
	case at.Start < 0, at.End <= at.Start, at.End > len(data):
		return window{}
	}
	start := at.Start / windowRow * windowRow
	end := min((at.End+windowRow-1)/windowRow*windowRow, start+windowRows*windowRow, len(data))
	return window{start, bytes.Clone(data[start:end])}
}

// window writes rows of bytes and marks the bytes of a range.
func (t *text) window(w window, at channelfile.Range) {
	for row := 0; row < len(w.Bytes); row += windowRow {
		offset := fmt.Sprintf("0x%04x", w.Start+row)
		var hex, marks strings.Builder
		for i, c := range w.Bytes[row:min(row+windowRow, len(w.Bytes))] {
			if i == windowRow/2 {
				hex.WriteByte(' ')
				marks.WriteByte(' ')
			}
			mark := "  "
			if at.Start <= w.Start+row+i && w.Start+row+i < at.End {
				mark = "^^"
			}
			fmt.Fprintf(&hex, " %02x", c)
			marks.WriteString(" " + mark)
		}
		t.more("%s |%s", offset, hex.String())
		t.more("%*s |%s", len(offset), "", strings.TrimRight(marks.String(), " "))
	}
	if end := w.Start + len(w.Bytes); end < at.End {
		t.more("... to 0x%04x (%d)", at.End, at.End)
	}
}

// dropped writes the number of findings that the report does not hold.
func (t *text) dropped(rep *validate.Report, sums summaries) {
	said := map[*validate.Check]int{}
	for i := range rep.Findings {
		if _, ok := sums.of(&rep.Findings[i]); !ok {
			said[rep.Findings[i].Check]++
		}
	}
	for i := range rep.Summaries {
		said[rep.Summaries[i].Check] += rep.Summaries[i].Found
	}
	for _, total := range rep.Totals {
		if more := total.Found - said[total.Check]; more > 0 && !t.hidden(total.Check) {
			t.more("%s: %s not shown", total.Check.ID, count(uint64(more), "further finding"))
		}
	}
}

// waived writes the findings that waivers accept, two lines each.
func (t *text) waived(r *Result) {
	rep := r.report
	shown, listed := map[*validate.Check]int{}, 0
	for i := range rep.Waived {
		f := &rep.Waived[i]
		if shown[f.Check] >= t.maxRules() {
			continue
		}
		shown[f.Check]++
		listed++
		t.line("waived", "%s %s %s", f.Check.ID, place(r, f), Clean(f.Message))
		from := ""
		if at := f.Waiver.From; at.Path != "" {
			from = fmt.Sprintf(" (%s:%d:%d)", at.Path, at.Line, at.Column)
		}
		t.more("%s", Clean(fmt.Sprintf("until %v, by %s: %s%s", f.Waiver.Until, f.Waiver.By, f.Waiver.Reason, from)))
	}
	if more := rep.WaivedFound - listed; more > 0 {
		t.more("and %s; a larger --max-findings shows them", count(uint64(more), "more waived finding"))
	}
}

func (t *text) conclusion(r *Result) {
	rep := r.report
	fleet := ""
	if r.FleetNamed != "" {
		fleet = " for fleet " + r.FleetNamed
	}
	word := rep.Verdict().String()
	if r.Unread() {
		word = "skipped"
	}
	t.line(word, "%s", Clean(r.Name+fleet))
	t.skipped(rep)
	t.more("%s", t.counts(r))
	if rep.Fleet != nil {
		t.more("%s", Clean(fleetLine(r)))
	}
	t.notAddressed(rep)
}

// notAddressed lists the builds that do not read the content: builds that refuse
// it, and builds whose contract says that they lack the type.
func (t *text) notAddressed(rep *validate.Report) {
	if rep.Subject.Kind.Foreign() {
		t.without(rep, false, "not addressed, because its contract does not state Sysmon", "not addressed, because their contracts do not state Sysmon")
		return
	}
	t.without(rep, false, "not addressed, because it does not have the type version", "not addressed, because they do not have the type version")
	t.without(rep, true, "skipped, because its contract says that it lacks the type version", "skipped, because their contracts say that they lack the type version")
}

func (t *text) without(rep *validate.Report, lacks bool, one, several string) {
	const most = 5 // names
	var names []string
	var builds, hosts uint64
	for _, b := range rep.Builds {
		if b.Addressed || b.Lacks != lacks {
			continue
		}
		builds++
		hosts += min(b.Hosts, math.MaxUint64-hosts)
		if builds <= most {
			names = append(names, b.Name)
		}
	}
	switch {
	case builds == 1:
		t.more("build %s, %s: %s", Clean(names[0]), count(hosts, "host"), one)
	case builds > 1:
		if builds > most {
			names = append(names, "and "+numeral.Thousands(builds-most)+" more")
		}
		t.more("%s, %s: %s: %s", count(builds, "build"), count(hosts, "host"), several, Clean(strings.Join(names, ", ")))
	}
}

// skipped writes the reasons why checks could not run. Only JSON has the number of
// these checks, because it depends on the release of the gate.
func (t *text) skipped(rep *validate.Report) {
	for _, why := range skips(rep) {
		t.more("checks skipped: %s", Clean(why))
	}
}

func (t *text) counts(r *Result) string {
	rep := r.report
	var parts []string
	if f := r.file; f != nil {
		typ := f.TypeName
		if typ == "" {
			typ = strconv.Itoa(int(f.Type))
		}
		parts = append(parts, fmt.Sprintf("channel %d revision %d, type %s version %d", f.Channel, f.Revision, Clean(typ), f.TypeVersion),
			count(uint64(rep.Counts.Instances), "instance"), count(uint64(rep.Counts.Criteria), "criterion"))
	}
	warnings := count(uint64(rep.Warnings()), "warning")
	if rep.FailOnWarnings && rep.Warnings() > 0 {
		warnings += " (--fail-on warning: they reject)"
	}
	parts = append(parts, count(uint64(rep.Errors()), "error"), warnings)
	if n := rep.Old(validate.Error) + rep.Old(validate.Warning); n > 0 {
		says := numeral.Thousands(uint64(n)) + " of them old"
		if rep.NewOnly {
			says += " (--new-only: they do not count"
			if !t.run.ShowNotes {
				says += "; --verbose shows them"
			}
			says += ")"
		}
		parts = append(parts, says)
	}
	if n := rep.Notes(); n > 0 {
		notes := count(uint64(n), "note")
		if !t.run.ShowNotes {
			notes += " (not shown; --verbose shows them)"
		}
		parts = append(parts, notes)
	}
	if rep.WaivedFound > 0 {
		parts = append(parts, numeral.Thousands(uint64(rep.WaivedFound))+" waived")
	}
	if rep.Subject.Kind == validate.KindNeeds {
		parts = append(parts, "only the contract checks apply to needs")
	}
	return strings.Join(parts, ", ")
}

func fleetLine(r *Result) string {
	rep := r.report
	fleet := "fleet " + rep.Fleet.Name
	if rep.Fleet.Builtin {
		fleet = "example " + fleet
	}
	if !r.read {
		return fleet + ": not compared, because the content cannot be read"
	}
	return fmt.Sprintf("%s: %s (%s), %s; evidence: %s", fleet,
		count(uint64(rep.Counts.Builds), "build"), count(uint64(rep.Counts.Contracts), "distinct contract"),
		count(rep.Counts.Hosts, "host"), Evidence(rep.Fleet))
}

// Evidence returns the kinds of evidence behind the contracts of a fleet, such as
// "extracted, stated".
func Evidence(f *sensor.Fleet) string {
	var have [4]bool
	mark := func(e sensor.Evidence) {
		if int(e) < len(have) {
			have[e] = true
		}
	}
	for i := range f.Contracts {
		c := &f.Contracts[i]
		mark(c.Reader.Evidence)
		for k := range c.Declares {
			mark(c.Declares[k].Basis.Evidence)
		}
		for k := range c.Lacks {
			mark(c.Lacks[k].Basis.Evidence)
		}
		for k := range c.Supplies {
			s := &c.Supplies[k]
			mark(s.Evidence)
			mark(s.Collected.Basis.Evidence)
			for n := range s.Inputs {
				if b := s.Inputs[n].Basis; b != nil {
					mark(b.Evidence)
				}
			}
		}
	}
	var names []string
	for _, e := range []sensor.Evidence{sensor.EvidenceExtracted, sensor.EvidenceObserved, sensor.EvidenceStated} {
		if have[e] {
			names = append(names, e.String())
		}
	}
	return strings.Join(names, ", ")
}

// count writes a number with its noun.
func count(n uint64, noun string) string {
	switch {
	case n == 1:
	case noun == "criterion":
		noun = "criteria"
	case noun == "entry":
		noun = "entries"
	default:
		noun += "s"
	}
	return numeral.Thousands(n) + " " + noun
}

// Clean makes a text safe to show on one line of a terminal or of a log. It escapes line ends,
// control and format characters, and bytes that are not UTF-8. It also escapes the start of the
// commands that the runners of GitHub Actions and Azure Pipelines take from anywhere in a
// line of a log, such as ##[error].
func Clean(s string) string {
	s = clean(s)
	if strings.Contains(s, "##") {
		s = runnerCommand.ReplaceAllString(s, `#\x23$1[`)
	}
	return s
}

// runnerCommand is the start of a command in a log.
var runnerCommand = regexp.MustCompile(`##([A-Za-z]*)\[`)

// clean is Clean without the commands.
func clean(s string) string {
	if strings.IndexFunc(s, unsafe) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\t':
			b.WriteByte(' ')
		case unsafe(r):
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// unsafe reports whether a rune could change how a terminal shows other runes.
// These are control characters, and the invisible characters that reorder text.
func unsafe(r rune) bool { return !unicode.IsPrint(r) }
