package foreign

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// listHasListCondition is CF8305.
var listHasListCondition = &validate.Check{
	ID:   "CF8305",
	Name: "list-has-list-condition",
	Doc: `a list stands in a condition that takes one

Only "is any", "contains any", "contains all", "excludes any" and "excludes
all" split their value at the semicolons. For all others the semicolon is a
character of the text, so a filter such as begin with "a;b" matches only
fields that begin with these three characters.

Use a condition on lists, or write a filter for each item.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			r.perFilter(func(e *sysmon.Element, f *sysmon.Filter) {
				if onList(f.Op) || !f.Op.Known() || !strings.Contains(f.Value, ";") {
					return
				}
				if isFreeText(f) && !plainWords(f.Value) {
					return // the semicolon can be a part of a command
				}
				m := r.about(e, f)
				m.text = func() (string, []string) {
					return fmt.Sprintf("the filter %s: the semicolon does not separate items in this condition, it is a character of the text", filterText(f)), nil
				}
				m.witness = func() string { return r.differsAsList(e, f, f.Op) }
				m.fix = listRemedy(f.Op)
				say(m)
			})
			return true
		})
	},
}

// listRemedy returns the advice for a list in a condition on a single text.
func listRemedy(o sysmon.Operator) string {
	switch o {
	case sysmon.Is, sysmon.Image:
		return `use the condition "is any", or write a filter for each item`
	case sysmon.Contains:
		return `use the condition "contains any" or "contains all"`
	case sysmon.Excludes:
		return `use the condition "excludes any", which holds if the field contains no item`
	case sysmon.IsNot, sysmon.NotBeginWith, sysmon.NotEndWith:
		return `write a filter for each item in a Rule with groupRelation="and"`
	}
	return "write a filter for each item"
}
