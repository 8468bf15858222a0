package report

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/report/internal/page"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/coverage"
	"github.com/cfcheck/cfcheck/validate"
)

// A Picture collects facts that [HTML] draws and that results do not hold: the state of each rule
// on each build, the costs, the parts of files, and the change since the previous release. Call
// [Picture.Add] for each report of a run before [Judged], and set Run.Picture.
//
// Its memory is bounded: beyond a number of cells it only counts rules.
type Picture struct {
	Definitions *sensor.Definitions // have the names of inputs; nil means not known
	// Recorded are the events on which checks run content. The page explains why rules match
	// those that findings name.
	Recorded []*validate.Recorded

	fleets   []*matrix
	costs    Costs
	maps     []fileMap
	lost     int // files without a map
	whys     whys
	diff     Diff
	compared bool
	cells    int    // in all matrices
	rows     int    // in all matrices
	work     uint64 // of all judges of coverage
}

// The bounds of a picture.
const (
	maxCells    = 4 << 20 // of all matrices
	maxRows     = 25_000  // of all matrices
	maxCoverage = 1 << 30 // comparisons of coverage
	maxMaps     = 50      // files that are drawn
	maxReasons  = 1 << 16 // different reasons of a matrix
	costRules   = 5       // expensive rules of a file
	maxRuleText = 300     // bytes of each text of a rule
)

// A matrix has the state of each rule on the builds of a fleet.
type matrix struct {
	fleet   *sensor.Fleet
	name    string
	columns []page.Column
	column  map[string]int // by the name of a build
	all     []int          // the numbers of all columns
	rows    []matrixRow
	place   map[string]int // row of a rule that is in no file, by its identity
	missing int            // rules that did not fit
	unheld  int            // findings that the reports do not hold
	unasked int            // rules whose coverage was not computed

	cells   page.Texts
	reasons page.Texts
	reason  map[string]int // by the text before it is cleaned
	sets    [][]int
	set     map[string]int // by the columns
}

// A matrixRow is a rule.
type matrixRow struct {
	page.Rule
	causes []causeKey
}

// A causeKey identifies a cause of findings in a run.
type causeKey struct{ subject, fleet, check, group string }

// causeOf returns the key of a finding of a result.
func causeOf(subject, fleet string, f *validate.Finding) causeKey {
	if f.Group != "" {
		return causeKey{subject, fleet, f.Check.ID, f.Group}
	}
	return causeKey{"", "", f.Check.ID, "=" + f.Message}
}

// The states of a rule on a build, as in page.States.
const (
	stateUnsafe   = 'u'
	stateNoResult = 'x'
	stateBlind    = 'b'
	stateWidened  = 'w'
	stateWeakened = 'k'
	stateUnseen   = 'n'
	stateNotKnown = 'q'
	stateSafe     = 's'
	stateWithout  = 'a'
)

// stateRank has the rank of each state: 0 is the worst.
var stateRank = func() (rank [256]int) {
	for i, s := range page.States {
		rank[s.ID[0]] = i
	}
	return rank
}()

// covers are the states by the verdict of coverage.
var covers = map[coverage.Verdict]byte{
	coverage.Sees: stateSafe, coverage.InPart: stateWeakened, coverage.ByLuck: stateWeakened, coverage.NotKnown: stateNotKnown,
	coverage.Never: stateBlind, coverage.NotCollected: stateUnseen, coverage.NotAddressed: stateWithout,
}

// stateOf returns the state that a finding about builds states, or 0.
func stateOf(c *validate.Check) byte {
	switch {
	case c.Severity == validate.Error:
		return stateUnsafe
	case c.ID == "CF3012":
		return stateBlind
	case c.ID == "CF3013":
		return stateWidened
	case c.ID == "CF3014":
		return stateWeakened
	case c.ID == "CF3015":
		return stateNotKnown
	}
	return 0
}

