package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/coverage"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// TestRealFilters judges the published rules for hosts with two published configurations of Sysmon,
// and for hosts with an audit policy.
// The checks must report each rule that no host of a build can see by package coverage. Because of
// filters, or by luck, they must report no others.
func TestRealFilters(t *testing.T) {
	if testing.Short() {
		t.Skip("judges all published rules, too slow for -short; go test without -short runs it")
	}
	data, err := filepath.Abs(filepath.FromSlash("../../../shared/data"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(data, "sysmon")); err != nil {
		t.Skipf("the published configurations are not there: %v", err)
	}
	fleet := &sensor.Fleet{Name: "published"}
	names := []string{"sysmon-modular", "audited"}
	if longtest.Enabled() {
		names = append(names, "swiftonsecurity")
	}
	for _, name := range names {
		out := filepath.Join(t.TempDir(), "fleet.json")
		args := []string{"contract", "import", "--sysmon", filepath.Join(data, "sysmon", "configs", name+".xml"), "--sysmon-version", "15.15", "--build", name, "-o", out}
		if name == "audited" {
			args = []string{"contract", "import", "--audit", filepath.FromSlash("../../docs/examples/import/auditpol.csv"), "--role", "client", "--build", name, "-o", out}
		}
		if status := run(args, strings.NewReader(""), io.Discard, io.Discard); status != 0 {
			t.Fatalf("%q: exit status %d", args, status)
		}
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		f, err := sensor.ReadFleet(out, text)
		if err != nil {
			t.Fatal(err)
		}
		fleet.Contracts = append(fleet.Contracts, f.Contracts...)
	}
	set, err := loadRules([]string{filepath.Join(data, "dev", "sigma")}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	built, _ := sigma.Build(set.rules, builtin.Definitions(), sigma.Options{AllowUnsupported: true, IDs: sigma.IDsOfNames}) // leaves out rules with unknown fields
	found := map[string]int{}
	for i := range built.Outputs {
		f, err := channelfile.Parse(built.Outputs[i].Data)
		if err != nil {
			t.Fatal(err)
		}
		d := built.Outputs[i].Definition
		checks := suite.Checks[:0:0]
		for _, c := range suite.Checks {
			if c.Family() <= 3 {
				checks = append(checks, c)
			}
		}
		r := validate.Run(validate.ChannelFile("", built.Outputs[i].Data), validate.Options{
			Checks: checks, Definitions: builtin.Definitions(), Fleet: fleet, MaxFindings: 1 << 20,
		})
		reported := map[[2]string]map[int]bool{} // by check and build; -1 stands for all rules
		for k := range r.Findings {
			finding := &r.Findings[k]
			instance := -1
			if finding.Instance != nil {
				instance = finding.Instance.Index
			}
			for _, b := range finding.Builds {
				key := [2]string{finding.Check.ID, b.Name}
				if reported[key] == nil {
					reported[key] = map[int]bool{}
				}
				reported[key][instance] = true
			}
		}
		j := coverage.NewJudge(f, d)
		for c := range fleet.Contracts {
			build := fleet.Contracts[c].Build
			h := j.Hosts(&fleet.Contracts[c])
			has := func(check string, instance int) bool { return reported[[2]string{check, build}][instance] }
			for k := range f.Instances() {
				result := j.Result(h, k)
				name := d.Name + ": " + f.Origin(k).Title + ", " + build
				found[build+" "+result.Verdict.String()]++
				if result.Verdict.Blind() && !has("CF3012", k) && !has("CF3024", k) && !has("CF3022", -1) {
					t.Errorf("%s: %s is not reported", name, result.Verdict)
				}
				if filtered := result.Verdict.Blind() && result.ByFilters > 0; filtered != has("CF3024", k) {
					t.Errorf("%s: %s because of filters: %t, reported: %t", name, result.Verdict, filtered, has("CF3024", k))
				}
				if luck := result.Verdict == coverage.ByLuck; luck != has("CF3026", k) {
					t.Errorf("%s: %s, reported as by luck: %t", name, result.Verdict, has("CF3026", k))
				}
				if part := result.Verdict == coverage.InPart && result.ByFilters > 0; part && !has("CF3025", k) {
					t.Errorf("%s: %s is not reported", name, result.Verdict)
				}
			}
		}
	}
	t.Log(found)
	if found["sysmon-modular never"] != 16 || longtest.Enabled() && found["swiftonsecurity never"] != 3 {
		t.Errorf("the figures are not those of cfcheck coverage: %v", found)
	}
}
