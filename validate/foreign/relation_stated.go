package foreign

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// relationStated is CF8317.
var relationStated = &validate.Check{
	ID:   "CF8317",
	Name: "relation-stated",
	Doc: `an element with several fields states how they are combined

In an element without a RuleGroup, the schema version decides: up to 4.10 one
matching field is enough, and from 4.20 on all fields must match. So a new
schemaversion changes the meaning of each such element, and no message says
so.

Write the element into a RuleGroup with groupRelation="or" or "and".`,
	Severity: validate.Note,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		if p.SysmonSource == nil {
			return // a blob has the relation
		}
		grouped := map[int64]bool{} // places of the elements in RuleGroups
		nodes := p.SysmonSource.Nodes
		for i := range nodes {
			if parent := nodes[i].Parent; parent >= 0 && nodes[parent].Name == "RuleGroup" {
				grouped[nodes[i].Place.Offset] = true
			}
		}
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			for i := range r.Elements {
				e := &r.Elements[i]
				if grouped[e.Place.Offset] || !severalParts(e) {
					continue
				}
				m := r.aboutElement(e)
				m.text = func() (string, []string) {
					now, other := `"or"`, `from 4.20 on they are combined by "and"`
					if e.All {
						now, other = `"and"`, `up to 4.10 they are combined by "or"`
					}
					return fmt.Sprintf("the fields of <%s> are combined by %s, because the file declares schema %s and the element stands in no RuleGroup", r.tag(e), now, r.Schema), []string{other}
				}
				m.fix = `put it into a RuleGroup with groupRelation="or" or groupRelation="and"`
				say(m)
			}
			return true
		})
	},
}

// severalParts reports whether the relation of an element matters: it has filters on several
// fields, or Rules beside others.
func severalParts(e *sysmon.Element) bool {
	for i := range e.Filters {
		first, f := &e.Filters[0], &e.Filters[i]
		if f.Group != first.Group || f.Group < 0 && f.Field != first.Field {
			return true
		}
	}
	return false
}
