// Package contract holds the checks of family CF3: does every build that will
// read the content supply what it needs?
//
// The checks compare needs with contracts. They judge channel files, needs from another
// compiler, and template types without content in the same way. A positional reader
// takes an input by its place in an array, so a missing input breaks it: an error. A
// named reader looks an input up, and only misses matches: a warning.
//
// # Outcomes on hosts
//
// A host can have several feeds of a type, such as Sysmon and the Security log. Each feed
// records the same activity in its own events. The host detects an activity if the rule
// matches the event of at least one feed. So the outcomes of a rule on the feeds of a host,
// see package outcome, give its outcome on the host. The first line that applies counts:
//
//   - Unaffected, if the rule is unaffected on at least one feed. The host loses no match.
//   - Blind, if the rule is blind on every feed.
//   - Widened, if the rule is widened on at least one feed. Its unwanted matches are matches
//     of the host.
//   - Weakened, if the rule is weakened on some feeds and blind on the others.
//
// A definition can state facts about single events of a feed. If the rule then matches no event
// of the feed, it is blind on the feed too.
//
// CF3012, CF3013 and CF3014 report the outcomes on hosts, as warnings. They name the feeds
// that have the outcome of their host. CF3021 reports all other affected feeds, as notes. One
// of them is a feed on which the rule is widened beside a feed on which it is unaffected. The
// host loses no match, but the first feed adds unwanted ones.
//
// A feed whose supply of an input is unknown counts as if it had the input. CF3015 warns of
// it, and CF3021 does not count its host among those that lose no match.
//
// A feed whose events no host records does not count. CF3022 reports hosts without any other
// feed.
//
// Two feeds on which a rule is weakened can lose different alternatives, and together lose
// nothing. The host still counts as weakened.
package contract

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// Checks are the checks of family CF3, in the order of their IDs. Do not change the list.
var Checks = []*validate.Check{
	inputsSupplied,
	inputsLatent,
	inputType,
	supplyKnown,
	typeVersionSupplied,
	operatorSupported,
	formatSupported,
	readerLimits,
	stepBudget,
	memoryBudget,
	lengthKnown,
	ruleBlind,
	ruleWidened,
	ruleWeakened,
	supplyUnknown,
	shortfallAcknowledged,
	acknowledgementCurrent,
	inputIdentity,
	everyBuildAddressed,
	headroom,
	ruleOnEachFeed,
	eventsCollected,
	everyEventCollected,
	ruleRecorded,
	alternativeRecorded,
	ruleWanted,
}

// uses are the Uses of every check of the family.
const uses = validate.UsesNeeds | validate.UsesFleet | validate.UsesDefinition

// known are the checks without which needs cannot be compared with a contract:
// type-known, type-version-known, inputs-declared, input-defined.
var known = []string{"CF2001", "CF2002", "CF2004", "CF2005"}

// A feed is one supply of a cohort of builds.
type feed struct {
	cohort *validate.Cohort
	supply *sensor.Supply
}

// feeds returns the supplies of all addressed builds for the type version.
func feeds(p *validate.Pass) []feed { return feedsOf.Get(p) }

var feedsOf = validate.OfFleet(func(p *validate.Pass) []feed {
	n := 0
	for i := range p.Cohorts {
		n += len(p.Cohorts[i].Supplies)
	}
	list := make([]feed, 0, n)
	for i := range p.Cohorts {
		if g := &p.Cohorts[i]; g.Addressed {
			for _, s := range g.Supplies {
				list = append(list, feed{g, s})
			}
		}
	}
	return list
})

// positional reports whether the builds take an input by its place. It is true if the
// contract does not state the access, because that is the more dangerous case.
func (f feed) positional() bool { return f.cohort.Contract.Reader.Access != sensor.AccessNamed }

// collected reports whether hosts may record events of the feed.
func (f feed) collected() bool { return f.supply.Collected.Events != sensor.CollectedNone }

// input returns the feed's supply of an input of the definition. Do not change it.
func (f feed) input(p *validate.Pass, index int) *sensor.SuppliedInput {
	access := sensor.AccessNamed
	if f.positional() {
		access = sensor.AccessPositional
	}
	if in := f.supply.Listed(access, index, p.Definition.Inputs[index].Name); in != nil {
		return in
	}
	return &unlisted
}

