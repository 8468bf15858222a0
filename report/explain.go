package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/cfcheck/cfcheck/validate"
)

// families are the names of the families of checks, by the thousands digit.
var families = map[int]string{
	0: "file: can this be read at all?",
	1: "structure: is it a channel file, whole and in normal form?",
	2: "type: does it fit its template type's definition?",
	3: "contract: does every build that will read it supply what it needs?",
}

// Explain writes the documentation of a check, as text that is Markdown too.
func Explain(w io.Writer, c *validate.Check) error {
	title, body, _ := strings.Cut(c.Doc, "\n\n")
	effect := "An error: content with a finding of this check is rejected."
	if c.Severity == validate.Warning {
		effect = "A warning: content with a finding of this check may ship, unless --fail-on warning is given."
	}
	_, err := fmt.Fprintf(w, "# %s %s\n\n%s\n\n%s\n\n%s\nFamily %s\n",
		c.ID, c.Name, strings.ToUpper(title[:1])+title[1:]+".", body, effect, families[c.Family()])
	if err == nil && len(c.Requires) > 0 {
		var ids []string
		for _, r := range c.Requires {
			ids = append(ids, r.ID)
		}
		_, err = fmt.Fprintf(w, "Skipped where one of these found an error: %s.\n", strings.Join(ids, ", "))
	}
	return err
}
