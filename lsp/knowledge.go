package lsp

import (
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// A knowledge has the facts of a session that completions and explanations show.
type knowledge struct {
	defs   *sensor.Definitions
	fleets []*sensor.Fleet
	checks []*validate.Check
}

func newKnowledge(s Session) *knowledge {
	return &knowledge{s.Definitions(), s.Fleets(), s.Checks()}
}
