package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/cost"
)

// CostSchema is the name and version of the schema of JSON costs, which is
// schema/cost.json.
const CostSchema = "cfcheck.cost/v0"

// Costs compares channel files with the limits and budgets of fleets, and lists their
// most expensive rules.
type Costs struct {
	Top   int // maximum number of rules of each file
	files []fileCost
}

// A fileCost is the cost of one file for one fleet.
type fileCost struct {
	name, fleet string
	needs       *sensor.Needs
	earlier     int // number of earlier revisions
	uses        []buildUse
	without     []string // builds that do not have the type version
	costliest   *costliest
}

// A buildUse is the use of one limit, and the builds that have this limit.
type buildUse struct {
	cost.Use
	feed      string   // feed of the event, for steps; "" means the only feed
	unbounded []string // inputs whose length has no bound, for steps
	builds    []string
	hosts     uint64
	trend     cost.Trend // only for limits of the whole file
}

// costliest lists the most expensive rules for an event of one feed of a build.
type costliest struct {
	build, feed string
	total       uint64
	budget      uint64 // of the build; 0 means no budget
	unbounded   bool   // whether an input without a bound costs something
	rules       []ruleCost
}

type ruleCost struct {
	cost.Rule
	id        channelfile.ID
	origin    channelfile.Origin
	criterion *criterionCost // nil means that the rule has no criterion
}

type criterionCost struct {
	input    int
	name     string // "" if no definition names the input
	operator channelfile.Operator
	operands int
	line     int // line of the source; 0 means unknown
}

// Add adds a file and its cost for a fleet. Earlier has the needs of the earlier
// revisions, the lowest revision first.
func (c *Costs) Add(name string, f *channelfile.File, defs *sensor.Definitions, fleet *sensor.Fleet, earlier []*sensor.Needs) {
	n := sensor.NeedsOf(f, defs)
	file := fileCost{name: name, fleet: fleet.Name, needs: n, earlier: len(earlier)}
	if fleet.Builtin {
		file.fleet = "example " + file.fleet
	}
	def := defs.ByNumber(n.Type, n.TypeVersion)
	var dearest cost.EventUse
	place := map[useKey]int{}
	for _, members := range fleet.Distinct() {
		first := &fleet.Contracts[members[0]]
		steps, ok := cost.StepsUse(n, def, &first.Reader, suppliesOf(first, n))
		if !ok {
			for _, i := range members {
				file.without = append(file.without, fleet.Contracts[i].Build)
			}
			continue
		}
		add := func(u buildUse, number func(*sensor.Needs) uint64) {
			if u.Limit.Total() {
				u.trend = cost.TrendOf(earlier, n, number)
			}
			for _, i := range members {
				u.builds = append(u.builds, fleet.Contracts[i].Build)
				u.hosts += min(fleet.Contracts[i].Hosts, math.MaxUint64-u.hosts)
			}
			file.add(u, place)
		}
		add(buildUse{Use: steps.Use, feed: steps.Supply.Feed, unbounded: inputNames(def, steps.Unbounded)}, steps.Of)
		if u := cost.MemoryUse(n, &first.Reader); u.Most > 0 {
			add(buildUse{Use: u}, u.Limit.Size)
		}
		for u := range cost.Sizes(n, &first.Reader) {
			add(buildUse{Use: u}, u.Limit.Size)
		}
		if file.costliest == nil || moreExpensive(steps, dearest) {
			dearest = steps
			file.costliest = &costliest{build: first.Build, feed: steps.Supply.Feed, total: steps.Used, budget: steps.Most, unbounded: len(steps.Unbounded) > 0}
			file.costliest.rules = c.rules(f, def, cost.Lengths(def, first.Reader.Access, steps.Supply))
		}
	}
	slices.SortStableFunc(file.uses, func(a, b buildUse) int { return cmp.Or(b.Tighter(a.Use), cmp.Compare(a.Limit, b.Limit)) })
	c.files = append(c.files, file)
}

// suppliesOf returns the supplies of a contract for the type version of the needs.
func suppliesOf(c *sensor.Contract, n *sensor.Needs) iter.Seq[*sensor.Supply] {
	return func(yield func(*sensor.Supply) bool) {
		for _, s := range c.SuppliesOf(n.TypeName, n.TypeVersion) {
			if !yield(s) {
				return
			}
		}
	}
}

