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
add. A waiver in the policy accepts a first use. The content is compared with
the ledger of --ledger: the types, inputs, operators and classes of values
that shipped to each build.`,
	Uses: ledgered,
	Run: func(p *validate.Pass) {
		f := firsts.Get(p)
		if len(f.strange) > 0 {
			report(p, f.strange, func() validate.Finding {
				f := p.At(channelfile.TypeVersionRange, "header.type_version", fixFirst,
					"the first content of type %s version %d for %s", p.Definition.Name, p.Definition.Version, these(len(f.strange)))
				f.Identity.Path = "type version"
				return f
			})
		}
		reportFirsts(p, func(n cells.Novelty) bool { return n < cells.NewSize })
	},
}

// ledgered are the parts that the checks of first uses use.
const ledgered = validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition | validate.UsesFleet | validate.UsesLedger

// A firstsOf has the first uses of the content.
type firstsOf struct {
	strange []*reader // builds that have no record of the type version
	uses    []first   // for the other builds
}

// A first is a cell that some builds have no record of.
type first struct {
	cells.Use
	novelty cells.Novelty // the first new field on any of the builds
	lacking []*reader
}

// firsts compares the cells of the content with the ledger.
var firsts = validate.OfFleet(func(p *validate.Pass) *firstsOf {
	result := new(firstsOf)
	var readers []*reader
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
				result.strange = append(result.strange, r)
			} else {
				readers = append(readers, r)
			}
		}
	}
	for _, u := range uses {
		f := first{Use: u, novelty: cells.Known}
		for _, r := range readers {
			if n := p.Ledger.New(r.Name, u.Cell, p.Now); n < cells.Known {
				f.lacking, f.novelty = append(f.lacking, r), min(f.novelty, n)
			}
		}
		if len(f.lacking) > 0 {
			result.uses = append(result.uses, f)
		}
	}
	return result
})

// reportFirsts reports the first uses with a novelty that belongs to the check.
func reportFirsts(p *validate.Pass, belongs func(cells.Novelty) bool) {
	list := firsts.Get(p).uses
	for i := range list {
		if f := &list[i]; belongs(f.kind()) {
			report(p, f.lacking, func() validate.Finding { return f.finding(p) })
		}
	}
}

// kind returns the novelty of the cell. A new number of instances is a new size.
func (f *first) kind() cells.Novelty {
	if f.Instance < 0 {
		return cells.NewSize
	}
	return f.novelty
}

const fixFirst = "ship it to few hosts first, and record it with ledger add; or accept it with a waiver in the policy"

// A reader is a build that reads the content.
type reader struct {
	validate.Build
	cohort *validate.Cohort
}

// uses are the cells of the content.
var uses = validate.OfSubject(func(p *validate.Pass) []cells.Use { return cells.Of(p.File, p.Definition) })

// report reports a first use on several builds.
func report(p *validate.Pass, lacking []*reader, make func() validate.Finding) {
	for _, r := range lacking {
		if p.Check.Severity == validate.Error {
			r.cohort.BlameBuild(r.Name)
		}
	}
	p.Report(func() validate.Finding {
		f := make()
		hosts, names := uint64(0), []string(nil)
		for _, r := range lacking {
			f.Builds = append(f.Builds, r.Build)
			names = append(names, r.Name)
			hosts = addHosts(hosts, r.Hosts)
		}
		all := uint64(0)
		for i := range p.Cohorts {
			all = addHosts(all, p.Cohorts[i].Hosts)
		}
		f.Details = append(f.Details, fmt.Sprintf("%s of %s hosts at risk: %s", numeral.Thousands(hosts), numeral.Thousands(all), list(names)))
		return f
	})
}

// finding returns the finding for a first use.
//
//mutation:equivalent: only report texts depend on it
func (f *first) finding(p *validate.Pass) validate.Finding {
	details := []string{"not in " + p.Ledger.Name + ": " + f.Cell.String()}
	identity := validate.Identity{Path: f.Cell.String()}
	builds := these(len(f.lacking))
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
func these(builds int) string {
	if builds == 1 {
		return "1 build"
	}
	return numeral.Thousands(uint64(builds)) + " builds"
}

// list joins the first names of a list.
//
//mutation:equivalent: only report texts depend on it
func list(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %s more", strings.Join(names[:most], ", "), numeral.Thousands(uint64(more)))
	}
	return strings.Join(names, ", ")
}

// addHosts returns the sum, or the largest number if it overflows.
func addHosts(a, b uint64) uint64 { return a + min(b, ^uint64(0)-a) }
