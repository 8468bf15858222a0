package foreign

import (
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/validate"
)

// nothingDropped is CF8203.
var nothingDropped = &validate.Check{
	ID:   "CF8203",
	Name: "nothing-dropped",
	Doc: `no build drops a part of the configuration

The grammar of a Rule allows each field of each event. If the event does not
have the field, the loader prints a message, drops the element and all later
elements for the same event, and still reports that the file is validated. The
filters that are lost either flood the log or make the sensor blind.

Remove the field from the element, or move it to an event that has it.`,
	Uses: ofHost, Requires: readable,
	Run: func(p *validate.Pass) {
		report(p, config.Dropped, "drops the element and reports success", "drop the element and report success")
	},
}
