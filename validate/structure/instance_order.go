package structure

import (
	"bytes"
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// instanceOrder is CF1036.
var instanceOrder = conforming("CF1036", "instance-order", channelfile.RequirementInstanceOrder, `instances are sorted by ID

A sensor finds an instance by binary search, which fails in an unsorted
table. The same rules in another order would also be another file.

The encoder is at fault. (FORMAT.md, requirement 56)`, func(p *validate.Pass) {
	for i := 1; i < p.File.Instances(); i++ {
		a, b := p.File.Instance(i-1).ID, p.File.Instance(i).ID
		//mutation:equivalent comparison: reading found the fault before; this only locates it
		if bytes.Compare(a[:], b[:]) > 0 {
			reportInstance(p, i, encodeAgain, func() string { return fmt.Sprintf("%v stands after %v, which is greater", b, a) })
		}
	}
})