// Add adds the report on a subject. The name of the fleet is as in Result.FleetNamed. The report
// must still have its File.
func (p *Picture) Add(r *validate.Report, fleet string) {
	if lacks(r) != "" {
		return // its result is undecided
	}
	p.addMap(r)
	if r.Fleet == nil {
		return
	}
	conforms := r.File != nil && r.Needs != nil && r.File.Conformance() == 0
	if conforms && r.Definition != nil {
		p.whys.add(r, p.Recorded)
	}
	if conforms {
		p.costs.Top = costRules
		p.costs.Add(r.Subject.Name, r.File, p.Definitions, r.Fleet, nil)
	}
	m := p.matrix(r.Fleet, fleet)
	from := len(m.rows)
	if conforms {
		p.rules(m, r)
	}
	m.findings(r, fleet, from)
	for i := from; i < len(m.rows); i++ {
		m.rows[i].Cells = m.cells.List[m.cells.Number(m.rows[i].Cells)]
	}
}

// matrix returns the matrix of a fleet.
func (p *Picture) matrix(f *sensor.Fleet, named string) *matrix {
	for _, m := range p.fleets {
		if m.fleet == f {
			return m
		}
	}
	m := &matrix{fleet: f, name: cmp.Or(named, f.Name), column: map[string]int{}, place: map[string]int{}, set: map[string]int{}, reason: map[string]int{}}
	for _, members := range f.Distinct() {
		var c page.Column
		for _, k := range members {
			c.Builds = append(c.Builds, shown(f.Contracts[k].Build))
			c.Hosts += min(f.Contracts[k].Hosts, math.MaxUint64-c.Hosts)
			m.column[f.Contracts[k].Build] = len(m.columns)
		}
		m.all = append(m.all, len(m.columns))
		m.columns = append(m.columns, c)
	}
	p.fleets = append(p.fleets, m)
	return m
}

// rules adds the rules of a file, with their coverage.
func (p *Picture) rules(m *matrix, r *validate.Report) {
	f, d := r.File, r.Definition
	n := f.Instances()
	if p.cells+n*len(m.columns) > maxCells || p.rows+n > maxRows {
		m.missing += n
		return
	}
	p.cells += n * len(m.columns)
	p.rows += n
	// A build without a result is one of a type that no definition has.
	base := strings.Repeat(string(rune(stateNotKnown)), len(m.columns))
	var judge *coverage.Judge
	var groups []*cohortGroup
	var sets []int // of the columns of a group
	if d != nil {
		judge = coverage.NewJudge(f, d)
		groups = cohortGroups(judge, d, r.Fleet)
		for _, g := range groups {
			sets = append(sets, m.setOf(g.builds))
		}
	}
	why := becauses{columns: map[int][]int{}}
	without := map[int]bool{}
	for i := range r.Builds {
		if k, ok := m.column[r.Builds[i].Name]; ok && !r.Builds[i].Addressed {
			without[k] = true
		}
	}
	for i := range n {
		o := f.ShortOrigin(i, maxRuleText)
		row := matrixRow{Rule: page.Rule{Title: shown(o.Title), ID: cmp.Or(shown(o.Rule), f.Instance(i).ID.String()), Author: shown(o.Author), Where: whereOf(r, i, o)}}
		if d != nil {
			row.Type = shown(d.Name)
		}
		cells := []byte(base)
		before := uint64(0)
		if judge != nil {
			before = judge.Work()
		}
		if p.work > maxCoverage {
			m.unasked++
		} else {
			for g, of := range groups {
				see := coverageOf(judge, f, d, of, i)
				for _, k := range m.sets[sets[g]] {
					cells[k] = covers[see.verdict]
				}
				for _, reason := range see.reasons {
					m.because(&why, onFeed(of.hosts)+reason.why, sets[g])
				}
			}
			if judge != nil {
				p.work += judge.Work() - before
				judge.Forget(i)
			}
		}
		for k := range without {
			cells[k] = stateWithout
		}
		row.Cells, row.Because = string(cells), m.pairs(&why)
		m.rows = append(m.rows, row)
	}
}

// onFeed names the feed of hosts that have one feed. A reason names the feed of others.
func onFeed(h *coverage.Hosts) string {
	if len(h.Supplies) != 1 || h.Supplies[0].Feed == "" {
		return ""
	}
	return "feed " + h.Supplies[0].Feed + ": "
}

