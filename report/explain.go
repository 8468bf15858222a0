package report

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/cfcheck/cfcheck/validate"
)

// Family returns the name of a check's family and the question that it answers,
// such as "file: can it be read at all?". It returns "" if [validate.Families] does
// not list the family.
func Family(c *validate.Check) string {
	for _, f := range validate.Families {
		if f.Digit == c.Family() {
			return f.Name + ": " + f.Question
		}
	}
	return ""
}

// repository is the address of cfcheck.
const repository = "https://github.com/cfcheck/cfcheck"

// Page returns the address of the page of a check, docs/checks/ID.md in the repository of
// cfcheck. It is meant for the checks of cfcheck.
func Page(c *validate.Check) string {
	return repository + "/blob/main/docs/checks/" + url.PathEscape(c.ID) + ".md"
}

// Explain returns the documentation of a check as Markdown that is readable as
// plain text.
func Explain(c *validate.Check) string {
	var b strings.Builder
	title, body, _ := strings.Cut(c.Doc, "\n\n")
	fmt.Fprintf(&b, "# %s %s\n\n%s.\n\n%s\n\n", c.ID, c.Name, strings.ToUpper(title[:1])+title[1:], body)
	switch c.Severity {
	case validate.Warning:
		b.WriteString("- Warning: content with a finding of this check may ship, unless `--fail-on warning` is given.\n")
	case validate.Note:
		b.WriteString("- Note: a finding of this check never blocks, not even with `--fail-on warning`.\n  It is counted, and `--verbose` shows it.\n")
	default:
		b.WriteString("- Error: content with a finding of this check is rejected.\n")
	}
	if family := Family(c); family != "" {
		fmt.Fprintf(&b, "- Family CF%d, %s\n", c.Family(), family)
	}
	if len(c.Requires) > 0 {
		line := "- Skipped if one of these checks found an error:"
		for i, id := range c.Requires {
			id += ","
			if i == len(c.Requires)-1 {
				id = c.Requires[i] + "."
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
