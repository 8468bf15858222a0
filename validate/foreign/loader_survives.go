package foreign

import (
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/validate"
)

// loaderSurvives is CF8202.
var loaderSurvives = &validate.Check{
	ID:   "CF8202",
	Name: "loader-survives",
	Doc: `no build stops while it loads the configuration

The loader reads an attribute or a child that it expects, without a test that
it is there. A file without schemaversion ends it by an exception, and a Rule
without any content by a null pointer. The service stops, and the host records
nothing.

Write what the finding names.`,
	Uses: ofHost, Requires: readable,
	Run: func(p *validate.Pass) {
		report(p, config.Crashes, "stops while it loads the file", "stop while they load the file")
	},
}
