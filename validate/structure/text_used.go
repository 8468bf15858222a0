package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// textUsed is CF1048.
var textUsed = conforming("CF1048", "text-used", channelfile.RequirementTextUsed, `each text is named by an origin or a use

A text that nothing names is hidden content.

The encoder is at fault. (FORMAT.md, requirement 68)`, func(p *validate.Pass) {
	for i, used := range p.File.TextsUsed() {
		if !used {
			p.Report(func() validate.Finding {
				return p.At(p.File.TextRange(i), fmt.Sprintf("text[%d]", i), encodeAgain,
					"no origin and no use names %s", quote(text(p.File, i)))
			})
		}
	}
})
