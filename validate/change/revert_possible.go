package change

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/contract"
	"github.com/cfcheck/cfcheck/validate/file"
	"github.com/cfcheck/cfcheck/validate/structure"
	"github.com/cfcheck/cfcheck/validate/types"
)

// revertPossible is CF6012.
var revertPossible = &validate.Check{
	ID:   "CF6012",
	Name: "revert-possible",
	Doc: `the content that shipped still fits every build of the fleet

A release is taken back by shipping the previous content under a higher
revision. If a build of the fleet does not take that content any more, because
it lost an input or got a lower limit, the way back is closed just when it is
needed. It never blocks, because the new content may be the repair of the
previous one.

Find the builds that refuse it, and prepare other content to go back to.`,
	Severity: validate.Note,
	Uses:     compared | validate.UsesFleet,
	Run: func(p *validate.Pass) {
		prev := p.Previous
		before := validate.Run(prev.Subject, validate.Options{
			Checks: safety, Definitions: p.Known, Fleet: p.Fleet, Now: p.Now, AllowEmpty: true, MaxFindings: 1,
		})
		//mutation:equivalent condition: some check of the list always runs
		if len(before.Ran) == 0 {
			p.Unfinished(fmt.Errorf("the previous content was not judged: %s", strings.Join(before.Undecided, "; ")))
			return
		}
		for i := range before.Findings {
			found := &before.Findings[i]
			p.Report(func() validate.Finding {
				f := p.At(channelfile.HeaderRange, "header", "prepare other content to go back to",
					"%v is no way back: %v rejects it: %s", prev, found.Check, found.Message)
				f.Details, f.Builds = found.Details, found.Builds
				f.Identity.Path = found.Check.ID
				return f
			})
		}
	},
}

// safety are the checks whose errors tell that a build cannot load the content safely.
var safety = slices.DeleteFunc(slices.Concat(file.Checks, structure.Checks, types.Checks, contract.Checks), func(c *validate.Check) bool {
	return c.Severity != validate.Error
})
