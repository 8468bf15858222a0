package behaviour

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// neverMatch is CF5002.
var neverMatch = &validate.Check{
	ID:   "CF5002",
	Name: "never-match",
	Doc: `no rule matches an event that must never match

Some programs must never be stopped: those of the operating system, and the
vendor's own. In April 2010 one signature took svchost.exe for malware, and
the machines did not start again. In 2012 a product removed its own updater.

Give recorded events of such programs with --never-match. A rule that matches
one of them is wrong: narrow it, or exclude the program by a field that nobody
can forge.`,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition | validate.UsesNeverMatch,
	Requires: typed,
	Run: func(p *validate.Pass) {
		matches(p, p.NeverMatch, func(i int, n uint64, first string) {
			p.Report(func() validate.Finding {
				where, in := p.LocateInstance(i)
				return validate.Finding{
					Where: where, Instance: in, Extent: n, Event: first,
					Message: fmt.Sprintf("%s matches %s that must never match; the first is %s", rule(in), count(n, "event"), first),
					Fix:     "narrow the rule, or exclude the program of the event",
				}
			})
		})
	},
}
