package foreign

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// valueWithoutWildcard is CF8309.
var valueWithoutWildcard = &validate.Check{
	ID:   "CF8309",
	Name: "value-without-wildcard",
	Doc: `no value has a wildcard

Sysmon has no wildcards: * and ? are characters. No name of a file, a user or
a host has them, so a filter with a wildcard never matches.

Use "contains", "begin with" or "end with", or "contains all" with the parts
of the value as a list.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			r.perFilter(func(e *sysmon.Element, f *sysmon.Filter) {
				c := wildcard(f)
				if c == 0 {
					return
				}
				m := r.about(e, f)
				m.text = func() (string, []string) {
					return fmt.Sprintf("the filter %s: %c is no wildcard, it is a character of the text", filterText(f), c), nil
				}
				m.witness = func() string {
					value := f.Value
					if onList(f.Op) {
						value, _, _ = strings.Cut(value, ";")
					}
					value = strings.Map(func(c rune) rune {
						if c == '*' || c == '?' {
							return 'x'
						}
						return c
					}, strings.Trim(value, "*?"))
					return r.differs(e, f, value, !negative(f.Op))
				}
				m.fix = `use "contains", "begin with" or "end with"; use "contains all" for several parts`
				say(m)
			})
			return true
		})
	},
}

// wildcard returns a character of a value that is meant as a wildcard, or 0.
func wildcard(f *sysmon.Filter) byte {
	if !f.Op.Known() || !strings.ContainsAny(f.Value, "*?") {
		return 0
	}
	switch {
	case isFreeText(f):
		// Commands and texts have both characters. No one searches for a text between two stars.
		v := f.Value
		if f.FieldName != "Query" && len(v) > 2 && v[0] == '*' && v[len(v)-1] == '*' && strings.Trim(v, "*") != "" {
			return '*'
		}
		return 0
	case f.FieldName == "TargetObject" || f.FieldName == "NewName":
		return keyWildcard(f.Value)
	}
	for i := range len(f.Value) {
		switch c := f.Value[i]; {
		case c == '*':
			return c
		case c == '?' && !inPrefix(f.Value, i):
			return c
		}
	}
	return 0
}

// inPrefix reports whether the question mark at i is one of the prefixes \\?\ and \??\ of a path.
func inPrefix(value string, i int) bool {
	from := strings.LastIndexByte(value[:i], '\\')
	to := strings.IndexByte(value[i:], '\\')
	if from < 0 || to < 0 {
		return false
	}
	name := value[from+1 : i+to]
	return name == "?" && from > 0 && value[from-1] == '\\' || name == "??"
}

// keyWildcard returns '*' if the path of a registry key has one that is not the name of a key.
// Below Classes there is a key * for all files. Names of keys can have a question mark.
func keyWildcard(value string) byte {
	rest := value
	for first := true; ; first = false {
		name, after, more := strings.Cut(rest, `\`)
		if strings.Contains(name, "*") {
			before := strings.ToLower(strings.TrimSuffix(value[:len(value)-len(rest)], `\`))
			known := first || before == "" || strings.HasSuffix(before, "classes") || strings.HasSuffix(before, "hkcr")
			if name != "*" || !known {
				return '*'
			}
		}
		if !more {
			return 0
		}
		rest = after
	}
}
