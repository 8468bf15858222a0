package report

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/oneline"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

const (
	// indent is the column at which the text of a line starts after its first word, such as
	// rejected.
	indent = 10

	// inset is the indentation of the lines below a finding or a verdict.
	inset = "    "
)

// Text writes a run for people. Each finding starts with its place, as the messages of
// compilers do, so that editors and terminals can open it:
//
//	rules/pipes.yml:61:7: error: rule "Demo" reads input 21 [CF3001]
//	out/C.cf: offset 437 (0x1b5): warning: the pool is not as it should be [CF1030]
//
// The column is in bytes, from 1. New findings come before old ones, and errors before
// warnings. The verdicts on the subjects follow, one line each. The last line has the verdict
// on the run and the counts.
//
// Text escapes every character of the judged content that could move a cursor. The fields
// ShowNotes, Details, Quiet, Color and MaxRules of the Run decide how much it shows.
func Text(w io.Writer, r *Run) error {
	t := &text{w: bufio.NewWriter(w), run: r}
	problems := r.problems()
	for _, pass := range t.passes() {
		for result, err := range r.results.all {
			if err != nil {
				t.line("undecided", "the report ends here: %s", Clean(err.Error()))
				return errors.Join(err, t.w.Flush())
			}
			pass(&result)
			if _, err := t.w.Write(nil); err != nil {
				return err
			}
		}
	}
	t.folded()
	if !r.Quiet {
		t.sourceLines()
		t.fleets()
		t.policy()
	}
	for i := range r.PassedOver {
		t.passedOver(&r.PassedOver[i])
	}
	if r.blocking() > 0 {
		t.more("fix: name the files that ship, or move the others to another folder; without --fail-on warning these are warnings")
	}
	if !r.Quiet {
		for _, n := range r.Remarks {
			t.line("remark", "%s", Clean(n))
		}
	}
	for _, p := range problems {
		t.line("undecided", "%s", Clean(p))
	}
	if r.Gate.SelfTest != "" {
		t.line("undecided", "the self-test of the gate failed: %s", Clean(r.Gate.SelfTest))
		t.more("do not rely on any verdict of this program; install it again")
	}
	t.pages()
	t.summary(len(problems))
	return t.w.Flush()
}

type text struct {
	w      *bufio.Writer // its error sticks until Flush
	run    *Run
	found  bool              // a finding, or a part that was not judged, was written
	judged bool              // a verdict on a subject was written
	checks []*validate.Check // checks of the findings that were written, sorted by ID
}

// passes returns the passes over the results. Each pass writes lines of one kind, the most
// important kind first. A pass that would write no line is left out, because results may have
// to be read back from a file.
func (t *text) passes() (passes []func(*Result)) {
	r, totals := t.run, &t.run.totals
	if totals.Undecided > 0 {
		passes = append(passes, t.notJudged)
	}
	for _, old := range []bool{false, true} {
		for s, found := range []int{totals.Errors, totals.Warnings, totals.Notes} {
			severity, n := validate.Severity(s), totals.old(validate.Severity(s))
			switch {
			case old && n == 0, !old && found == n:
				continue
			case severity == validate.Note && (!r.ShowNotes || r.Quiet):
				continue
			}
			passes = append(passes, func(r *Result) { t.findings(r, severity, old) })
		}
		if !old && totals.LeftOut > 0 && !r.Quiet {
			passes = append(passes, t.leftOut)
		}
	}
	if totals.Waived > 0 && !r.Quiet {
		passes = append(passes, t.waived)
	}
	return append(passes, t.conclusion)
}

// passedOver lists the entries of a folder that were not judged.
func (t *text) passedOver(p *PassedOver) {
	switch {
	case p.blocks(t.run.FailOnWarnings):
		t.line("undecided", "%s", Clean(p.String()))
	case t.run.Quiet:
	case p.blocks(true):
		t.line("warning", "%s", Clean(p.String()))
	default:
		t.line("remark", "%s", Clean(p.String()))
	}
}

