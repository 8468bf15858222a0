package foreign

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// registryRootKnown is CF8315.
var registryRootKnown = &validate.Check{
	ID:   "CF8315",
	Name: "registry-root-known",
	Doc: `the path of a registry key begins with a root that Sysmon writes

Sysmon writes the path of a key with the roots HKLM and HKU, and below HKU the
SID of the user. HKCU and the long names such as HKEY_LOCAL_MACHINE never
occur, so a filter with them never matches.

Write HKLM or HKU at the start of the value. For the key of any user, use
"contains" with the path below the SID.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			// Before schema 3.30 the roots were those of the kernel.
			if r.schema.Version.Compare(sysmon.Version{Major: 3, Minor: 30}) < 0 || r.versions[0].sysmon.Platform != sysmon.Windows {
				return true
			}
			r.perFilter(func(e *sysmon.Element, f *sysmon.Filter) {
				root := unknownRoot(f)
				if root == "" {
					return
				}
				m := r.about(e, f)
				m.text = func() (string, []string) {
					return fmt.Sprintf("the filter %s: no path of Sysmon has the root %s", filterText(f), root), nil
				}
				m.witness = func() string {
					value := f.Value
					if onList(f.Op) {
						value = value[strings.Index(value, root+`\`):]
						value, _, _ = strings.Cut(value, ";")
					}
					_, rest, _ := strings.Cut(value, `\`)
					return r.differs(e, f, writtenRoot(root)+`\`+rest, !negative(f.Op))
				}
				m.fix = `begin the value with HKLM or HKU; for the key of any user, use "contains" with the path below the SID`
				say(m)
			})
			return true
		})
	},
}

// writtenRoot returns a root as Sysmon writes it.
func writtenRoot(root string) string {
	switch strings.ToUpper(root) {
	case "HKEY_LOCAL_MACHINE":
		return "HKLM"
	case "HKEY_USERS":
		return "HKU"
	case "HKEY_CLASSES_ROOT":
		return `HKLM\SOFTWARE\Classes`
	}
	return `HKU\S-1-5-21-1-2-3-1001` // of a user
}

// unknownRoot returns the root of a registry path that Sysmon does not write, or "".
func unknownRoot(f *sysmon.Filter) string {
	if f.FieldName != "TargetObject" && f.FieldName != "NewName" {
		return ""
	}
	values := []string{f.Value}
	switch {
	case f.Op == sysmon.EndWith || f.Op == sysmon.NotEndWith || !f.Op.Known():
		return ""
	case onList(f.Op):
		values = strings.Split(f.Value, ";")
	}
	for _, v := range values {
		root, _, ok := strings.Cut(v, `\`)
		switch strings.ToUpper(root) {
		case "HKCU", "HKEY_CURRENT_USER", "HKEY_LOCAL_MACHINE", "HKEY_USERS", "HKEY_CLASSES_ROOT":
			if ok {
				return root
			}
		}
	}
	return ""
}
