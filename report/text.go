package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// indent is where the text of a report starts: the words that say what became
// of something stand before it.
const indent = 10

// Text writes a run for a person. Texts that come from what was judged are
// shown with everything escaped that could move a cursor.
func Text(w io.Writer, r *Run) error {
	t := &text{w: bufio.NewWriter(w), run: r}
	for i := range r.Results {
		t.result(&r.Results[i])
	}
	for _, p := range r.Problems {
		t.line("undecided", "%s", clean(p))
	}
	if r.Gate.SelfTest != "" {
		t.line("undecided", "the gate does not judge as it should: %s", clean(r.Gate.SelfTest))
		t.more("no verdict of this program can be relied on; install it again")
	}
	return t.w.Flush()
}

type text struct {
	w   *bufio.Writer // its error sticks until Flush
	run *Run
}

func (t *text) line(word, format string, args ...any) {
	fmt.Fprintf(t.w, "%-*s%s\n", indent, word, fmt.Sprintf(format, args...))
}

func (t *text) more(format string, args ...any) { t.line("", format, args...) }

func (t *text) result(r *Result) {
	if r.Report == nil {
		t.line("undecided", "%s", clean(r.Name))
		t.more("%s", clean(r.Err.Error()))
		return
	}
	rep := r.Report
	group := ""
	for i := range rep.Findings {
		f := &rep.Findings[i]
		if f.Group != "" && f.Group == group {
			t.again(r, f)
			continue
		}
		group = f.Group
		t.finding(r, f)
	}
	t.dropped(rep)
	t.conclusion(r)
}

// word is what a finding makes of the content.
func word(f *validate.Finding) string {
	if f.Severity == validate.Warning {
		return "warning"
	}
	return "rejected"
}

func (t *text) finding(r *Result, f *validate.Finding) {
	place := sourcePlace(f)
	if place == "" {
		place = clean(r.Name)
		if f.Where.Range.Len() > 0 && r.Report.File == nil && f.Where.Path == "" {
			place += fmt.Sprintf(":0x%04x", f.Where.Range.Start)
		}
	}
	t.line(word(f), "%s %q %s", f.Check.ID, place, clean(f.Message))
	for _, d := range f.Details {
		t.more("%s", clean(d))
	}
	if f.Fix != "" {
		t.more("fix: %s", clean(f.Fix))
	}
	if !t.source(r, f) {
		t.window(r, f)
	}
}

// again writes a finding that says the same as the one before, of another
// place.
func (t *text) again(r *Result, f *validate.Finding) {
	place := sourcePlace(f)
	if place == "" {
		place = clean(r.Name)
	}
	t.more("also %q %s", place, clean(f.Message))
}

// sourcePlace names the text that a finding is about, as editors take it.
func sourcePlace(f *validate.Finding) string {
	pos := f.Where.Source
	if pos.Path == "" {
		return ""
	}
	place := clean(pos.Path)
	switch {
	case pos.Line > 0:
		place += ":" + strconv.Itoa(pos.Line)
	case pos.Range.Len() > 0:
		place += fmt.Sprintf(":0x%04x", pos.Range.Start)
	}
	return place
}

// source writes the line that a finding is about, if it can be had.
//
// The path of a source in a channel file is the file's claim. Nothing is read
// at its word, or a file could have any other shown in a log.
func (t *text) source(r *Result, f *validate.Finding) bool {
	pos := f.Where.Source
	if pos.Line == 0 {
		return false
	}
	line, ok := "", false
	if t.run.Lines != nil && r.Report.Subject.Kind == validate.KindRules {
		line, ok = t.run.Lines(pos.Path, pos.Line)
	}
	if !ok {
		if pos.Text == "" {
			return false
		}
		line, pos.Column = pos.Text, 0
	}
	number := strconv.Itoa(pos.Line)
	shown := clean(strings.TrimRight(line, "\r\n"))
	t.more("%s | %s", number, shown)
	if pos.Column > 0 && pos.Column <= len(line) {
		before := utf8.RuneCountInString(clean(line[:pos.Column-1]))
		rest := max(1, utf8.RuneCountInString(shown)-before)
		t.more("%s | %s%s", strings.Repeat(" ", len(number)), strings.Repeat(" ", before), strings.Repeat("^", rest))
	}
	return true
}

// window writes the bytes that a finding is about, with those around them.
func (t *text) window(r *Result, f *validate.Finding) {
	data, at := r.Report.Subject.Data, f.Where.Range
	if at.Len() <= 0 || at.End > len(data) {
		return
	}
	t.more("at 0x%04x (%d): %s", at.Start, at.Start, clean(f.Where.Path))
	HexWindow(t.w, strings.Repeat(" ", indent), data, at)
}

// hexRows is how many rows of bytes are shown of one finding.
const hexRows = 3