// maxLine is the maximum length of a line in bytes, because each text in a file may have
// 65,535 bytes.
const maxLine = 2000

// shorten cuts a text after maxLine bytes.
func shorten(s string) string {
	if len(s) > maxLine {
		s = fmt.Sprintf("%s... (%s)", strings.ToValidUTF8(s[:maxLine], ""), count(uint64(len(s)), "byte"))
	}
	return s
}

// line writes a line after the word that names the outcome.
func (t *text) line(word, format string, args ...any) {
	blank := strings.Repeat(" ", max(indent-len(word), 0))
	fmt.Fprintf(t.w, "%s%s%s\n", t.paint(styles[word], word), blank, shorten(fmt.Sprintf(format, args...)))
}

// more writes a line that belongs to the line before.
func (t *text) more(format string, args ...any) {
	s := shorten(fmt.Sprintf(format, args...))
	if strings.HasPrefix(s, "::") {
		s = `\x3a` + s[1:] // the runner of GitHub Actions takes commands after spaces, too
	}
	fmt.Fprintf(t.w, "%s%s\n", inset, s)
}

// at writes a line about a place. The tail is short, and never cut.
func (t *text) at(place, word, message, tail string) {
	fmt.Fprintf(t.w, "%s: %s: %s%s\n", t.paint(styleStrong, shorten(place)), t.paint(styles[word], word), shorten(message), tail)
	t.found = true
}

// The styles of texts on a terminal, as parameters of the control sequence SGR.
const (
	styleStrong = "1"
	styleGood   = "32"
	styleMark   = "1;32"
	styleFault  = "1;31"
	styleDoubt  = "1;33"
	styleAside  = "36"
)

// styles are the styles of the words that start a line or follow a place.
var styles = map[string]string{
	"error": styleFault, "warning": styleDoubt, "note": styleAside, "remark": styleAside, "fix": styleGood,
	"accepted": styleGood, "rejected": styleFault, "undecided": styleDoubt,
	"left out": styleDoubt, "skipped": styleAside, "waived": styleAside,
}

