package foreign

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// exclusionAsMeant is CF8306.
var exclusionAsMeant = &validate.Check{
	ID:   "CF8306",
	Name: "exclusion-as-meant",
	Doc: `"excludes any" and "excludes all" are used as the driver reads them

"excludes any" holds if the field contains no item of the list. "excludes all"
holds if the field lacks one item or more. Microsoft's page describes the two
the other way round, so a filter can drop or log other events than its author
expects.

Compare the sentence of the finding with the intention. Exchange the two
conditions if it is the other one.`,
	Severity: validate.Note,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			r.perFilter(func(e *sysmon.Element, f *sysmon.Filter) {
				if f.Op != sysmon.ExcludesAny && f.Op != sysmon.ExcludesAll || !strings.Contains(strings.Trim(f.Value, ";"), ";") {
					return
				}
				m := r.about(e, f)
				holds, other := "contains no item of the list", sysmon.ExcludesAll
				if f.Op == sysmon.ExcludesAll {
					holds, other = "lacks one item of the list or more", sysmon.ExcludesAny
				}
				m.text = func() (string, []string) {
					return fmt.Sprintf("the filter %s holds if the field %s", filterText(f), holds), nil
				}
				m.witness = func() string { return r.differsAsList(e, f, other) }
				m.fix = fmt.Sprintf("keep it if this is meant; otherwise use %q", other)
				say(m)
			})
			return true
		})
	},
}
