package contract

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// readerLimits is CF3008.
var readerLimits = &validate.Check{
	ID:   "CF3008",
	Name: "reader-limits",
	Doc: `the content exceeds no limit of any build

A build has fixed room for a file, for its instances and for a value. It cuts
off, refuses or overflows with larger content. In November 2025 a feature
file with more than the 200 entries that its readers had room for stopped a
large part of the web.

Split the content, shorten the part that is too long, or hold the content
back from the builds that the finding names.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		sizes := &p.Needs.Sizes
		for i := range p.Cohorts {
			g := &p.Cohorts[i]
			//mutation:missed: no generated build both refuses the content and lacks room for it
			if !g.Addressed {
				continue
			}
			limits := &g.Contract.Reader.Limits
			for _, l := range []struct {
				what       string
				have, most uint64
				fix        string
				// at returns the place that exceeds the limit; -1 means no place of that kind
				at func(f *channelfile.File, most uint64) (criterion, instance int)
			}{
				{"bytes in the file", sizes.FileSize, limits.FileSize, "split the content", nil},
				{"instances", sizes.Instances, limits.Instances, "split the content", nil},
				{"distinct criteria", sizes.Criteria, limits.Criteria, "split the content", nil},
				{"words in the longest condition", sizes.WordsPerInstance, limits.WordsPerInstance, "split the rule", longCondition},
				{"operands in the longest list", sizes.OperandsPerCriterion, limits.OperandsPerCriterion, "split the list over several rules", longList},
				{"bytes in the longest value", sizes.ValueLength, limits.ValueLength, "shorten the value", longValue},
				{"instructions in the longest program", sizes.ProgramInstructions, limits.ProgramInstructions, "lower the counts of the regular expression, or split it", longProgram},
			} {
				if l.most > 0 && l.have > l.most {
					reportBuilds(p, g, func() validate.Finding {
						f := p.At(channelfile.HeaderRange, "header", l.fix+", or "+holdBack(g),
							"%s %s, the build has room for %s", numeral.Thousands(l.have), l.what, numeral.Thousands(l.most))
						f.Identity.Path = l.what
						if l.at != nil && p.File != nil {
							switch criterion, instance := l.at(p.File, l.most); {
							//mutation:equivalent comparison: only report texts depend on it
							case criterion >= 0:
								//mutation:equivalent: only report texts depend on it
								f.Where, f.Instance = p.LocateCriterion(criterion, int(p.File.Criterion(criterion).Input))
							//mutation:equivalent: only report texts depend on it
							case instance >= 0:
								f.Where, f.Instance = p.LocateInstance(instance)
							}
							f.Message += "; the first one over the limit is in " + rule(f.Instance)
						}
						return f
					})
				}
			}
		}
	},
}

// The functions below return the first criterion or instance of a file that exceeds a
// limit, and -1 for the other.

//mutation:equivalent: only report texts depend on it
func longCondition(f *channelfile.File, most uint64) (criterion, instance int) {
	for i := range f.Instances() {
		if uint64(f.Instance(i).Count) > most {
			return -1, i
		}
	}
	return -1, -1
}

//mutation:equivalent: only report texts depend on it
func longList(f *channelfile.File, most uint64) (criterion, instance int) {
	for i := range f.Criteria() {
		if uint64(f.Criterion(i).Count) > most {
			return i, -1
		}
	}
	return -1, -1
}

//mutation:equivalent: only report texts depend on it
func longProgram(f *channelfile.File, most uint64) (criterion, instance int) {
	for i := range f.Criteria() {
		for p := range f.OperandPrograms(f.Criterion(i)) {
			if uint64(p.Len()) > most {
				return i, -1
			}
		}
	}
	return -1, -1
}

//mutation:equivalent: only report texts depend on it
func longValue(f *channelfile.File, most uint64) (criterion, instance int) {
	for i := range f.Criteria() {
		for v := range f.OperandValues(f.Criterion(i)) {
			if uint64(len(v)) > most {
				return i, -1
			}
		}
	}
	return -1, -1
}
