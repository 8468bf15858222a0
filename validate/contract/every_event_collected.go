package contract

import (
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// everyEventCollected is CF3023.
var everyEventCollected = &validate.Check{
	ID:   "CF3023",
	Name: "every-event-collected",
	Doc: `each host records every event of the type

The contract of a build states that its hosts record only some events of the
template type, under a condition. A rule works there, but it misses an
activity whose event is not recorded.

A host counts only if each of its feeds of the type has events that it does
not record.

Make hosts record all events of the type where a rule must not miss one.`,
	Severity: validate.Note,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportCollection(p, sensor.CollectedSome, "hosts of %s record only some events of type %s",
			"record all events of the type where no rule may miss one")
	},
}
