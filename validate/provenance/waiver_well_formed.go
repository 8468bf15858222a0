//mutation:missed: waivers.txtar detects it

package provenance

import (
	"github.com/cfcheck/cfcheck/validate"
)

// waiverWellFormed is CF7001.
var waiverWellFormed = &validate.Check{
	ID:   "CF7001",
	Name: "waiver-well-formed",
	Doc: `each waiver in a rule can be read, and its check can be waived

A comment of a rule that begins with "cfcheck:" is a statement to the gate. A
statement with a mistake has no effect, while its author believes that it has.
The errors of the families CF0 to CF3 show a harm to the sensor, so no waiver
accepts them: a waiver of such a check is a mistake too.

Write "# cfcheck:waive CF3012 until=2027-01-31 by=ann: reason", or remove the
comment.`,
	Uses: validate.UsesSource,
	Run: func(*validate.Pass) {
		// The reader of the rules makes the findings.
	},
}
