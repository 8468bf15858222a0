package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/internal/harm"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor/rollout"
)

// The parameters of the simulation. docs/plan.md explains them.
var (
	simulatedSoak = 6.0 // hours
	simulated     = harm.Detection{Heard: 0.5, Enough: 5, Delay: 1}
	fixedShares   = []float64{0.01, 0.1, 0.5, 1}
)

const (
	simulatedHosts = 1_000_000
	simulatedRuns  = 25
)

// A trigger is a kind of fault by the moment of its harm.
type trigger struct {
	name string
	harm.Fault
}

var (
	onLoad   = trigger{"load", harm.Fault{Rate: 60, Share: 1}}
	onEvent  = trigger{"common event", harm.Fault{Rate: 1, Share: 1}}
	onSome   = trigger{"common event, 10 % of the hosts", harm.Fault{Rate: 1, Share: 0.1}}
	onFew    = trigger{"common event, 1 % of the hosts", harm.Fault{Rate: 1, Share: 0.01}}
	onRarely = trigger{"rare event", harm.Fault{Rate: 0.001, Share: 1}}
	onDate   = trigger{"date after 10 days", harm.Fault{Rate: 60, Share: 1, From: 240}}
)

// conditioned are the outages whose cause states a condition that is no property of a build.
var conditioned = map[string]trigger{
	"2007-05-18-symantec-chinese-windows": onFew,
	"2008-11-09-avg-user32":               onSome,
	"2010-01-01-spamassassin-date":        onDate,
	"2010-03-20-bitdefender-64-bit":       onSome,
	"2010-04-21-mcafee-5958":              onSome,
}

// triggerOf returns the trigger of the fault of an outage.
func triggerOf(in *corpus.Incident) trigger {
	if t, ok := conditioned[in.Name]; ok {
		return t
	}
	if in.Check == "CF3001" || in.Check == "CF3009" || strings.HasPrefix(in.Check, "CF5") {
		return onEvent
	}
	return onLoad
}

