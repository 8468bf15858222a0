package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/internal/numeral"
)

// The lines of docs/fuzzing.md that enclose the figures of a campaign.
const (
	figuresStart = "<!-- campaign -->\n"
	figuresEnd   = "<!-- /campaign -->\n"
)

// markdown returns the main figures as a table for docs/fuzzing.md.
func (r *report) markdown() string {
	var b strings.Builder
	n := numeral.Thousands
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, fmt.Sprintf(format, args...))
	}
	rate := func(x float64) string { return strconv.FormatFloat(x, 'g', 2, 64) }
	row(fmt.Sprintf("campaign of %s, seed %d", r.Date, r.Seed), "")
	b.WriteString("|---|---|\n")
	row("machine and time", "%d cores, %.1f s, %.3f core-hours", r.Cores, r.Seconds, r.CoreHours)
	row("decisions", "%s, on files of %.0f bytes on average; %s per second of processor time", n(r.Decisions), r.MeanFileSize, n(uint64(r.PerCPUSecond)))
	row("accepted", "%.1f %%", 100*r.AcceptanceRate)
	row("rejected, undecided", "%s and %s", n(r.Rejected), n(r.Undecided))
	row("sensor runs", "%s, on %s events", n(r.SensorRuns), n(r.Events))
	row("decisions compared with the reference judge", "%s", n(r.Judged))
	if r.Releases > 0 {
		row("answers about rules and changes compared with the reference", "%s, in %s releases", n(r.compared()), n(r.Releases))
	}
	row("facts checked", "%s documents", n(r.FactsChecked))
	row("escapes", "%d", r.Escapes)
	row("disagreements", "%d", r.Disagreements)
	row("false rejections", "%d of %s decisions that must accept", r.FalseRejections, n(r.MustAccept))
	row("upper bound of the rate of escapes, at 95 %", "%s of decisions; %s of template types", rate(r.Bound), rate(r.TypeBound))
	if w := r.Witnesses; w != nil {
		row("findings with a replayed witness", "%s", n(w.Witnessed))
		row("findings without a witness, for a listed reason", "%s", n(w.Reasoned))
		row("findings with neither", "%s", n(w.Unexplained))
	}
	return strings.Replace(b.String(), " |  |\n", " | |\n", 1)
}
