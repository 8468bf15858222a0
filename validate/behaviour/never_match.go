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

Some events are of programs that must not be stopped, whatever happens: those
of the operating system, and a vendor's own. In April 2010 one signature took
svchost.exe for malware, and the machines did not come up again; in 2012 a
product removed its own updater.

Give such events, recorded, with --never-match. A rule that matches one is
wrong: narrow it, or exclude the program by a field that nobody can forge.`,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition | validate.UsesNeverMatch,
	Requires: typed,
	Run: func(p *validate.Pass) {
		matches(p, p.NeverMatch, func(i int, n uint64, first string) {
			p.Report(func() validate.Finding {
				where, in := p.LocateInstance(i)
				return validate.Finding{
					Where: where, Instance: in,
					Message: fmt.Sprintf("%s matches %s that must never match; the first is %s", rule(in), count(n, "event"), first),
					Fix:     "narrow the rule, or exclude what must not match",
				}
			})
		})
	},
}
