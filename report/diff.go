package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/delta"
)

// DiffSchema is the name and version of the schema of a JSON diff, which is
// schema/diff.json.
const DiffSchema = "cfcheck.diff/v0"

// A Diff describes the change from one release to the next, in words.
type Diff struct {
	// Top limits how many rules Text lists for each kind of change. 0 means no limit.
	Top int

	channels []channelDiff // by channel and type version
}

// A DiffSide is the content of a release for a channel.
type DiffSide struct {
	Name  string            // file, or path of rules
	File  *channelfile.File // keeps all requirements of FORMAT.md
	Rules bool              // it was compiled from rules, so it has no revision
}

// A channelDiff is the change of a channel. One of the sides may be nil: the channel is
// new, or withdrawn.
type channelDiff struct {
	old, newer     *diffSide
	added, removed []diffRule
	changed        []diffRule
	same           int
	needs          delta.Needs
}

// A diffSide has the sizes of a side, without its file.
type diffSide struct {
	name  string
	rules bool
	needs *sensor.Needs
	def   *sensor.Definition // nil means unknown
}

// A diffRule is a rule that was added, removed or changed.
type diffRule struct {
	id        channelfile.ID
	origin    channelfile.Origin
	direction delta.Direction // of a changed rule
}

// Add adds the change of a channel. If old is nil, the channel is new. If newer is nil, it
// is withdrawn. One of them must not be nil. The definitions have the names and types of
// inputs; defs may be nil.
func (d *Diff) Add(old, newer *DiffSide, defs *sensor.Definitions) {
	c := channelDiff{old: sideOf(old, defs), newer: sideOf(newer, defs)}
	switch {
	case old == nil:
		c.added = allRules(newer.File)
		c.needs = *delta.BetweenNeeds(new(sensor.Needs), c.newer.needs, nil)
	case newer == nil:
		c.removed = allRules(old.File)
		c.needs = *delta.BetweenNeeds(c.old.needs, new(sensor.Needs), nil)
	default:
		inputs := delta.InputsOf(old.File.Header, newer.File.Header, defs)
		in := delta.Between(old.File, newer.File, inputs)
		for _, i := range in.Removed {
			c.removed = append(c.removed, diffRuleOf(old.File, i))
		}
		for _, i := range in.Added {
			c.added = append(c.added, diffRuleOf(newer.File, i))
		}
		directions := delta.NewDirections(old.File, newer.File, c.newer.def.Types(), inputs)
		for _, pair := range in.Changed {
			r := diffRuleOf(newer.File, pair.New)
			r.direction = directions.Of(pair)
			c.changed = append(c.changed, r)
		}
		slices.SortStableFunc(c.changed, func(a, b diffRule) int { return cmp.Compare(order(a.direction), order(b.direction)) })
		c.same = in.Same
		c.needs = *delta.BetweenNeeds(c.old.needs, c.newer.needs, inputs)
	}
	i, _ := slices.BinarySearchFunc(d.channels, c, func(a, b channelDiff) int {
		x, y := a.either().needs, b.either().needs
		return cmp.Or(cmp.Compare(x.Channel, y.Channel), cmp.Compare(x.TypeVersion, y.TypeVersion))
	})
	d.channels = slices.Insert(d.channels, i, c)
}

// order sorts directions: those that a reviewer must see come first.
func order(d delta.Direction) int {
	return slices.Index([]delta.Direction{delta.Widened, delta.Shifted, delta.Unclear, delta.Narrowed, delta.Reworded}, d)
}

func sideOf(s *DiffSide, defs *sensor.Definitions) *diffSide {
	if s == nil {
		return nil
	}
	h := s.File.Header
	return &diffSide{s.Name, s.Rules, sensor.NeedsOf(s.File, defs), defs.ByNumber(h.Type, h.TypeVersion)}
}

func allRules(f *channelfile.File) []diffRule {
	list := make([]diffRule, f.Instances())
	for i := range list {
		list[i] = diffRuleOf(f, i)
	}
	return list
}

func diffRuleOf(f *channelfile.File, i int) diffRule {
	return diffRule{id: f.Instance(i).ID, origin: f.Origin(i)}
}

// either returns a side that is not nil, the new one if there are two.
func (c *channelDiff) either() *diffSide {
	if c.newer != nil {
		return c.newer
	}
	return c.old
}

// title returns the title of a rule, or "".
func (r *diffRule) title() string { return short(r.origin.Title) }

// called returns the title and the ID of a rule.
func (r *diffRule) called(id string) string {
	if r.title() == "" {
		return id
	}
	return r.title() + " (" + id + ")"
}

