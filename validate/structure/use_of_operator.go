package structure

import (
	"encoding/binary"
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// useOfOperator is CF1050.
var useOfOperator = conforming("CF1050", "use-of-operator", channelfile.RuleUseOfOperator, `the provenance of an and or an or is empty

The uses say where the references of a condition come from. An and or an or
comes from no place of its own, so a use with a line or a text would be a
second encoding of the same.

The encoder is at fault. (FORMAT.md, requirement 70)`, func(p *validate.Pass) {
	for i := range p.File.Words() {
		w := p.File.Word(i)
		if w.IsReference() {
			continue
		}
		// A million operators may name one long text, which File.Use copies.
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
