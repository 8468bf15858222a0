package behaviour

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// knownGood is CF5003.
var knownGood = &validate.Check{
	ID:   "CF5003",
	Name: "known-good",
	Doc: `no rule matches more events that are known to be good than is allowed

A rule that matches what every machine does all day is a false alarm on each
of them, or, where a match blocks, an outage. Events of ordinary machines,
recorded, are given with --known-good, and --known-good-matches says how many
of them one rule may match; none, if it is not given.

Compare the event that is named with an attack: what makes it ordinary is what
the rule does not look at yet.`,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition | validate.UsesKnownGood,
	Requires: typed,
	Run: func(p *validate.Pass) {
		matches(p, p.KnownGood, func(i int, n uint64, first string) {
			if n <= p.KnownGoodMatches {
				return
			}
			p.Report(func() validate.Finding {
				where, in := p.LocateInstance(i)
				return validate.Finding{
					Where: where, Instance: in,
					Message: fmt.Sprintf("%s matches %s known to be good; the first is %s", rule(in), count(n, "event"), first),
					Details: []string{fmt.Sprintf("%s may match", count(p.KnownGoodMatches, "event"))},
					Fix:     "narrow the rule by what tells the event from an attack",
				}
			})
		})
	},
}
