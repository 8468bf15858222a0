package change

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/validate"
)

// firstUse is CF6013.
var firstUse = &validate.Check{
	ID:   "CF6013",
	Name: "first-use",
	Doc: `each build that reads the content has read such content before

A sensor runs other code for another input, another operator or another kind
of value. Code that no shipped content has run can fail on all hosts at once.
In July 2024 content read input 21 of a type for the first time. The type had
shipped for months, and no content had used that input. In June 2025 a blank
field reached code of a control plane that had never run.

Ship the content to few hosts first. If they stay well, record it with ledger
add. An exercise plan that runs it on few hosts first makes the finding a note
(CF6015). A waiver in the policy accepts a first use. The content is compared
with the ledger of --ledger: the types, inputs, operators and classes of
values that shipped to each build.`,
	Uses: ledgered,
	Run: func(p *validate.Pass) {
		reportFirsts(p, func(n cells.Novelty) bool { return n < cells.NewSize })
	},
}

// ledgered are the parts that the checks of first uses use.
const ledgered = validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition | validate.UsesFleet | validate.UsesLedger

// A firstsOf has the first uses of the content.
type firstsOf struct {
	open      []first     // that block, unless a policy allows them
	exercised []exercised // that a plan runs on few hosts first
}

// A first is a cell that some builds have no record of. With the novelty NewType it is any content
// of the type version, and its Use is zero.
type first struct {
	cells.Use
	novelty   cells.Novelty // the first new field on any of the builds
	lacking   []lack
	unplanned []string // the reason of each plan that does not exercise it
}

// A lack is a build without a record of a cell.
type lack struct {
	*reader
	novelty cells.Novelty // the first new field on this build
}

// with returns the first use for some of its builds.
func (f first) with(lacking []lack) first {
	f.lacking, f.novelty = lacking, cells.Known
	for _, l := range lacking {
		f.novelty = min(f.novelty, l.novelty)
	}
	return f
}

// firsts compares the cells of the content with the ledger, and with the exercise plans.
var firsts = validate.OfFleet(func(p *validate.Pass) *firstsOf {
	result := new(firstsOf)
	var readers []*reader
	var strange []lack
	uses := uses.Get(p)
	for i := range p.Cohorts {
		g := &p.Cohorts[i]
		if !g.Addressed {
			continue
		}
		for _, b := range g.Builds {
			r := &reader{b, g}
			// All cells of a file have the same type version.
			if p.Ledger.New(b.Name, uses[0].Cell, p.Now) == cells.NewType {
				strange = append(strange, lack{r, cells.NewType})
			} else {
				readers = append(readers, r)
			}
		}
	}
	plans := plansFor(p)
	plans.divide(result, first{}, strange, uses)
	for i, u := range uses {
		var lacking []lack
		for _, r := range readers {
			if n := p.Ledger.New(r.Name, u.Cell, p.Now); n < cells.Known {
				lacking = append(lacking, lack{r, n})
			}
		}
		//mutation:missed width: no test has so many cells
		plans.divide(result, first{Use: u}, lacking, uses[i:i+1])
	}
	return result
})

// reportFirsts reports the first uses with a novelty that belongs to the check.
func reportFirsts(p *validate.Pass, belongs func(cells.Novelty) bool) {
	list := firsts.Get(p).open
	for i := range list {
		f := &list[i]
		if !belongs(f.kind()) {
			continue
		}
		f.report(p, func() validate.Finding {
			found := f.finding(p)
			hosts, names := uint64(0), []string(nil)
			for _, l := range f.lacking {
				names = append(names, l.Name)
				hosts = addHosts(hosts, l.Hosts)
			}
			all := uint64(0)
			for i := range p.Cohorts {
				all = addHosts(all, p.Cohorts[i].Hosts)
			}
			found.Details = append(found.Details, fmt.Sprintf("%s of %s hosts at risk: %s", numeral.Thousands(hosts), numeral.Thousands(all), joined(names)))
			found.Details = append(found.Details, f.unplanned...)
			return found
		})
	}
}

// report reports a finding about a first use on its builds.
func (f *first) report(p *validate.Pass, make func() validate.Finding) {
	for _, l := range f.lacking {
		if p.Check.Severity == validate.Error {
			l.cohort.BlameBuild(l.Name)
		}
	}
	p.Report(func() validate.Finding {
		found := make()
		for _, l := range f.lacking {
			found.Builds = append(found.Builds, l.Build)
		}
		return found
	})
}

// kind returns the novelty of the cell. A new number of instances is a new size.
func (f *first) kind() cells.Novelty {
	if f.Instance < 0 {
		return cells.NewSize
	}
	return f.novelty
}

const fixFirst = "ship it to few hosts first by a plan that --exercise-plan names, and record it with ledger add; or accept it with a waiver in the policy"

// A reader is a build that reads the content.
type reader struct {
	validate.Build
	cohort *validate.Cohort
}

// uses are the cells of the content.
var uses = validate.OfSubject(func(p *validate.Pass) []cells.Use { return cells.Of(p.File, p.Definition) })

// finding returns the finding for a first use.
//
//mutation:equivalent: only report texts depend on it
func (f *first) finding(p *validate.Pass) validate.Finding {
	builds := these(len(f.lacking))
	if f.novelty == cells.NewType {
		found := p.At(channelfile.TypeVersionRange, "header.type_version", fixFirst,
			"the first content of type %s version %d for %s", p.Definition.Name, p.Definition.Version, builds)
		found.Identity.Path = "type version"
		return found
	}
	details := []string{"not in " + p.Ledger.Name + ": " + f.Cell.String()}
	identity := validate.Identity{Path: f.Cell.String()}
	if f.Instance < 0 {
		noun := "instances"
		if f.Size == cells.SizeOf(1) {
			noun = "instance"
		}
		found := p.At(channelfile.HeaderRange, "header", fixFirst, "the first content with %v %s for %s", f.Size, noun, builds)
		found.Details, found.Identity = details, identity
		return found
	}
	where, in := p.LocateWord(f.Instance, f.Word, f.InputRead)
	says := "reads input " + f.Input
	if f.novelty > cells.NewInput {
		says = fmt.Sprintf("compares input %s by %s", f.Input, f.Operator)
	}
	switch {
	case f.Class == 0:
	case f.novelty == cells.NewClass:
		says += fmt.Sprintf(" with a value of class %v", f.Class)
	case f.novelty == cells.NewSize:
		says += fmt.Sprintf(" with a list of %v values, of class %v", f.Size, f.Class)
	}
	return validate.Finding{
		Where: where, Instance: in, Input: p.InputAt(f.InputRead), Details: details, Identity: identity,
		Message: fmt.Sprintf("%v %s, for the first time on %s", in, says, builds), Fix: fixFirst,
	}
}

// these returns a number of builds with its noun.
//
//mutation:equivalent: only report texts depend on it
func these(builds int) string {
	if builds == 1 {
		return "1 build"
	}
	return numeral.Thousands(uint64(builds)) + " builds"
}

// joined joins the first texts of a list.
//
//mutation:equivalent: only report texts depend on it
func joined(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %s more", strings.Join(names[:most], ", "), numeral.Thousands(uint64(more)))
	}
	return strings.Join(names, ", ")
}

// addHosts returns the sum, or the largest number if it overflows.
func addHosts(a, b uint64) uint64 { return a + min(b, ^uint64(0)-a) }
