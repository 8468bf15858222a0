package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// eventsCollected is CF3022.
var eventsCollected = &validate.Check{
	ID:   "CF3022",
	Name: "events-collected",
	Doc: `some host of each build records events of the type

The contract of a build states that its hosts record no events of the
template type: an audit policy or the configuration of a sensor leaves them
out. The content then ships to these hosts, counts as coverage, and can never
match there.

A host counts only if it records no events of any of its feeds of the type.

Make the hosts record the events, or hold the content back from the build. If
the type does not exist there, state that in the contract (lacks).`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		reportCollection(p, sensor.CollectedNone, "no host of %s records events of type %s, so no rule can match there",
			"record the events there, or hold the content back from these hosts")
	},
}

// collectedOn returns how many of the events of the type hosts with these supplies record: the most
// that the hosts record of any of their feeds. Unknown counts as more than some.
func collectedOn(supplies []*sensor.Supply) sensor.Collected {
	best := sensor.CollectedNone
	for _, s := range supplies {
		switch s.Collected.Events {
		case sensor.CollectedNone:
		case sensor.CollectedSome:
			best = sensor.CollectedSome
		default:
			return sensor.CollectedAll
		}
	}
	return best
}

// reportCollection reports the builds whose hosts record the given part of the events, as one
// finding. The format of the message takes the names of the builds and the type.
func reportCollection(p *validate.Pass, part sensor.Collected, format, fix string) {
	var found []feed
	for i := range p.Cohorts {
		g := &p.Cohorts[i]
		if len(g.Supplies) == 0 || collectedOn(g.Supplies) != part {
			continue
		}
		for _, s := range g.Supplies {
			found = append(found, feed{g, s})
		}
	}
	if len(found) == 0 {
		return
	}
	p.Report(func() validate.Finding {
		all := builds(cohortsOf(found))
		f := p.At(channelfile.TypeVersionRange, "header.type_version", fix, format, buildNames(all...), p.Definition.Name)
		f.Builds = all
		f.Details = details(sides(found, collectionNote), func(s *side) string {
			return fmt.Sprintf("events of %v %s: %s", s, s.note, s.hosts(p))
		})
		return f
	})
}

// collectionNote states which events of a feed the hosts record, and why.
//
//mutation:equivalent: only report texts depend on it
func collectionNote(f feed) string {
	c := &f.supply.Collected
	says := "may be recorded or not"
	switch c.Events {
	case sensor.CollectedAll:
		says = "are recorded"
	case sensor.CollectedSome:
		says = "are recorded in part"
	case sensor.CollectedNone:
		says = "are not recorded"
	}
	if why := basisText(f.cohort.Contract, &c.Basis); why != "" {
		says += " (" + why + ")"
	}
	return says
}

// basisText returns the reason of a statement and its place, or "".
//
//mutation:equivalent: only report texts depend on it
func basisText(c *sensor.Contract, b *sensor.Basis) string {
	var parts []string
	if b.Reason != "" {
		parts = append(parts, b.Reason)
	}
	if place := placeText(c, b.Place); place != "" {
		parts = append(parts, place)
	}
	return strings.Join(parts, "; ")
}

// placeText returns the path of the document that a place is in, with the line, or "".
//
//mutation:equivalent: only report texts depend on it
func placeText(c *sensor.Contract, p sensor.Place) string {
	i := slices.IndexFunc(c.Sources, func(s sensor.Source) bool { return s.Name == p.Source })
	switch {
	case i < 0:
		return ""
	case p.Line == 0:
		return c.Sources[i].Path
	}
	return fmt.Sprintf("%s:%d", c.Sources[i].Path, p.Line)
}
