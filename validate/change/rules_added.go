package change

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// rulesAdded is CF6007.
var rulesAdded = &validate.Check{
	ID:   "CF6007",
	Name: "rules-added",
	Doc: `the content has no new rules

New rules are the purpose of a release. The list of them belongs into its
notes, and shows a rule that nobody meant to ship. It never blocks.

Read the list before you ship.`,
	Severity: validate.Note,
	Uses:     compared,
	Run: func(p *validate.Pass) {
		reportEach(p, "added", instances.Get(p).Added, "is new", "are new", "check that it is meant to ship")
	},
}

// noRange is the range of findings that no bytes of the file show.
var noRange = channelfile.Range{}

// reportEach reports instances of the subject as one group. One and several are the predicates
// for one rule and for several rules.
func reportEach(p *validate.Pass, key string, list []int, one, several, fix string) {
	if len(list) == 0 { //mutation:equivalent: a group without a finding has no summary
		return
	}
	group := p.FindingGroup(key, func(found int) validate.Summary {
		return validate.Summary{Message: rules(found) + " " + several, Fix: fix}
	})
	for _, i := range list {
		if group.Full() { //mutation:equivalent: the slow path gives the same result
			break
		}
		group.Report(func() validate.Finding {
			where, in := p.LocateInstance(i)
			return validate.Finding{Where: where, Instance: in, Message: fmt.Sprintf("%v %s", in, one), Fix: fix}
		})
	}
	group.ReportMore(len(list) - p.Found())
}
