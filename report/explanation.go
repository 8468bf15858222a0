package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/trace"
)

// ExplanationSchema is the name and version of the schema of JSON explanations, which is
// schema/explanation.json.
const ExplanationSchema = "cfcheck.explanation/v0"

// An Explanation states why rules match an event, or do not.
type Explanation struct {
	Event ExplainedEvent
	Rules []ExplainedRule
}

// An ExplainedEvent is the event of an explanation.
type ExplainedEvent struct {
	File     string
	Line     int
	Record   int  // number in the file, from 1
	More     bool // the file has further records, and no number was asked for
	ID       uint32
	Provider string
	Channel  string
	Feeds    []string // each with its type, such as "process_creation (sysmon-1)"
}

// An ExplainedRule is the explanation of one rule.
type ExplainedRule struct {
	Rule *trace.Rule
	// Event is the event of the rule's type. Nil means that the recorded event is of another type.
	Event  *trace.Recorded
	Root   *trace.Node // nil without Event
	Fleets []ExplainedFleet
}

// An ExplainedFleet has the results for the builds of a fleet.
type ExplainedFleet struct {
	Name          string
	Builds, Hosts uint64
	Groups        []trace.Hosts
}

// Text writes the explanation for people.
func (x *Explanation) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	e := &x.Event
	fmt.Fprintf(b, "event   %s:%d: record %s, event %d of %s\n", shown(e.File), e.Line, numeral.Thousands(uint64(e.Record)), e.ID, shown(e.Channel))
	if len(e.Feeds) > 0 {
		fmt.Fprintf(b, "        it feeds %s\n", shown(strings.Join(e.Feeds, ", ")))
	} else {
		fmt.Fprintln(b, "        it feeds no template type")
	}
	if e.More {
		fmt.Fprintln(b, "        the file has more records; --record N explains another one")
	}
	for i := range x.Rules {
		x.Rules[i].text(b)
	}
	return b.Flush()
}

func (r *ExplainedRule) text(w io.Writer) {
	head := shown(strconv.Quote(r.Rule.Title))
	if place := r.Rule.Place.String(); place != "" {
		head = shown(place) + ": " + head
	}
	fmt.Fprintf(w, "\nrule    %s\n", head)
	if r.Root == nil {
		fmt.Fprintf(w, "result  does not match: the rule is for events of type %s, and this event is of another type\n", shown(r.Rule.Definition.Name))
		return
	}
	result := "does not match"
	if r.Root.Holds {
		result = "matches"
	}
	fmt.Fprintf(w, "result  %s\n", result)
	if first := firstText(r.Root); first != "" && !r.Root.Holds {
		fmt.Fprintf(w, "        first reason: %s\n", shown(first))
	}
	fmt.Fprintln(w)
	r.node(w, r.Root, 0)
	for i := range r.Fleets {
		r.Fleets[i].text(w, r)
	}
}

// firstText describes the first comparison that decides, or returns "".
func firstText(root *trace.Node) string {
	n, negated := root.First()
	switch {
	case n == nil:
		return ""
	case n.Place.File == "":
		return n.Truth(negated)
	}
	return n.Place.String() + ": " + n.Truth(negated)
}

// node writes a part of the condition on a line, and its parts below. The depth is that of the
// condition. A ">" marks the parts that decide.
func (r *ExplainedRule) node(w io.Writer, n *trace.Node, depth int) {
	mark, truth := " ", "no "
	if n.Decides {
		mark = ">"
	}
	if n.Holds {
		truth = "yes"
	}
	line := fmt.Sprintf("%s %s %s", mark, truth, strings.Repeat("  ", depth))
	fmt.Fprintf(w, "%s%s\n", line, shown(headOf(n)))
	if n.Kind == trace.Comparison {
		below := strings.Repeat(" ", len(line)+2)
		for _, note := range notesOf(n, r.Rule.Definition, r.Event.Event, r.Event.Feed) {
			fmt.Fprintf(w, "%s%s\n", below, shown(note))
		}
		return
	}
	for _, p := range n.Parts {
		r.node(w, p, depth+1)
	}
}

// headOf returns the line of a part of a condition: of a comparison its text, and of another part
// its name and its kind.
func headOf(n *trace.Node) string {
	switch {
	case n.Kind == trace.Comparison:
		return n.Text
	case n.Kind == trace.And && n.Name != "" && len(n.Parts) == 1 || n.Kind == trace.Not:
		return named(n, "")
	case n.Kind == trace.And:
		return named(n, "all of")
	}
	return named(n, "any of")
}

