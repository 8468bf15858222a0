package foreign

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// pathWhole is CF8318.
var pathWhole = &validate.Check{
	ID:   "CF8318",
	Name: "path-whole",
	Doc: `no part of a path is compared with a whole path

Sysmon writes the whole path of a file, such as C:\Windows\System32\cmd.exe.
The condition "is" with the name alone is not equal to it. The condition
"image" takes the name alone, or a whole path. A value such as \cmd.exe is
neither.

Use "image" with the name alone, "end with" with a backslash and the name, or
write the whole path.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			if r.versions[0].sysmon.Platform != sysmon.Windows {
				return true
			}
			r.perFilter(func(e *sysmon.Element, f *sysmon.Filter) {
				part := partOfPath(f)
				if part == "" {
					return
				}
				m := r.about(e, f)
				m.text = func() (string, []string) {
					return fmt.Sprintf("the filter %s: %s is a part of a path, and Sysmon writes the whole path of a file", filterText(f), quote(part)), nil
				}
				m.witness = func() string {
					return r.differs(e, f, `C:\Windows\`+strings.TrimLeft(part, `\`), !negative(f.Op))
				}
				m.fix = `use "image" with the name alone, or "end with"`
				say(m)
			})
			return true
		})
	},
}

// paths are the fields with the path of a file that always has its folder.
var paths = []string{"Image", "ParentImage", "SourceImage", "TargetImage", "ImageLoaded", "TargetFilename"}

// partOfPath returns a value that is compared with a whole path, and is a part of one that ends
// with the name of a file. It returns "" if there is no such value.
func partOfPath(f *sysmon.Filter) string {
	if !slices.Contains(paths, f.FieldName) {
		return ""
	}
	values := []string{f.Value}
	switch f.Op {
	case sysmon.Is, sysmon.IsNot, sysmon.Image:
	case sysmon.IsAny:
		values = strings.Split(f.Value, ";")
	default:
		return ""
	}
	for _, v := range values {
		name := v[strings.LastIndexByte(v, '\\')+1:]
		at := strings.LastIndexByte(name, '.')
		switch {
		case at < 1 || !slices.Contains(programs, strings.ToLower(name[at:])):
			// names such as System stand alone
		case f.Op == sysmon.Image && name == v:
		case strings.ContainsAny(v, "%*?;:"), strings.HasPrefix(v, `\\`), strings.HasPrefix(strings.ToLower(v), `\device\`), strings.Trim(v, blanks) != v:
			// another check says more, or the path has a root
		default:
			return v
		}
	}
	return ""
}

// programs are the ends of the names of program files.
var programs = []string{".exe", ".dll", ".sys", ".com", ".scr", ".ps1", ".bat", ".cmd", ".vbs", ".js"}
