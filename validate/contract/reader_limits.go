package contract

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor/cost"
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
		for i := range p.Cohorts {
			g := &p.Cohorts[i]
			//mutation:missed: no generated build both refuses the content and lacks room for it
			if !g.Addressed {
				continue
			}
			for u := range cost.Sizes(p.Needs, &g.Contract.Reader) {
				if u.Used > u.Most {
					reportBuilds(p, g, func() validate.Finding { return overLimit(p, g, u) })
				}
			}
		}
	},
}

// overLimit returns the finding for a limit that the content exceeds.
//
//mutation:equivalent: only report texts depend on it
func overLimit(p *validate.Pass, g *validate.Cohort, u cost.Use) validate.Finding {
	fix := "split the content"
	// first returns the first place that exceeds the limit; nil means no place of that kind
	var first func(f *channelfile.File, most uint64) (criterion, instance int)
	switch u.Limit {
	case cost.WordsPerInstance:
		fix, first = "split the rule", longCondition
	case cost.OperandsPerCriterion:
		fix, first = "split the list over several rules", longList
	case cost.ValueLength:
		fix, first = "shorten the value", longValue
	case cost.ProgramInstructions:
		fix, first = "lower the counts of the regular expression, or split it", longProgram
	case cost.Revision:
		return revisionBeyond(p, g, u)
	}
	f := p.At(channelfile.HeaderRange, "header", fix+", or "+holdBack(g),
		"%s %s, the build has room for %s", numeral.Thousands(u.Used), u.Limit.Unit(), numeral.Thousands(u.Most))
	f.Identity.Path = u.Limit.Unit()
	if first != nil && p.File != nil {
		switch criterion, instance := first(p.File, u.Most); {
		case criterion >= 0:
			f.Where, f.Instance = p.LocateCriterion(criterion, int(p.File.Criterion(criterion).Input))
		case instance >= 0:
			f.Where, f.Instance = p.LocateInstance(instance)
		}
		f.Message += "; the first one over the limit is in " + rule(f.Instance)
	}
	return f
}

// revisionBeyond returns the finding for a revision that does not fit the integer of a build.
func revisionBeyond(p *validate.Pass, g *validate.Cohort, u cost.Use) validate.Finding {
	f := p.At(channelfile.RevisionRange, "header.revision", "number the releases within the limit, or "+holdBack(g),
		"revision %d does not fit the integer of the build, which ends at %s: the build takes it for another revision, or refuses the file", u.Used, numeral.Thousands(u.Most))
	f.Identity.Path = u.Limit.String()
	return f
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
