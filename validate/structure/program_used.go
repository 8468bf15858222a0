package structure

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// programUsed is CF1052.
var programUsed = conforming("CF1052", "program-used", channelfile.RequirementProgramUsed, `each program is an operand

A program that no criterion runs is hidden content: it ships, and no view of
the rules shows it.

The encoder is at fault. (FORMAT.md, requirement 72)`, func(p *validate.Pass) {
	used := make([]bool, p.File.Programs())
	for i := range p.File.Criteria() {
		if c := p.File.Criterion(i); c.Operator == channelfile.OpRegexp {
			for k := range c.Count {
				//mutation:equivalent: reading found the fault before; this only locates it
				used[p.File.Operand(c.First+k)] = true
			}
		}
	}
	for i, u := range used {
		if !u {
			p.Report(func() validate.Finding {
				return p.At(p.File.ProgramRange(i), fmt.Sprintf("program[%d]", i), encodeAgain,
					"no criterion has the operand %s", quote(source(p.File, i)))
			})
		}
	}
})
