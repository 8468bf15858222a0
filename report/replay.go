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
	"github.com/cfcheck/cfcheck/report/internal/page"
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
	// Previous is the content of an earlier release, with which the content is compared. Nil means
	// that nothing is compared.
	Previous         []replay.Content
	PreviousName     string   // path of that release
	PreviousProblems []string // parts of it that cannot be read

	whys map[*replay.Rule]*page.Why // set by Explain
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
	list = append(list, r.PreviousProblems...)
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

// A replayed is a rule with its content.
type replayed struct {
	*replay.Rule
	of      *replay.Content
	removed bool // the rule is of the previous content
}

// all returns the rules, and then the removed ones.
func (r *Replay) all() []replayed {
	list := make([]replayed, 0, len(r.Rules)+len(r.Removed))
	for i := range r.Rules {
		list = append(list, replayed{&r.Rules[i], &r.Content[r.Rules[i].Content], false})
	}
	for i := range r.Removed {
		list = append(list, replayed{&r.Removed[i], &r.Previous[r.Removed[i].Content], true})
	}
	return list
}

func (r replayed) id() channelfile.ID { return r.of.File.Instance(r.Instance).ID }

func (r replayed) origin() channelfile.Origin { return r.of.File.ShortOrigin(r.Instance, maxCostText) }

// name returns the place and the title of the rule.
func (r replayed) name() string {
	o := r.origin()
	return Clean(placeOfRule(r.id(), o, o.Line))
}

// changed reports whether the rule matches other events than its predecessor.
func (r replayed) changed() bool {
	return r.Change != nil && r.Change.Gained.Records+r.Change.Lost.Records > 0
}

// status returns "new" or "removed" for a rule without a partner in the other release.
func (r replayed) status() string {
	switch {
	case r.removed:
		return "removed"
	case r.Change != nil && r.Change.New:
		return "new"
	}
	return ""
}

// perMillion returns the matches in a million events of the type, rounded down.
func perMillion(rule replayed) uint64 { return Share{rule.Matches, rule.Events}.millionths() }

// partOf returns the share of the events of its type that a rule matches.
func partOf(rule replayed) string { return shareText(Share{rule.Matches, rule.Events}) }

// shareText returns a share for people.
func shareText(s Share) string {
	m := s.millionths()
	if m == 0 && s.Covered > 0 {
		return "<0.0001 %"
	}
	return fmt.Sprintf("%d.%04d %%", m/millionthsOfPercent, m%millionthsOfPercent)
}

// Text writes the replay for people: the rules that match, most matches first, with examples, and
// the rules that match other events than before.
func (r *Replay) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	r.sums(b)
	var changed []replayed
	for _, rule := range r.all() {
		if rule.changed() {
			changed = append(changed, rule)
		}
	}
	matching := r.matching()
	if len(matching) > 0 {
		fmt.Fprintln(b)
		t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprint(t, "matches\tof events\tshare\t  rule\n")
		for _, rule := range matching {
			fmt.Fprintf(t, "%s\t%s\t%s\t  %s\n", numeral.Thousands(rule.Matches), numeral.Thousands(rule.Events), partOf(rule), rule.name())
		}
		t.Flush()
	}
	for _, rule := range matching {
		if len(rule.Examples) > 0 {
			fmt.Fprintf(b, "\n%s\n", rule.name())
			examples(b, rule.Examples)
		}
	}
	r.changes(b, changed)
	r.work(b)
	r.fields(b)
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

// matching returns the rules that match, most matches first.
func (r *Replay) matching() (list []replayed) {
	for _, rule := range r.all() {
		if rule.Matches > 0 && !rule.removed {
			list = append(list, rule)
		}
	}
	slices.SortStableFunc(list, func(x, y replayed) int { return cmp.Compare(y.Matches, x.Matches) })
	return list
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

// changes writes the rules that match other events than in the previous release, the largest
// change first, with examples.
func (r *Replay) changes(w io.Writer, changed []replayed) {
	if r.Previous == nil {
		return
	}
	size := func(rule replayed) uint64 { return rule.Change.Gained.Records + rule.Change.Lost.Records }
	slices.SortStableFunc(changed, func(x, y replayed) int { return cmp.Compare(size(y), size(x)) })
	if len(changed) == 0 {
		fmt.Fprintf(w, "\nEach rule matches the same events as in %s.\n", Clean(r.PreviousName))
		return
	}
	fmt.Fprintf(w, "\nChanges since %s:\n", Clean(r.PreviousName))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "newly matched\tno longer matched\t  rule\n")
	for _, rule := range changed {
		fmt.Fprintf(t, "%s\t%s\t  %s", numeral.Thousands(rule.Change.Gained.Records), numeral.Thousands(rule.Change.Lost.Records), rule.name())
		if status := rule.status(); status != "" {
			fmt.Fprintf(t, "  (%s)", status)
		}
		fmt.Fprintln(t)
	}
	t.Flush()
	for _, rule := range changed {
		for _, side := range []struct {
			says string
			of   *replay.Side
		}{{"newly matched", &rule.Change.Gained}, {"no longer matched", &rule.Change.Lost}} {
			if len(side.of.Examples) > 0 {
				fmt.Fprintf(w, "\n%s, %s:\n", rule.name(), side.says)
				examples(w, side.of.Examples)
			}
		}
	}
}

