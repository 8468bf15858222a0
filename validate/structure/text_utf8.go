package structure

import (
	"fmt"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// textUTF8 is CF1049.
var textUTF8 = conforming("CF1049", "text-utf8", channelfile.RequirementTextUTF8, `texts are valid UTF-8

Reports, terminals and web pages show the provenance to people, and expect
UTF-8. They show other bytes in different ways.

Save the rule's source as UTF-8, and encode it again. (FORMAT.md,
requirement 69)`, func(p *validate.Pass) {
	for i := range p.File.Texts() {
		if t := text(p.File, i); !utf8.Valid(t) {
			p.Report(func() validate.Finding {
				return p.At(p.File.TextPoolRange(i), fmt.Sprintf("text[%d]", i), "save the rule's source as UTF-8, and encode it again",
					"%s is not UTF-8", quote(t))
			})
		}
	}
})
