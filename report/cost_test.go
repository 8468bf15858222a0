package report

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
)

// costs has two files: one with five earlier revisions that grow by two rules each, and
// one of a type that one build has, without a length for its input.
func costs(t testing.TB) *Costs {
	t.Helper()
	process := &sensor.Definition{Name: "process", Number: 3000, Version: 1, Channel: 3000, Inputs: testkit.Strings("Image", "CommandLine")}
	for i := range process.Inputs {
		process.Inputs[i].MaxLength = 100
	}
	dns := &sensor.Definition{Name: "dns", Number: 3001, Version: 1, Channel: 3001, Inputs: testkit.Strings("Query")}
	defs := testkit.Definitions(t, process, dns)
	file := func(d *sensor.Definition, revision uint32, origin func(int) *channelfile.Origin, conditions ...channelfile.Expr) *channelfile.File {
		h := testkit.HeaderOf(d)
		h.Revision = revision
		return testkit.Parse(t, testkit.EncodeFrom(t, h, origin, conditions...))
	}

	small := testkit.Contract("1.0", 1_000, sensor.AccessPositional, testkit.Supply(process))
	small.Reader.Limits = sensor.Limits{Instances: 14, WordsPerInstance: 4096}
	small.Reader.Budget = sensor.Budget{Steps: 20_000, Memory: 1 << 20}
	alike := small
	alike.Build, alike.Hosts = "1.1", 2_000
	feeds := testkit.Contract("2.0", 500, sensor.AccessNamed, testkit.Supply(process), testkit.Supply(process), testkit.Supply(dns))
	feeds.Supplies[0].Feed, feeds.Supplies[1].Feed = "trace", "log"
	feeds.Supplies[0].Inputs[1].MaxLength = 1000
	fleet := &sensor.Fleet{Name: "test", Contracts: []sensor.Contract{small, alike, feeds}}

	var list []channelfile.Expr
	shared := channelfile.Suffix(0, `\a.exe`)
	var earlier []*sensor.Needs
	for i := range 12 {
		list = append(list, channelfile.And(shared, channelfile.Contains(1, strings.Repeat("x", i+1), fmt.Sprint("y", i))))
		if i%2 == 1 && i < 11 {
			earlier = append(earlier, sensor.NeedsOf(file(process, uint32(i), testkit.From(nil), list...), defs))
		}
	}
	c := &Costs{Top: 3}
	f := file(process, 20, testkit.Origins("process.yml"), list...)
	c.Add("out/process.cf", f, defs, fleet, earlier)
	c.Add("out/dns\x1b.cf", file(dns, 1, testkit.From(nil), channelfile.Contains(0, "evil"), channelfile.Exists(0)), defs, fleet, nil)
	// A file of a type that no definition has: no build has it either.
	c.Add("out/other.cf", file(&sensor.Definition{Number: 9, Version: 3, Channel: 9, Inputs: testkit.Strings("A")}, 1, testkit.From(nil), channelfile.Equals(0, "a")), defs, fleet, nil)
	return c
}

// TestCosts compares the costs of three files with golden files.
func TestCosts(t *testing.T) {
	var text, data bytes.Buffer
	if err := errors.Join(costs(t).Text(&text), costs(t).JSON(&data)); err != nil {
		t.Fatal(err)
	}
	golden(t, "cost.text", text.Bytes())
	golden(t, "cost.json", data.Bytes())

	testSchema(t, "cost.json", map[string]schemaCase{
		"the JSON of a run": {data.String(), true},
		"no files":          {`{"schema": "cfcheck.cost/v0", "files": []}`, true},
		"another schema":    {`{"schema": "cfcheck.needs/v0", "files": []}`, false},
		"an unknown key":    {`{"schema": "cfcheck.cost/v0", "files": [], "more": 1}`, false},
		"an unknown limit":  {strings.Replace(data.String(), `"limit": "instances"`, `"limit": "rules"`, 1), false},
	})
}

// TestCostsOfManyContracts checks that the text is as long as a person reads, for a fleet in which
// all builds have other limits.
func TestCostsOfManyContracts(t *testing.T) {
	d := &sensor.Definition{Name: "dns", Number: 3001, Version: 1, Channel: 3001, Inputs: testkit.Strings("Query")}
	fleet := &sensor.Fleet{Name: "large"}
	for i := range 3000 {
		c := testkit.Contract(fmt.Sprint(i), 1, sensor.AccessPositional, testkit.Supply(d))
		c.Reader.Limits = sensor.Limits{Instances: uint64(3000 - i), FileSize: 1 << 20}
		fleet.Contracts = append(fleet.Contracts, c)
	}
	c := &Costs{Top: 1}
	c.Add("dns.cf", testkit.File(t, testkit.HeaderOf(d), channelfile.Exists(0)), testkit.Definitions(t, d), fleet, nil)
	var b strings.Builder
	if err := c.Text(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if want := "  100 %  1 of 1 instances: build 2999 (1 host)"; lines[2] != want {
		t.Errorf("the first line is %q, expected %q", lines[2], want)
	}
	// 3,000 numbers of instances, one size of the file, one cost without a budget
	if want := "       and 2962 more limits; --format json has them"; len(lines) != 2+costUses+1+3 || lines[2+costUses] != want {
		t.Errorf("%d lines; the last limit is followed by %q, expected %q", len(lines), lines[2+costUses], want)
	}
}
