package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// classUsed is CF1054.
var classUsed = conforming("CF1054", "class-used", channelfile.RequirementClassUsed, `each class is named by an instruction

A class of runes that no program uses is hidden content.

The encoder is at fault. (FORMAT.md, requirement 74)`, func(p *validate.Pass) {
	used := make([]bool, p.File.Classes())
	for i := range p.File.Programs() {
		program := p.File.Program(i)
		for k := range program.Len() {
			if in := program.Inst(k); in.Op == channelfile.InstRunes {
				used[in.Arg] = true
			}
		}
	}
	for i, u := range used {
		if !u {
			p.Report(func() validate.Finding {
				return p.At(p.File.ClassRange(i), fmt.Sprintf("class[%d]", i), encodeAgain,
					"no instruction names %s", p.File.ClassString(i))
			})
		}
	}
})