// buildsOf returns the builds of the fleet of an outage, with a million hosts in all. Those at
// fault are faulty; if there are none, all are.
func buildsOf(t *testing.T, in *corpus.Incident) []harm.Build {
	t.Helper()
	var stdout, stderr bytes.Buffer
	run(append(in.Args(false), "--format", "json", "--now", "2026-11-29"), strings.NewReader(""), &stdout, &stderr)
	var doc struct {
		Results []struct {
			Fleet struct {
				Builds []struct {
					Hosts   uint64
					AtFault bool
				}
			}
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &doc); err != nil || len(doc.Results) == 0 {
		t.Fatalf("%s: %v\n%s", in.Name, err, stderr.Bytes())
	}
	var builds []harm.Build
	total, faulty := uint64(0), false
	for _, b := range doc.Results[0].Fleet.Builds {
		builds = append(builds, harm.Build{Hosts: b.Hosts, Faulty: b.AtFault})
		total, faulty = total+b.Hosts, faulty || b.AtFault
	}
	if total == 0 {
		return alike(1, simulatedHosts, true)
	}
	for i := range builds {
		builds[i].Hosts = max(1, builds[i].Hosts*simulatedHosts/total)
		builds[i].Faulty = builds[i].Faulty || !faulty
	}
	return builds
}

// alike returns n builds with the same number of hosts.
func alike(n int, hosts uint64, faulty bool) (builds []harm.Build) {
	for range n {
		builds = append(builds, harm.Build{Hosts: hosts, Faulty: faulty})
	}
	return builds
}

// A contest is the harm of one fault with both kinds of rings.
type contest struct {
	fixed, computed harm.Result
}

// compete returns the median of several runs of both kinds of rings.
func compete(seed uint64, builds []harm.Build, f harm.Fault) (c contest) {
	runs := simulatedRuns
	if f.From > 0 {
		runs = 1 // all hosts have the release, so chance has little influence
	}
	simulate := func(rings [][]uint64) harm.Result {
		var results []harm.Result
		for i := range runs {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			results = append(results, harm.Simulate(random, builds, f, harm.Rollout{Rings: rings, Soak: simulatedSoak}, simulated))
		}
		slices.SortFunc(results, func(a, b harm.Result) int { return cmp.Compare(a.Harmed, b.Harmed) })
		return results[runs/2]
	}
	var hosts []uint64
	for _, b := range builds {
		hosts = append(hosts, b.Hosts)
	}
	var rings [][]uint64
	for _, r := range rollout.Rings(hosts, rollout.DefaultHostsPerCell, rollout.DefaultFactor) {
		rings = append(rings, r.Hosts)
	}
	c.fixed, c.computed = simulate(harm.Shares(builds, fixedShares...)), simulate(rings)
	return c
}

// columns returns the part of a row that states the result.
func (c *contest) columns() string {
	better := "computed"
	switch ratio := float64(c.computed.Harmed) / float64(c.fixed.Harmed); {
	case ratio > 1.25:
		better = "**fixed**"
	case ratio > 0.8:
		better = "equal"
	}
	return fmt.Sprintf("%s in ring %d | %s in ring %d | %s", rounded(c.fixed.Harmed), c.fixed.Ring, rounded(c.computed.Harmed), c.computed.Ring, better)
}

// rounded returns a number with two significant digits.
func rounded(n uint64) string {
	unit := uint64(1)
	for n/unit >= 100 {
		unit *= 10
	}
	return numeral.Thousands((n + unit/2) / unit * unit)
}

// TestDocsPlan compares the tables of docs/plan.md. It simulates rollouts to a million hosts.
func TestDocsPlan(t *testing.T) {
	t.Setenv(fleetVariable, "")
	page, err := os.ReadFile(filepath.Join(root, "docs/plan.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := string(page)
	var b strings.Builder
	b.WriteString("| fleet | fault | fixed | computed | fewer harmed hosts |\n|---|---|---|---|---|\n")
	lost := 0
	for i, fleet := range []struct {
		name   string
		builds []harm.Build
	}{
		{"1 build, faulty", alike(1, simulatedHosts, true)},
		{"10 equal builds, 1 faulty", append(alike(1, simulatedHosts/10, true), alike(9, simulatedHosts/10, false)...)},
		{"10 builds, a faulty one of 500 hosts", append(alike(1, 500, true), alike(9, simulatedHosts/9, false)...)},
		{"2,000 builds of 500 hosts, all faulty", alike(2000, 500, true)},
	} {
		for k, f := range []trigger{onLoad, onEvent, onFew, onRarely, onDate} {
			c := compete(uint64(100*i+k), fleet.builds, f.Fault)
			fmt.Fprintf(&b, "| %s | %s | %s |\n", fleet.name, f.name, c.columns())
			if float64(c.computed.Harmed) > 1.25*float64(c.fixed.Harmed) {
				lost++
			}
		}
	}
	if lost == 0 {
		t.Error("the computed rings harm fewer hosts in each case; the page says that they lose some")
	}
	want = section(t, want, "fleets", b.String())

	t.Chdir(filepath.Join(root, "corpus"))
	b.Reset()
	b.WriteString("| outage | fault | faulty part of the hosts | fixed | computed | fewer harmed hosts |\n|---|---|---|---|---|---|\n")
	var fixed, computed []uint64
	for i, in := range corpus.Incidents() {
		if !in.Modelled() {
			continue
		}
		builds, f := buildsOf(t, &in), triggerOf(&in)
		total, faulty := uint64(0), uint64(0)
		for _, b := range builds {
			if total += b.Hosts; b.Faulty {
				faulty += b.Hosts
			}
		}
		c := compete(uint64(1000+i), builds, f.Fault)
		fmt.Fprintf(&b, "| %s, %s | %s | %.0f %% | %s |\n", in.Outage, in.Date, f.name, math.Round(100*float64(faulty)/float64(total)), c.columns())
		fixed, computed = append(fixed, c.fixed.Harmed), append(computed, c.computed.Harmed)
	}
	slices.Sort(fixed)
	slices.Sort(computed)
	middle := len(fixed) / 2
	if computed[middle]*10 > fixed[middle] {
		t.Errorf("the median of the harmed hosts is %d with computed rings and %d with fixed ones; expected at most a tenth", computed[middle], fixed[middle])
	}
	fmt.Fprintf(&b, "| median of %d outages | | | %s | %s | |\n", len(fixed), rounded(fixed[middle]), rounded(computed[middle]))
	want = section(t, want, "outages", b.String())
	compare(t, "docs/plan.md", want)
}

// section replaces the part of a page between two comments.
func section(t *testing.T, page, name, text string) string {
	t.Helper()
	before, rest, ok := strings.Cut(page, "<!-- "+name+" -->\n")
	_, after, end := strings.Cut(rest, "<!-- /"+name+" -->\n")
	if !ok || !end {
		t.Fatalf("the page has no section %s", name)
	}
	return before + "<!-- " + name + " -->\n" + text + "<!-- /" + name + " -->\n" + after
}

// TestCorpusPlans compares the plans of the corpus with those that the command writes.
func TestCorpusPlans(t *testing.T) {
	t.Setenv(fleetVariable, "")
	const (
		march = "cases/291-march-on-21/C-00000291-00000001-00000029.cf"
		july  = "cases/291-july-on-21/C-00000291-00000001-00000032.cf"
	)
	for name, args := range map[string][]string{
		"march-2024":  {march},
		"july-2024":   {"--previous", march, july},
		"all-at-once": {"--previous", march, "--hosts-per-cell", "1000", july},
	} {
		t.Chdir(filepath.Join(root, "corpus"))
		var stdout, stderr bytes.Buffer
		if status := run(append([]string{"plan", "--no-policy", "--fleet", "fleets/supplies-21.json", "--format", "json"}, args...), strings.NewReader(""), &stdout, &stderr); status != statusAccepted {
			t.Fatalf("%s: status %d: %s", name, status, stderr.Bytes())
		}
		compare(t, "corpus/plans/"+name+".json", stdout.String())
	}
}