// paint returns a text in a style, if the run is written in colour.
func (t *text) paint(style, s string) string {
	if !t.run.Color || style == "" || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

// notJudged writes a result that was not judged.
func (t *text) notJudged(r *Result) {
	if r.report != nil {
		return
	}
	name := placed(cmp.Or(r.at.Path, r.Name))
	if r.at.Line > 0 {
		name += lineAndColumn(r.at)
	}
	why := strings.TrimPrefix(fmt.Sprint(cmp.Or(r.err, errNotJudged)), r.Name+": ")
	t.at(name, "undecided", Clean(why), "")
}

// leftOut writes the rules that were left out of a subject.
func (t *text) leftOut(r *Result) {
	for i := range r.LeftOut {
		l := &r.LeftOut[i]
		message := l.Reason
		if l.Path != "" {
			message = l.Path + ": " + message
		}
		t.at(placed(l.File)+fmt.Sprintf(":%d:%d", l.Line, l.Column), "left out", Clean(message), "")
	}
}

// findings writes the findings of a severity, either those that are old or the others. A group
// is old if all its findings are.
func (t *text) findings(r *Result, severity validate.Severity, old bool) {
	rep := r.report
	if rep == nil || old && rep.NewOnly && !t.run.ShowNotes {
		return
	}
	if t.run.Quiet && severity != validate.Error && !(severity == validate.Warning && rep.FailOnWarnings) {
		return
	}
	sums := summariesOf(rep)
	for i := 0; i < len(rep.Findings); {
		n := sameGroup(rep.Findings[i:])
		fs := rep.Findings[i : i+n]
		if fs[0].Severity() == severity && old == !slices.ContainsFunc(fs, func(f validate.Finding) bool { return !f.Old }) {
			if k, ok := sums.of(&fs[0]); ok {
				t.group(r, i, n, &rep.Summaries[k])
			} else {
				t.finding(r, i)
				t.also(r, i+1, n-1)
			}
			t.checks = addCheck(t.checks, fs[0].Check)
		}
		i += n
	}
}

// tail returns the end of the line of a finding: its check, and marks.
func tail(r *Result, f *validate.Finding) string {
	s := " [" + Clean(f.Check.ID) + "]" + old(f)
	if r.FleetNamed != "" {
		s += " for fleet " + shorten(Clean(r.FleetNamed))
	}
	return s
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

// group writes the shared message of the n findings from index i, and the rules of these
// findings below it. Its place is that of the first finding.
func (t *text) group(r *Result, i, n int, s *validate.Summary) {
	fs := r.report.Findings[i : i+n]
	mark := fs[0]
	mark.Old = !slices.ContainsFunc(fs, func(f validate.Finding) bool { return !f.Old })
	t.at(place(r, &fs[0]), mark.Severity().String(), Clean(s.Message), tail(r, &mark))
	for _, d := range s.Details {
		t.more("%s", Clean(d))
	}
	t.witness(&fs[0])
	t.fix(s.Fix)
	shown := min(n, t.maxRules())
	for k := range shown {
		f := &fs[k]
		t.more("%s%s%s", place(r, f), called(f), old(f))
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
		t.more("also %s: %s%s", place(r, f), Clean(f.Message), old(f))
	}
	if n > shown {
		t.more("and %s more; a larger --max-findings shows them", numeral.Thousands(uint64(n-shown)))
	}
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

func (t *text) finding(r *Result, i int) {
	f := &r.report.Findings[i]
	t.at(place(r, f), f.Severity().String(), Clean(f.Message), tail(r, f))
	if !t.source(r, f) && len(r.windows[i].Bytes) > 0 {
		t.window(r.windows[i], f.Where.Range)
	}
	t.part(r, f)
	for _, d := range f.Details {
		t.more("%s", Clean(d))
	}
	t.witness(f)
	t.fix(f.Fix)
}

func (t *text) fix(fix string) {
	if fix != "" {
		t.more("%s %s", t.paint(styles["fix"], "fix:"), Clean(fix))
	}
}

// part writes the part of a binary file that a finding is about. If the place of the finding
// is in the source of the file, it also writes the name of the file and the offset.
func (t *text) part(r *Result, f *validate.Finding) {
	if !isBinary(r) {
		return
	}
	var in []string
	if f.Where.Source.Path != "" {
		in = append(in, Clean(r.Name))
		if at := f.Where.Range; at.Len() > 0 && inBytes(f.Where) {
			in[0] += ": " + offset(at.Start)
		}
	}
	if f.Where.Path != "" && inBytes(f.Where) {
		in = append(in, Clean(f.Where.Path))
	}
	if len(in) > 0 {
		t.more("in %s", strings.Join(in, ", "))
	}
}

// isBinary reports whether the subject of a result is a file of bytes.
func isBinary(r *Result) bool {
	return r.report.Subject.Kind == validate.KindChannelFile || r.report.Subject.Kind == validate.KindSysmonBlob
}

// inBytes reports whether the bytes of a location are at fault. A fault of the name of the
// file, or of the content as a whole, is reported at the header, whose bytes say nothing.
func inBytes(where validate.Location) bool {
	return where.Path != "file.name" && where.Path != "header"
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

// place returns the place of a finding for a terminal.
func place(r *Result, f *validate.Finding) string {
	if f.Where.Source.Path == "" && !isFile(r.report.Subject.Kind) {
		return Clean(r.Name)
	}
	name, rest := placeName(r, f)
	return placed(name) + rest
}

// placeName returns the file of a finding, or the name of its subject, and the place in it.
func placeName(r *Result, f *validate.Finding) (name, rest string) {
	switch pos := f.Where.Source; {
	case pos.Path != "" && pos.Line > 0:
		return pos.Path, lineAndColumn(pos)
	case pos.Path != "" && pos.Range.Len() > 0:
		return pos.Path, ": " + offset(pos.Range.Start)
	case pos.Path != "":
		return pos.Path, ""
	}
	if isBinary(r) && f.Where.Range.Len() > 0 && inBytes(f.Where) {
		return r.Name, ": " + offset(f.Where.Range.Start)
	}
	return r.Name, ""
}

// lineAndColumn returns the line and the column behind the name of a file.
func lineAndColumn(pos validate.Position) string {
	if pos.Column > 0 {
		return fmt.Sprintf(":%d:%d", pos.Line, pos.Column)
	}
	return fmt.Sprintf(":%d", pos.Line)
}

func offset(n int) string { return fmt.Sprintf("offset %d (%#x)", n, n) }

// placed returns the name of a file that starts a line. A line must not start with a command
// of a CI runner, or with the word of a verdict, because of the name of a file.
func placed(name string) string {
	name = Clean(name)
	first, _, _ := strings.Cut(name, "/")
	if strings.HasPrefix(name, ":") || strings.HasPrefix(name, "#") || strings.Contains(first, " ") && !windowsPath.MatchString(name) {
		return "./" + name
	}
	return name
}

// windowsPath is the form of absolute names of Windows.
var windowsPath = regexp.MustCompile(`^([A-Za-z]:\\|\\\\)`)

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
		t.more("%s | %s%s", blank(number), blank(before), t.paint(styleMark, strings.Repeat("^", utf8.RuneCountInString(at))))
	}
	return true
}

// excerpt splits a line before the given column (in bytes from 1) and cleans both
// parts. It shortens a long line to the part around the column.
func excerpt(line string, column int) (before, at string) {
	const most = 100 // runes on either side
	cut := min(max(column-1, 0), len(line))
	before, at = Clean(line[:cut]), Clean(line[cut:])
	if oneline.RunnerCommand.MatchString(before + at) { // the column is inside a command
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
	case s.Kind != validate.KindChannelFile && s.Kind != validate.KindSysmonBlob, !inBytes(where):
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
		start := fmt.Sprintf("0x%04x", w.Start+row)
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
		t.more("%s |%s", start, hex.String())
		t.more("%*s |%s", len(start), "", t.paint(styleMark, strings.TrimRight(marks.String(), " ")))
	}
	if end := w.Start + len(w.Bytes); end < at.End {
		t.more("... to 0x%04x (%d)", at.End, at.End)
	}
}

// waived writes the findings that waivers accept, two lines each.
func (t *text) waived(r *Result) {
	rep := r.report
	if rep == nil || rep.WaivedFound == 0 {
		return
	}
	shown, listed := map[*validate.Check]int{}, 0
	for i := range rep.Waived {
		f := &rep.Waived[i]
		if shown[f.Check] >= t.maxRules() {
			continue
		}
		shown[f.Check]++
		listed++
		t.at(place(r, f), "waived", Clean(f.Message), tail(r, f))
		from := ""
		if at := f.Waiver.From; at.Path != "" {
			from = fmt.Sprintf(" (%s%s)", at.Path, lineAndColumn(at))
		}
		t.more("%s", Clean(fmt.Sprintf("until %v, by %s: %s%s", f.Waiver.Until, f.Waiver.By, f.Waiver.Reason, from)))
	}
	if more := rep.WaivedFound - listed; more > 0 {
		t.more("and %s; a larger --max-findings shows them", count(uint64(more), "more waived finding"))
	}
}

// conclusion writes the verdict on a subject: one line, and the reasons below it if it is not
// accepted.
func (t *text) conclusion(r *Result) {
	rep := r.report
	if rep == nil || t.run.Quiet && (rep.Verdict() != validate.Undecided || r.Unread()) {
		return
	}
	if rep.Verdict() == validate.Accepted && t.folds() {
		return
	}
	t.gap()
	name := Clean(r.Name)
	if r.FleetNamed != "" {
		name += " for fleet " + Clean(r.FleetNamed)
	}
	if r.Unread() {
		t.line("skipped", "%s: %s", shorten(name), Clean(rep.Undecided[0]))
		return
	}
	t.line(rep.Verdict().String(), "%s: %s", shorten(name), t.counts(r))
	also := ""
	if rep.Verdict() != validate.Undecided {
		also = "undecided: "
	}
	for _, u := range rep.Undecided {
		t.more("%s%s", also, Clean(u))
	}
	if rep.Verdict() != validate.Accepted || t.run.Details {
		t.skipped(rep)
		if rep.Fleet != nil && !r.read {
			t.more("not compared with the fleet, because the content cannot be read")
		}
	}
	if t.run.Details {
		t.details(r)
	}
}

// maxAccepted is the maximum number of accepted subjects with a line each.
const maxAccepted = 20

// folds reports whether the accepted subjects have one line together.
func (t *text) folds() bool {
	return !t.run.Details && t.run.totals.Accepted > maxAccepted && t.run.missing() == ""
}

// folded writes the line of the accepted subjects.
func (t *text) folded() {
	if t.folds() && !t.run.Quiet {
		t.gap()
		t.line("accepted", "%s (-v lists them)", count(uint64(t.run.totals.Accepted), "subject"))
	}
}

// gap writes an empty line between the findings and the verdicts.
func (t *text) gap() {
	if t.found && !t.judged {
		t.w.WriteByte('\n')
	}
	t.judged = true
}

// details writes more about a subject: the header of the file, the builds that do not read it,
// and the numbers of findings that the report does not hold.
func (t *text) details(r *Result) {
	rep := r.report
	if f := r.file; f != nil {
		typ := f.TypeName
		if typ == "" {
			typ = strconv.Itoa(int(f.Type))
		}
		t.more("channel %d revision %d, type %s version %d", f.Channel, f.Revision, Clean(typ), f.TypeVersion)
	}
	if r.digest != "" {
		t.more("sha256 %s", r.digest)
	}
	t.notAddressed(rep)
	sums, held := summariesOf(rep), map[*validate.Check]int{}
	for i := range rep.Findings {
		if _, ok := sums.of(&rep.Findings[i]); !ok {
			held[rep.Findings[i].Check]++
		}
	}
	for i := range rep.Summaries {
		held[rep.Summaries[i].Check] += rep.Summaries[i].Found
	}
	for _, total := range rep.Totals {
		if more := total.Found - held[total.Check]; more > 0 {
			t.more("%s: %s not shown", Clean(total.Check.ID), count(uint64(more), "further finding"))
		}
	}
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

// counts returns the sizes and the counts of a subject.
func (t *text) counts(r *Result) string {
	rep := r.report
	var parts []string
	if r.file != nil || rep.Counts.Instances > 0 {
		parts = append(parts, count(uint64(rep.Counts.Instances), "instance"), count(uint64(rep.Counts.Criteria), "criterion"))
	}
	parts = append(parts, count(uint64(rep.Errors()), "error"), count(uint64(rep.Warnings()), "warning"))
	if n := rep.Old(validate.Error) + rep.Old(validate.Warning); n > 0 {
		parts = append(parts, numeral.Thousands(uint64(n))+" of them old")
	}
	if n := rep.Notes(); n > 0 {
		parts = append(parts, count(uint64(n), "note"))
	}
	if rep.WaivedFound > 0 {
		parts = append(parts, numeral.Thousands(uint64(rep.WaivedFound))+" waived")
	}
	if n := unheld(rep); n > 0 {
		parts = append(parts, numeral.Thousands(uint64(n))+" not shown (a larger --max-findings shows them)")
	}
	s := strings.Join(parts, ", ")
	if read := readers(rep); read != "" {
		s += "; " + read
	}
	if rep.Subject.Kind == validate.KindNeeds {
		s += "; only the contract checks apply to needs"
	}
	return s
}

// unheld returns the number of errors and warnings that the report neither holds nor
// summarises.
func unheld(rep *validate.Report) int {
	n := rep.Errors() + rep.Warnings()
	sums := summariesOf(rep)
	for i := range rep.Findings {
		f := &rep.Findings[i]
		if _, ok := sums.of(f); !ok && f.Severity() != validate.Note {
			n--
		}
	}
	for i := range rep.Summaries {
		if c := rep.Summaries[i].Check; c.Severity != validate.Note {
			n -= rep.Summaries[i].Found
		}
	}
	return max(n, 0)
}

// readers returns the number of hosts that read the content, or "" if all hosts of the fleet
// do.
func readers(rep *validate.Report) string {
	var read, all uint64
	every := true
	for _, b := range rep.Builds {
		all += min(b.Hosts, math.MaxUint64-all)
		if b.Addressed {
			read += min(b.Hosts, math.MaxUint64-read)
		} else {
			every = false
		}
	}
	if every {
		return ""
	}
	return fmt.Sprintf("%s of %s read it", numeral.Thousands(read), count(all, "host"))
}

// fleets writes a line for each fleet of the run.
func (t *text) fleets() {
	for i := range t.run.read {
		f := &t.run.read[i]
		name := f.fleet.Name
		if f.fleet.Builtin {
			name = "example " + name
		}
		if f.counts.Builds == 0 {
			continue // nothing was compared with it
		}
		t.line("fleet", "%s: %s (%s), %s; evidence: %s", Clean(name),
			count(uint64(f.counts.Builds), "build"), count(uint64(f.counts.Contracts), "distinct contract"),
			count(f.counts.Hosts, "host"), Evidence(f.fleet))
	}
}

// maxPages limits the links to pages of checks.
const maxPages = 10

// pages writes the addresses of the pages of the checks whose findings were written.
func (t *text) pages() {
	if t.run.Quiet {
		return
	}
	for i, c := range t.checks {
		if i == maxPages {
			t.line("see", "cfcheck explain, for the other %s", count(uint64(len(t.checks)-i), "check"))
			return
		}
		t.line("see", "%s", Page(c))
	}
}

// summary writes the last line: the verdict on the run, and the counts. The number of problems
// of the run is given.
func (t *text) summary(problems int) {
	r, n := t.run, &t.run.totals
	verdict := r.Verdict().String()
	warnings := count(uint64(n.Warnings), "warning")
	switch {
	case !r.failOnWarnings || n.Warnings == 0:
	case r.newOnly:
		warnings += " (--fail-on warning: new ones reject)"
	default:
		warnings += " (--fail-on warning: they reject)"
	}
	parts := []string{count(uint64(n.Errors), "error") + ", " + warnings + r.inFiles()}
	add := func(k int, noun, rest string) {
		if k > 0 {
			parts = append(parts, count(uint64(k), noun)+rest)
		}
	}
	add(n.LeftOut, "rule", " left out")
	if old := n.old(validate.Error) + n.old(validate.Warning); old > 0 {
		says := " old"
		if r.newOnly {
			says += " (--new-only: they do not count"
			if !r.ShowNotes {
				says += "; -v shows them"
			}
			says += ")"
		}
		add(old, "finding", says)
	}
	add(n.Waived, "finding", " waived")
	hint := ""
	if !r.ShowNotes || r.Quiet {
		hint = " (-v shows them)"
	}
	add(n.Notes, "note", hint)
	blocked := r.blocking() + problems
	if all := n.Results + blocked; all > 1 {
		says := fmt.Sprintf("%d in all: %d accepted, %d rejected, %d undecided", all, n.Accepted, n.Rejected, n.Undecided+blocked)
		if n.Unread > 0 {
			says += fmt.Sprintf(", %d skipped", n.Unread)
		}
		parts = append(parts, says)
	}
	fmt.Fprintf(t.w, "%s: %s\n", t.paint(styles[verdict], verdict), strings.Join(parts, "; "))
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
func Clean(s string) string { return oneline.Clean(s) }