// whereOf returns the place of an instance, as the findings name it.
func whereOf(r *validate.Report, instance int, o channelfile.Origin) string {
	at := validate.Position{Path: o.Path, Line: o.Line}
	if r.Subject.Origin != nil {
		part := validate.Part{Path: fmt.Sprintf("instance[%d]", instance), ID: r.File.Instance(instance).ID, Input: -1, From: at, At: r.File.InstanceRange(instance)}
		if pos, ok := r.Subject.Origin(part); ok {
			at = pos
		}
	}
	if at.Path == "" || at.Line < 1 {
		return shown(at.Path)
	}
	return shown(at.Path) + ":" + strconv.Itoa(at.Line)
}

// setOf returns the number of the set of the columns of builds.
func (m *matrix) setOf(builds []string) int {
	var list []int
	for _, b := range builds {
		if k, ok := m.column[b]; ok {
			list = append(list, k)
		}
	}
	return m.numberOf(list)
}

// numberOf returns the number of a set of columns, which it sorts.
func (m *matrix) numberOf(list []int) int {
	slices.Sort(list)
	list = slices.Compact(list)
	var key []byte
	for _, k := range list {
		key = binary.AppendUvarint(key, uint64(k))
	}
	n, ok := m.set[string(key)]
	if !ok {
		n = len(m.sets)
		m.sets, m.set[string(key)] = append(m.sets, list), n
	}
	return n
}

// becauses collects the reasons of a row, each with the columns for which it is given.
type becauses struct {
	reasons []int // in the order in which they were added
	columns map[int][]int
}

// because adds a reason for a set of columns.
func (m *matrix) because(of *becauses, why string, set int) {
	n, ok := m.reason[why]
	if !ok {
		if len(m.reasons.List) == maxReasons {
			return
		}
		n = m.reasons.Number(shown(why))
		m.reason[why] = n
	}
	if len(of.columns[n]) == 0 {
		of.reasons = append(of.reasons, n)
	}
	of.columns[n] = append(of.columns[n], m.sets[set]...)
}

// pairs returns the reasons with their sets of columns, and forgets them.
func (m *matrix) pairs(of *becauses) (pairs [][2]int) {
	for _, n := range of.reasons {
		pairs = append(pairs, [2]int{n, m.numberOf(slices.Clone(of.columns[n]))})
		of.columns[n] = of.columns[n][:0]
	}
	of.reasons = of.reasons[:0]
	return pairs
}

// findings adds the findings of a report to the rows from an index on, which are its rules.
func (m *matrix) findings(r *validate.Report, fleet string, from int) {
	held := map[*validate.Check]int{}
	type builds struct {
		first *validate.Build
		n     int
	}
	setOf := map[builds]int{} // groups share their builds
	reading := readersOf(r.File)
	to := len(m.rows)
	for _, list := range [][]validate.Finding{r.Findings, r.Waived} {
		for i := range list {
			f := &list[i]
			held[f.Check]++
			set := -1
			if len(f.Builds) > 0 {
				key := builds{&f.Builds[0], len(f.Builds)}
				n, ok := setOf[key]
				if !ok {
					n = m.setOf(buildNames(f.Builds))
					setOf[key] = n
				}
				set = n
			}
			switch in := f.Instance; {
			case in != nil && in.Index >= 0 && from+in.Index < to:
				m.finding(&m.rows[from+in.Index], f, r.Subject.Name, fleet, set)
			case in != nil && f.Severity() == validate.Error:
				m.notJudged(f, r.Subject.Name, fleet)
			case in == nil && set >= 0 && stateOf(f.Check) != 0:
				for k := from; k < to; k++ {
					if of := reading(f.Input); len(of) == 0 || of[k-from] {
						m.finding(&m.rows[k], f, r.Subject.Name, fleet, set)
					}
				}
			}
		}
	}
	for _, t := range r.Totals {
		if stateOf(t.Check) != 0 && strings.HasPrefix(t.Check.ID, "CF3") {
			m.unheld += max(t.Found-held[t.Check], 0)
		}
	}
}

