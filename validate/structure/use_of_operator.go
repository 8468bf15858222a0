package structure

import (
	"encoding/binary"
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// useOfOperator is CF1050.
var useOfOperator = conforming("CF1050", "use-of-operator", channelfile.RequirementUseOfOperator, `the provenance of "and" and "or" is empty

The uses state the origin of each reference in a condition. An "and" or an
"or" has no origin of its own, so a use with a line or a text would be a
second encoding of the same content.

The encoder is at fault. (FORMAT.md, requirement 70)`, func(p *validate.Pass) {
	for i := range p.File.Words() {
		w := p.File.Word(i)
		if w.IsReference() {
			continue
		}
		// Do not call File.Use, which copies the text: a million operators can name one long text.
		use := p.File.Data()[p.File.UseRange(i).Start:]
		line, words := binary.LittleEndian.Uint32(use), text(p.File, int(binary.LittleEndian.Uint32(use[4:])))
		if line != 0 || len(words) > 0 {
			p.Report(func() validate.Finding {
				return p.At(p.File.UseRange(i), fmt.Sprintf("use[%d]", i), encodeAgain,
					"word %d is %v, and its use has line %d and text %s", i, w, line, quote(words))
			})
		}
	}
})
