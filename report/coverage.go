package report

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/coverage"
)

// CoverageSchema is the name and version of the schema of JSON coverage, which is
// schema/coverage.json.
const CoverageSchema = "cfcheck.coverage/v0"

// A Coverage states which rules the hosts of fleets can see.
type Coverage struct {
	fleets []*fleetCoverage
	fleet  map[*sensor.Fleet]*fleetCoverage
}

// A fleetCoverage is the coverage of the rules of a run by the hosts of one fleet.
type fleetCoverage struct {
	name          string
	builds, hosts uint64
	types         []*typeCoverage
	rules         []ruleCoverage
}

// A typeCoverage counts the pairs of a rule of one type and a host. The last count is for hosts
// whose contract states that they lack the type.
type typeCoverage struct {
	name  string
	rules uint64
	pairs [coverage.Verdicts + 1]uint64
}

const lacking = int(coverage.Verdicts) // place in typeCoverage.pairs

// A ruleCoverage is the coverage of one rule.
type ruleCoverage struct {
	id     channelfile.ID
	origin channelfile.Origin
	typ    string
	groups []coverageGroup
}

// A coverageGroup is a set of hosts that see the same of a rule.
type coverageGroup struct {
	*cohortGroup
	verdict      coverage.Verdict
	alternatives int
	dead         int
	reasons      []coverageReason // why alternatives are dead, each once
	line         int              // of the first dead alternative in the rule; 0 means unknown
}

// A cohortGroup has the builds whose contracts say the same about a type.
type cohortGroup struct {
	hosts  *coverage.Hosts
	lack   *sensor.Lack // not nil if the contract states that the hosts lack the type
	builds []string
	count  uint64 // of hosts
}

// A coverageReason is a reason for dead alternatives.
type coverageReason struct {
	line int // of the comparison in the rule; 0 means unknown
	why  string
}

// maxCoverageReasons is the largest number of reasons that a group has.
const maxCoverageReasons = 4

// Add adds the rules of a file of the type of d, for the hosts of a fleet.
func (c *Coverage) Add(f *channelfile.File, d *sensor.Definition, fleet *sensor.Fleet) {
	of := c.fleet[fleet]
	if of == nil {
		of = &fleetCoverage{name: fleet.Name, builds: uint64(len(fleet.Contracts)), hosts: fleet.Hosts()}
		if fleet.Builtin {
			of.name = "example " + of.name
		}
		if c.fleet == nil {
			c.fleet = map[*sensor.Fleet]*fleetCoverage{}
		}
		c.fleet[fleet] = of
		c.fleets = append(c.fleets, of)
	}
	j := coverage.NewJudge(f, d)
	groups := cohortGroups(j, d, fleet)
	i := slices.IndexFunc(of.types, func(t *typeCoverage) bool { return t.name == d.Name })
	if i < 0 {
		i = len(of.types)
		of.types = append(of.types, &typeCoverage{name: d.Name})
	}
	counts := of.types[i]
	for i := range f.Instances() {
		rule := ruleCoverage{id: f.Instance(i).ID, origin: f.ShortOrigin(i, maxCostText), typ: d.Name}
		for _, g := range groups {
			group := coverageOf(j, f, d, g, i)
			place := int(group.verdict)
			if g.lack != nil && group.verdict == coverage.NotAddressed {
				place = lacking
			}
			counts.pairs[place] = saturating(counts.pairs[place], g.count)
			rule.groups = append(rule.groups, group)
		}
		counts.rules++
		of.rules = append(of.rules, rule)
	}
}

// saturating adds, up to the greatest number.
func saturating(a, b uint64) uint64 { return a + min(b, math.MaxUint64-a) }

// cohortGroups returns the groups of a fleet for a type, in the order of their first builds.
func cohortGroups(j *coverage.Judge, d *sensor.Definition, fleet *sensor.Fleet) []*cohortGroup {
	var groups []*cohortGroup
	for _, members := range fleet.Distinct() {
		first := &fleet.Contracts[members[0]]
		g := &cohortGroup{hosts: j.Hosts(first), lack: first.Lack(d.Name, d.Version)}
		i := slices.IndexFunc(groups, func(o *cohortGroup) bool {
			return g.hosts.Same(o.hosts) && (g.lack == nil) == (o.lack == nil) && g.hosts.SameDocuments(o.hosts)
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, g)
		}
		for _, k := range members {
			groups[i].builds = append(groups[i].builds, fleet.Contracts[k].Build)
			groups[i].count = saturating(groups[i].count, fleet.Contracts[k].Hosts)
		}
	}
	return groups
}