// unlisted is an input that a supply does not list.
var unlisted = sensor.SuppliedInput{State: sensor.StateNotSupplied}

// String names the feed and its builds: "build 7.11", or "feed Security of build
// 7.11".
//
//mutation:equivalent: only report texts depend on it
func (f feed) String() string {
	names := buildNames(f.cohort.Builds...)
	if f.supply.Feed != "" {
		names = "feed " + f.supply.Feed + " of " + names
	}
	return names
}

// listed is the largest number of names in a list of a message.
const listed = 5

// list joins names. If there are more than listed names, it has the first ones and the
// number of the others, which are called by noun.
//
//mutation:equivalent: only report texts depend on it
func list(names []string, noun string) string {
	if rest := len(names) - listed; rest > 0 {
		return fmt.Sprintf("%s and %d %s more", strings.Join(names[:listed], ", "), rest, noun)
	}
	return strings.Join(names, ", ")
}

//mutation:equivalent: only report texts depend on it
func buildNames(builds ...validate.Build) string {
	names := make([]string, 0, len(builds))
	for _, b := range builds {
		names = append(names, b.Name)
	}
	if len(names) == 1 {
		return "build " + names[0]
	}
	return "builds " + list(names, "builds")
}

// blame marks the builds of the cohorts as at fault if the check reports errors.
//
//mutation:equivalent: only report texts depend on it
func blame(p *validate.Pass, cohorts []*validate.Cohort) {
	if p.Check.Severity != validate.Error {
		return
	}
	for _, g := range cohorts {
		g.Blame()
	}
}

// builds returns the builds of the cohorts.
//
//mutation:equivalent: only report texts depend on it
func builds(cohorts []*validate.Cohort) []validate.Build {
	if len(cohorts) == 1 {
		return slices.Clip(cohorts[0].Builds)
	}
	list := make([]validate.Build, 0, len(cohorts))
	for _, g := range cohorts {
		list = append(list, g.Builds...)
	}
	return list
}

// cohortsOf returns the cohorts of feeds, each once.
//
//mutation:equivalent: only report texts depend on it
func cohortsOf(feeds []feed) []*validate.Cohort {
	if len(feeds) == 1 {
		return []*validate.Cohort{feeds[0].cohort}
	}
	list := make([]*validate.Cohort, 0, len(feeds))
	seen := make(map[*validate.Cohort]bool, len(feeds))
	for _, f := range feeds {
		if !seen[f.cohort] {
			seen[f.cohort] = true
			list = append(list, f.cohort)
		}
	}
	return list
}

// hosts returns how many hosts of the fleet run the builds of the cohorts, for messages.
//
//mutation:equivalent: only report texts depend on it
func hosts(p *validate.Pass, cohorts []*validate.Cohort) string {
	var n uint64
	for _, g := range cohorts {
		n += min(g.Hosts, math.MaxUint64-n)
	}
	fleet := "fleet " + p.Fleet.Name
	if p.Fleet.Builtin {
		fleet = "example " + fleet
	}
	return fmt.Sprintf("%s of %s hosts (%s)", numeral.Thousands(n), numeral.Thousands(p.Fleet.Hosts()), fleet)
}

// rulesOf returns "n of all rules", for messages.
//
//mutation:equivalent: only report texts depend on it
func rulesOf(p *validate.Pass, n int) string {
	all := max(p.Needs.Sizes.Instances, uint64(n))
	return fmt.Sprintf("%s of %s rules", numeral.Thousands(uint64(n)), numeral.Thousands(all))
}

// field returns the number, index and name of an input.
func field(p *validate.Pass, index int) string {
	return fmt.Sprintf("%s, %s", sensor.InputNumber(index), p.Definition.Inputs[index].Name)
}

// rule names the instance of a finding. Nil stands for the content as a whole.
//
//mutation:equivalent: only report texts depend on it
func rule(in *validate.Instance) string {
	if in == nil {
		return "the content"
	}
	return in.String()
}

// first returns the location and the instance of the first cause. Without causes it
// returns the location of the header.
//
//mutation:equivalent: only report texts depend on it
func first(p *validate.Pass, causes []sensor.Cause, input int) (validate.Location, *validate.Instance) {
	switch {
	case len(causes) == 0:
		return p.Locate(channelfile.HeaderRange, "header"), nil
	case p.File == nil:
		return p.LocateCause(causes[0], input)
	}
	return p.LocateWord(causes[0].Instance, causes[0].Word, input)
}

