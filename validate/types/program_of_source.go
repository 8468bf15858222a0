package types

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// programOfSource is CF2009.
var programOfSource = &validate.Check{
	ID:   "CF2009",
	Name: "program-of-source",
	Doc: `each program is the one that its source compiles to

A regular expression travels twice: as its source, which people read, and as
the program, which the sensor runs. If they differ, the sensor does not run
the expression that people reviewed. FORMAT.md, section 5, defines the
program of a source, so each source has exactly one correct program.

Encode the rules again with a compiler that follows FORMAT.md, such as the
Builder of package channelfile. (FORMAT.md, requirement 75)`,
	Uses: validate.UsesFile,
	Run: func(p *validate.Pass) {
		// A file can have millions of programs, and one criterion can run all of
		// them. Compute who runs which once, and only if a program is wrong.
		var runs []int // by program: the first criterion that runs it
		dearest, most := -1, uint64(0)
		compared := p.File.ComparePrograms(func(i int, work uint64) bool {
			//mutation:equivalent: only the message about a spent budget depends on it
			if work > most {
				dearest, most = i, work
			}
			return p.Spend(work)
		})
		for i, differs := range compared {
			if runs == nil {
				runs = runners(p.File)
			}
			const fix = "encode the rules again; channelfile's Builder makes the program that FORMAT.md specifies"
			p.Report(func() validate.Finding {
				f := p.At(p.File.ProgramRange(i), fmt.Sprintf("program[%d]", i), fix,
					"program %d is not the program of its source %.200q: %s", i, p.File.Program(i).Source(), differs)
				if c := runs[i]; c >= 0 {
					//mutation:equivalent: only report texts depend on it
					input := int(p.File.Criterion(c).Input)
					f.Where, f.Instance = p.LocateCriterion(c, input)
				}
				return f
			})
		}
		//mutation:equivalent: only the message about a spent budget depends on it
		if dearest >= 0 {
			p.CostOf(most, func() (validate.Location, *validate.Instance) {
				//mutation:equivalent: only the message about a spent budget depends on it
				if runs == nil {
					runs = runners(p.File)
				}
				//mutation:equivalent: only the message about a spent budget depends on it
				if c := runs[dearest]; c >= 0 {
					return p.LocateCriterion(c, -1)
				}
				return validate.Location{}, nil
			})
		}
	},
}

// runners returns the first criterion that runs each program, -1 if no criterion runs
// it.
func runners(f *channelfile.File) []int {
	runs := make([]int, f.Programs())
	for i := range runs {
		runs[i] = -1
	}
	for i := range f.Criteria() {
		c := f.Criterion(i)
		if c.Operator != channelfile.OpRegexp {
			continue
		}
		//mutation:equivalent width: only report texts depend on it
		for k := c.First; k < c.First+c.Count; k++ {
			if n := f.Operand(k); runs[n] < 0 {
				runs[n] = i
			}
		}
	}
	return runs
}
