package report

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/validate"
)

// ReplaySchema is the name and version of the schema of a JSON replay, which is
// schema/replay.json.
const ReplaySchema = "cfcheck.replay/v0"

// A Replay states which rules match recorded events.
type Replay struct {
	Content []replay.Content
	Files   int // files of events
	*replay.Result
	MaxBadLines uint64
	// MaxMatches is the largest number of matches of all rules that is not a rejection. Nil means
	// that any number is accepted.
	MaxMatches *uint64
	LeftOut    int // faults of rules that are not in the result
}

// Verdict returns accepted if the replay is complete. It is undecided if events or rules are
// missing, or if no event was tried.
func (r *Replay) Verdict() validate.Verdict {
	switch {
	case len(r.problems()) > 0:
		return validate.Undecided
	case r.exceeded():
		return validate.Rejected
	}
	return validate.Accepted
}

func (r *Replay) exceeded() bool { return r.MaxMatches != nil && r.Matches() > *r.MaxMatches }

// problems returns the reasons why the replay is undecided.
func (r *Replay) problems() (list []string) {
	for _, err := range r.Problems {
		list = append(list, err.Error())
	}
	if r.BadLines > r.MaxBadLines {
		list = append(list, fmt.Sprintf("%s could not be tried, and --max-bad-lines allows %s: correct or remove them",
			count(r.BadLines, "line"), numeral.Thousands(r.MaxBadLines)))
	}
	if r.LeftOut > 0 {
		list = append(list, fmt.Sprintf("%s: the rules with faults are not in the result; correct them, or leave out those that cannot be expressed with --allow-unsupported",
			count(uint64(r.LeftOut), "fault")))
	}
	if r.Tried == 0 {
		list = append(list, "nothing was replayed: no event is of a type that has content")
	}
	return list
}

// id and origin identify a rule.
func (r *Replay) id(rule *replay.Rule) channelfile.ID {
	return r.Content[rule.Content].File.Instance(rule.Instance).ID
}

func (r *Replay) origin(rule *replay.Rule) channelfile.Origin {
	return r.Content[rule.Content].File.ShortOrigin(rule.Instance, maxCostText)
}

func (r *Replay) typeOf(rule *replay.Rule) string { return r.Content[rule.Content].Definition.Name }

// perMillion returns the matches in a million events of the type, rounded down.
func perMillion(rule *replay.Rule) uint64 { return Share{rule.Matches, rule.Events}.millionths() }

// partOf returns the share of the events of its type that a rule matches.
func partOf(rule *replay.Rule) string {
	m := perMillion(rule)
	if m == 0 && rule.Matches > 0 {
		return "<0.0001 %"
	}
	return fmt.Sprintf("%d.%04d %%", m/millionthsOfPercent, m%millionthsOfPercent)
}

// Text writes the replay for people: the rules that match, most matches first, with examples.
func (r *Replay) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	r.sums(b)
	var matching []*replay.Rule
	for i := range r.Rules {
		if r.Rules[i].Matches > 0 {
			matching = append(matching, &r.Rules[i])
		}
	}
	slices.SortStableFunc(matching, func(x, y *replay.Rule) int { return cmp.Compare(y.Matches, x.Matches) })
	if len(matching) > 0 {
		fmt.Fprintln(b)
		t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprint(t, "matches\tof events\tshare\t  rule\n")
		for _, rule := range matching {
			fmt.Fprintf(t, "%s\t%s\t%s\t  %s\n", numeral.Thousands(rule.Matches), numeral.Thousands(rule.Events), partOf(rule),
				Clean(placeOfRule(r.id(rule), r.origin(rule), r.origin(rule).Line)))
		}
		t.Flush()
	}
	r.examples(b, matching)
	r.untried(b)
	r.bad(b)
	for _, p := range r.problems() {
		fmt.Fprintf(b, "undecided: %s\n", shown(p))
	}
	if r.exceeded() {
		fmt.Fprintf(b, "rejected: %s, and --max-matches allows %s\n", matches(r.Matches()), numeral.Thousands(*r.MaxMatches))
	}
	return b.Flush()
}

func matches(n uint64) string {
	if n == 1 {
		return "1 match"
	}
	return numeral.Thousands(n) + " matches"
}

// sums writes the numbers of events and rules.
func (r *Replay) sums(w io.Writer) {
	var without uint64
	for _, t := range r.Untried {
		without += t.Events
	}
	match, none, untried := 0, 0, 0
	for i := range r.Rules {
		switch rule := &r.Rules[i]; {
		case rule.Matches > 0:
			match++
		case rule.Events > 0:
			none++
		default:
			untried++
		}
	}
	fmt.Fprintf(w, "events  %s in %s: %s tried, %s of types without content, %s of no type\n", numeral.Thousands(r.Events), count(uint64(r.Files), "file"),
		numeral.Thousands(r.Tried), numeral.Thousands(without), numeral.Thousands(r.NoType))
	fmt.Fprintf(w, "rules   %s: %s with %s, %s without a match, %s of types without an event\n", numeral.Thousands(uint64(len(r.Rules))),
		numeral.Thousands(uint64(match)), matches(r.Matches()), numeral.Thousands(uint64(none)), numeral.Thousands(uint64(untried)))
}

// examples writes the first events that each rule matches.
func (r *Replay) examples(w io.Writer, matching []*replay.Rule) {
	for _, rule := range matching {
		if len(rule.Examples) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s\n", Clean(placeOfRule(r.id(rule), r.origin(rule), r.origin(rule).Line)))
		for _, e := range rule.Examples {
			fmt.Fprintf(w, "    %s\n", Clean(exampleText(&e)))
		}
	}
}