// reportInput reports an input that the content reads and that the bad feeds do not
// supply as needed. It makes one finding for each rule that reads the input. Say returns
// the message, for the name of one rule and "reads", or for several rules and "read".
// Details describe the feeds.
func reportInput(p *validate.Pass, need *sensor.InputNeed, bad []feed, say func(rules, read string) string, details []string, fix string) {
	cohorts := cohortsOf(bad)
	blame(p, cohorts)
	all := builds(cohorts)
	//mutation:equivalent: only report texts depend on it
	if named := len(need.First); p.File == nil && 0 < named && named < need.Instances {
		details = append(details, fmt.Sprintf("%d rules read it; the needs name the first %d", need.Instances, named))
	}
	group := p.FindingGroup(fmt.Sprintf("%s input %04d", p.Check.ID, need.Index), func(found int) validate.Summary {
		return validate.Summary{
			Input: p.InputAt(need.Index), Builds: all,
			Message: say(rulesOf(p, max(found, need.Instances)), "read"), Details: details, Fix: fix,
		}
	})
	report := func(where validate.Location, in *validate.Instance) validate.Finding {
		return validate.Finding{
			Where: where, Instance: in, Input: p.InputAt(need.Index), Builds: all,
			Message: say(rule(in), "reads"), Details: details, Fix: fix,
		}
	}
	switch {
	//mutation:equivalent `need.Instances > 0`: only report texts depend on it
	case p.File != nil && need.Instances > 0:
		reported := 0
		if !group.Full() {
			for c := range sensor.Readers(p.File, need.Index) {
				group.Report(func() validate.Finding { return report(p.LocateWord(c.Instance, c.Word, need.Index)) })
				//mutation:equivalent: only report texts depend on it
				if reported++; group.Full() {
					break
				}
			}
		}
		group.ReportMore(need.Instances - reported)
	//mutation:equivalent: only report texts depend on it
	case p.File == nil && len(need.First) > 0:
		for _, c := range need.First {
			group.Report(func() validate.Finding { return report(p.LocateCause(c, need.Index)) })
		}
	default:
		// No rule refers to the criteria that read the input, or the needs do not
		// name the rules.
		where := p.Locate(channelfile.InputsReadRange, "header.inputs_read")
		//mutation:equivalent: only report texts depend on it
		if p.File == nil {
			where.Path = fmt.Sprintf("inputs[%d]", need.Index)
		}
		group.Report(func() validate.Finding { return report(where, nil) })
	}
}

// reportDeclared reports an input of the definition that the bad feeds do not supply as
// declared, whether or not the content reads it.
//
//mutation:equivalent: only report texts depend on it
func reportDeclared(p *validate.Pass, index int, bad []feed, r channelfile.Range, path string, details []string, fix, format string, args ...any) {
	cohorts := cohortsOf(bad)
	blame(p, cohorts)
	p.Report(func() validate.Finding {
		f := p.At(r, path, fix, format, args...)
		if p.Subject.Kind == validate.KindDefinition {
			f.Where.Path = fmt.Sprintf("inputs[%d]", index)
		}
		f.Input, f.Builds, f.Details, f.Group = p.InputAt(index), builds(cohorts), details, p.Check.ID
		for _, feed := range bad {
			f.Group += "\n" + feed.String()
		}
		return f
	})
}

// ofInput returns the identity of a finding on an input, whatever rules read it.
func ofInput(p *validate.Pass, index int) validate.Identity {
	return validate.Identity{Path: p.Definition.Inputs[index].Name}
}

// reportBuilds reports that the content as a whole does not fit a cohort of builds. It
// calls say, which makes the finding, only if the report keeps the finding: a fleet can
// have thousands of distinct contracts.
func reportBuilds(p *validate.Pass, g *validate.Cohort, say func() validate.Finding) {
	cohorts := []*validate.Cohort{g}
	blame(p, cohorts)
	p.Report(func() validate.Finding {
		f := say()
		f.Builds = builds(cohorts)
		f.Details = []string{buildNames(g.Builds...) + ": " + hosts(p, cohorts)}
		return f
	})
}

// holdBack returns the advice that is always possible.
func holdBack(cohorts ...*validate.Cohort) string {
	return "hold the content back from " + buildNames(builds(cohorts)...)
}
