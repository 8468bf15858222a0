package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
)

// OverviewSchema is the name and version of the schema of a JSON overview, which is
// schema/overview.json.
const OverviewSchema = "cfcheck.overview/v0"

// An Overview summarises the needs of several channel files. For each version of a
// template type, it counts the rules that depend on each input.
type Overview struct {
	Files int
	types []*typeNeeds // by number and version
}

// A typeNeeds summarises the needs of the files of one type version.
type typeNeeds struct {
	number, version uint32
	name            string             // "" means that the name is unknown
	def             *sensor.Definition // nil means unknown
	files, rules    int
	inputs          []*inputRules // by index
}

// An inputRules counts the rules that read one input.
type inputRules struct {
	index, rules, criteria int
	first                  []sensor.Cause
}

// Add adds the needs of a file. The definitions have the names of inputs and the
// feeds that supply them; defs may be nil.
func (o *Overview) Add(n *sensor.Needs, defs *sensor.Definitions) {
	o.Files++
	i, ok := slices.BinarySearchFunc(o.types, n, func(t *typeNeeds, n *sensor.Needs) int {
		return cmp.Or(cmp.Compare(t.number, n.Type), cmp.Compare(t.version, n.TypeVersion))
	})
	if !ok {
		o.types = slices.Insert(o.types, i, &typeNeeds{
			number: n.Type, version: n.TypeVersion, name: n.TypeName, def: defs.ByNumber(n.Type, n.TypeVersion),
		})
	}
	t := o.types[i]
	t.files++
	t.rules += int(n.Sizes.Instances)
	for i := range n.Inputs {
		t.add(&n.Inputs[i])
	}
}

func (t *typeNeeds) add(need *sensor.InputNeed) {
	i, ok := slices.BinarySearchFunc(t.inputs, need.Index, func(in *inputRules, index int) int { return cmp.Compare(in.index, index) })
	if !ok {
		t.inputs = slices.Insert(t.inputs, i, &inputRules{index: need.Index})
	}
	in := t.inputs[i]
	in.rules += need.Instances
	in.criteria += need.Criteria
	in.first = append(in.first, need.First[:min(len(need.First), sensor.MaxCauses-len(in.first))]...)
}

// mostFirst returns the inputs, sorted by the number of rules that read them, the
// largest first.
func (t *typeNeeds) mostFirst() []*inputRules {
	list := slices.Clone(t.inputs)
	slices.SortStableFunc(list, func(a, b *inputRules) int { return cmp.Compare(b.rules, a.rules) })
	return list
}

// A supplier is a feed that can supply an input.
type supplier struct {
	Feed  string `json:"feed"`
	Field string `json:"field,omitempty"` // "" means that it has the name of the input
	Since string `json:"since,omitempty"`
}

// suppliers returns the feeds of a definition that can supply an input, and the
// feeds that never supply it.
func suppliers(d *sensor.Definition, index int) (can []supplier, never []string) {
	if d == nil || index >= len(d.Inputs) {
		return nil, nil
	}
	for i := range d.Feeds {
		f := &d.Feeds[i]
		if field := f.Field(d.Inputs[index].Name); field != nil {
			can = append(can, supplier{f.Name, field.Field, field.Since})
		} else {
			never = append(never, f.Name)
		}
	}
	return can, never
}

// SuppliedBy returns the feeds that can supply an input of a template type as one line, such as
// "from Sysmon event 1 as Image". It returns "" if the definition is nil or has no feeds.
func SuppliedBy(d *sensor.Definition, index int) string {
	can, never := suppliers(d, index)
	var parts []string
	for _, s := range can {
		part := s.Feed
		if s.Field != "" {
			part += " as " + s.Field
		}
		if s.Since != "" {
			part += " since " + s.Since
		}
		parts = append(parts, part)
	}
	switch {
	case len(can)+len(never) == 0:
		return ""
	case len(never) == 0:
		return "from " + strings.Join(parts, ", ")
	case len(can) == 0:
		return "from no feed"
	}
	return "from " + strings.Join(parts, ", ") + "; never from " + strings.Join(never, ", ")
}

// inputName returns the name of the input with an index.
func inputName(d *sensor.Definition, index int) string {
	if d == nil || index >= len(d.Inputs) {
		return fmt.Sprintf("input %d (index %d, not defined)", index+1, index)
	}
	return d.Inputs[index].Name
}

// overviewRules limits the rules that Text shows for each input.
const overviewRules = 3

// Text writes the overview for people. The inputs of each type are sorted by the
// number of rules that depend on them, the largest first.
func (o *Overview) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, t := range o.types {
		name := t.name
		if name == "" {
			name = "not known"
		}
		fmt.Fprintf(b, "type %s (%d) version %d: %s in %s\n", Clean(name), t.number, t.version, count(uint64(t.rules), "rule"), count(uint64(t.files), "file"))
		for _, in := range t.mostFirst() {
			fmt.Fprintf(b, "  %s: %s, %s\n", Clean(inputName(t.def, in.index)), count(uint64(in.rules), "rule"), count(uint64(in.criteria), "criterion"))
			if s := SuppliedBy(t.def, in.index); s != "" {
				fmt.Fprintf(b, "    %s\n", Clean(s))
			}
			causes(b, in.first[:min(len(in.first), overviewRules)], in.rules)
		}
	}
	return b.Flush()
}

type jsonOverview struct {
	Schema string         `json:"schema"`
	Files  int            `json:"files"`
	Types  []jsonTypeNeed `json:"types"`
}

type jsonTypeNeed struct {
	Type    uint32          `json:"type"`
	Name    string          `json:"typeName,omitempty"`
	Version uint32          `json:"typeVersion"`
	Files   int             `json:"files"`
	Rules   int             `json:"rules"`
	Inputs  []jsonInputNeed `json:"inputs"`
}

type jsonInputNeed struct {
	Index    int         `json:"index"`
	Name     string      `json:"name,omitempty"`
	Rules    int         `json:"rules"`
	Criteria int         `json:"criteria"`
	Feeds    []supplier  `json:"feeds"`
	Never    []string    `json:"neverFrom"`
	First    []jsonCause `json:"first"`
}

type jsonCause struct {
	ID    string `json:"id"`
	Rule  string `json:"rule,omitempty"`
	Title string `json:"title,omitempty"`
	Path  string `json:"path,omitempty"`
	Line  int    `json:"line,omitempty"`
}

// JSON writes the overview for programs, in the form of [OverviewSchema].
func (o *Overview) JSON(w io.Writer) error {
	out := jsonOverview{OverviewSchema, o.Files, []jsonTypeNeed{}}
	for _, t := range o.types {
		typ := jsonTypeNeed{t.number, t.name, t.version, t.files, t.rules, []jsonInputNeed{}}
		for _, in := range t.mostFirst() {
			can, never := suppliers(t.def, in.index)
			need := jsonInputNeed{Index: in.index, Rules: in.rules, Criteria: in.criteria, Feeds: append([]supplier{}, can...), Never: list(never), First: []jsonCause{}}
			if t.def != nil && in.index < len(t.def.Inputs) {
				need.Name = t.def.Inputs[in.index].Name
			}
			for _, c := range in.first {
				need.First = append(need.First, jsonCause{c.ID.String(), c.Rule, c.Title, c.Path, c.Line})
			}
			typ.Inputs = append(typ.Inputs, need)
		}
		out.Types = append(out.Types, typ)
	}
	return writeIndented(w, out)
}