// moreExpensive reports whether an event of a is nearer to its budget than an event of b.
func moreExpensive(a, b cost.EventUse) bool {
	return cmp.Or(cmp.Compare(len(a.Unbounded), len(b.Unbounded)), a.Tighter(b.Use), cmp.Compare(a.Used, b.Used)) > 0
}

// A useKey has everything that equal uses have in common.
type useKey struct {
	cost.Use
	feed, unbounded string
	trend           cost.Trend
}

// add adds a use, or its builds to a use that is otherwise equal. A fleet can have thousands of
// distinct contracts.
func (f *fileCost) add(u buildUse, place map[useKey]int) {
	key := useKey{u.Use, u.feed, strings.Join(u.unbounded, "\x00"), u.trend}
	i, ok := place[key]
	if !ok {
		place[key] = len(f.uses)
		f.uses = append(f.uses, u)
		return
	}
	f.uses[i].builds = append(f.uses[i].builds, u.builds...)
	f.uses[i].hosts += min(u.hosts, math.MaxUint64-f.uses[i].hosts)
}

// rules returns the most expensive rules of a file.
func (c *Costs) rules(f *channelfile.File, def *sensor.Definition, lengths func(int) (int, bool)) []ruleCost {
	var list []ruleCost
	for _, r := range cost.Rules(f, lengths, c.Top) {
		rule := ruleCost{Rule: r, id: f.Instance(r.Instance).ID, origin: f.ShortOrigin(r.Instance, maxCostText)}
		if r.Criterion >= 0 {
			k := f.Criterion(r.Criterion)
			rule.criterion = &criterionCost{input: int(k.Input), operator: k.Operator, operands: k.Count}
			if def != nil && int(k.Input) < len(def.Inputs) {
				rule.criterion.name = def.Inputs[k.Input].Name
			}
			for w, in := 0, f.Instance(r.Instance); w < in.Count; w++ {
				if word := f.Word(in.First + w); word.IsReference() && word.Criterion() == r.Criterion {
					rule.criterion.line, _ = f.ShortUse(in.First+w, 0)
					break
				}
			}
		}
		list = append(list, rule)
	}
	return list
}

func inputNames(def *sensor.Definition, inputs []int) []string {
	var names []string
	for _, i := range inputs {
		names = append(names, inputName(def, i))
	}
	return names
}

// maxCostText is the maximum number of bytes of each text of a rule.
const maxCostText = 1024

// costUses and costBuilds limit the lines that Text writes for each file, and the builds that it
// names in a line.
const (
	costUses   = 40
	costBuilds = 5
)

// Text writes the costs for people. The limits of each file are sorted by the part that
// the file uses, the greatest part first.
func (c *Costs) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	for i := range c.files {
		c.files[i].text(b)
	}
	return b.Flush()
}

func (f *fileCost) text(w io.Writer) {
	n := f.needs
	typ := n.TypeName
	if typ == "" {
		typ = strconv.FormatUint(uint64(n.Type), 10)
	}
	fmt.Fprintf(w, "%s, fleet %s\n", Clean(f.name), Clean(f.fleet))
	fmt.Fprintf(w, "  channel %d revision %d, type %s version %d: %s, %s\n", n.Channel, n.Revision, Clean(typ), n.TypeVersion,
		count(n.Sizes.Instances, "rule"), count(n.Sizes.Criteria, "criterion"))
	for i := range f.uses {
		if i == costUses {
			fmt.Fprintf(w, "       and %d more limits; --format json has them\n", len(f.uses)-i)
			break
		}
		fmt.Fprintf(w, "  %s\n", Clean(f.uses[i].String()))
	}
	if len(f.without) > 0 {
		fmt.Fprintf(w, "       the type version is missing on %s\n", Clean(buildList(f.without)))
	}
	k := f.costliest
	if k == nil || len(k.rules) == 0 {
		return
	}
	from := "build " + k.build
	if k.feed != "" {
		from = "feed " + k.feed + " of " + from
	}
	fmt.Fprintf(w, "  the costliest rules, for an event of %s\n", Clean(from))
	for i := range k.rules {
		k.rules[i].text(w, k.total, k.unbounded)
	}
}