// named returns the name of a part with its kind.
func named(n *trace.Node, kind string) string {
	switch {
	case n.Kind == trace.Not:
		return "not"
	case n.Name == "":
		return kind
	case kind == "":
		return n.Name
	case strings.HasPrefix(n.Name, "1 of ") || strings.HasPrefix(n.Name, "all of "):
		return n.Name
	}
	return n.Name + ", " + kind
}

// notesOf returns the lines below a comparison: which of its values decided, and the inputs that
// the event has. The feed is nil if it is not known.
func notesOf(n *trace.Node, d *sensor.Definition, e interp.Event, feed *sensor.Feed) (notes []string) {
	if i := slices.IndexFunc(n.Parts, func(v *trace.Node) bool { return v.Holds == n.Holds }); i >= 0 && mixed(n) {
		by := "by"
		if !n.Holds {
			by = "not by"
		}
		notes = append(notes, by+" the value "+n.Parts[i].Text)
	}
	for _, input := range n.Inputs {
		notes = append(notes, valueOf(d.Inputs[input].Name, &e[input], feed))
	}
	return notes
}

// mixed reports whether some values of a comparison hold, and others do not.
func mixed(n *trace.Node) bool {
	return slices.ContainsFunc(n.Parts, func(v *trace.Node) bool { return v.Holds != n.Parts[0].Holds })
}

// valueOf describes an input of an event.
func valueOf(name string, v *interp.Value, feed *sensor.Feed) string {
	switch {
	case v.Present():
		return "the event has " + name + " " + trace.ValueText(v)
	case feed != nil && feed.Field(name) == nil:
		return fmt.Sprintf("the event has no %s: feed %s never has it", name, feed.Name)
	}
	return "the event has no " + name
}

// text writes the results for the builds of a fleet.
func (f *ExplainedFleet) text(w io.Writer, r *ExplainedRule) {
	fmt.Fprintf(w, "\nfleet   %s: %s, %s\n", shown(f.Name), count(f.Builds, "build"), count(f.Hosts, "host"))
	for i := range f.Groups {
		g := &f.Groups[i]
		fmt.Fprintf(w, "  %v on %s: %s\n", g.Verdict, count(g.Hosts, "host"), Clean(buildList(g.Builds)))
		if g.Reason != "" {
			fmt.Fprintf(w, "    %s\n", shown(g.Reason))
		}
		if g.Root != nil && !g.Root.Holds {
			if first := firstText(g.Root); first != firstText(r.Root) {
				fmt.Fprintf(w, "    first reason: %s\n", shown(first))
			}
		}
		for _, in := range g.Inputs {
			fmt.Fprintf(w, "    %s: %s\n", shown(in.Name), shown(in.Reason))
		}
	}
}

type (
	jsonExplanation struct {
		Schema string          `json:"schema"`
		Event  jsonEvent       `json:"event"`
		Rules  []jsonExplained `json:"rules"`
	}
	jsonEvent struct {
		File     string   `json:"file"`
		Line     int      `json:"line"`
		Record   int      `json:"record"`
		ID       uint32   `json:"eventId"`
		Provider string   `json:"provider,omitempty"`
		Channel  string   `json:"channel,omitempty"`
		Feeds    []string `json:"feeds"`
	}
	jsonExplained struct {
		ID        string            `json:"id,omitempty"`
		Title     string            `json:"title"`
		Place     *jsonPlace        `json:"place,omitempty"`
		Type      string            `json:"type"`
		Result    string            `json:"result"`
		First     *jsonPart         `json:"first,omitempty"`
		Condition *jsonPart         `json:"condition,omitempty"`
		Inputs    []jsonInputValue  `json:"inputs"`
		Fleets    []jsonExplainedOn `json:"fleets"`
	}
	jsonPlace struct {
		File   string `json:"file"`
		Line   int    `json:"line,omitempty"`
		Column int    `json:"column,omitempty"`
	}
	jsonPart struct {
		Kind    string      `json:"kind"`
		Name    string      `json:"name,omitempty"`
		Text    string      `json:"text,omitempty"`
		Place   *jsonPlace  `json:"place,omitempty"`
		Holds   bool        `json:"holds"`
		Decides bool        `json:"decides"`
		Inputs  []string    `json:"inputs,omitempty"`
		Parts   []*jsonPart `json:"parts,omitempty"`
	}
	jsonInputValue struct {
		Input  string  `json:"input"`
		Value  *string `json:"value,omitempty"`
		Bytes  int     `json:"bytes,omitempty"`
		Absent string  `json:"absent,omitempty"`
	}
	jsonExplainedOn struct {
		Fleet  string               `json:"fleet"`
		Builds uint64               `json:"builds"`
		Hosts  uint64               `json:"hosts"`
		Groups []jsonExplainedHosts `json:"groups"`
	}
	jsonExplainedHosts struct {
		Verdict string           `json:"verdict"`
		Hosts   uint64           `json:"hosts"`
		Builds  []string         `json:"builds"`
		Reason  string           `json:"reason,omitempty"`
		First   *jsonPart        `json:"first,omitempty"`
		Inputs  []jsonDifference `json:"inputs"`
	}
	jsonDifference struct {
		Input      string `json:"input"`
		Difference string `json:"difference"`
		Reason     string `json:"reason"`
	}
)

