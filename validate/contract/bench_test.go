package contract_test

import (
	"fmt"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// BenchmarkOutcomes compares the time to judge 900 rules for a fleet that supplies all that
// they read with the time for builds that lack a field on one of their two feeds, or on both.
// The field is an alternative in most rules, as the original name of a file is in real ones.
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
	defs, lacks := testkit.Definitions(b, process), missing(sensor.StateNotSupplied, pOriginal)
	for _, builds := range []int{1, 20, 400} {
		for _, bm := range []struct {
			name             string
			sysmon, security func([]sensor.SuppliedInput)
			severity         validate.Severity // of the findings
		}{{"supplied", nil, nil, validate.Error}, {"one-feed", nil, lacks, validate.Note}, {"lacking", lacks, lacks, validate.Warning}} {
			var contracts []sensor.Contract
			for i := range builds {
				c := host(fmt.Sprintf("b%d", i), 1, sensor.AccessNamed, onFeed("sysmon", bm.sysmon), onFeed("security", bm.security))
				c.Reader.Limits.Instances = uint64(10_000 + i) // no two are the same
				contracts = append(contracts, c)
			}
			b.Run(fmt.Sprintf("%s/%d", bm.name, builds), func(b *testing.B) {
				opts := validate.Options{Checks: family, Definitions: defs, Fleet: fleet(contracts...), MaxOfGroup: 10_000}
				for b.Loop() {
					r := validate.Run(s, opts)
					if (r.Warnings() > 0) != (bm.severity == validate.Warning) || (r.Notes() > 0) != (bm.severity == validate.Note) || r.Counts.Contracts != builds {
						b.Fatalf("%d warnings, %d notes, %d contracts", r.Warnings(), r.Notes(), r.Counts.Contracts)
					}
				}
			})
		}
	}
}
