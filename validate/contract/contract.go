// Package contract holds the checks of family CF3: does every build that will
// read the content supply what it needs?
//
// They compare needs with contracts, and so judge a channel file, needs that
// another compiler computed, and a template type without any content alike.
// What breaks a positional reader, which takes an input by its place in an
// array, is an error. A named reader, which looks an input up, only misses
// something: a warning.
package contract

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/types"
)

// uses is what every check of the family looks at.
const uses = validate.UsesNeeds | validate.UsesFleet | validate.UsesDefinition

// known are the checks without which a contract cannot be compared: the type
// must be known, and the content must declare what it has.
var known = []*validate.Check{types.TypeKnown, types.TypeVersionKnown, types.InputsDeclared, types.InputDefined}

// A feed is one supply of one group of builds.
type feed struct {
	group  *validate.Group
	supply *sensor.Supply
}

// feeds returns what the builds that are addressed supply for the type version.
func feeds(p *validate.Pass) []feed {
	var list []feed
	for i := range p.Groups {
		if g := &p.Groups[i]; g.Addressed {
			for _, s := range g.Supplies {
				list = append(list, feed{g, s})
			}
		}
	}
	return list
}

// positional reports whether the builds take an input by its place. A contract
// that does not say how they do is taken for the worse.
func (f feed) positional() bool { return f.group.Contract.Reader.Access != sensor.Named }

// input returns what the feed supplies for an input of the definition.
func (f feed) input(p *validate.Pass, index int) sensor.SuppliedInput {
	access := sensor.Named
	if f.positional() {
		access = sensor.Positional
	}
	return f.supply.Input(access, index, p.Definition.Inputs[index].Name)
}

// supplied returns how many inputs the feed supplies: of a positional reader
// those before the first that it is not sure to be given.
func (f feed) supplied() int {
	n := 0
	for _, in := range f.supply.Inputs {
		if in.State == sensor.Supplied {
			n++
		} else if f.positional() {
			break
		}
	}
	return n
}

// for the message of a finding: "build 7.11", or "build 7.11 (feed Security)".
func (f feed) String() string {
	names := buildNames(f.group)
	if f.supply.Feed != "" {
		names += " (feed " + f.supply.Feed + ")"
	}
	return names
}

func buildNames(g *validate.Group) string {
	const most = 5
	var names []string
	for _, b := range g.Builds[:min(len(g.Builds), most)] {
		names = append(names, b.Name)
	}
	switch rest := len(g.Builds) - most; {
	case len(g.Builds) == 1:
		return "build " + names[0]
	case rest > 0:
		return fmt.Sprintf("builds %s and %d more", strings.Join(names, ", "), rest)
	default:
		return "builds " + strings.Join(names, ", ")
	}
}

// builds returns the builds of the groups, and blames each for an error.
func builds(p *validate.Pass, groups []*validate.Group) []validate.Build {
	var list []validate.Build
	for _, g := range groups {
		if p.Check.Severity == validate.Error {
			g.Blame()
		}
		list = append(list, g.Builds...)
	}
	return list
}

// groupsOf returns the groups of feeds, each once.
func groupsOf(feeds []feed) []*validate.Group {
	var list []*validate.Group
	for _, f := range feeds {
		if !slices.Contains(list, f.group) {
			list = append(list, f.group)
		}
	}
	return list
}

// hosts says how many of the fleet's hosts run the builds of the groups.
func hosts(p *validate.Pass, groups []*validate.Group) string {
	var n uint64
	for _, g := range groups {
		n += g.Hosts
	}
	fleet := "fleet " + p.Fleet.Name
	if p.Fleet.Builtin {
		fleet = "example " + fleet
	}
	return fmt.Sprintf("%s of %s hosts (%s)", thousands(n), thousands(p.Fleet.Hosts()), fleet)
}

// thousands writes a number as people read it: 1,000,000.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// number names an input for a person and for a programmer.
func number(index int) string { return fmt.Sprintf("input %d (index %d)", index+1, index) }

