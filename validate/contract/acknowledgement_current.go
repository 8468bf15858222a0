package contract

import (
	"github.com/cfcheck/cfcheck/validate"
)

// AcknowledgementCurrent is CF3017.
var AcknowledgementCurrent = &validate.Check{
	ID:   "CF3017",
	Name: "acknowledgement-current",
	Doc: `no acknowledgement has expired

The shortfall of a build was acknowledged until a date, and the date has
passed. What was allowed until then is not any more.

Replace or mend the build; or, if nothing else can be done, acknowledge the
shortfall again, with a new date.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportShortfalls(p, false, "replace or mend the build, or acknowledge the shortfall again with a new date")
	},
}
