package coverage_test

import (
	"fmt"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/coverage"
	"github.com/cfcheck/cfcheck/sysmon"
)

// BenchmarkRealCoverage judges all public rules for a fleet of 20 builds of Sysmon, each with one of
// three configurations: two public ones, and one of them without an element.
func BenchmarkRealCoverage(b *testing.B) {
	_, built := realRules(b)
	var contracts []*sensor.Contract
	builds := sysmon.Builds()
	files := []string{"swiftonsecurity.xml", "sysmon-modular.xml", "swiftonsecurity.xml"}
	for i := 0; len(contracts) < 20; i++ {
		file := files[i%3]
		var build *sysmon.Build
		for n := 0; ; n++ { // the builds that load the file, in turn
			build = builds[(len(builds)*2-1-i/3-n)%len(builds)]
			if build.Platform == sysmon.Windows && loads(b, file, build) {
				break
			}
		}
		c := newRealHost(b, file, build.Name).contract
		c.Build = fmt.Sprint(i)
		if i%3 == 2 {
			for k := range c.Supplies {
				if s := &c.Supplies[k]; len(s.Filters.Elements) > 0 && len(s.Filters.Elements[0].Filters) > 1 {
					s.Filters.Elements[0].Filters = s.Filters.Elements[0].Filters[1:]
				}
			}
		}
		contracts = append(contracts, &c)
	}
	b.ReportAllocs()
	for b.Loop() {
		sees := 0
		for _, j := range judgeAll(b, built, contracts...) {
			if j.result.Verdict == coverage.Sees {
				sees++
			}
		}
		if sees == 0 {
			b.Fatal("no host sees a rule")
		}
	}
}
