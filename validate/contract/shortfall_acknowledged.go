package contract

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// ShortfallAcknowledged is CF3016.
var ShortfallAcknowledged = &validate.Check{
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
		reportShortfalls(p, true, "replace or mend the build before that day; until then do not read the input")
	},
}

// reportShortfalls reports inputs that are latent and acknowledged, those
// whose acknowledgement still holds or those where it does not.
func reportShortfalls(p *validate.Pass, holds bool, fix string) {
	latent(p, func(index int, bad []feed) {
		for _, f := range bad {
			a := f.supply.Acknowledges(index)
			// Without a time nothing holds.
			if a == nil || (a.Holds(p.Now) && !p.Now.IsZero()) != holds {
				continue
			}
			groups := []*validate.Group{f.group}
			all := builds(p, groups)
			p.Report(func() validate.Finding {
				return validate.Finding{
					Where: whole(p, channelfile.InputsDeclaredRange, "header.inputs_declared"), Input: p.InputAt(index), Builds: all,
					Message: fmt.Sprintf("%s of type %s is declared and not supplied, which is acknowledged until %v: %s", field(p, index), p.Definition.Name, a.Until, a.Why),
					Details: shortfalls(p, []feed{f}),
					Fix:     fix,
					Group:   p.Check.ID,
				}
			})
		}
	})
}