// text writes a rule. Total is the cost of the event, without the inputs that have no bound.
func (r *ruleCost) text(w io.Writer, total uint64, unbounded bool) {
	name := r.id.String()
	if r.origin.Title != "" {
		name = strconv.Quote(r.origin.Title)
	}
	place := ""
	if r.origin.Path != "" {
		place = "  " + r.origin.Path
		if r.origin.Line > 0 {
			place += ":" + strconv.Itoa(r.origin.Line)
		}
	}
	steps := numeral.Thousands(r.Steps) + " steps"
	if r.PerByte > 0 {
		steps += fmt.Sprintf(" and %s a byte", numeral.Thousands(r.PerByte))
	}
	part := "     "
	if !unbounded {
		part = fmt.Sprintf("%3d %%", cost.Use{Used: r.Steps, Most: total}.Percent())
	}
	fmt.Fprintf(w, "    %s  %s, %s its own: %s%s\n", part, steps, numeral.Thousands(r.Own), Clean(name), Clean(place))
	if k := r.criterion; k != nil {
		name := k.name
		if name == "" {
			name = fmt.Sprintf("input %d", k.input+1)
		}
		line := ""
		if k.line > 0 {
			line = fmt.Sprintf(", line %d", k.line)
		}
		operands := ""
		if k.operands > 0 {
			operands = ", " + count(uint64(k.operands), "operand")
		}
		fmt.Fprintf(w, "           %v on %s%s%s: %s\n", k.operator, Clean(name), operands, line, count(r.Most, "step"))
	}
}

// String returns a line such as "93 %  187 of 200 instances, +12 a release, room for 1
// more release: builds 7.11, 7.16 (1,000 hosts)".
func (u *buildUse) String() string {
	if len(u.unbounded) > 0 || u.Most == 0 {
		return "       " + u.used()
	}
	return fmt.Sprintf("%3d %%  %s", u.Percent(), u.used())
}

// used returns the line without the percentage.
func (u *buildUse) used() string {
	unit := u.Limit.Unit()
	if u.feed != "" {
		unit += " of feed " + u.feed
	}
	var b strings.Builder
	switch {
	case len(u.unbounded) > 0:
		fmt.Fprintf(&b, "more than %s %s, without a bound because of %s", numeral.Thousands(u.Used), unit, strings.Join(u.unbounded, ", "))
	case u.Most == 0:
		fmt.Fprintf(&b, "%s %s, no budget", numeral.Thousands(u.Used), unit)
	default:
		fmt.Fprintf(&b, "%s of %s %s", numeral.Thousands(u.Used), numeral.Thousands(u.Most), unit)
	}
	if s := u.Outlook(u.trend); s != "" {
		fmt.Fprintf(&b, ", %s", s)
	}
	fmt.Fprintf(&b, ": %s (%s)", buildList(u.builds), count(u.hosts, "host"))
	return b.String()
}

func buildList(builds []string) string {
	switch more := len(builds) - costBuilds; {
	case len(builds) == 1:
		return "build " + builds[0]
	case more > 0:
		return fmt.Sprintf("builds %s and %d more", strings.Join(builds[:costBuilds], ", "), more)
	}
	return "builds " + strings.Join(builds, ", ")
}

