package foreign

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// listItemsWhole is CF8304.
var listItemsWhole = &validate.Check{
	ID:   "CF8304",
	Name: "list-items-whole",
	Doc: `each item of a list is the text that is meant

Sysmon splits a list at its semicolons, and takes the items as they are. A
semicolon at the end adds an empty item, which every field with a text
contains: "contains any" then matches each event. For an empty item in the
middle Sysmon searches the rest of the list. A blank behind a semicolon
belongs to the item.

Remove the semicolon at the end, the empty item, or the blank.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			r.perFilter(func(e *sysmon.Element, f *sysmon.Filter) {
				if !onList(f.Op) || f.Value == "" {
					return
				}
				fault, fix := listFault(f)
				if fault == "" {
					return
				}
				m := r.about(e, f)
				m.text = func() (string, []string) { return "the filter " + filterText(f) + ": " + fault, nil }
				m.witness = func() string { return r.differsAsList(e, f, f.Op) }
				m.fix = fix
				say(m)
			})
			return true
		})
	},
}

// listFault returns the fault of a list, and the remedy, or "".
func listFault(f *sysmon.Filter) (fault, fix string) {
	value := f.Value
	if !strings.Contains(value, ";") {
		return "", ""
	}
	if strings.HasSuffix(value, ";") {
		return "the semicolon at the end adds an empty item, " + emptyItem(f.Op, true), "delete the semicolon at the end"
	}
	if strings.HasPrefix(value, ";") || strings.Contains(value, ";;") {
		return "the list has an empty item, " + emptyItem(f.Op, false), "delete one of the semicolons"
	}
	first := true
	for item := range strings.SplitSeq(value, ";") {
		rest := strings.TrimLeft(item, blanks)
		switch {
		case first:
			// A list whose first item begins with a blank has the blanks on purpose.
			if first = false; rest != item && isFreeText(f) {
				return "", ""
			}
		case rest == item:
			if isFreeText(f) {
				return "", "" // the blanks of the others are on purpose
			}
		case rest == "" || !isFreeText(f) || isWord(rest[0]):
			if fault == "" {
				fault = fmt.Sprintf("the blank behind the semicolon belongs to the item %s", quote(item))
			}
		default:
			return "", ""
		}
	}
	return fault, "delete the blanks behind the semicolons"
}

// emptyItem returns the effect of an empty item at the end of a list or before.
func emptyItem(o sysmon.Operator, last bool) string {
	switch {
	case o == sysmon.IsAny:
		return "which equals an empty field"
	case !last:
		return "for which Sysmon searches the rest of the list with its semicolons"
	case o == sysmon.ContainsAny:
		return "so the filter matches each event whose field has a text"
	case o == sysmon.ExcludesAny:
		return "so the filter matches no event whose field has a text"
	}
	return "which has no effect"
}