// examples writes examples, one on each line.
func examples(w io.Writer, list []replay.Example) {
	for i := range list {
		fmt.Fprintf(w, "    %s\n", Clean(exampleText(&list[i])))
	}
}

// exampleText returns the place of an example and the inputs that matched.
func exampleText(e *replay.Example) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d", e.File, e.Line)
	for _, v := range e.Values {
		fmt.Fprintf(&b, "  %s", exampleValue(v))
	}
	return b.String()
}

func exampleValue(v replay.Value) string {
	text := v.Input + ": " + v.Text
	if v.Bytes > len(v.Text) {
		text += "... (" + count(uint64(v.Bytes), "byte") + ")"
	}
	return text
}

// mostWork is the number of rules that Text shows with their work.
const mostWork = 5

// byWork sorts rules, those that cost most first.
func byWork(list []replayed) {
	slices.SortStableFunc(list, func(x, y replayed) int { return cmp.Compare(y.Work, x.Work) })
}

// work writes the rules that cost most.
func (r *Replay) work(w io.Writer) {
	all := r.Work()
	if all == 0 {
		return
	}
	list := r.all()[:len(r.Rules)]
	byWork(list)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\nShare of the work:")
	line := func(n uint64, what string) {
		if n > 0 {
			fmt.Fprintf(t, "  %s\t  %s\n", shareText(Share{n, all}), what)
		}
	}
	rest := uint64(0)
	for i, rule := range list {
		if i < mostWork {
			line(rule.Work, rule.name())
		} else {
			rest += rule.Work
		}
	}
	line(rest, count(uint64(max(0, len(list)-mostWork)), "other rule"))
	line(r.Cost.Search, "search for literals of all rules")
	line(r.Cost.Interpreter, count(r.Cost.Interpreted, "event")+" for which the interpreter ran all rules")
	t.Flush()
}

// mostFields is the number of fields of a type that Text shows.
const mostFields = 10

// fields writes the fields that events have and no rule reads, and the reverse.
func (r *Replay) fields(w io.Writer) {
	list := func(title string, has func(*replay.Field) bool, weight func(*replay.Field) uint64, name func(*replay.Field) string) {
		var found []*replay.Field
		for i := range r.Fields {
			if f := &r.Fields[i]; f.Events > 0 && has(f) {
				found = append(found, f)
			}
		}
		if len(found) == 0 {
			return
		}
		slices.SortStableFunc(found, func(x, y *replay.Field) int {
			return cmp.Or(strings.Compare(x.Definition.Name, y.Definition.Name), cmp.Compare(x.Definition.Version, y.Definition.Version), cmp.Compare(weight(y), weight(x)))
		})
		fmt.Fprintf(w, "\n%s\n", title)
		for len(found) > 0 {
			d, n := found[0].Definition, 0
			var names []string
			for ; n < len(found) && found[n].Definition == d; n++ {
				if n < mostFields {
					names = append(names, name(found[n]))
				}
			}
			if n > mostFields {
				names = append(names, fmt.Sprintf("and %d more", n-mostFields))
			}
			fmt.Fprintf(w, "    %s: %s\n", Clean(d.Name), Clean(strings.Join(names, ", ")))
			found = found[n:]
		}
	}
	present := func(f *replay.Field) uint64 { return f.Present }
	rules := func(f *replay.Field) uint64 { return f.Rules }
	list("Fields that events have and no rule reads:", func(f *replay.Field) bool { return f.Present > 0 && f.Rules == 0 }, present,
		func(f *replay.Field) string { return f.Definition.Inputs[f.Input].Name })
	list("Fields that rules read and no event has:", func(f *replay.Field) bool { return f.Present == 0 && f.Rules > 0 }, rules,
		func(f *replay.Field) string {
			return fmt.Sprintf("%s (%s)", f.Definition.Inputs[f.Input].Name, count(f.Rules, "rule"))
		})
}

