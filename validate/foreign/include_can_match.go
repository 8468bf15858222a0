package foreign

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sysmon/logging"
	"github.com/cfcheck/cfcheck/validate"
)

// includeCanMatch is CF8312.
var includeCanMatch = &validate.Check{
	ID:   "CF8312",
	Name: "include-can-match",
	Doc: `each include and each exclude can match an event

A Rule or an element can state a condition that no event satisfies: two values
of one field, a host name while DnsLookup is off, or a hash of an algorithm
that is not configured. An include of that kind logs nothing, and an exclude
drops nothing. No message says so.

Correct the values, split the Rule, or change the option that the finding
names.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		of := dead.Get(p)
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			for i := range of[r] {
				a := &of[r][i]
				why, fix := "no event satisfies all its conditions", "correct the conditions that exclude each other"
				switch a.reason {
				case logging.Excluded:
					continue
				case logging.EmptyField:
					why, fix = "the field stays empty, because DnsLookup is off", "set DnsLookup to True, or delete the filter"
				case logging.NoAlgorithm:
					why, fix = "HashAlgorithms does not have the algorithm of the hash", "add the algorithm to HashAlgorithms, or delete the filter"
				}
				m := r.aboutAlternative(a)
				m.text = func() (string, []string) {
					var details []string
					for _, f := range a.apart {
						details = append(details, fmt.Sprintf("%s: %s", r.at(f.Place), filterText(f)))
					}
					return a.text(r) + " matches no event: " + why, details
				}
				m.fix = fix
				say(m)
			}
			return of != nil
		})
	},
}
