package behaviour

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// withinCeilings is CF5004.
var withinCeilings = &validate.Check{
	//mutation:missed check: TestCeilings detects it
	ID:   "CF5004",
	Name: "within-ceilings",
	Doc: `no channel file is larger than its owner allows

A file that grows beyond the expectation of its owner is often generated from
wrong data. In November 2025 a file of a content delivery network had twice
its usual entries, and its readers had no room for them. The ceilings of a
policy catch such a jump before any build is at its limit.

Find the cause of the growth first. Raise the ceiling in the policy, under
review, if the growth is intended.`,
	Uses: validate.UsesNeeds | validate.UsesCeilings,
	Run: func(p *validate.Pass) {
		sizes := &p.Needs.Sizes
		for _, c := range []struct {
			key        string // as in a policy
			have, most uint64
			verb, what string
		}{
			{"bytes", sizes.FileSize, p.Ceilings.Bytes, "has", "bytes"},
			{"instances", sizes.Instances, p.Ceilings.Instances, "has", "instances"},
			{"memory", p.Needs.Memory, p.Ceilings.Memory, "needs", "bytes of memory"},
		} {
			//mutation:missed: TestCeilings detects it
			if c.most == 0 || c.have <= c.most {
				continue
			}
			p.Report(func() validate.Finding {
				f := p.At(channelfile.HeaderRange, "header", fmt.Sprintf("find the cause of the growth, or raise the ceiling %q", c.key),
					"the content %s %s %s, its owner allows %s", c.verb, numeral.Thousands(c.have), c.what, numeral.Thousands(c.most))
				f.Extent, f.Identity.Path = c.have, c.key
				return f
			})
		}
	},
}
