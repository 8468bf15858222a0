package contract

import (
	"github.com/cfcheck/cfcheck/validate"
)

// supplyUnknown is CF3015.
var supplyUnknown = &validate.Check{
	ID:   "CF3015",
	Name: "supply-unknown",
	Doc: `each named build is known to supply each input that is read

The contract of a named build does not state whether it supplies an input
that the content reads, or states that only some events have it. Without the
input, rules that read it are blind, or match too much. An input that was
never observed in the events of a source is unknown, because it may be rare.

Observe more events of the source, or extract the contract from the build.
If only some events have the input, read another one, or make sure that the
rule is right without it.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportUnknown(p, func(f feed) bool { return !f.positional() && f.collected() },
			"observe more events of the source, or extract the contract from the build",
			"read a field that every event has, or make sure that the rule is right without it")
	},
}
