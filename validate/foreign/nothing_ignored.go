package foreign

import (
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/validate"
)

// nothingIgnored is CF8204.
var nothingIgnored = &validate.Check{
	ID:   "CF8204",
	Name: "nothing-ignored",
	Doc: `each part of the configuration has the effect that it states

Some parts have no effect, and no message says so. The loader stops reading
options at the first one without text, so that the options behind it keep
their defaults. A later option replaces an earlier one of the same name.

Give the option a text, move it to the end, or remove it.`,
	Severity: validate.Warning,
	Uses:     ofHost, Requires: readable,
	Run: func(p *validate.Pass) {
		report(p, config.Ignored, "takes the file without a message", "take the file without a message")
	},
}
