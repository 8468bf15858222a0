package structure

import (
	"bytes"
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// OperandFolded is CF1045.
var OperandFolded = conforming("CF1045", "operand-folded", channelfile.RuleOperandFolded, `operands of criteria that ignore case are stored folded

A sensor folds the runes of an event's value and compares them with the
operand as it is. An operand with a capital letter then never matches: the
rule is silent, and nobody sees it.

The encoder is at fault. The author's spelling belongs into the provenance.
(FORMAT.md, requirement 54)`, func(p *validate.Pass) {
	for i := range p.File.Criteria() {
		c := p.File.Criterion(i)
		if c.Flags&channelfile.FlagFold == 0 || c.Flags&channelfile.FlagInputs != 0 {
			continue
		}
		for k := c.First; k < c.First+c.Count; k++ {
			v := p.File.Value(p.File.Operand(k))
			if folded := channelfile.AppendFold(nil, v); !bytes.Equal(folded, v) {
				p.ReportAt(p.File.OperandRange(k), fmt.Sprintf("operand[%d]", k), encodeAgain,
					"criterion %d ignores case, and %s is not folded: it would be %s", i, quote(v), quote(folded))
			}
		}
	}
})
