package change

import (
	"github.com/cfcheck/cfcheck/validate"
)

// contentKept is CF6004.
var contentKept = &validate.Check{
	ID:   "CF6004",
	Name: "content-kept",
	Doc: `the content is not replaced by nothing, or by almost nothing

A build that fails half way leaves a file without rules, or with a tenth of
the rules that shipped. Every sensor loads it, and detects nothing. In May
2025 a control system replaced the routes of a security vendor by an empty
table.

Check the build. To withdraw all rules of a channel, give
--max-removed 100, and --allow-empty if no rule is left.`,
	Uses: compared,
	Run: func(p *validate.Pass) {
		if !emptied(p) {
			return
		}
		n, old := p.File.Instances(), p.Previous.File.Instances()
		fix := "restore the rules, or allow the removal of all with --max-removed 100"
		if n == 0 { //mutation:equivalent: only report texts depend on it
			reportGone(p, fix, "no rule is left of the %s that shipped", rules(old))
			return
		}
		reportGone(p, fix, "%s replace the %s that shipped", rules(n), rules(old))
	},
}

// nearlyAll is the number of previous rules for each rule of the subject from which on the
// content counts as emptied.
const nearlyAll = 10

// emptied reports whether the subject has no rule, or at most a tenth of the previous number, and
// the ceiling does not allow the removal of all rules.
func emptied(p *validate.Pass) bool {
	n, old := p.File.Instances(), p.Previous.File.Instances()
	return old > 0 && nearlyAll*n <= old && p.ChangeLimits.Removed < 100
}
