package foreign

import (
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/validate"
)

// noKnownBug is CF8205.
var noKnownBug = &validate.Check{
	ID:   "CF8205",
	Name: "no-known-bug",
	Doc: `no known bug of a build concerns the configuration

Some versions of Sysmon have bugs in their reading of rules: 10.x refuses
several elements of one event, 12.03 and 13.00 read only the first element of
a RuleGroup, and 13.10 to 13.21 combine filters by "or" where the
configuration says "and".

Replace the version, or write the part so that the bug does not concern it.`,
	Severity: validate.Warning,
	Uses:     ofHost, Requires: readable,
	Run: func(p *validate.Pass) {
		report(p, config.KnownBug, "has a bug that concerns this part", "have a bug that concerns this part")
	},
}
