package foreign

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// valueNotExpanded is CF8310.
var valueNotExpanded = &validate.Check{
	ID:   "CF8310",
	Name: "value-not-expanded",
	Doc: `no text that is searched has a variable

On Windows, Sysmon replaces a variable such as %COMSPEC% in a value before it
compares. A command line or a registry value that has the name of the variable
itself is never found, also if the percent signs are doubled.

Compare with a part of the text beside the variable: use "contains" or
"contains all".`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			if r.versions[0].sysmon.Platform != sysmon.Windows {
				return true
			}
			r.perFilter(func(e *sysmon.Element, f *sysmon.Filter) {
				name := variable(f.Value)
				if name == "" || !isFreeText(f) {
					return // a path is found by the value of its variable
				}
				m := r.about(e, f)
				m.text = func() (string, []string) {
					return fmt.Sprintf("the filter %s: Sysmon replaces %s before it compares, so it does not find a text with the name of the variable", filterText(f), quote(name)), nil
				}
				m.fix = "search for the text beside the variable"
				say(m)
			})
			return true
		})
	},
}

// variable returns the first variable of a value with its percent signs, or "".
func variable(value string) string {
	for {
		_, rest, ok := strings.Cut(value, "%")
		if !ok {
			return ""
		}
		name, _, ok := strings.Cut(rest, "%")
		if !ok {
			return ""
		}
		if name != "" && isWord(name[0]) && !isNumber(name[:1]) && strings.Trim(name, variableCharacters) == "" {
			return "%" + name + "%"
		}
		value = rest
	}
}

const variableCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_()"