// markdown is called for Markdown.
func (r *diffRule) markdown() string {
	id := fmt.Sprintf("`%v`", r.id)
	if r.title() == "" {
		return id
	}
	return markdown(r.title()) + " (" + id + ")"
}

// change returns the revisions as "revision 31 to 32", or says that there is one side.
func (c *channelDiff) change() string {
	switch {
	case c.old == nil:
		return "new, " + c.newer.revision()
	case c.newer == nil:
		return "withdrawn, was " + c.old.revision()
	case c.old.rules && c.newer.rules:
		return "compiled from rules"
	case c.old.rules || c.newer.rules:
		return c.old.revision() + " to " + c.newer.revision()
	}
	return fmt.Sprintf("revision %d to %d", c.old.needs.Revision, c.newer.needs.Revision)
}

func (s *diffSide) revision() string {
	if s.rules {
		return "rules"
	}
	return fmt.Sprintf("revision %d", s.needs.Revision)
}

// title returns the channel, its type and its type version.
func (c *channelDiff) title() string {
	n := c.either().needs
	version := fmt.Sprint(n.TypeVersion)
	if c.old != nil && c.newer != nil && c.old.needs.TypeVersion != n.TypeVersion {
		version = fmt.Sprintf("%d, was %d", n.TypeVersion, c.old.needs.TypeVersion)
	}
	return fmt.Sprintf("channel %d, type %s version %s", n.Channel, cmp.Or(n.TypeName, fmt.Sprint(n.Type)), version)
}

// A measure is a number of both sides.
type measure struct {
	what string
	of   func(n *sensor.Needs) uint64
}

var measures = []measure{
	{"rules", func(n *sensor.Needs) uint64 { return n.Sizes.Instances }},
	{"distinct criteria", func(n *sensor.Needs) uint64 { return n.Sizes.Criteria }},
	{"bytes", func(n *sensor.Needs) uint64 { return n.Sizes.FileSize }},
	{fmt.Sprintf("steps for an event with strings of %s bytes", numeral.Thousands(delta.CostLength)), delta.Cost},
	{"bytes of memory", func(n *sensor.Needs) uint64 { return n.Memory }},
}

// numbers returns the numbers of a measure. A side that is missing has 0.
func (c *channelDiff) numbers(m measure) (old, newer uint64) {
	if c.old != nil {
		old = m.of(c.old.needs)
	}
	if c.newer != nil {
		newer = m.of(c.newer.needs)
	}
	return old, newer
}

// growth returns the difference of two numbers in percent, such as "+12 %". It returns "" if
// they are equal, or if the first is 0.
func growth(old, newer uint64) string {
	switch {
	case old == newer || old == 0:
		return ""
	case newer > old:
		return fmt.Sprintf("+%s %%", percent(newer-old, old))
	}
	return fmt.Sprintf("-%s %%", percent(old-newer, old))
}

// percent returns n in percent of a number, rounded to an integer, or to one digit below 10.
func percent(n, of uint64) string {
	p := 100 * float64(n) / float64(of)
	if p < 9.95 {
		return fmt.Sprintf("%.1f", p)
	}
	return fmt.Sprintf("%.0f", p)
}

// A diffList is a list of rules with one kind of change.
type diffList struct {
	word  string // in text, at most 9 bytes
	head  string // in Markdown
	rules []diffRule
}

// lists returns the lists of a channel that are not empty.
func (c *channelDiff) lists() (list []diffList) {
	add := func(word, head string, rules []diffRule) {
		if len(rules) > 0 {
			list = append(list, diffList{word, head, rules})
		}
	}
	add("removed", "Removed", c.removed)
	add("added", "New", c.added)
	for _, d := range []struct {
		direction  delta.Direction
		word, head string
	}{
		{delta.Widened, "widened", "Match more events than before"},
		{delta.Shifted, "shifted", "Match other events than before"},
		{delta.Unclear, "changed", "Changed; whether they match more or fewer events is unclear"},
		{delta.Narrowed, "narrowed", "Match fewer events than before"},
		{delta.Reworded, "reworded", "Match the same events as before, in other words"},
	} {
		var rules []diffRule
		for _, r := range c.changed {
			if r.direction == d.direction {
				rules = append(rules, r)
			}
		}
		add(d.word, d.head, rules)
	}
	return list
}

