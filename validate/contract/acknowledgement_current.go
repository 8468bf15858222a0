package contract

import (
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// acknowledgementCurrent is CF3017.
var acknowledgementCurrent = &validate.Check{
	ID:   "CF3017",
	Name: "acknowledgement-current",
	Doc: `no acknowledgement has expired

The owners of a build acknowledged its shortfall until a date, and the date
has passed. Content that was accepted until then is now rejected.

Replace or fix the build. If nothing else can be done, acknowledge the
shortfall again, with a new date.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportAcknowledged(p, func(index int, f feed, a *sensor.Shortfall) {
			if holds(p, a) {
				return
			}
			now := "it is " + p.Now.UTC().Format(time.DateOnly)
			//mutation:equivalent: only report texts depend on it
			if p.Now.IsZero() {
				now = "no date was given"
			}
			reportDeclared(p, index, []feed{f}, channelfile.InputsDeclaredRange, "header.inputs_declared", shortfalls(p, index, []feed{f}),
				"replace or fix the build, or acknowledge the shortfall again with a new date",
				"%s, of type %s is declared and not supplied, which was acknowledged until %v, and %s: %s",
				field(p, index), p.Definition.Name, a.Until, now, a.Why)
		})
	},
}
