package change

import (
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/validate"
)

// firstSize is CF6014.
var firstSize = &validate.Check{
	ID:   "CF6014",
	Name: "first-size",
	Doc: `each build that reads the content has read lists of these sizes before

A sensor has room for a number of entries, or handles a long list in another
way than a short one. On 18 November 2025 a file had twice as many entries as
any file before, and its reader had room for 200. A class of sizes ends with a
power of two: a list of 5 to 8 operands, or content of 513 to 1,024 instances.

Ship the content to few hosts first. If they stay well, record it with ledger
add. An exercise plan that runs it on few hosts first makes the finding a note
(CF6015). Lists of new sizes are frequent: a policy can make this check a
warning.`,
	Uses: ledgered,
	Run: func(p *validate.Pass) {
		reportFirsts(p, func(n cells.Novelty) bool { return n == cells.NewSize })
	},
}