// HexWindow writes the rows of data that hold the bytes of a range, at most
// three, and marks the bytes. Errors are w's own to keep.
func HexWindow(w io.Writer, indent string, data []byte, at channelfile.Range) {
	const row = 16
	first := at.Start / row * row
	for n := 0; n < hexRows && first < at.End && first < len(data); n, first = n+1, first+row {
		last := min(first+row, len(data))
		var hex, marks strings.Builder
		for i := first; i < last; i++ {
			gap := " "
			if i == first+row/2 {
				gap = "  "
			}
			fmt.Fprintf(&hex, "%s%02x", gap, data[i])
			if i >= at.Start && i < at.End {
				marks.WriteString(gap + "^^")
			} else {
				marks.WriteString(gap + "  ")
			}
		}
		fmt.Fprintf(w, "%s0x%04x |%s\n", indent, first, hex.String())
		fmt.Fprintf(w, "%s%*s |%s\n", indent, len(fmt.Sprintf("0x%04x", first)), "", strings.TrimRight(marks.String(), " "))
	}
	if first < at.End {
		fmt.Fprintf(w, "%s... to 0x%04x (%d)\n", indent, at.End, at.End)
	}
}

// dropped says how many findings the report does not hold.
func (t *text) dropped(rep *validate.Report) {
	for _, total := range rep.Totals {
		kept := 0
		for i := range rep.Findings {
			if rep.Findings[i].Check == total.Check {
				kept++
			}
		}
		if more := total.Found - kept; more > 0 {
			t.more("%s: %d more not shown, %d in all", total.Check.ID, more, total.Found)
		}
	}
}

func (t *text) conclusion(r *Result) {
	rep := r.Report
	verdict := rep.Verdict()
	t.line(verdict.String(), "%s", clean(r.Name))
	for _, u := range rep.Undecided {
		t.more("undecided: %s", clean(u))
	}
	t.skipped(rep)
	for _, l := range r.LeftOut {
		t.more("left out: %s", clean(l))
	}
	t.more("%s", counts(rep))
	if rep.Fleet != nil {
		t.more("%s", clean(fleetLine(rep)))
	}
	for _, b := range rep.Builds {
		if !b.Addressed {
			t.more("build %s, %s: not addressed, it does not have the type version", clean(b.Name), count(b.Hosts, "host"))
		}
	}
}

// skipped names the checks that could not run, by reason.
func (t *text) skipped(rep *validate.Report) {
	var whys []string
	by := map[string][]string{}
	for _, s := range rep.Skipped {
		if by[s.Why] == nil {
			whys = append(whys, s.Why)
		}
		by[s.Why] = append(by[s.Why], s.Check.ID)
	}
	for _, why := range whys {
		ids := by[why]
		list := strings.Join(ids[:min(len(ids), 4)], ", ")
		if len(ids) > 4 {
			list = fmt.Sprintf("%s ... %s, %d in all", ids[0], ids[len(ids)-1], len(ids))
		}
		t.more("skipped %s: %s", list, why)
	}
}

func counts(rep *validate.Report) string {
	var parts []string
	if rep.File != nil {
		h := rep.File.Header
		typ := strconv.Itoa(int(h.Type))
		if rep.Definition != nil {
			typ = rep.Definition.Name
		}
		parts = append(parts, fmt.Sprintf("channel %d revision %d, type %s version %d", h.Channel, h.Revision, typ, h.TypeVersion),
			count(uint64(rep.Counts.Instances), "instance"), count(uint64(rep.Counts.Criteria), "criterion"))
	}
	parts = append(parts, fmt.Sprintf("%s run", count(uint64(len(rep.Ran)), "check")),
		count(uint64(rep.Errors()), "error"), count(uint64(rep.Warnings()), "warning"))
	if rep.Subject.Kind == validate.KindNeeds {
		parts = append(parts, "of needs the contract checks only")
	}
	return strings.Join(parts, ", ")
}

func fleetLine(rep *validate.Report) string {
	fleet := "fleet " + rep.Fleet.Name
	if rep.Fleet.Builtin {
		fleet = "example " + fleet
	}
	return fmt.Sprintf("%s: %s (%s), %s; evidence: %s", fleet,
		count(uint64(rep.Counts.Builds), "build"), count(uint64(rep.Counts.Contracts), "distinct contract"),
		count(rep.Counts.Hosts, "host"), Evidence(rep.Fleet))
}

// Evidence names the kinds of evidence that the contracts of a fleet rest on.
func Evidence(f *sensor.Fleet) string {
	var have [4]bool
	mark := func(e sensor.Evidence) {
		if int(e) < len(have) {
			have[e] = true
		}
	}
	for i := range f.Contracts {
		mark(f.Contracts[i].Reader.Evidence)
		for _, s := range f.Contracts[i].Supplies {
			mark(s.Evidence)
		}
	}
	var names []string
	for _, e := range []sensor.Evidence{sensor.Extracted, sensor.Observed, sensor.Stated} {
		if have[e] {
			names = append(names, e.String())
		}
	}
	return strings.Join(names, ", ")
}

// count writes a number with its noun.
func count(n uint64, noun string) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	switch {
	case n == 1:
	case noun == "criterion":
		noun = "criteria"
	case noun == "entry":
		noun = "entries"
	default:
		noun += "s"
	}
	return s + " " + noun
}

// clean makes a text safe to show on one line of a terminal.
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

// unsafe reports whether a rune could change what a terminal shows of others:
// controls, and the invisible format characters that reorder text.
func unsafe(r rune) bool { return !unicode.IsPrint(r) }
