package foreign

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// filterNotRepeated is CF8313.
var filterNotRepeated = &validate.Check{
	ID:   "CF8313",
	Name: "filter-not-repeated",
	Doc: `no filter stands twice

The second of two equal filters has no effect. Such a pair is often a mistake
of copying: the second one was to have another field or another value.

Remove the second filter, or write the value that was meant.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			for i := range r.Elements {
				e := &r.Elements[i]
				type text struct {
					group, field int
					op           sysmon.Operator
					value        string
				}
				first := map[text]*sysmon.Filter{}
				for k := range e.Filters {
					f := &e.Filters[k]
					at := text{f.Group, f.Field, f.Op, lowerASCII(f.Value)}
					if before := first[at]; before != nil {
						if f.Group >= 0 && e.Groups[f.Group].All && f.Name != before.Name {
							continue // the last filter that matches gives the name
						}
						m := r.about(e, f)
						m.text = func() (string, []string) {
							return fmt.Sprintf("the filter %s stands in %s too; the second one has no effect", filterText(f), r.at(before.Place)), nil
						}
						m.fix = "delete one of the two, or write the value that was meant"
						say(m)
						continue
					}
					first[at] = f
				}
			}
			return true
		})
	},
}