// coverageOf returns the coverage of an instance by the hosts of a group.
func coverageOf(j *coverage.Judge, f *channelfile.File, d *sensor.Definition, g *cohortGroup, instance int) coverageGroup {
	r := j.Result(g.hosts, instance)
	group := coverageGroup{cohortGroup: g, verdict: r.Verdict, dead: r.States[coverage.Dead]}
	for _, n := range r.States {
		group.alternatives += n
	}
	add := func(line int, why string) {
		if len(group.reasons) < maxCoverageReasons && !slices.ContainsFunc(group.reasons, func(r coverageReason) bool { return r.why == why }) {
			group.reasons = append(group.reasons, coverageReason{line, why})
		}
	}
	switch {
	case r.Verdict == coverage.NotAddressed && g.lack != nil:
		why := "the hosts lack the type"
		if g.lack.Basis.Reason != "" {
			why += " (" + g.lack.Basis.Reason + ")"
		}
		add(0, why)
	case r.Verdict == coverage.NotAddressed:
		add(0, fmt.Sprintf("the contract has no supply of %s version %d", d.Name, d.Version))
	case r.Verdict == coverage.NotCollected && len(r.Dead) == 0:
		for i := range g.hosts.Supplies {
			add(0, j.Describe(g.hosts, &coverage.Cause{Supply: i, Reason: coverage.NotRecorded, Input: -1, Element: -1}))
		}
	}
	for i := range r.Dead {
		dead := &r.Dead[i]
		var whys []string
		line := 0
		for k := range dead.Causes {
			whys = append(whys, j.Describe(g.hosts, &dead.Causes[k]))
			if line == 0 && len(dead.Alternative) > 0 {
				line, _ = f.ShortUse(j.Decides(g.hosts, dead, k).Word, 0)
			}
		}
		if group.line == 0 {
			group.line = line
		}
		add(line, strings.Join(whys, "; "))
	}
	return group
}

// Rules returns the number of rules, each counted once for each fleet.
func (c *Coverage) Rules() (n int) {
	for _, f := range c.fleets {
		n += len(f.rules)
	}
	return n
}

// A Share is a part of a number of pairs of a rule and a host.
type Share struct {
	Covered, Pairs uint64
}

// Covered returns the pairs that count for a fleet, and those of them that are covered. A pair
// counts unless the contract of the host states that the host lacks the type. It is covered unless
// the rule is never seen, not collected or not addressed there.
func (f *fleetCoverage) covered() (s Share) {
	for _, t := range f.types {
		for v := range coverage.Verdicts {
			s.Pairs = saturating(s.Pairs, t.pairs[v])
			if v != coverage.NotAddressed && !v.Blind() {
				s.Covered = saturating(s.Covered, t.pairs[v])
			}
		}
	}
	return s
}

// Shares returns the covered pairs of each fleet, in the order in which they were added.
func (c *Coverage) Shares() (names []string, shares []Share) {
	for _, f := range c.fleets {
		names, shares = append(names, f.name), append(shares, f.covered())
	}
	return names, shares
}

// millionthsOfPercent is the number of millionths in a percent.
const millionthsOfPercent = 10_000

// AtLeast reports whether the share is at least a number of millionths. No pairs are no share.
func (s Share) AtLeast(millionths uint64) bool {
	if s.Pairs == 0 {
		return false
	}
	ah, al := bits.Mul64(s.Covered, 100*millionthsOfPercent)
	bh, bl := bits.Mul64(s.Pairs, millionths)
	return ah > bh || ah == bh && al >= bl
}

// millionths returns the share, rounded down.
func (s Share) millionths() uint64 {
	if s.Pairs == 0 {
		return 0
	}
	hi, lo := bits.Mul64(s.Covered, 100*millionthsOfPercent)
	q, _ := bits.Div64(hi, lo, s.Pairs)
	return q
}

// String returns the share in percent, rounded down to two digits.
func (s Share) String() string {
	m := s.millionths()
	return fmt.Sprintf("%d.%02d %%", m/millionthsOfPercent, m%millionthsOfPercent/100)
}

// columns are the verdicts in the order of the table.
var coverageColumns = []struct {
	verdict coverage.Verdict
	title   string
}{
	{coverage.Sees, "sees"}, {coverage.InPart, "in part"}, {coverage.ByLuck, "by luck"}, {coverage.NotKnown, "not known"},
	{coverage.Never, "never"}, {coverage.NotCollected, "not collected"}, {coverage.NotAddressed, "not addressed"},
}