// readersOf returns a function for the instances of a file that read an input. It returns nil if
// the input is nil, or if no instance reads it: a fault of such an input concerns all.
func readersOf(f *channelfile.File) func(in *validate.Input) []bool {
	known := map[int][]bool{}
	return func(in *validate.Input) []bool {
		if in == nil || f == nil {
			return nil
		}
		of, ok := known[in.Index]
		if ok {
			return of
		}
		reads := make([]bool, f.Criteria())
		for i := range reads {
			c := f.Criterion(i)
			reads[i] = int(c.Input) == in.Index
			for input := range f.OperandInputs(c) {
				reads[i] = reads[i] || input == in.Index
			}
		}
		list, some := make([]bool, f.Instances()), false
		for i := range list {
			of := f.Instance(i)
			for w := of.First; w < of.First+of.Count; w++ {
				if word := f.Word(w); word.IsReference() && reads[word.Criterion()] {
					list[i], some = true, true
				}
			}
		}
		if !some {
			list = nil
		}
		known[in.Index] = list
		return list
	}
}

func buildNames(builds []validate.Build) (names []string) {
	for i := range builds {
		names = append(names, builds[i].Name)
	}
	return names
}

// finding adds a finding to a row. The number of its set of columns is -1 if it does not depend
// on builds.
func (m *matrix) finding(row *matrixRow, f *validate.Finding, subject, fleet string, set int) {
	switch f.Severity() {
	case validate.Error:
		row.Errors++
	case validate.Warning:
		row.Warnings++
	}
	if key := causeOf(subject, fleet, f); !slices.Contains(row.causes, key) {
		row.causes = append(row.causes, key)
	}
	state, columns := stateOf(f.Check), []int(nil)
	switch {
	case f.Check.ID == "CF4001": // it can never match any event
		state, columns = stateBlind, m.all
	case set < 0 || state == 0:
		return
	default:
		columns = m.sets[set]
	}
	cells := []byte(row.Cells)
	for _, k := range columns {
		if cells[k] != stateWithout && stateRank[state] < stateRank[cells[k]] {
			cells[k] = state
		}
	}
	row.Cells = string(cells)
}

// notJudged adds a rule that is not in the file because of an error.
func (m *matrix) notJudged(f *validate.Finding, subject, fleet string) {
	in := f.Instance
	where := shown(f.Where.Source.Path)
	key := in.Rule + "\x00" + in.Title + "\x00" + where
	i, ok := m.place[key]
	if !ok {
		i = len(m.rows)
		m.place[key] = i
		m.rows = append(m.rows, matrixRow{Rule: page.Rule{
			Title: shown(in.Title), ID: shown(in.Rule), Author: shown(in.Author), Type: typeOf(f), Where: where,
			Cells: strings.Repeat(string(rune(stateNoResult)), len(m.columns)),
		}})
	}
	m.finding(&m.rows[i], f, subject, fleet, -1)
}

// judged returns the rows of a matrix, and a row for each file with a rule that could not be
// judged, unless it has a row already.
func (m *matrix) judged(others []unjudged) []matrixRow {
	rows := slices.Clip(m.rows)
	place := map[string]int{}
	for i := range rows {
		at, _, _ := strings.Cut(rows[i].Where, ":")
		place[at] = i
	}
	for _, u := range others {
		i, ok := place[shown(u.path)]
		if !ok {
			i = len(rows)
			place[shown(u.path)] = i
			rows = append(rows, matrixRow{Rule: page.Rule{
				Title: shown(cmp.Or(u.rule.Title, path.Base(u.path))), ID: shown(u.rule.Rule), Author: shown(u.rule.Author), Where: shown(u.where), Cells: strings.Repeat(string(rune(stateNoResult)), len(m.columns)),
			}})
		}
		if !slices.Contains(rows[i].causes, u.cause) {
			rows[i].causes = append(slices.Clip(rows[i].causes), u.cause)
		}
	}
	return rows
}

