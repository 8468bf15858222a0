package change

import (
	"fmt"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// firstUseExercised is CF6015.
var firstUseExercised = &validate.Check{
	ID:   "CF6015",
	Name: "first-use-exercised",
	Doc: `no first use of the content relies on an exercise plan

A first use that CF6013 or CF6014 would report does not block, because
somebody named a plan by its digest. Ring 1 of the plan runs the content on
few hosts of each build before more hosts get it. This protects the others
only if the deployer follows the rings, and stops if a host of ring 1 fails.

Ship the content to ring 1, and open each further ring only if the hosts of
the ring before stay well. Then record the content with ledger add.`,
	Severity: validate.Note,
	Uses:     ledgered | validate.UsesExercise,
	Run: func(p *validate.Pass) {
		list := firsts.Get(p).exercised
		for i := range list {
			list[i].report(p, func() validate.Finding { return list[i].finding(p) })
		}
	},
}

// finding returns the finding for a first use that a plan exercises.
func (e *exercised) finding(p *validate.Pass) validate.Finding {
	found := e.first.finding(p)
	hosts, texts := uint64(0), []string(nil)
	for i, l := range e.lacking {
		hosts = addHosts(hosts, e.hosts[i])
		texts = append(texts, fmt.Sprintf("%s of %s hosts of %s", numeral.Thousands(e.hosts[i]), numeral.Thousands(e.plan.Hosts(l.Name)), l.Name))
	}
	plan := e.plan.Plan
	found.Message += fmt.Sprintf("; %s runs it on %s hosts first", plan.Name, numeral.Thousands(hosts))
	found.Details = append(found.Details,
		fmt.Sprintf("exercise plan %s, sha256 %v", plan.Name, plan.Digest),
		"ring 1: "+joined(texts))
	found.Fix = "open the next ring only if these hosts stay well, and then record the content with ledger add"
	return found
}