// Text writes the coverage for people: a table of the categories, and the rules that no host sees.
func (c *Coverage) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, f := range c.fleets {
		f.text(b)
	}
	return b.Flush()
}

func (f *fleetCoverage) text(w io.Writer) {
	fmt.Fprintf(w, "fleet %s: %s, %s; %s\n", Clean(f.name), count(f.builds, "build"), count(f.hosts, "host"), count(uint64(len(f.rules)), "rule"))
	s := f.covered()
	fmt.Fprintf(w, "covered: %v of %s pairs of a rule and a host\n\n", s, numeral.Thousands(s.Pairs))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "rules\t")
	for _, k := range coverageColumns {
		fmt.Fprintf(t, "%s\t", k.title)
	}
	fmt.Fprintln(t, "  category")
	total := &typeCoverage{name: "all"}
	for _, of := range f.types {
		total.rules += of.rules
		for v := range of.pairs {
			total.pairs[v] = saturating(total.pairs[v], of.pairs[v])
		}
		f.row(t, of)
	}
	if len(f.types) > 1 {
		f.row(t, total)
	}
	t.Flush()
	f.unseen(w)
}

// row writes the number of rules in each verdict on an average host.
func (f *fleetCoverage) row(w io.Writer, t *typeCoverage) {
	fmt.Fprintf(w, "%d\t", t.rules)
	for _, k := range coverageColumns {
		n := t.pairs[k.verdict]
		if k.verdict == coverage.NotAddressed {
			n = saturating(n, t.pairs[lacking])
		}
		switch whole := n / max(f.hosts, 1); {
		case n == 0:
			fmt.Fprint(w, ".\t")
		case n%f.hosts == 0:
			fmt.Fprintf(w, "%d\t", whole)
		default:
			fmt.Fprintf(w, "%.1f\t", max(float64(n)/float64(f.hosts), 0.1))
		}
	}
	fmt.Fprintf(w, "  %s\n", Clean(t.name))
}

// seen reports whether a host sees the rule, or may.
func (r *ruleCoverage) seen() bool {
	return slices.ContainsFunc(r.groups, func(g coverageGroup) bool { return g.verdict != coverage.NotAddressed && !g.verdict.Blind() })
}

// unseen lists the rules that no host sees, together with those that have the same reasons.
func (f *fleetCoverage) unseen(w io.Writer) {
	type section struct {
		head  string
		rules []*ruleCoverage
	}
	var sections []*section
	of := map[string]*section{}
	n := 0
	for i := range f.rules {
		r := &f.rules[i]
		if r.seen() {
			continue
		}
		n++
		var b strings.Builder
		for _, g := range r.groups {
			who := ""
			if len(r.groups) > 1 {
				who = ", " + buildList(g.builds)
			}
			fmt.Fprintf(&b, "  %v on %s%s\n", g.verdict, count(g.count, "host"), Clean(who))
			for _, why := range g.reasons {
				fmt.Fprintf(&b, "    %s\n", Clean(why.why))
			}
		}
		head := r.typ + ":\n" + b.String()
		if of[head] == nil {
			of[head] = &section{head: head}
			sections = append(sections, of[head])
		}
		of[head].rules = append(of[head].rules, r)
	}
	if n == 0 {
		fmt.Fprintln(w, "\nEach rule is seen by a host, or may be.")
		return
	}
	fmt.Fprintf(w, "\n%s that no host sees:\n", count(uint64(n), "rule"))
	for _, s := range sections {
		fmt.Fprintf(w, "\n%s of %s", count(uint64(len(s.rules)), "rule"), s.head)
		for _, r := range s.rules {
			fmt.Fprintf(w, "      %s\n", Clean(r.String()))
		}
	}
}

// String names the rule, with the line of its first dead alternative.
func (r *ruleCoverage) String() string {
	line := r.origin.Line
	for _, g := range r.groups {
		if g.line > 0 {
			line = g.line
			break
		}
	}
	return placeOfRule(r.id, r.origin, line)
}

// placeOfRule returns the place and the title of a rule, or its ID if its source is unknown. Line 0
// is unknown.
func placeOfRule(id channelfile.ID, origin channelfile.Origin, line int) string {
	text := id.String()
	if origin.Path != "" {
		text = origin.Path
		if line > 0 {
			text += ":" + strconv.Itoa(line)
		}
	}
	if origin.Title != "" {
		text += "  " + strconv.Quote(origin.Title)
	}
	return text
}