// FieldsCSV writes a line for each field of the types with content.
func (r *Replay) FieldsCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"type", "type_version", "field", "events", "events_with_field", "rules"}); err != nil {
		return err
	}
	for _, f := range r.Fields {
		if err := out.Write([]string{
			cell(f.Definition.Name), strconv.FormatUint(uint64(f.Definition.Version), 10), cell(f.Definition.Inputs[f.Input].Name),
			strconv.FormatUint(f.Events, 10), strconv.FormatUint(f.Present, 10), strconv.FormatUint(f.Rules, 10),
		}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
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

// CSV writes a line for each rule, in the order of the content. Removed rules follow.
func (r *Replay) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{
		"type", "id", "title", "path", "line", "matches", "events", "matches_per_million", "first",
		"status", "newly_matched", "no_longer_matched", "first_newly_matched", "first_no_longer_matched",
		"work", "work_per_million",
	}); err != nil {
		return err
	}
	all := r.Work()
	for _, rule := range r.all() {
		origin, matches, share := rule.origin(), rule.Matches, perMillion(rule)
		if rule.removed {
			matches, share = 0, 0
		}
		row := []string{
			rule.of.Definition.Name, rule.id().String(), origin.Title, origin.Path, strconv.Itoa(origin.Line),
			strconv.FormatUint(matches, 10), strconv.FormatUint(rule.Events, 10), strconv.FormatUint(share, 10), firstPlace(rule.Examples),
			rule.status(), "", "", "", "",
		}
		if c := rule.Change; c != nil {
			row = append(row[:10], strconv.FormatUint(c.Gained.Records, 10), strconv.FormatUint(c.Lost.Records, 10), firstPlace(c.Gained.Examples), firstPlace(c.Lost.Examples))
		}
		row = append(row, strconv.FormatUint(rule.Work, 10), strconv.FormatUint(Share{rule.Work, all}.millionths(), 10))
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

// firstPlace returns the place of the first example, or "".
func firstPlace(list []replay.Example) string {
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d", list[0].File, list[0].Line)
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
		Work        jsonWork         `json:"work"`
		Fields      []jsonField      `json:"fields"`
		Previous    string           `json:"previous,omitempty"`
		Removed     []jsonReplayRule `json:"removed,omitempty"`
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
		Work     uint64        `json:"work"`
		Share    uint64        `json:"workPerMillion"`
		Examples []jsonExample `json:"examples"`
		Change   *jsonChange   `json:"change,omitempty"`
	}
	jsonWork struct {
		Total       uint64 `json:"total"`
		Search      uint64 `json:"search"`
		Interpreter uint64 `json:"interpreter"`
		Interpreted uint64 `json:"interpretedEvents"`
	}
	jsonField struct {
		Type    string `json:"type"`
		Version uint32 `json:"typeVersion"`
		Field   string `json:"field"`
		Events  uint64 `json:"events"`
		Present uint64 `json:"present"`
		Rules   uint64 `json:"rules"`
	}
	jsonChange struct {
		New    bool     `json:"new"`
		Gained jsonSide `json:"newlyMatched"`
		Lost   jsonSide `json:"noLongerMatched"`
	}
	jsonSide struct {
		Records  uint64        `json:"records"`
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
		Previous: r.PreviousName, Fields: []jsonField{},
		Work: jsonWork{r.Work(), r.Cost.Search, r.Cost.Interpreter, r.Cost.Interpreted},
	}
	for _, t := range r.Untried {
		out.Untried = append(out.Untried, jsonEventCount(t))
	}
	for _, err := range r.FirstBad {
		out.FirstBad = append(out.FirstBad, err.Error())
	}
	for _, rule := range r.all() {
		if rule.removed {
			out.Removed = append(out.Removed, rule.json(out.Work.Total))
		} else {
			out.Rules = append(out.Rules, rule.json(out.Work.Total))
		}
	}
	for _, f := range r.Fields {
		out.Fields = append(out.Fields, jsonField{f.Definition.Name, f.Definition.Version, f.Definition.Inputs[f.Input].Name, f.Events, f.Present, f.Rules})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// json returns the rule for programs. A removed rule matches nothing any more: its matches are
// those of the previous release.
func (r replayed) json(work uint64) jsonReplayRule {
	o := r.origin()
	out := jsonReplayRule{
		ID: r.id().String(), Type: r.of.Definition.Name, Rule: o.Rule, Title: o.Title, Path: o.Path, Line: o.Line,
		Matches: r.Matches, Events: r.Events, Million: perMillion(r), Work: r.Work, Share: Share{r.Work, work}.millionths(), Examples: jsonExamples(r.Examples),
	}
	if c := r.Change; c != nil {
		out.Change = &jsonChange{
			c.New, jsonSide{c.Gained.Records, jsonExamples(c.Gained.Examples)}, jsonSide{c.Lost.Records, jsonExamples(c.Lost.Examples)},
		}
	}
	return out
}

func jsonExamples(list []replay.Example) []jsonExample {
	out := []jsonExample{}
	for _, e := range list {
		example := jsonExample{e.File, e.Line, []jsonExampleValue{}}
		for _, v := range e.Values {
			example.Values = append(example.Values, jsonExampleValue{v.Input, v.Text, v.Bytes})
		}
		out = append(out, example)
	}
	return out
}