// pageFleet returns the matrix for a page. The IDs of causes are given by their keys.
func (m *matrix) pageFleet(ids map[causeKey]string, others []unjudged) page.Fleet {
	name := m.name
	if m.fleet.Builtin {
		name = "example " + name
	}
	out := page.Fleet{Name: shown(name), Hosts: m.fleet.Hosts(), Columns: m.columns, Reasons: m.reasons.List, Sets: m.sets}
	counts := make([][256]int, len(m.columns))
	rows := m.judged(others)
	for i := range rows {
		row := rows[i].Rule
		for _, key := range rows[i].causes {
			if id := ids[key]; id != "" && !slices.Contains(row.Causes, id) {
				row.Causes = append(row.Causes, id)
			}
		}
		for k := range row.Cells {
			counts[k][row.Cells[k]]++
		}
		out.Rows = append(out.Rows, row)
	}
	out.Worst, out.More = m.worst(out.Rows)
	order := slices.Clone(m.all)
	if len(order) > maxSummary {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(m.columns[b].Hosts, m.columns[a].Hosts) })
		out.Unsummed = count(uint64(len(order)-maxSummary), "more row")
		order = order[:maxSummary]
	}
	for _, k := range order {
		c := &m.columns[k]
		b := page.BuildSummary{Builds: listed(c.Builds), Hosts: numeral.Thousands(c.Hosts)}
		for _, s := range page.States {
			n := ""
			if found := counts[k][s.ID[0]]; found > 0 {
				n = numeral.Thousands(uint64(found))
			}
			b.Counts = append(b.Counts, n)
		}
		out.Summary = append(out.Summary, b)
	}
	var notes []string
	if m.missing > 0 {
		notes = append(notes, count(uint64(m.missing), "rule")+" did not fit into the matrix; cfcheck coverage has them")
	}
	if m.unasked > 0 {
		notes = append(notes, count(uint64(m.unasked), "rule")+" are not known, because their coverage is too expensive; cfcheck coverage computes it")
	}
	if m.unheld > 0 {
		notes = append(notes, count(uint64(m.unheld), "finding")+" of the contract checks are not in the matrix; a larger --max-findings adds them")
	}
	out.Note = strings.Join(notes, "; ")
	return out
}

// The largest numbers of rows of the tables of a page.
const (
	maxSummary = 100 // builds, those of the most hosts
	maxWorst   = 300 // rules that a printed page lists
)

// worst returns the rules that are unsafe, without a result or blind on some hosts, with the hosts
// for each of these states, and says how many rules do not fit. The worst state is first, and then
// the most hosts.
func (m *matrix) worst(rows []page.Rule) (list []page.WorstRule, more string) {
	type rule struct {
		page.WorstRule
		rank  int
		hosts uint64 // in the worst state
	}
	var bad []rule
	for i := range rows {
		r := &rows[i]
		hosts, found := [256]uint64{}, [256]bool{}
		for k := range r.Cells {
			s := r.Cells[k]
			hosts[s] += min(m.columns[k].Hosts, math.MaxUint64-hosts[s])
			found[s] = true
		}
		of := rule{WorstRule: page.WorstRule{Title: cmp.Or(r.Title, r.ID), Where: r.Where, Author: r.Author}, rank: -1}
		var states []string
		for _, id := range []byte{stateUnsafe, stateNoResult, stateBlind} {
			if !found[id] {
				continue
			}
			if of.rank < 0 {
				of.rank, of.hosts = stateRank[id], hosts[id]
			}
			states = append(states, page.States[stateRank[id]].Name+": "+count(hosts[id], "host"))
		}
		if of.rank >= 0 {
			of.States = strings.Join(states, "; ")
			bad = append(bad, of)
		}
	}
	slices.SortStableFunc(bad, func(a, b rule) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.hosts, a.hosts)) })
	for i := range bad[:min(len(bad), maxWorst)] {
		list = append(list, bad[i].WorstRule)
	}
	if left := len(bad) - maxWorst; left > 0 {
		more = count(uint64(left), "more rule")
	}
	return list, more
}

// A fileMap has the parts of a file, and its findings.
type fileMap struct {
	name  string
	size  int
	parts []filePart
	marks []page.Mark
	more  int
}

// A filePart is a part of a file.
type filePart struct {
	name  string
	at    channelfile.Range
	count string
}

// maxMarks is the largest number of findings of a map.
const maxMarks = 100

