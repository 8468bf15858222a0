package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// instanceUnique is CF1037.
var instanceUnique = conforming("CF1037", "instance-unique", channelfile.RequirementInstanceUnique, `no two instances have the same ID

A sensor that keeps instances in a map loses one of two instances with the
same ID, and nobody knows which. In November 2025 duplicate rows doubled a
feature file, and its readers, which had room for fewer, stopped.

Give one of the rules an ID of its own, or remove the copy. (FORMAT.md,
requirement 57)`, func(p *validate.Pass) {
	for i := 1; i < p.File.Instances(); i++ {
		if id := p.File.Instance(i).ID; id == p.File.Instance(i-1).ID {
			reportInstance(p, i, "remove one of the two rules, or give it an ID of its own", func() string {
				return fmt.Sprintf("instance %d has the ID %v, and so has instance %d", i, id, i-1)
			})
		}
	}
})
