package foreign

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/logging"
	"github.com/cfcheck/cfcheck/validate"
)

// includeNotExcluded is CF8311.
var includeNotExcluded = &validate.Check{
	ID:   "CF8311",
	Name: "include-not-excluded",
	Doc: `no exclude drops all that an include asks for

Sysmon tries the excludes of an event first, and drops an event that one of
them matches. If an exclude matches each event that a filter of an include
matches, then this filter logs nothing.

Remove the filter, or narrow the exclude.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		of := dead.Get(p)
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			for i := range of[r] {
				a := &of[r][i]
				if a.reason != logging.Excluded {
					continue
				}
				m := r.aboutAlternative(a)
				m.text = func() (string, []string) {
					text := fmt.Sprintf("%s logs nothing: the exclude of %s matches each such event", a.text(r), r.at(a.by.Place))
					var details []string
					for _, k := range a.byAt {
						f := &a.by.Filters[k]
						details = append(details, fmt.Sprintf("%s: excludes %s", r.at(f.Place), filterText(f)))
					}
					return text, details
				}
				m.witness = func() string {
					for _, ev := range r.events(a.element) {
						s := &sample{ev, map[string]string{}}
						for _, f := range a.filters {
							if f.FieldName != "" && s.values[f.FieldName] == "" {
								s.values[f.FieldName] = satisfying(f)
							}
						}
						words := "the exclude of " + r.at(a.by.Place)
						if w := r.without(a.element, s, func(o *sysmon.Element) bool { return !o.Include && o.Place == a.by.Place }, words); w != "" {
							return w
						}
					}
					return ""
				}
				m.fix = "delete it, or narrow the exclude"
				say(m)
			}
			return of != nil
		})
	},
}
