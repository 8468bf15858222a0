package contract

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// ReaderLimits is CF3008.
var ReaderLimits = &validate.Check{
	ID:   "CF3008",
	Name: "reader-limits",
	Doc: `the content keeps the limits of every build

A build has fixed room for a file, for its instances, for a value. What does
not fit is cut off, refused, or written past the room. In November 2025 a
feature file with more entries than the 200 that its readers had room for
stopped a large part of the web.

Split the content, or shorten what is too long.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		sizes := &p.Needs.Sizes
		for i := range p.Groups {
			g := &p.Groups[i]
			if !g.Addressed {
				continue
			}
			limits := &g.Contract.Reader.Limits
			for _, l := range []struct {
				what       string
				have, most uint64
			}{
				{"bytes in the file", sizes.FileSize, limits.FileSize},
				{"instances", sizes.Instances, limits.Instances},
				{"distinct criteria", sizes.Criteria, limits.Criteria},
				{"words in the longest condition", sizes.WordsPerInstance, limits.WordsPerInstance},
				{"operands in the longest list", sizes.OperandsPerCriterion, limits.OperandsPerCriterion},
				{"bytes in the longest value", sizes.ValueLength, limits.ValueLength},
			} {
				if l.most > 0 && l.have > l.most {
					reportBuilds(p, g, p.Locate(channelfile.HeaderRange, "header"), nil,
						"split the content, or shorten what is too long",
						"%s %s; the build has room for %s", thousands(l.have), l.what, thousands(l.most))
				}
			}
		}
	},
}
