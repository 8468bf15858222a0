package foreign

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// numberCompared is CF8303.
var numberCompared = &validate.Check{
	ID:   "CF8303",
	Name: "number-compared",
	Doc: `no number is compared by order

The conditions "less than" and "more than" compare texts, character by
character. The text 445 is not less than 1024, and 9 is more than 10. A filter
on a port or a size matches other events than the numbers suggest.

Write the numbers as a list with "is any", or compare their common start with
"begin with".`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			r.perFilter(func(e *sysmon.Element, f *sysmon.Filter) {
				if f.Op != sysmon.LessThan && f.Op != sysmon.MoreThan || !isNumber(f.Value) {
					return
				}
				m := r.about(e, f)
				m.text = func() (string, []string) {
					_, _, text := counterexample(f)
					return fmt.Sprintf("the filter %s compares texts, and not numbers; %s", filterText(f), text), nil
				}
				m.witness = func() string {
					if number, holds, _ := counterexample(f); number != "" {
						return r.differs(e, f, number, !holds)
					}
					return ""
				}
				m.fix = `list the numbers with the condition "is any"`
				say(m)
			})
			return true
		})
	},
}

// isNumber reports whether a value is a decimal or a hexadecimal number.
func isNumber(s string) bool {
	s = strings.Trim(s, blanks)
	digits := "0123456789"
	if rest, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		s, digits = rest, "0123456789abcdef"
	}
	return s != "" && strings.Trim(s, digits) == ""
}

// counterexample returns a number that compares with the value of a filter as texts do, and not as
// numbers do: whether the filter matches it, and a sentence. number is "" if only the sentence is
// known.
func counterexample(f *sysmon.Filter) (number string, holds bool, text string) {
	value := strings.Trim(f.Value, blanks)
	less, more := f.Op == sysmon.LessThan, f.Op == sysmon.MoreThan
	longer := "1" + strings.Repeat("0", len(value))
	switch {
	case !isNumber(value[:1]) || value[0] == '0' || value == "1":
		return "", false, "a longer number can come first in this order"
	case len(value) > 1 && value[0] != '9' && more:
		return "9", true, "9 is more than it"
	case len(value) > 1 && value[0] != '9' && less:
		return "9", false, "9 is not less than it"
	case more:
		return longer, false, longer + " is not more than it"
	}
	return longer, true, longer + " is less than it"
}
