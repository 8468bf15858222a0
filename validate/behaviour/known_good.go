package behaviour

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// knownGood is CF5003.
var knownGood = &validate.Check{
	ID:   "CF5003",
	Name: "known-good",
	Doc: `no rule matches more events known to be good than allowed

A rule that matches the normal work of every machine makes a false alarm on
each of them. Where a match blocks, it is an outage. Give recorded events of
ordinary machines with --known-good. One rule may match as many of them as
--known-good-matches says, and no event without that flag.

Compare the named event with an attack. The rule does not yet look at the
difference.`,
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
					Where: where, Instance: in, Extent: n, Event: first,
					Message: fmt.Sprintf("%s matches %s known to be good; the first is %s", rule(in), count(n, "event"), first),
					Details: []string{fmt.Sprintf("%s may match", count(p.KnownGoodMatches, "event"))},
					Fix:     "narrow the rule: use what differs between the event and an attack",
				}
			})
		})
	},
}