// CSV writes a line for each rule and each set of hosts that see the same of it.
func (c *Coverage) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"fleet", "type", "id", "title", "path", "line", "verdict", "hosts", "builds", "alternatives", "dead", "reason"}); err != nil {
		return err
	}
	for _, f := range c.fleets {
		for i := range f.rules {
			r := &f.rules[i]
			for _, g := range r.groups {
				var whys []string
				for _, why := range g.reasons {
					whys = append(whys, why.why)
				}
				line := r.origin.Line
				if g.line > 0 {
					line = g.line
				}
				row := []string{
					f.name, r.typ, r.id.String(), r.origin.Title, r.origin.Path, strconv.Itoa(line), g.verdict.String(), strconv.FormatUint(g.count, 10),
					strings.Join(g.builds, " "), strconv.Itoa(g.alternatives), strconv.Itoa(g.dead), strings.Join(whys, " | "),
				}
				for k := range row {
					row[k] = cell(row[k])
				}
				if err := out.Write(row); err != nil {
					return err
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

type (
	jsonCoverage struct {
		Schema string              `json:"schema"`
		Fleets []jsonFleetCoverage `json:"fleets"`
	}
	jsonFleetCoverage struct {
		Fleet   string             `json:"fleet"`
		Builds  uint64             `json:"builds"`
		Hosts   uint64             `json:"hosts"`
		Pairs   uint64             `json:"pairs"`
		Covered uint64             `json:"covered"`
		Share   float64            `json:"percent"`
		Types   []jsonTypeCoverage `json:"types"`
		Rules   []jsonRuleCoverage `json:"rules"`
	}
	jsonTypeCoverage struct {
		Type  string            `json:"type"`
		Rules uint64            `json:"rules"`
		Pairs map[string]uint64 `json:"pairs"`
	}
	jsonRuleCoverage struct {
		ID    string              `json:"id"`
		Type  string              `json:"type"`
		Rule  string              `json:"rule,omitempty"`
		Title string              `json:"title,omitempty"`
		Path  string              `json:"path,omitempty"`
		Line  int                 `json:"line,omitempty"`
		Hosts []jsonCoverageGroup `json:"hosts"`
	}
	jsonCoverageGroup struct {
		Verdict      string               `json:"verdict"`
		Hosts        uint64               `json:"hosts"`
		Builds       []string             `json:"builds"`
		Alternatives int                  `json:"alternatives"`
		Dead         int                  `json:"dead"`
		Reasons      []jsonCoverageReason `json:"reasons"`
	}
	jsonCoverageReason struct {
		Line int    `json:"line,omitempty"`
		Why  string `json:"why"`
	}
)

// JSON writes the coverage for programs, in the form of [CoverageSchema].
func (c *Coverage) JSON(w io.Writer) error {
	out := jsonCoverage{CoverageSchema, []jsonFleetCoverage{}}
	for _, f := range c.fleets {
		s := f.covered()
		fleet := jsonFleetCoverage{
			Fleet: f.name, Builds: f.builds, Hosts: f.hosts, Pairs: s.Pairs, Covered: s.Covered, Share: float64(s.millionths()/100) / 100,
			Types: []jsonTypeCoverage{}, Rules: []jsonRuleCoverage{},
		}
		for _, t := range f.types {
			of := jsonTypeCoverage{t.name, t.rules, map[string]uint64{}}
			for v := range coverage.Verdicts {
				of.Pairs[v.String()] = t.pairs[v]
			}
			of.Pairs["lacking"] = t.pairs[lacking]
			fleet.Types = append(fleet.Types, of)
		}
		for i := range f.rules {
			fleet.Rules = append(fleet.Rules, f.rules[i].json())
		}
		out.Fleets = append(out.Fleets, fleet)
	}
	return writeIndented(w, out)
}

func (r *ruleCoverage) json() jsonRuleCoverage {
	out := jsonRuleCoverage{
		ID: r.id.String(), Type: r.typ, Rule: valid(r.origin.Rule), Title: valid(r.origin.Title), Path: valid(r.origin.Path), Line: r.origin.Line,
		Hosts: []jsonCoverageGroup{},
	}
	for _, g := range r.groups {
		group := jsonCoverageGroup{g.verdict.String(), g.count, g.builds, g.alternatives, g.dead, []jsonCoverageReason{}}
		for _, why := range g.reasons {
			group.Reasons = append(group.Reasons, jsonCoverageReason{why.line, valid(why.why)})
		}
		out.Hosts = append(out.Hosts, group)
	}
	return out
}