// needsLines returns the gained and lost needs, one line each, without the words gained
// and lost.
func (c *channelDiff) needsLines() (gained, lost []string) {
	inputs := func(list []sensor.InputNeed, s *diffSide) (lines []string) {
		for i := range list {
			in := &list[i]
			name := inputName(s.def, in.Index)
			if s.def != nil {
				name = "input " + name
			}
			lines = append(lines, fmt.Sprintf("%s: %s", name, count(uint64(in.Instances), "rule")))
		}
		return lines
	}
	operators := func(list []sensor.OperatorNeed) (lines []string) {
		for i := range list {
			lines = append(lines, fmt.Sprintf("operator %v: %s", list[i].Operator, count(uint64(list[i].Instances), "rule")))
		}
		return lines
	}
	n := &c.needs
	return append(inputs(n.GainedInputs, c.newer), operators(n.GainedOperators)...), append(inputs(n.LostInputs, c.old), operators(n.LostOperators)...)
}

// Text writes the change for people.
func (d *Diff) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	line := func(word, format string, args ...any) {
		fmt.Fprintf(b, "%-*s%s\n", indent, word, Clean(fmt.Sprintf(format, args...)))
	}
	if len(d.channels) == 0 {
		line("same", "neither release has content")
	}
	for i := range d.channels {
		c := &d.channels[i]
		if i > 0 {
			fmt.Fprintln(b)
		}
		line("channel", "%s: %s", strings.TrimPrefix(c.title(), "channel "), c.change())
		for _, l := range c.lists() {
			shown := len(l.rules)
			if d.Top > 0 {
				shown = min(shown, d.Top)
			}
			for k := range l.rules[:shown] {
				r := &l.rules[k]
				line(l.word, "%s", r.called(r.id.String()))
			}
			if more := len(l.rules) - shown; more > 0 {
				line(l.word, "and %s more; a larger --top shows them", numeral.Thousands(uint64(more)))
			}
		}
		gained, lost := c.needsLines()
		for _, s := range gained {
			line("gained", "%s", s)
		}
		for _, s := range lost {
			line("lost", "%s", s)
		}
		for _, m := range measures {
			old, newer := c.numbers(m)
			switch g := growth(old, newer); {
			case c.old == nil:
				line("", "%s: %s", m.what, numeral.Thousands(newer))
			case c.newer == nil:
				line("", "%s: were %s", m.what, numeral.Thousands(old))
			case old == newer:
				line("", "%s: %s as before", m.what, numeral.Thousands(newer))
			case g == "":
				line("", "%s: %s, were 0", m.what, numeral.Thousands(newer))
			default:
				line("", "%s: %s, were %s (%s)", m.what, numeral.Thousands(newer), numeral.Thousands(old), g)
			}
		}
		line("", "rules with the same condition: %s", numeral.Thousands(uint64(c.same)))
	}
	return b.Flush()
}

// Markdown writes the change for a release note. It lists all rules.
func (d *Diff) Markdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	if len(d.channels) == 0 {
		fmt.Fprintln(b, "Neither release has content.")
	}
	for i := range d.channels {
		c := &d.channels[i]
		if i > 0 {
			fmt.Fprintln(b)
		}
		title := c.title()
		fmt.Fprintf(b, "## %s\n\n%s.\n", markdown(strings.ToUpper(title[:1])+title[1:]), markdown(strings.ToUpper(c.change()[:1])+c.change()[1:]))
		for _, l := range c.lists() {
			fmt.Fprintf(b, "\n**%s** (%s)\n\n", l.head, numeral.Thousands(uint64(len(l.rules))))
			for k := range l.rules {
				fmt.Fprintf(b, "- %s\n", l.rules[k].markdown())
			}
		}
		gained, lost := c.needsLines()
		for _, l := range []struct {
			head  string
			lines []string
		}{{"Needs that are new", gained}, {"Needs that are gone", lost}} {
			if len(l.lines) == 0 {
				continue
			}
			fmt.Fprintf(b, "\n**%s**\n\n", l.head)
			for _, s := range l.lines {
				fmt.Fprintf(b, "- %s\n", markdown(s))
			}
		}
		fmt.Fprintf(b, "\n| | before | now | |\n|---|---:|---:|---:|\n")
		for _, m := range measures {
			old, newer := c.numbers(m)
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", m.what, numeral.Thousands(old), numeral.Thousands(newer), growth(old, newer))
		}
	}
	return b.Flush()
}

// autolinks are the starts of addresses that Markdown of GitHub turns into links.
var autolinks = strings.NewReplacer("://", `\://`, "www.", `www\.`)