type (
	jsonCosts struct {
		Schema string         `json:"schema"`
		Files  []jsonFileCost `json:"files"`
	}
	jsonFileCost struct {
		File      string         `json:"file"`
		Fleet     string         `json:"fleet"`
		Channel   uint32         `json:"channel"`
		Revision  uint32         `json:"revision"`
		Type      uint32         `json:"type"`
		Name      string         `json:"typeName,omitempty"`
		Version   uint32         `json:"typeVersion"`
		Rules     uint64         `json:"rules"`
		Criteria  uint64         `json:"criteria"`
		Earlier   int            `json:"earlierRevisions"`
		Uses      []jsonUse      `json:"uses"`
		Without   []string       `json:"withoutTypeVersion"`
		Costliest *jsonCostliest `json:"costliest,omitempty"`
	}
	jsonUse struct {
		Limit     string     `json:"limit"`
		Used      uint64     `json:"used"`
		Most      uint64     `json:"most,omitempty"`
		Percent   *uint64    `json:"percent,omitempty"`
		Feed      string     `json:"feed,omitempty"`
		Unbounded []string   `json:"unbounded,omitempty"`
		Trend     *jsonTrend `json:"trend,omitempty"`
		Builds    []string   `json:"builds"`
		Hosts     uint64     `json:"hosts"`
	}
	jsonTrend struct {
		Releases uint64  `json:"releases"`
		First    uint64  `json:"first"`
		Growth   uint64  `json:"growth"`
		Left     *uint64 `json:"releasesLeft,omitempty"`
	}
	jsonCostliest struct {
		Build string         `json:"build"`
		Feed  string         `json:"feed,omitempty"`
		Steps uint64         `json:"steps"`
		Rules []jsonRuleCost `json:"rules"`
	}
	jsonRuleCost struct {
		Steps     uint64             `json:"steps"`
		Own       uint64             `json:"ownSteps"`
		PerByte   uint64             `json:"stepsPerUnboundedByte,omitempty"`
		ID        string             `json:"id"`
		Rule      string             `json:"rule,omitempty"`
		Title     string             `json:"title,omitempty"`
		Path      string             `json:"path,omitempty"`
		Line      int                `json:"line,omitempty"`
		Criterion *jsonCriterionCost `json:"costliestCriterion,omitempty"`
	}
	jsonCriterionCost struct {
		Input    int    `json:"input"`
		Name     string `json:"name,omitempty"`
		Operator string `json:"operator"`
		Operands int    `json:"operands"`
		Line     int    `json:"line,omitempty"`
		Steps    uint64 `json:"steps"`
	}
)

// JSON writes the costs for programs, in the form of [CostSchema].
func (c *Costs) JSON(w io.Writer) error {
	out := jsonCosts{CostSchema, []jsonFileCost{}}
	for i := range c.files {
		f := &c.files[i]
		n := f.needs
		file := jsonFileCost{
			File: valid(f.name), Fleet: f.fleet, Channel: n.Channel, Revision: n.Revision, Type: n.Type, Name: n.TypeName, Version: n.TypeVersion,
			Rules: n.Sizes.Instances, Criteria: n.Sizes.Criteria, Earlier: f.earlier, Uses: []jsonUse{}, Without: list(f.without),
		}
		for _, u := range f.uses {
			file.Uses = append(file.Uses, u.json())
		}
		if k := f.costliest; k != nil {
			file.Costliest = &jsonCostliest{k.build, k.feed, k.total, []jsonRuleCost{}}
			for i := range k.rules {
				file.Costliest.Rules = append(file.Costliest.Rules, k.rules[i].json())
			}
		}
		out.Files = append(out.Files, file)
	}
	return writeIndented(w, out)
}

func (u *buildUse) json() jsonUse {
	out := jsonUse{Limit: u.Limit.String(), Used: u.Used, Most: u.Most, Feed: u.feed, Unbounded: u.unbounded, Builds: u.builds, Hosts: u.hosts}
	if u.Most > 0 && len(u.unbounded) == 0 {
		percent := u.Percent()
		out.Percent = &percent
	}
	if t := u.trend; t.Releases > 0 {
		out.Trend = &jsonTrend{Releases: t.Releases, First: t.First, Growth: t.Growth()}
		if left, ok := t.Left(u.Room()); ok && u.Most > 0 {
			out.Trend.Left = &left
		}
	}
	return out
}

func (r *ruleCost) json() jsonRuleCost {
	out := jsonRuleCost{
		Steps: r.Steps, Own: r.Own, PerByte: r.PerByte, ID: r.id.String(),
		Rule: valid(r.origin.Rule), Title: valid(r.origin.Title), Path: valid(r.origin.Path), Line: r.origin.Line,
	}
	if k := r.criterion; k != nil {
		out.Criterion = &jsonCriterionCost{k.input, k.name, k.operator.String(), k.operands, k.line, r.Most}
	}
	return out
}
