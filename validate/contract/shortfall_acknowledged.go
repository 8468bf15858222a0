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
	Doc: `no shortfall is acknowledged

A build does not supply an input that the template type declares. Its owners
acknowledged this until a date, so content that does not read the input is
accepted. This warning stays in every report until all builds
supply the input.

Replace or fix the build before the date.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportAcknowledged(p, func(index int, f feed, a *sensor.Shortfall) {
			if holds(p, a) {
				reportDeclared(p, index, []feed{f}, channelfile.InputsDeclaredRange, "header.inputs_declared", shortfalls(p, index, []feed{f}),
					"replace or fix the build before that day is over; until then do not read the input in any rule",
					"%s, of type %s is declared and not supplied, which is acknowledged until %v: %s",
					field(p, index), p.Definition.Name, a.Until, a.Why)
			}
		})
	},
}

// reportAcknowledged calls report for each shortfall of a declared input that the
// content does not read, if the shortfall is or was acknowledged.
func reportAcknowledged(p *validate.Pass, report func(index int, f feed, a *sensor.Shortfall)) {
	latent(p, func(index int, bad []feed) {
		for _, f := range bad {
			if a := f.supply.Acknowledges(index); a != nil {
				report(index, f, a)
			}
		}
	})
}

// holds reports whether an acknowledgement still holds. It is false without a time.
func holds(p *validate.Pass, a *sensor.Shortfall) bool { return !p.Now.IsZero() && a.Holds(p.Now) }
