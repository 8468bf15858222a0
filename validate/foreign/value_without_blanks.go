package foreign

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// valueWithoutBlanks is CF8314.
var valueWithoutBlanks = &validate.Check{
	ID:   "CF8314",
	Name: "value-without-blanks",
	Doc: `no value has blanks around it

Sysmon keeps each character between the tags of a filter: the line break and
the blanks before the end tag too. No path, name or number begins or ends with
them, so the filter never matches.

Write the value and both tags without a blank between them.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			r.perFilter(func(e *sysmon.Element, f *sysmon.Filter) {
				where := blankAt(f)
				if where == "" {
					return
				}
				m := r.about(e, f)
				m.text = func() (string, []string) {
					return fmt.Sprintf("the filter %s: the value %s, which belongs to the text", filterText(f), where), nil
				}
				m.witness = func() string {
					if onList(f.Op) {
						return r.differsAsList(e, f, f.Op)
					}
					return r.differs(e, f, strings.Trim(f.Value, blanks), !negative(f.Op))
				}
				m.fix = "delete it"
				say(m)
			})
			return true
		})
	},
}

// blankAt returns the end of a value at which blanks cannot be meant, or "".
func blankAt(f *sysmon.Filter) string {
	v := f.Value
	inside := strings.Trim(v, blanks)
	if inside == v || inside == "" || !f.Op.Known() {
		return ""
	}
	start := v[:strings.Index(v, inside)]
	end := v[len(start)+len(inside):]
	breaks := "\t\r\n"
	switch {
	case strings.ContainsAny(start, breaks):
		return "begins with a line break or a tab"
	case strings.ContainsAny(end, breaks):
		return "ends with a line break or a tab"
	case isFreeText(f):
		return ""
	case start != "" && f.Op != sysmon.EndWith && f.Op != sysmon.NotEndWith &&
		(f.Op != sysmon.Contains && f.Op != sysmon.Excludes && !onList(f.Op) || isRooted(inside)):
		return "begins with a blank"
	case end != "" && (f.Op == sysmon.Is || f.Op == sysmon.IsNot || f.Op == sysmon.Image || f.Op == sysmon.EndWith || f.Op == sysmon.NotEndWith):
		return "ends with a blank"
	}
	return ""
}

// isRooted reports whether a path begins with a drive or a root of the registry, before which no
// path has a blank.
func isRooted(path string) bool {
	return len(path) > 2 && isWord(path[0]) && path[1:3] == `:\` || strings.HasPrefix(path, `HKLM\`) || strings.HasPrefix(path, `HKU\`)
}