// addMap adds the map of a file, unless it has one.
func (p *Picture) addMap(r *validate.Report) {
	s := r.Subject
	switch {
	case s.Kind != validate.KindChannelFile && s.Kind != validate.KindSysmonBlob, len(s.Data) == 0,
		slices.ContainsFunc(p.maps, func(m fileMap) bool { return m.name == s.Name }):
		return
	case len(p.maps) == maxMaps:
		p.lost++
		return
	}
	m := fileMap{name: s.Name, size: len(s.Data)}
	if r.File != nil {
		part := func(name string, at channelfile.Range, count string) {
			m.parts = append(m.parts, filePart{name, at, count})
		}
		for i := range r.File.Sections {
			of := &r.File.Sections[i]
			if i == 0 {
				part("header, section table and digest", channelfile.Range{End: of.Range.Start}, "")
			}
			part(of.Type.String(), of.Range, numeral.Thousands(uint64(of.Count)))
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		at := f.Where.Range
		if !inBytes(f.Where) || at.Start < 0 || at.End <= at.Start || at.End > m.size || f.Severity() == validate.Note {
			continue
		}
		if len(m.marks) == maxMarks {
			m.more++
			continue
		}
		x, width := scale(at, m.size)
		m.marks = append(m.marks, page.Mark{Severity: f.Severity().String(), Check: f.Check.ID, Text: shown(f.Message), Range: rangeText(at), X: x, Width: width})
	}
	p.maps = append(p.maps, m)
}

// scale returns the place of bytes in thousandths of a file. The least width can be seen.
func scale(at channelfile.Range, size int) (x, width float64) {
	const least = 2
	round := func(f float64) float64 { return math.Round(f*100) / 100 }
	x = 1000 * float64(at.Start) / float64(size)
	width = max(1000*float64(at.End-at.Start)/float64(size), least)
	return round(min(x, 1000-least)), round(width)
}

// rangeText returns the offsets of the first and of the last byte.
func rangeText(at channelfile.Range) string {
	return fmt.Sprintf("%#x-%#x (%d-%d)", at.Start, at.End-1, at.Start, at.End-1)
}

// page returns the map for a page.
func (m *fileMap) page() page.Map {
	out := page.Map{Name: shown(m.name), Size: count(uint64(m.size), "byte"), Marks: m.marks}
	if m.more > 0 {
		out.More = count(uint64(m.more), "more finding")
	}
	for i, part := range m.parts {
		x, width := scale(part.at, m.size)
		out.Parts = append(out.Parts, page.Part{
			Name: part.name, Range: rangeText(part.at), Size: numeral.Thousands(uint64(part.at.End - part.at.Start)), Count: part.count, X: x, Width: width, Even: i%2 == 0,
		})
	}
	return out
}

// Compare adds the change of a channel since the previous release, as [Diff.Add] does.
func (p *Picture) Compare(old, newer *DiffSide) { p.diff.Add(old, newer, p.Definitions) }

// Compared states that the run compares its content with a previous release.
func (p *Picture) Compared() { p.compared = true }

// openItems is the largest number of items of a list that a page shows without a click.
const openItems = 20

// maxListed is the largest number of rules in a list of a page.
const maxListed = 500

// diffs returns the changes for a page. Channels without a change are left out.
func (p *Picture) diffs() (out []page.Diff) {
	for i := range p.diff.channels {
		c := &p.diff.channels[i]
		d := page.Diff{Title: shown(c.title()), Change: shown(fmt.Sprintf("%s; %s with the same condition", c.change(), count(uint64(c.same), "rule")))}
		add := func(head string, items []string) {
			if len(items) > 0 {
				l := page.DiffList{Head: head, Found: numeral.Thousands(uint64(len(items))), Open: len(items) <= openItems}
				for _, s := range items[:min(len(items), maxListed)] {
					l.Items = append(l.Items, shown(s))
				}
				if more := len(items) - maxListed; more > 0 {
					l.More = numeral.Thousands(uint64(more)) + " more"
				}
				d.Lists = append(d.Lists, l)
			}
		}
		for _, l := range c.lists() {
			var items []string
			for k := range l.rules {
				items = append(items, l.rules[k].called(l.rules[k].id.String()))
			}
			add(l.head, items)
		}
		gained, lost := c.needsLines()
		add("Needs that are new", gained)
		add("Needs that are gone", lost)
		if len(d.Lists) == 0 {
			continue
		}
		for _, m := range measures {
			old, newer := c.numbers(m)
			d.Rows = append(d.Rows, page.DiffRow{Name: m.what, Before: numeral.Thousands(old), Now: numeral.Thousands(newer), Growth: growth(old, newer)})
		}
		out = append(out, d)
	}
	return out
}

// event returns the build with its budget, and the feed of an event.
func (k *costliest) event() string {
	text := "build " + k.build + " without a budget of steps"
	if k.budget > 0 {
		text = fmt.Sprintf("build %s with a budget of %s steps", k.build, numeral.Thousands(k.budget))
	}
	if k.feed != "" {
		text += ", feed " + k.feed
	}
	return text
}

// shortNames returns the template types in names such as "rules (dns_query)", if all names are
// equal before them. Otherwise it returns the names.
func shortNames(names []string) []string {
	var short []string
	for _, name := range names {
		i := strings.LastIndex(name, " (")
		if i < 0 || !strings.HasSuffix(name, ")") || name[:i] != names[0][:min(i, len(names[0]))] {
			return names
		}
		short = append(short, "type "+name[i+2:len(name)-1])
	}
	return short
}

// chartBars is the largest number of bars of a chart.
const chartBars = 20

// costCharts returns the use of limits, and the most expensive rules, as charts.
func (p *Picture) costCharts() (charts []page.Chart) {
	limits := page.Chart{
		ID: "limits", Title: "Use of the limits of builds", Columns: [2]string{"content and its tightest limit", "used"},
		Note: "The full width is the limit of the build that is nearest to it.",
	}
	type use struct {
		file *fileCost
		of   *buildUse
	}
	var uses []use
	for i := range p.costs.files {
		if f := &p.costs.files[i]; len(f.uses) > 0 {
			uses = append(uses, use{f, &f.uses[0]})
		}
	}
	slices.SortStableFunc(uses, func(a, b use) int { return b.of.Tighter(a.of.Use) })
	few := min(len(uses), chartBars)
	for few > 1 && uses[few-1].of.Percent() == 0 { // they tell nothing
		few--
	}
	var names []string
	for _, u := range uses[:few] {
		names = append(names, u.file.name)
	}
	names = shortNames(names)
	for i, u := range uses[:few] {
		over := u.of.Used > u.of.Most || len(u.of.unbounded) > 0
		limits.Bars = append(limits.Bars, page.Bar{
			Name: shown(names[i]), Detail: shown(u.of.used()), Value: fmt.Sprintf("%d %%", u.of.Percent()), Part: float64(min(u.of.Percent(), 100)) * 10, Bad: over,
		})
	}
	if more := len(uses) - few; more > 0 {
		limits.More = fmt.Sprintf("%s more, which use no more; cfcheck cost shows them", numeral.Thousands(uint64(more)))
	}
	if len(limits.Bars) > 0 {
		charts = append(charts, limits)
	}
	rules := page.Chart{ID: "costly", Title: "Most expensive rules", Columns: [2]string{"rule", "steps"}, Note: "The steps that the rule costs for an event with the longest values of the build that is nearest to its budget."}
	type rule struct {
		*ruleCost
		of *costliest
	}
	var list []rule
	for i := range p.costs.files {
		if k := p.costs.files[i].costliest; k != nil {
			for n := range k.rules {
				list = append(list, rule{&k.rules[n], k})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b rule) int { return cmp.Compare(b.Steps, a.Steps) })
	for _, r := range list[:min(len(list), chartBars)] {
		rules.Bars = append(rules.Bars, page.Bar{
			Name: shown(cmp.Or(r.origin.Title, r.id.String())), Detail: shown(r.of.event()), Value: numeral.Thousands(r.Steps),
			Part: math.Round(1000 * float64(r.Steps) / float64(max(list[0].Steps, 1))),
		})
	}
	if len(rules.Bars) > 0 {
		charts = append(charts, rules)
	}
	return charts
}