// exampleText returns the place of an example and the inputs that matched.
func exampleText(e *replay.Example) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d", e.File, e.Line)
	for _, v := range e.Values {
		fmt.Fprintf(&b, "  %s: %s", v.Input, v.Text)
		if v.Bytes > len(v.Text) {
			fmt.Fprintf(&b, "... (%s)", count(uint64(v.Bytes), "byte"))
		}
	}
	return b.String()
}

// untried writes the types of the events on which no content ran.
func (r *Replay) untried(w io.Writer) {
	if len(r.Untried) == 0 {
		return
	}
	fmt.Fprintln(w, "\nEvents of types without content:")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, of := range r.Untried {
		fmt.Fprintf(t, "  %s\t  %s\n", numeral.Thousands(of.Events), Clean(of.Type))
	}
	t.Flush()
}

// bad writes the first lines that are not events.
func (r *Replay) bad(w io.Writer) {
	if r.BadLines == 0 {
		return
	}
	fmt.Fprintf(w, "\nLines that could not be tried: %s\n", numeral.Thousands(r.BadLines))
	for _, err := range r.FirstBad {
		fmt.Fprintf(w, "    %s\n", shown(err.Error()))
	}
	if more := r.BadLines - uint64(len(r.FirstBad)); more > 0 {
		fmt.Fprintf(w, "    and %s\n", count(more, "more line"))
	}
}

// CSV writes a line for each rule, in the order of the content.
func (r *Replay) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"type", "id", "title", "path", "line", "matches", "events", "matches_per_million", "first"}); err != nil {
		return err
	}
	for i := range r.Rules {
		rule := &r.Rules[i]
		origin, first := r.origin(rule), ""
		if len(rule.Examples) > 0 {
			first = fmt.Sprintf("%s:%d", rule.Examples[0].File, rule.Examples[0].Line)
		}
		row := []string{
			r.typeOf(rule), r.id(rule).String(), origin.Title, origin.Path, strconv.Itoa(origin.Line),
			strconv.FormatUint(rule.Matches, 10), strconv.FormatUint(rule.Events, 10), strconv.FormatUint(perMillion(rule), 10), first,
		}
		for k := range row {
			row[k] = cell(row[k])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

type (
	jsonReplay struct {
		Schema      string           `json:"schema"`
		Verdict     string           `json:"verdict"`
		ExitStatus  int              `json:"exitStatus"`
		Files       int              `json:"files"`
		Events      uint64           `json:"events"`
		Tried       uint64           `json:"tried"`
		Untried     []jsonEventCount `json:"untried"`
		NoType      uint64           `json:"noType"`
		BadLines    uint64           `json:"badLines"`
		MaxBadLines uint64           `json:"maxBadLines"`
		FirstBad    []string         `json:"firstBad"`
		Problems    []string         `json:"problems"`
		Matches     uint64           `json:"matches"`
		MaxMatches  *uint64          `json:"maxMatches,omitempty"`
		Rules       []jsonReplayRule `json:"rules"`
	}
	jsonEventCount struct {
		Type   string `json:"type"`
		Events uint64 `json:"events"`
	}
	jsonReplayRule struct {
		ID       string        `json:"id"`
		Type     string        `json:"type"`
		Rule     string        `json:"rule,omitempty"`
		Title    string        `json:"title,omitempty"`
		Path     string        `json:"path,omitempty"`
		Line     int           `json:"line,omitempty"`
		Matches  uint64        `json:"matches"`
		Events   uint64        `json:"events"`
		Million  uint64        `json:"matchesPerMillion"`
		Examples []jsonExample `json:"examples"`
	}
	jsonExample struct {
		File   string             `json:"file"`
		Line   int                `json:"line"`
		Values []jsonExampleValue `json:"values"`
	}
	jsonExampleValue struct {
		Input string `json:"input"`
		Value string `json:"value"`
		Bytes int    `json:"bytes"`
	}
)

// JSON writes the replay for programs, in the form of [ReplaySchema].
func (r *Replay) JSON(w io.Writer) error {
	out := jsonReplay{
		Schema: ReplaySchema, Verdict: r.Verdict().String(), ExitStatus: ExitStatus(r.Verdict()), Files: r.Files, Events: r.Events, Tried: r.Tried,
		Untried: []jsonEventCount{}, NoType: r.NoType, BadLines: r.BadLines, MaxBadLines: r.MaxBadLines, FirstBad: []string{},
		Problems: append([]string{}, r.problems()...), Matches: r.Matches(), MaxMatches: r.MaxMatches, Rules: []jsonReplayRule{},
	}
	for _, t := range r.Untried {
		out.Untried = append(out.Untried, jsonEventCount(t))
	}
	for _, err := range r.FirstBad {
		out.FirstBad = append(out.FirstBad, err.Error())
	}
	for i := range r.Rules {
		rule := &r.Rules[i]
		o := r.origin(rule)
		one := jsonReplayRule{
			ID: r.id(rule).String(), Type: r.typeOf(rule), Rule: o.Rule, Title: o.Title, Path: o.Path, Line: o.Line,
			Matches: rule.Matches, Events: rule.Events, Million: perMillion(rule), Examples: []jsonExample{},
		}
		for _, e := range rule.Examples {
			example := jsonExample{e.File, e.Line, []jsonExampleValue{}}
			for _, v := range e.Values {
				example.Values = append(example.Values, jsonExampleValue{v.Input, v.Text, v.Bytes})
			}
			one.Examples = append(one.Examples, example)
		}
		out.Rules = append(out.Rules, one)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}