// JSON writes the explanation for programs, in the form of [ExplanationSchema].
func (x *Explanation) JSON(w io.Writer) error {
	e := &x.Event
	out := jsonExplanation{
		ExplanationSchema,
		jsonEvent{valid(e.File), e.Line, e.Record, e.ID, valid(e.Provider), valid(e.Channel), []string{}},
		[]jsonExplained{},
	}
	for _, f := range e.Feeds {
		out.Event.Feeds = append(out.Event.Feeds, valid(f))
	}
	for i := range x.Rules {
		out.Rules = append(out.Rules, x.Rules[i].json())
	}
	return writeIndented(w, out)
}

func (r *ExplainedRule) json() jsonExplained {
	out := jsonExplained{
		ID: valid(r.Rule.ID), Title: valid(r.Rule.Title), Place: placeJSON(r.Rule.Place), Type: r.Rule.Definition.Name, Result: "other type",
		Inputs: []jsonInputValue{}, Fleets: []jsonExplainedOn{},
	}
	if r.Root == nil {
		return out
	}
	out.Result = "no match"
	if r.Root.Holds {
		out.Result = "match"
	}
	out.First, out.Condition = r.firstJSON(r.Root), r.part(r.Root, true)
	for _, input := range r.Rule.Reads() {
		out.Inputs = append(out.Inputs, r.input(input))
	}
	for i := range r.Fleets {
		f := &r.Fleets[i]
		on := jsonExplainedOn{valid(f.Name), f.Builds, f.Hosts, []jsonExplainedHosts{}}
		for k := range f.Groups {
			g := &f.Groups[k]
			group := jsonExplainedHosts{Verdict: g.Verdict.String(), Hosts: g.Hosts, Builds: g.Builds, Reason: valid(g.Reason), Inputs: []jsonDifference{}}
			if g.Root != nil {
				group.First = r.firstJSON(g.Root)
			}
			for _, in := range g.Inputs {
				group.Inputs = append(group.Inputs, jsonDifference{valid(in.Name), in.Difference.String(), valid(in.Reason)})
			}
			on.Groups = append(on.Groups, group)
		}
		out.Fleets = append(out.Fleets, on)
	}
	return out
}

func (r *ExplainedRule) input(input int) jsonInputValue {
	name := r.Rule.Definition.Inputs[input].Name
	v := &r.Event.Event[input]
	out := jsonInputValue{Input: valid(name)}
	switch {
	case v.Present():
		text := valid(plainValue(v))
		out.Value, out.Bytes = &text, len(v.Text)
	case r.Event.Feed.Field(name) == nil:
		out.Absent = trace.NeverInFeed.String()
	default:
		out.Absent = trace.NotInEvent.String()
	}
	return out
}

// plainValue returns a value without quotes, shortened to [trace.MaxText] bytes.
func plainValue(v *interp.Value) string {
	if v.Text == nil {
		return trace.ValueText(v)
	}
	return string(v.Text[:min(len(v.Text), trace.MaxText)])
}

func (r *ExplainedRule) firstJSON(root *trace.Node) *jsonPart {
	if n, _ := root.First(); n != nil {
		return r.part(n, false)
	}
	return nil
}

// part returns a node. It does not recurse deeper than the condition.
func (r *ExplainedRule) part(n *trace.Node, below bool) *jsonPart {
	out := &jsonPart{Kind: n.Kind.String(), Name: valid(n.Name), Text: valid(n.Text), Place: placeJSON(n.Place), Holds: n.Holds, Decides: n.Decides}
	for _, input := range n.Inputs {
		out.Inputs = append(out.Inputs, valid(r.Rule.Definition.Inputs[input].Name))
	}
	if below {
		for _, p := range n.Parts {
			out.Parts = append(out.Parts, r.part(p, true))
		}
	}
	return out
}

func placeJSON(p trace.Place) *jsonPlace {
	if p.File == "" && p.Line == 0 {
		return nil
	}
	return &jsonPlace{valid(p.File), p.Line, p.Column}
}
