package main

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A month is the published rules with a date in one month, as a release has them that
// ships on the last day.
type month struct {
	last  sensor.Date
	cells map[cells.Cell]bool // of the rules of the month
	rules []*sigma.Rule
	count map[string]int // number of the rules, by template type and version
}

// realMonths returns the published rules by the months of their dates, the first month first.
func realMonths(t *testing.T) []*month {
	t.Helper()
	folder, err := filepath.Abs(filepath.FromSlash("../../../shared/data/dev/sigma"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("the rules of the Sigma project are not there: %v", err)
	}
	set, err := loadRules([]string{folder}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*month{}
	ofRule := map[channelfile.ID]*month{}
	for _, r := range set.rules {
		date, err := time.Parse(time.DateOnly, strings.ReplaceAll(r.Date.Value, "/", "-"))
		if err != nil {
			t.Fatalf("%s: %v", r.Path, err)
		}
		name := date.Format("2006-01")
		m := byName[name]
		if m == nil {
			y, mm, d := date.AddDate(0, 1, -date.Day()).Date()
			m = &month{last: sensor.Date{Year: y, Month: mm, Day: d}, cells: map[cells.Cell]bool{}, count: map[string]int{}}
			byName[name] = m
		}
		m.rules = append(m.rules, r)
		if id, ok := r.UUID(); ok {
			ofRule[id] = m
		}
	}
	// A rule has the same cells in each release.
	built, err := sigma.Build(set.rules, builtin.Definitions(), sigma.Options{AllowUnsupported: true})
	if len(built.Outputs) == 0 {
		t.Fatal(err)
	}
	for _, out := range built.Outputs {
		f := testkit.Parse(t, out.Data)
		for i := range f.Instances() {
			data, err := f.Extract(i)
			if err != nil {
				t.Fatal(err)
			}
			m := ofRule[f.Instance(i).ID]
			for _, u := range cells.Of(testkit.Parse(t, data), out.Definition) {
				if u.Instance >= 0 {
					m.cells[u.Cell] = true
				}
			}
			m.count[fmt.Sprintf("%s/%d", out.Definition.Name, out.Definition.Version)]++
		}
	}
	var months []*month
	for _, m := range byName {
		months = append(months, m)
	}
	slices.SortFunc(months, func(a, b *month) int { return cmp.Compare(a.last.String(), b.last.String()) })
	return months
}

// record adds the cells of a month to a ledger, and returns the number of new ones in the content
// of each kind: first uses, and first sizes.
func (m *month) record(l *cells.Ledger, total map[string]int) (uses, sizes int) {
	list := maps.Clone(m.cells)
	for name, n := range m.count {
		total[name] += n
		typ, version, _ := strings.Cut(name, "/")
		v, _ := strconv.ParseUint(version, 10, 32)
		list[cells.Cell{Type: typ, Version: uint32(v), Operator: cells.Instances, Size: cells.SizeOf(total[name])}] = true
	}
	now := time.Date(m.last.Year, m.last.Month, m.last.Day, 0, 0, 0, 0, time.UTC)
	for c := range list {
		switch n := l.New("b", c, now); {
		case n == cells.Known:
		case n == cells.NewSize || c.Operator == cells.Instances && n > cells.NewType:
			sizes++
		default:
			uses++
		}
	}
	for c := range list {
		l.Add("b", c, m.last)
	}
	return uses, sizes
}

// TestRealFirstUse replays the published rules by the months of their dates, a release a month. In
// each of three drawn months a rule on input 21 of type ipc is added, as in July 2024. CF6013 must
// report it. The test logs the share of releases with alarms, which docs/change.md states.
func TestRealFirstUse(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles all published rules, too slow for -short; go test without -short runs it")
	}
	months := realMonths(t)
	if len(months) != 114 {
		t.Fatalf("%d months with rules, expected 114", len(months))
	}
	const seed = 291
	draw := rand.New(rand.NewPCG(seed, seed))
	first := slices.IndexFunc(months, func(m *month) bool { return m.count["ipc/1"] > 0 })
	drawn := map[int]bool{}
	for len(drawn) < 3 {
		drawn[first+1+draw.IntN(len(months)-first-1)] = true
	}
	var l cells.Ledger
	total := map[string]int{}
	var before []*sigma.Rule
	type share struct{ releases, uses, sizes, either int }
	var all, late share
	for i, m := range months {
		before = append(before, m.rules...)
		if drawn[i] {
			judgeInput21(t, m.last, before, &l)
		}
		uses, sizes := m.record(&l, total)
		if i == 0 {
			continue // the first release has no ledger
		}
		for _, s := range []*share{&all, &late} {
			if s == &late && i < len(months)-36 {
				continue
			}
			s.releases++
			s.uses += min(uses, 1)
			s.sizes += min(sizes, 1)
			s.either += min(uses+sizes, 1)
		}
	}
	got := fmt.Sprintf("of %d releases, CF6013 has findings on %d and CF6014 on %d, one of both on %d; of the last %d, %d, %d and %d",
		all.releases, all.uses, all.sizes, all.either, late.releases, late.uses, late.sizes, late.either)
	if got != alarms {
		t.Errorf("%s; expected: %s; docs/change.md states the figures", got, alarms)
	}
}

// alarms are the figures of docs/change.md.
const alarms = "of 113 releases, CF6013 has findings on 86 and CF6014 on 91, one of both on 101; of the last 36, 18, 26 and 30"

// judgeInput21 judges the rules on pipes of a release, with one more rule that reads input 21.
func judgeInput21(t *testing.T, last sensor.Date, rules []*sigma.Rule, l *cells.Ledger) {
	t.Helper()
	added, err := sigma.Parse("added.yml", []byte(`title: Demo client at the other end of a pipe
id: 29100000-0000-4000-8000-000000000005
logsource: {product: windows, category: pipe_created}
detection:
  selection:
    ClientImage|endswith: '\demo-client.exe'
  condition: selection
`))
	if err != nil {
		t.Fatal(err)
	}
	built, err := sigma.Build(append(slices.Clone(rules), added...), builtin.Definitions(), sigma.Options{AllowUnsupported: true, Revision: 1})
	i := slices.IndexFunc(built.Outputs, func(o sigma.Output) bool { return o.Definition.Name == "ipc" })
	if i < 0 {
		t.Fatal(err)
	}
	out := built.Outputs[i]
	fleet := &sensor.Fleet{Name: "test", Contracts: []sensor.Contract{testkit.Contract("b", 1, sensor.AccessNamed, testkit.Supply(out.Definition))}}
	r := validate.Run(validate.ChannelFile("", out.Data), validate.Options{
		Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: fleet, Ledger: l,
		Now: time.Date(last.Year, last.Month, last.Day, 0, 0, 0, 0, time.UTC),
	})
	const want = `rule "Demo client at the other end of a pipe" reads input ClientImage, for the first time on 1 build`
	if r.Verdict() != validate.Rejected || !slices.ContainsFunc(r.Findings, func(f validate.Finding) bool { return f.Check.ID == "CF6013" && f.Message == want }) {
		t.Errorf("%v: %v, expected a rejection by CF6013: %s", last, r.Verdict(), want)
	}
}
