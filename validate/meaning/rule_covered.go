package meaning

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// ruleCovered is CF4007.
var ruleCovered = &validate.Check{
	ID:   "CF4007",
	Name: "rule-covered",
	Doc: `no rule matches only events that another rule matches

Each event that this rule matches is one that the other rule matches too. That
may be on purpose: a narrow rule of a high level beside a wide rule of a low
level. It may also be a test that is missing in the wide rule. A rule is
compared with at most 64 rules, those that also need its rarest criterion.

Check whether both rules are needed, and whether the wide one is too wide.`,
	Severity: validate.Note,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		all := overlapsOf.Get(p)
		for _, o := range all.list {
			if o.same {
				continue
			}
			p.Report(func() validate.Finding {
				where, in := p.LocateInstance(int(o.rule))
				return validate.Finding{
					Where: where, Instance: in,
					Message: fmt.Sprintf("%s matches only events that %s matches too", rule(in), p.RuleAt(p.LocateInstance(int(o.by)))),
					Fix:     "check whether both rules are needed, and whether the wide one is too wide",
				}
			})
		}
		p.ReportMore(all.wider)
		if n := verdictsOf.Get(p).rest; n > 0 {
			p.ReportAt(channelfile.HeaderRange, "header", "simplify the most expensive rules, or split the file",
				"%s rules were not examined by CF4001, CF4003 and CF4004: the expressions of the file are too expensive", numeral.Thousands(uint64(n)))
		}
		if all.passed > 0 {
			p.ReportAt(channelfile.HeaderRange, "header", "no action is needed",
				"%s pairs of rules were not compared: a rule is compared with %d others that need its rarest criterion", numeral.Thousands(all.passed), maxCandidates)
		}
	},
}