// markdown escapes a text so that Markdown shows it as it is, on one line and without links.
func markdown(s string) string {
	var b strings.Builder
	for _, r := range Clean(s) {
		if strings.ContainsRune("\\`*_{}[]<>()#+!|~@&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return autolinks.Replace(b.String())
}

type jsonDiff struct {
	Schema   string            `json:"schema"`
	Channels []jsonChannelDiff `json:"channels"`
}

type jsonChannelDiff struct {
	Channel         uint32          `json:"channel"`
	Type            uint32          `json:"type"`
	TypeName        string          `json:"typeName,omitempty"`
	Before          *jsonDiffSide   `json:"before"`
	Now             *jsonDiffSide   `json:"now"`
	Removed         []jsonDiffRule  `json:"removed"`
	Added           []jsonDiffRule  `json:"added"`
	Changed         []jsonDiffRule  `json:"changed"`
	Same            int             `json:"same"`
	GainedInputs    []jsonDiffInput `json:"gainedInputs"`
	LostInputs      []jsonDiffInput `json:"lostInputs"`
	GainedOperators []jsonDiffUse   `json:"gainedOperators"`
	LostOperators   []jsonDiffUse   `json:"lostOperators"`
}

type jsonDiffSide struct {
	Name        string  `json:"name"`
	Revision    *uint32 `json:"revision,omitempty"`
	TypeVersion uint32  `json:"typeVersion"`
	Rules       uint64  `json:"rules"`
	Criteria    uint64  `json:"criteria"`
	Bytes       uint64  `json:"bytes"`
	Steps       uint64  `json:"steps"`
	Memory      uint64  `json:"memory"`
}

type jsonDiffRule struct {
	jsonCause
	Direction string `json:"direction,omitempty"`
}

type jsonDiffInput struct {
	Index int    `json:"index"`
	Name  string `json:"name,omitempty"`
	Rules int    `json:"rules"`
}

type jsonDiffUse struct {
	Operator string `json:"operator"`
	Rules    int    `json:"rules"`
}

// JSON writes the change for programs, in the form of [DiffSchema]. It lists all rules.
func (d *Diff) JSON(w io.Writer) error {
	out := jsonDiff{DiffSchema, []jsonChannelDiff{}}
	for i := range d.channels {
		c := &d.channels[i]
		n := c.either().needs
		out.Channels = append(out.Channels, jsonChannelDiff{
			Channel: n.Channel, Type: n.Type, TypeName: n.TypeName,
			Before: c.old.json(), Now: c.newer.json(), Same: c.same,
			Removed: rulesJSON(c.removed, false), Added: rulesJSON(c.added, false), Changed: rulesJSON(c.changed, true),
			GainedInputs: inputsJSON(c.needs.GainedInputs, c.newer), LostInputs: inputsJSON(c.needs.LostInputs, c.old),
			GainedOperators: operatorsJSON(c.needs.GainedOperators), LostOperators: operatorsJSON(c.needs.LostOperators),
		})
	}
	return writeIndented(w, out)
}

func (s *diffSide) json() *jsonDiffSide {
	if s == nil {
		return nil
	}
	n := s.needs
	out := &jsonDiffSide{
		Name: valid(s.name), TypeVersion: n.TypeVersion, Rules: n.Sizes.Instances, Criteria: n.Sizes.Criteria,
		Bytes: n.Sizes.FileSize, Steps: delta.Cost(n), Memory: n.Memory,
	}
	if !s.rules {
		out.Revision = &n.Revision
	}
	return out
}

func rulesJSON(rules []diffRule, directed bool) []jsonDiffRule {
	out := []jsonDiffRule{}
	for _, r := range rules {
		j := jsonDiffRule{jsonCause: jsonCause{r.id.String(), short(r.origin.Rule), short(r.origin.Title), short(r.origin.Path), r.origin.Line}}
		if directed {
			j.Direction = r.direction.String()
		}
		out = append(out, j)
	}
	return out
}

func inputsJSON(list []sensor.InputNeed, s *diffSide) []jsonDiffInput {
	out := []jsonDiffInput{}
	for _, in := range list {
		j := jsonDiffInput{Index: in.Index, Rules: in.Instances}
		if s.def != nil && in.Index < len(s.def.Inputs) {
			j.Name = s.def.Inputs[in.Index].Name
		}
		out = append(out, j)
	}
	return out
}

func operatorsJSON(list []sensor.OperatorNeed) []jsonDiffUse {
	out := []jsonDiffUse{}
	for _, op := range list {
		out = append(out, jsonDiffUse{op.Operator.String(), op.Instances})
	}
	return out
}
