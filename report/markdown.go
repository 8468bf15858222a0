package report

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/internal/numeral"
)

// The limits of a summary. GitHub drops a job summary of more than 1 MiB whole, and nobody reads
// a longer table.
const (
	maxSummaryBytes    = 900_000
	maxSummaryFindings = 1000 // rows
	maxSummaryOthers   = 100  // list items
	maxSummaryText     = 400  // bytes of a message
)

// Markdown writes a summary for the page of a job: the verdict, the counts, a table of the
// findings with new ones first, and a list of what was not judged. It takes less than 1 MiB, and
// states how many rows it left out.
func Markdown(w io.Writer, r *Run) error {
	verdict := r.Verdict()
	var found [2][ranks]int
	for e, err := range r.entries() {
		if err != nil {
			return err
		}
		if i := summaryList(e, r.ShowNotes); i >= 0 {
			found[i][e.rank()]++
		}
	}
	most := [2]int{maxSummaryFindings, maxSummaryOthers}
	quotas := [2]quota{allot(found[0], most[0]), allot(found[1], most[1])}
	var lists [2][]*entry
	for e, err := range r.entries() {
		if err != nil {
			return err
		}
		if i := summaryList(e, r.ShowNotes); i >= 0 && quotas[i].take(e) {
			lists[i] = append(lists[i], e)
		}
	}
	m := &summary{w: bufio.NewWriter(w)}
	m.add("## cfcheck: %s\n\n%s.\n", verdict, markdown(r.sums()))
	findings := lists[0]
	slices.SortStableFunc(findings, func(a, b *entry) int { return cmp.Compare(a.rank(), b.rank()) })
	// The list of what was not judged needs its room even if the table is long.
	rows := 0
	for _, e := range findings {
		row := fmt.Sprintf("| %s%s | %s | %s | %s |\n", e.severity, map[bool]string{true: " (old)"}[e.old], link(e), code(e.where()), markdown(e.summary()))
		if m.size+len(row) > maxSummaryBytes*3/4 {
			break
		}
		if rows == 0 {
			m.add("\n| severity | check | place | finding |\n|---|---|---|---|\n")
		}
		rows++
		m.add("%s", row)
	}
	if more := sum(found[0]) - rows; more > 0 {
		m.add("\nand %s; the report in another form has all of them\n", count(uint64(more), "more finding"))
	}
	items := 0
	for _, e := range lists[1] {
		at := ""
		if e.where() != "" {
			at = code(e.where()) + " "
		}
		item := fmt.Sprintf("- %s: %s%s\n", e.kind, at, markdown(e.summary()))
		if m.size+len(item) > maxSummaryBytes {
			break
		}
		if items == 0 {
			m.add("\n**Not judged**\n\n")
		}
		items++
		m.add("%s", item)
	}
	if more := sum(found[1]) - items; more > 0 {
		m.add("- and %s more\n", numeral.Thousands(uint64(more)))
	}
	return errors.Join(m.err, m.w.Flush())
}

// summaryList returns the list of a summary to which an entry belongs: 0 the findings, 1 the
// other entries, or -1.
func summaryList(e *entry, notes bool) int {
	switch {
	case e.kind == entryRemark, e.quiet && !notes && e.kind != entrySkipped && e.kind != entryPassed:
		return -1
	case e.kind == entryFinding:
		return 0
	}
	return 1
}

func sum(found [ranks]int) (n int) {
	for _, k := range found {
		n += k
	}
	return n
}

// A summary is a page that counts its bytes.
type summary struct {
	w    *bufio.Writer
	size int
	err  error
}

func (m *summary) add(format string, args ...any) {
	n, err := fmt.Fprintf(m.w, format, args...)
	m.size += n
	m.err = cmp.Or(m.err, err)
}

// summary returns the message of an entry with its remedy, cut for a cell of a table.
func (e *entry) summary() string {
	s := cutBytes(e.message, maxSummaryText)
	if e.kind == entryWaived {
		s += fmt.Sprintf("; until %v, by %s: %s", e.finding.Waiver.Until, e.finding.Waiver.By, e.finding.Waiver.Reason)
	}
	if e.fix != "" {
		s += "; fix: " + cutBytes(e.fix, maxSummaryText)
	}
	return s
}

// link returns the check of an entry with a link to its page.
func link(e *entry) string {
	return fmt.Sprintf("[%s](%s)", markdown(e.check.ID), markdown(Page(e.check)))
}

// code returns a text in a code span, in which neither links nor names have a meaning. A bar
// would end a cell of a table, even in a code span.
func code(s string) string {
	s = cutBytes(shown(s), maxSummaryText)
	if s == "" || strings.ContainsAny(s, "|`") {
		return markdown(s)
	}
	return "`" + s + "`"
}
