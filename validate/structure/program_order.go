package structure

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// programOrder is CF1051.
var programOrder = conforming("CF1051", "program-order", channelfile.RequirementProgramOrder, `programs ascend by their sources

Each distinct regular expression is stored once, sorted by the bytes of its
source. The order of operands and criteria then follows from their meaning,
and one content has one encoding.

The encoder is at fault. (FORMAT.md, requirement 71)`, func(p *validate.Pass) {
	for i := 1; i < p.File.Programs(); i++ {
		reportOrder(p, "program", i, source(p.File, i-1), source(p.File, i), p.File.ProgramRange(i))
	}
})

// source returns the bytes of the source of program i, without the copy that
// Program.Source makes.
func source(f *channelfile.File, i int) []byte {
	r := f.SourceRange(i)
	return f.Data()[r.Start:r.End]
}
