package meaning

import (
	"fmt"

	"github.com/cfcheck/cfcheck/validate"
)

// rulesDiffer is CF4006.
var rulesDiffer = &validate.Check{
	ID:   "CF4006",
	Name: "rules-differ",
	Doc: `no two rules match the same events

Two rules with different IDs match exactly the same events. Each event is
reported twice, and costs twice the time. If one of the rules is tuned or
withdrawn later, the other keeps reporting. The condition may be written
differently: in another order, or in another case where case does not matter.

Drop one of the rules, or correct the one that was meant to differ.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		all := overlapsOf.Get(p)
		for _, o := range all.list {
			if !o.same {
				continue
			}
			p.Report(func() validate.Finding {
				where, in := p.LocateInstance(int(o.rule))
				return validate.Finding{
					Where: where, Instance: in,
					Message: fmt.Sprintf("%s matches the same events as %s", rule(in), p.RuleAt(p.LocateInstance(int(o.by)))),
					Fix:     "drop one of the rules, or correct the one that was meant to differ",
				}
			})
		}
		p.ReportMore(all.same)
	},
}
