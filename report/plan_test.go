package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/sensor/rollout"
)

// largePlan returns a plan with many cells and builds.
func largePlan(nCells, nBuilds int) Plan {
	fleet := &sensor.Fleet{Name: "large"}
	p := &rollout.Plan{Fleet: fleet, Options: rollout.Options{HostsPerCell: 100, Factor: 10}}
	var all []int
	var hosts []uint64
	for i := range nBuilds {
		name := fmt.Sprintf("build-%d", i)
		fleet.Contracts = append(fleet.Contracts, sensor.Contract{Build: name, Hosts: 50})
		p.Builds = append(p.Builds, rollout.Build{Name: name, Hosts: 50})
		p.Unaffected = append(p.Unaffected, rollout.Build{Name: "other-" + name, Hosts: 1})
		all, hosts = append(all, i), append(hosts, 50)
	}
	c := rollout.Content{TypeName: "ipc", Header: channelfile.Header{TypeVersion: 1}}
	for i := range nCells {
		cell := cells.Cell{Type: "ipc", Version: 1, Input: fmt.Sprintf("Input%02d", i), Operator: "equals", Class: cells.Short}
		c.Cells = append(c.Cells, rollout.Cell{Cell: cell, First: i == nCells-1, Builds: all})
	}
	p.Contents = []rollout.Content{c}
	p.Rings = rollout.Rings(hosts, 100, 10)
	return Plan{p}
}

// TestPlanText tests the limits of the text, and that first uses come first.
func TestPlanText(t *testing.T) {
	text := func(p Plan) []string {
		var out bytes.Buffer
		if err := p.Text(&out); err != nil {
			t.Fatal(err)
		}
		return strings.Split(out.String(), "\n")
	}
	lines := text(largePlan(planLines, planBuilds))
	if want := "first use   ipc/1 Input19 equals short 1 on build-0, build-1, build-2, build-3, build-4"; lines[1] != want {
		t.Errorf("line 2 is %q, expected %q", lines[1], want)
	}
	if all := strings.Join(lines, "\n"); strings.Contains(all, "more") {
		t.Errorf("a text within the limits is cut:\n%s", all)
	}
	all := strings.Join(text(largePlan(planLines+1, planBuilds+1)), "\n")
	for _, want := range []string{
		"            and 1 more; --format json has them\n",
		"ring 1      300 hosts: all 50 of build-0, all 50 of build-1, all 50 of build-2, all 50 of build-3, all 50 of build-4 and 1 more\n",
		"unaffected  other-build-0 (1 host), ",
		"remark      ring 1 has all hosts of build-0 (50 hosts), ",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the text lacks %q:\n%s", want, all)
		}
	}
	if !strings.Contains(all, "Input20 equals") || strings.Contains(all, "Input19 equals") {
		t.Errorf("the first use is not shown in place of the last change:\n%s", all)
	}
}

// TestPlanDigest tests that the digest depends on each ring.
func TestPlanDigest(t *testing.T) {
	a, b := largePlan(1, 1), largePlan(1, 1)
	digest := func(p Plan) string {
		d, err := p.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if digest(a) != digest(b) {
		t.Error("equal plans have different digests")
	}
	b.Rings[0].Hosts[0]--
	if digest(a) == digest(b) {
		t.Error("plans with different rings have the same digest")
	}
}
