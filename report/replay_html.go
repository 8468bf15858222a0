package report

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/report/internal/page"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/trace"
	"github.com/cfcheck/cfcheck/validate"
)

// Explain reads the sources of the replay once more, and keeps for the rules with the most matches
// why they match their first example, for [Replay.HTML]. It stops reading a source behind its last
// such example. An example that cannot be read again stays without a reason.
func (r *Replay) Explain(defs *sensor.Definitions, sources []replay.Source) {
	wanted := map[string]map[int][]replayed{} // by file and line
	n := 0
	for _, rule := range r.matching() {
		if len(rule.Examples) == 0 || n == maxWhys {
			continue
		}
		first := &rule.Examples[0]
		if wanted[first.File] == nil {
			wanted[first.File] = map[int][]replayed{}
		}
		wanted[first.File][first.Line] = append(wanted[first.File][first.Line], rule)
		n++
	}
	r.whys = map[*replay.Rule]*page.Why{}
	for _, s := range sources {
		if lines := wanted[s.Name]; len(lines) > 0 {
			r.explain(defs, s, lines)
		}
	}
}

// explain explains the rules that match the events at lines of a source.
func (r *Replay) explain(defs *sensor.Definitions, s replay.Source, lines map[int][]replayed) {
	file, err := s.Open()
	if err != nil {
		return
	}
	defer file.Close()
	reader := events.NewReader(s.Name, file)
	defer reader.Close()
	matcher := events.NewMatcher(defs)
	var record events.Record
	for left := len(lines); left > 0; {
		if err := reader.Read(&record); err != nil {
			if _, ok := errors.AsType[*events.LineError](err); ok {
				continue
			}
			return
		}
		rules, ok := lines[reader.Line()]
		if !ok {
			continue
		}
		left--
		mappings, err := matcher.Match(&record)
		if err != nil {
			continue
		}
		for _, m := range mappings {
			recorded, err := trace.NewRecorded(m, &record)
			if err != nil {
				continue
			}
			for _, rule := range rules {
				if m.Definition != rule.of.Definition || r.whys[rule.Rule] != nil {
					continue
				}
				at := fmt.Sprintf("%s:%d", s.Name, reader.Line())
				if why := explainEvent(trace.OfInstance(rule.of.File, rule.Instance, rule.of.Definition), recorded.Event, recorded.Feed, at, true); why != nil {
					r.whys[rule.Rule] = why
				}
			}
		}
	}
}

// HTML writes the replay as one page that needs no other file, like that of [HTML]: the rules that
// match, with their examples, and the cost of rules. [Replay.Explain] adds why rules match.
func (r *Replay) HTML(w io.Writer) error {
	verdict := r.Verdict()
	out := &page.Report{
		Title: "cfcheck replay: " + verdict.String(), Question: "Which rules match the recorded events?", Verdict: verdict.String(), Errors: verdict == validate.Rejected,
		Matches: &page.Section{ID: "part-1", Severity: "note", Title: "Rules by their number of matches"},
		Facts:   []page.Fact{{Name: "Files of events", Value: numeral.Thousands(uint64(r.Files))}},
	}
	matching := r.matching()
	out.Answer = fmt.Sprintf("%s of %s, with %s.", numeral.Thousands(uint64(len(matching))), count(uint64(len(r.Rules)), "rule"), matches(r.Matches()))
	switch verdict {
	case validate.Undecided:
		out.Answer += " But the result is not complete."
	case validate.Rejected:
		out.Answer += fmt.Sprintf(" That is more than --max-matches allows, which is %s.", numeral.Thousands(*r.MaxMatches))
	}
	for _, f := range []struct {
		name string
		n    uint64
	}{{"events", r.Events}, {"events tried", r.Tried}, {"events of no type", r.NoType}, {"lines that could not be tried", r.BadLines}} {
		out.Totals = append(out.Totals, page.Fact{Name: f.name, Value: numeral.Thousands(f.n)})
	}
	if list := r.problems(); len(list) > 0 {
		s := page.Section{ID: "part-2", Severity: "undecided", Title: "The result is not complete", Found: count(uint64(len(list)), "reason")}
		for i, p := range list {
			id := fmt.Sprintf("part-2-%d", i+1)
			s.Causes = append(s.Causes, page.Cause{ID: id, Message: shown(p)})
			s.Fixes = append(s.Fixes, page.Fix{ID: id, Text: shown(p), Found: fmt.Sprintf("reason %d", i+1), Fault: true})
		}
		out.Blocks = []page.Section{s}
	}
	out.Matches.Found = count(uint64(len(matching)), "rule")
	places := maxPlaces
	for i, rule := range matching[:min(len(matching), maxListed)] {
		out.Matches.Causes = append(out.Matches.Causes, r.matchesOf(rule, fmt.Sprintf("part-1-%d", i+1), &places))
	}
	if more := len(matching) - maxListed; more > 0 {
		out.Matches.Advice = fmt.Sprintf("read the other %s with --format csv", count(uint64(more), "rule"))
	}
	out.Bars = r.workChart()
	b := bufio.NewWriter(w)
	if err := page.Write(b, out); err != nil {
		return err
	}
	return b.Flush()
}

// matchesOf returns a rule that matches, with its examples. It takes their number from places.
func (r *Replay) matchesOf(rule replayed, id string, places *int) page.Cause {
	o := rule.origin()
	where := "type " + rule.of.Definition.Name
	if o.Path != "" {
		where = fmt.Sprintf("%s:%d, %s", o.Path, o.Line, where)
	}
	c := page.Cause{ID: id, Message: shown(cmp.Or(o.Title, rule.id().String())), Details: []string{shown(where)}, Found: fmt.Sprintf("%s of %s, %s", matches(rule.Matches), count(rule.Events, "event"), partOf(rule))}
	for i := range rule.Examples[:min(len(rule.Examples), *places)] {
		e := &rule.Examples[i]
		p := page.Place{Where: shown(fmt.Sprintf("%s:%d", e.File, e.Line)), Author: shown(o.Author)}
		for _, v := range e.Values {
			p.Details = append(p.Details, shown(exampleValue(v)))
		}
		if i == 0 {
			p.Why = r.whys[rule.Rule]
		}
		if len(c.Places) < firstPlaces[1] {
			c.Places = append(c.Places, p)
		} else {
			c.Rest = append(c.Rest, p)
		}
	}
	*places -= len(c.Places) + len(c.Rest)
	if n := len(c.Rest); n > 0 {
		c.RestIs = count(uint64(n), "more example")
	}
	return c
}

// workChart returns the rules that cost most.
func (r *Replay) workChart() []page.Chart {
	all := r.Work()
	list := slices.DeleteFunc(r.all(), func(rule replayed) bool { return rule.removed || rule.Work == 0 })
	if all == 0 || len(list) == 0 {
		return nil
	}
	byWork(list)
	chart := page.Chart{ID: "work", Title: "Share of the work", Columns: [2]string{"rule", "share"}, Note: "The work for the conditions of rules and for the search that all rules share. It does not depend on the machine."}
	for _, rule := range list[:min(len(list), chartBars)] {
		chart.Bars = append(chart.Bars, page.Bar{Name: shown(rule.name()), Value: shareText(Share{rule.Work, all}), Part: math.Round(1000 * float64(rule.Work) / float64(list[0].Work))})
	}
	if more := len(list) - chartBars; more > 0 {
		chart.More = count(uint64(more), "more rule")
	}
	return []page.Chart{chart}
}
