package change

import (
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// fewRemoved is the number of rules that may be removed whatever their share.
const fewRemoved = 1

// removalBounded is CF6003.
var removalBounded = &validate.Check{
	ID:   "CF6003",
	Name: "removal-bounded",
	Doc: `the content does not lose a large part of its rules

Rules are removed one by one, and for a reason. If many are gone at once, a
folder was not there, a filter matched too much, or a query returned a part
of its rows. The hosts are then without detection, and nothing fails. In July
2022 a carrier lost its network for a day because a policy filter was deleted
while somebody tidied up.

Check that each removed rule is meant to go. Removing more than 20 % of the
rules is refused, except if it is a single rule; --max-removed raises that.`,
	Uses: compared,
	Run: func(p *validate.Pass) {
		if n, of := removed(p); !emptied(p) && n > fewRemoved && exceeds(n, p.ChangeLimits.Removed, of) {
			reportGone(p, "restore the rules, or allow the removal with --max-removed",
				//mutation:equivalent width: only report texts depend on it
				"%s of %s are gone, at most %d %% may be removed", rules(int(n)), numeral.Thousands(of), p.ChangeLimits.Removed)
		}
	},
}
