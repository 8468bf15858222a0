package foreign

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// emptyExcludeLogsAll is CF8302.
var emptyExcludeLogsAll = &validate.Check{
	ID:   "CF8302",
	Name: "empty-exclude-logs-all",
	Doc: `an empty exclude stands alone

An empty exclude logs all events only while it is the only element of its
event. Beside an include it has no effect: Sysmon logs the events of
the include, and drops all others. Several public configurations stopped
logging unknown drivers when lists of known bad drivers were added in this
way.

Remove the include to log all events, or remove the empty exclude if only the
events of the include are wanted.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			if !r.sure {
				return true
			}
			r.perTag(func(tag string, elements []*sysmon.Element) {
				var empty, include *sysmon.Element
				for _, e := range elements {
					switch {
					case e.Include && len(e.Filters) > 0:
						include = e
					case e.Include:
					case len(e.Filters) > 0:
						return // the empty exclude is only a place for filters to come
					case empty == nil:
						empty = e
					}
				}
				if empty == nil || include == nil {
					return
				}
				m := r.aboutElement(empty)
				m.text = func() (string, []string) {
					return fmt.Sprintf("the empty exclude of %s logs nothing, because an include stands beside it: an event that no include matches is dropped", tag), r.listed(elements)
				}
				m.witness = func() string {
					s := &sample{r.events(empty)[0], map[string]string{}}
					return r.without(empty, s, func(o *sysmon.Element) bool { return o.Include }, "the include")
				}
				m.fix = "delete the includes to log all events; delete the empty exclude to log their events alone"
				say(m)
			})
			return true
		})
	},
}
