package report

import (
	"fmt"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// fileCounts counts the files of a run, and those with an error or a warning.
type fileCounts struct {
	judged int // files that are a subject each
	found  int // those with a finding
	last   string
	lastIn bool // the last of them has a finding

	// rules are the files of rules with a finding. Their number is at most that of the files
	// that the run read.
	rules map[string]struct{}

	partly bool // a report does not hold the places of all findings
}

// add adds the file of a result, or the files of rules with a finding in it.
func (c *fileCounts) add(r *Result) {
	rep := r.report
	if rep == nil {
		return
	}
	blames := rep.Errors()+rep.Warnings() > 0
	switch {
	case rep.Subject.Kind == validate.KindRules:
		for i := range rep.Findings {
			f := &rep.Findings[i]
			if path := f.Where.Source.Path; path != "" && f.Severity() != validate.Note {
				if c.rules == nil {
					c.rules = map[string]struct{}{}
				}
				c.rules[path] = struct{}{}
			}
		}
		for _, t := range rep.Totals {
			held := 0
			for i := range rep.Findings {
				if rep.Findings[i].Check == t.Check {
					held++
				}
			}
			c.partly = c.partly || t.Check.Severity != validate.Note && held < t.Found
		}
	case isFile(rep.Subject.Kind):
		// The results of a file for several fleets follow one another.
		if r.Name != c.last || c.judged == 0 {
			c.judged++
			c.last, c.lastIn = r.Name, false
		}
		if blames && !c.lastIn {
			c.found++
			c.lastIn = true
		}
	}
}

// isFile reports whether the name of a subject of a kind is the path of a file.
func isFile(k validate.Kind) bool {
	return k == validate.KindChannelFile || k == validate.KindNeeds || k.Foreign()
}

// inFiles returns the number of files with an error or a warning, and the number of judged
// files, such as " in 9 of 56 files". It returns "" if no file was judged.
func (r *Run) inFiles() string {
	all, found := r.files.judged, r.files.found+len(r.files.rules)
	for i := range r.Sources {
		if r.Sources[i].Use == "rules" {
			all++
		}
	}
	if all = max(all, found); all == 0 {
		return ""
	}
	if found == 0 && !r.files.partly {
		return " in " + count(uint64(all), "file")
	}
	least := ""
	if r.files.partly && found < all {
		least = "at least "
	}
	return fmt.Sprintf(" in %s%s of %s", least, numeral.Thousands(uint64(found)), count(uint64(all), "file"))
}
