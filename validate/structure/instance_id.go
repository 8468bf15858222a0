package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// instanceID is CF1035.
var instanceID = conforming("CF1035", "instance-id", channelfile.RequirementInstanceID, `each instance has an ID

The ID names a rule permanently: in findings, in waivers and in the reports
of sensors. An ID of zeros names no rule. It often means that the encoder
forgot the ID, or that memory was erased.

Give the rule an ID; for a Sigma rule it is the UUID of its id. (FORMAT.md,
requirement 55)`, func(p *validate.Pass) {
	for i := range p.File.Instances() {
		if p.File.Instance(i).ID == (channelfile.ID{}) {
			reportInstance(p, i, "give the rule an ID", func() string {
				return fmt.Sprintf("the ID of instance %d is all zero", i)
			})
		}
	}
})
