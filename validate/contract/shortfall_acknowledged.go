package contract

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// shortfallAcknowledged is CF3016.
var shortfallAcknowledged = &validate.Check{
	ID:   "CF3016",
	Name: "shortfall-acknowledged",
	Doc: `no shortfall is waiting for its date

A build does not supply an input that the template type declares. Its owners
know, and have acknowledged it until a date, so content that does not read
the input is accepted. This warning stays in every report until all builds
supply the input.

Replace the build, or mend it, before the date.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportAcknowledged(p, func(index int, f feed, a *sensor.Shortfall) {
			if holds(p, a) {
				reportDeclared(p, index, []feed{f}, channelfile.InputsDeclaredRange, "header.inputs_declared", shortfalls(p, index, []feed{f}),
					"replace or mend the build before that day is over; until then read the input in no rule",
					"%s, of type %s is declared and not supplied, which is acknowledged until %v: %s",
					field(p, index), p.Definition.Name, a.Until, a.Why)
			}
		})
	},
}

// reportAcknowledged calls report for each shortfall of a declared input that
// the content does not read and that is acknowledged, if only in the past.
func reportAcknowledged(p *validate.Pass, report func(index int, f feed, a *sensor.Shortfall)) {
	latent(p, func(index int, bad []feed) {
		for _, f := range bad {
			if a := f.supply.Acknowledges(index); a != nil {
				report(index, f, a)
			}
		}
	})
}

// holds reports whether an acknowledgement does. Without a time none does.
func holds(p *validate.Pass, a *sensor.Shortfall) bool { return !p.Now.IsZero() && a.Holds(p.Now) }
