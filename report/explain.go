package report

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/validate"
)

// families are the families of checks, by the thousands digit of the ID.
var families = map[int]string{
	0: "file: can this be read at all?",
	1: "structure: is it a channel file, whole and in normal form?",
	2: "type: does it fit its template type's definition?",
	3: "contract: does every build that will read it supply what it needs?",
	5: "behaviour: what does it do when it is run?",
}

// Family returns the name of a check's family, a colon, and the question that
// the family answers.
func Family(c *validate.Check) string { return families[c.Family()] }

// Explain returns the documentation of a check, as text that is Markdown too.
func Explain(c *validate.Check) string {
	var b strings.Builder
	title, body, _ := strings.Cut(c.Doc, "\n\n")
	fmt.Fprintf(&b, "# %s %s\n\n%s.\n\n%s\n\n", c.ID, c.Name, strings.ToUpper(title[:1])+title[1:], body)
	switch c.Severity {
	case validate.Warning:
		b.WriteString("- A warning: content with a finding of this check may ship, unless `--fail-on warning` is given.\n")
	case validate.Note:
		b.WriteString("- A note: it never blocks, also not with `--fail-on warning`. It is counted, and `--verbose` shows it.\n")
	default:
		b.WriteString("- An error: content with a finding of this check is rejected.\n")
	}
	fmt.Fprintf(&b, "- Family CF%d, %s\n", c.Family(), Family(c))
	if len(c.Requires) > 0 {
		var ids []string
		for _, r := range c.Requires {
			ids = append(ids, r.ID)
		}
		line := "- Skipped where one of these found an error:"
		for i, id := range ids {
			id += ","
			if i == len(ids)-1 {
				id = ids[i] + "."
			}
			if len(line)+1+len(id) > 78 {
				b.WriteString(line + "\n")
				line = " "
			}
			line += " " + id
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}
