package foreign

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// negationsApart is CF8308.
var negationsApart = &validate.Check{
	ID:   "CF8308",
	Name: "negations-apart",
	Doc: `no filter is always true beside another one

Sysmon combines the filters of one field in an element by "or", also if the
element combines its fields by "and". Of two filters such as Image is not
"a.exe" and Image is not "b.exe", each event satisfies one. So the two
together let every event through.

Write the negations into a Rule with groupRelation="and", in which each filter
must match.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			for i := range r.Elements {
				e := &r.Elements[i]
				if !r.sure {
					continue
				}
				// "Or" combines the filters of an element, and those of a Rule.
				type part struct {
					group, field int
				}
				first := map[part]*sysmon.Filter{}
				said := map[part]bool{}
				for k := range e.Filters {
					f := &e.Filters[k]
					if !negative(f.Op) || f.Group >= 0 && e.Groups[f.Group].All {
						continue
					}
					at := part{f.Group, f.Field}
					if f.Group < 0 || said[at] {
						at.group = -1
					}
					before := first[at]
					if before == nil {
						first[at] = f
						continue
					}
					if said[at] || !cover(before, f) {
						continue
					}
					said[at] = true
					m := r.about(e, f)
					m.text = func() (string, []string) {
						effect := "each event satisfies one of the two"
						if contained(f.Op) {
							effect = "an event satisfies neither only if its field contains texts of both"
						}
						return fmt.Sprintf("the filter %s is combined with the filter %s of %s by \"or\", and %s", filterText(f), filterText(before), r.at(before.Place), effect), nil
					}
					m.witness = func() string { return r.differs(e, f, before.Value, false) }
					m.fix = `put the two filters into a Rule with groupRelation="and"`
					say(m)
				}
			}
			return true
		})
	},
}

// contained reports whether a negative condition is about texts that a field contains.
func contained(o sysmon.Operator) bool {
	return o == sysmon.Excludes || o == sysmon.ExcludesAny || o == sysmon.ExcludesAll
}

// cover reports whether each text satisfies one of two negative filters: no text has both values as
// the conditions ask, or it must contain the texts of both.
func cover(a, b *sysmon.Filter) bool {
	v, w := lowerASCII(a.Value), lowerASCII(b.Value)
	if v == "" || w == "" || v == w || strings.Contains(v+w, "%") {
		return false
	}
	if a.Op != b.Op {
		return false
	}
	switch a.Op {
	case sysmon.IsNot:
		return true
	case sysmon.NotBeginWith:
		return !strings.HasPrefix(v, w) && !strings.HasPrefix(w, v)
	case sysmon.NotEndWith:
		return !strings.HasSuffix(v, w) && !strings.HasSuffix(w, v)
	}
	// A field can contain both values, but nobody wants all other events.
	return true
}
