package change

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor/delta"
	"github.com/cfcheck/cfcheck/validate"
)

// growthBounded is CF6005.
var growthBounded = &validate.Check{
	ID:   "CF6005",
	Name: "growth-bounded",
	Doc: `size, number of rules and cost do not jump

On 18 November 2025 a query returned each row twice. The file that it filled
had twice the entries, and its reader had room for 200. A large part of the
web answered with errors for hours. Content that grows by half from one
release to the next deserves a look, even if no reader states a limit.

Check why it grew. A growth of more than 50 % is reported, if it is also more
than 8 rules, 8,192 bytes or 1,000,000 steps; --max-growth sets another share.
The cost is that of an event whose strings have 1,024 bytes.`,
	Severity: validate.Warning,
	Uses:     compared,
	Run: func(p *validate.Pass) {
		old, now := p.Previous.Needs, p.Needs
		for _, g := range []struct {
			path     string
			of, unit string
			old, now uint64
			few      uint64 // growth that is never reported
		}{
			{"instances", "the number of rules", "", old.Sizes.Instances, now.Sizes.Instances, 8},
			{"file", "the size", " bytes", old.Sizes.FileSize, now.Sizes.FileSize, 8192},
			{"cost", "the cost of an event", " steps", delta.Cost(old), delta.Cost(now), 1_000_000},
		} {
			// From nothing, any growth is as it should be.
			//mutation:equivalent `g.now > g.old`: no growth is below each limit
			if g.old > 0 && g.now > g.old && g.now-g.old > g.few && exceeds(g.now-g.old, p.ChangeLimits.Growth, g.old) {
				p.Report(func() validate.Finding {
					f := p.At(channelfile.HeaderRange, "header", "check the reason, or allow the growth with --max-growth",
						"%s grows from %s to %s%s, by more than %d %%", g.of, numeral.Thousands(g.old), numeral.Thousands(g.now), g.unit, p.ChangeLimits.Growth)
					f.Identity.Path = g.path
					return f
				})
			}
		}
	},
}