// field names an input by its field too.
func field(p *validate.Pass, index int) string {
	return fmt.Sprintf("%s, %s,", number(index), p.Definition.Inputs[index].Name)
}

// rule names the instance of a finding.
func rule(in *validate.Instance) string {
	switch {
	case in == nil:
		return "the content"
	case in.Title != "":
		return fmt.Sprintf("rule %q", in.Title)
	case in.Rule != "":
		return fmt.Sprintf("rule %q", in.Rule)
	}
	return "instance " + in.ID.String()
}

// causes returns where the content reads an input: each instance of a file,
// and of needs those that they name.
func causes(p *validate.Pass, need *sensor.InputNeed, visit func(validate.Location, *validate.Instance)) {
	if p.File == nil {
		for _, c := range need.First {
			visit(locateCause(p, c))
		}
		if len(need.First) == 0 {
			visit(validate.Location{Path: fmt.Sprintf("input[%d]", need.Index)}, nil)
		}
		return
	}
	for c := range sensor.Readers(p.File, need.Index) {
		visit(p.LocateWord(c.Instance, c.Word, need.Index))
	}
}

// first returns the place of the first of some causes, and whose it is.
func first(p *validate.Pass, list []sensor.Cause, input int) (validate.Location, *validate.Instance) {
	switch {
	case len(list) == 0:
		return p.Locate(channelfile.Range{}, ""), nil
	case p.File == nil:
		return locateCause(p, list[0])
	}
	return p.LocateWord(list[0].Instance, list[0].Word, input)
}

func locateCause(p *validate.Pass, c sensor.Cause) (validate.Location, *validate.Instance) {
	where := validate.Location{
		Path:   fmt.Sprintf("instance[%d]", c.Instance),
		Source: validate.Position{Path: c.Path, Line: c.Line},
	}
	if p.Subject.Origin != nil {
		if pos, ok := p.Subject.Origin(c.ID, -1, where.Source); ok {
			where.Source = pos
		}
	}
	return where, &validate.Instance{Index: c.Instance, ID: c.ID, Rule: c.Rule, Title: c.Title}
}

// reportInput reports an input that the content reads and some feeds do not
// deal with as they should, once for each rule that reads it. say writes what
// the rule does; details the other side, and fix what to do.
func reportInput(p *validate.Pass, need *sensor.InputNeed, bad []feed, say func(rule string) string, details []string, fix string) {
	groups := groupsOf(bad)
	all := builds(p, groups)
	causes(p, need, func(where validate.Location, in *validate.Instance) {
		p.Report(func() validate.Finding {
			return validate.Finding{
				Where: where, Instance: in, Input: p.InputAt(need.Index), Builds: all,
				Message: say(rule(in)), Details: details, Fix: fix,
				Group: fmt.Sprintf("%s input %04d", p.Check.ID, need.Index),
			}
		})
	})
}

// reportBuilds reports what is wrong between the content as a whole and a
// group of builds.
func reportBuilds(p *validate.Pass, g *validate.Group, where validate.Location, in *validate.Instance, fix, format string, args ...any) {
	groups := []*validate.Group{g}
	all := builds(p, groups)
	p.Report(func() validate.Finding {
		return validate.Finding{
			Where: where, Instance: in, Builds: all,
			Message: fmt.Sprintf(format, args...),
			Details: []string{buildNames(g) + ": " + hosts(p, groups)},
			Fix:     fix,
		}
	})
}

// whole is the location of the content as a whole.
func whole(p *validate.Pass, r channelfile.Range, path string) validate.Location {
	if p.File == nil {
		r = channelfile.Range{}
	}
	return p.Locate(r, path)
}

// holdBack is the advice that always helps.
func holdBack(groups []*validate.Group) string {
	var names []string
	for _, g := range groups {
		names = append(names, buildNames(g))
	}
	return "hold the content back from " + strings.Join(names, " and ")
}
