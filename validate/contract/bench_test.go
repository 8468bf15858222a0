package contract_test

import (
	"fmt"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// BenchmarkOutcomes compares what is said of 900 rules for a fleet that supplies
// all that they read with what is said where builds lack some of it: one of two
// feeds of each does not have a field that is an alternative in most rules, as
// the original name of a file is for real ones.
func BenchmarkOutcomes(b *testing.B) {
	var conditions []channelfile.Expr
	for i := range 900 {
		value := fmt.Sprintf(`\tool-%d.exe`, i)
		image, renamed, line := channelfile.Suffix(pImage, value), channelfile.Equals(pOriginal, value), channelfile.Contains(pLine, value)
		switch {
		case i%40 == 0:
			conditions = append(conditions, channelfile.And(renamed, line))
		case i%90 == 1:
			conditions = append(conditions, channelfile.And(line, channelfile.Not(renamed)))
		case i%2 == 0:
			conditions = append(conditions, channelfile.And(channelfile.Or(image, renamed), line))
		default:
			conditions = append(conditions, channelfile.And(image, line))
		}
	}
	s := processRules(b, conditions...)
	defs := testkit.Definitions(b, process)
	for _, builds := range []int{1, 20, 400} {
		for _, bm := range []struct {
			name   string
			change func([]sensor.SuppliedInput)
		}{{"supplied", nil}, {"lacking", missing(sensor.StateNotSupplied, pOriginal)}} {
			var contracts []sensor.Contract
			for i := range builds {
				c := host(fmt.Sprintf("b%d", i), 1, sensor.AccessNamed, onFeed("sysmon", nil), onFeed("security", bm.change))
				c.Reader.Limits.Instances = uint64(10_000 + i) // no two are the same
				contracts = append(contracts, c)
			}
			b.Run(fmt.Sprintf("%s/%d", bm.name, builds), func(b *testing.B) {
				opts := validate.Options{Checks: family, Definitions: defs, Fleet: fleet(contracts...), MaxOfGroup: 10_000}
				for b.Loop() {
					if r := validate.Run(s, opts); (r.Warnings() > 0) != (bm.change != nil) || r.Counts.Contracts != builds {
						b.Fatalf("%d warnings, %d contracts", r.Warnings(), r.Counts.Contracts)
					}
				}
			})
		}
	}
}
