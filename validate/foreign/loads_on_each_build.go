package foreign

import (
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/validate"
)

// loadsOnEachBuild is CF8201.
var loadsOnEachBuild = &validate.Check{
	ID:   "CF8201",
	Name: "loads-on-each-build",
	Doc: `every build loads the configuration

Each version of Sysmon judges a configuration by a grammar: that of the
declared schema if it knows it, and its second newest one if the schema is
newer than itself. It refuses the whole file for one element, attribute,
condition or field that this grammar does not have. The host then keeps its
old configuration, or has no rules after an installation.

State the schema of the oldest version in the fleet and use only what it has,
or give the older versions a configuration of their own.`,
	Uses: ofHost, Requires: readable,
	Run: func(p *validate.Pass) { report(p, config.Refused, "refuses the file", "refuse the file") },
}
