//mutation:equivalent: only report texts depend on it

package contract

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// A side is a set of feeds that share a line of details.
type side struct {
	names []string // of the feeds; "" for a feed without a name
	feeds []feed
	note  string // statement about them, without their names

	cohorts []*validate.Cohort // of the feeds, once builds was called
	of      []validate.Build   // of the cohorts
}

// sides joins feeds with the same name and the same note, and then feeds of the same
// builds with the same note. A nil note means the same note for all.
func sides(feeds []feed, note func(feed) string) []*side {
	if note == nil && !slices.ContainsFunc(feeds, func(f feed) bool { return f.supply.Feed != feeds[0].supply.Feed }) {
		if len(feeds) == 0 {
			return nil
		}
		// the usual case
		return []*side{{names: []string{feeds[0].supply.Feed}, feeds: slices.Clip(feeds)}}
	}
	type key struct{ name, note string }
	var list []*side
	of := map[key]*side{}
	for _, f := range feeds {
		k := key{f.supply.Feed, ""}
		if note != nil {
			k.note = note(f)
		}
		s := of[k]
		if s == nil {
			s = &side{names: []string{k.name}, note: k.note}
			of[k] = s
			list = append(list, s)
		}
		s.feeds = append(s.feeds, f)
	}
	if len(list) > maxDetails {
		return list // too many to be shown
	}
	var merged []*side
	for _, s := range list {
		i := slices.IndexFunc(merged, func(o *side) bool {
			return o.note == s.note && o.names[0] != "" && s.names[0] != "" && slices.Equal(cohortsOf(o.feeds), cohortsOf(s.feeds))
		})
		if i < 0 {
			merged = append(merged, s)
			continue
		}
		merged[i].names = append(merged[i].names, s.names...)
		merged[i].feeds = append(merged[i].feeds, s.feeds...)
	}
	return merged
}

// String names the feeds and their builds: "feed Security of builds 7.10, 7.11".
func (s *side) String() string {
	of := buildNames(s.builds()...)
	switch {
	case s.names[0] == "":
		return of
	case len(s.names) == 1:
		return "feed " + s.names[0] + " of " + of
	}
	return "feeds " + list(s.names, "feeds") + " of " + of
}

// verb returns the form of a verb after the text of String.
func (s *side) verb(one, several string) string {
	if len(s.names) > 1 || s.names[0] == "" && len(s.builds()) > 1 {
		return several
	}
	return one
}

// hosts returns how many hosts run the builds, for messages.
func (s *side) hosts(p *validate.Pass) string {
	s.builds()
	return hosts(p, s.cohorts)
}

// builds returns the builds of the feeds. The feeds must not change any more.
func (s *side) builds() []validate.Build {
	if s.cohorts == nil {
		s.cohorts = cohortsOf(s.feeds)
		s.of = builds(s.cohorts)
	}
	return s.of
}

// observed returns in how many events an input was seen, for messages. It returns "" if
// no event was observed.
func (s *side) observed(p *validate.Pass, index int) string {
	var seen, events uint64
	for _, f := range s.feeds {
		seen = addSat(seen, f.input(p, index).Seen)
		events = addSat(events, f.supply.Events)
	}
	if events == 0 {
		return ""
	}
	return fmt.Sprintf("in %s of %s observed events", numeral.Thousands(seen), numeral.Thousands(events))
}

func addSat(a, b uint64) uint64 { return a + min(b, math.MaxUint64-a) }

// maxDetails is the largest number of lines of details of a finding. A fleet can have
// thousands of distinct contracts.
const maxDetails = 20

// details returns a line for each side, at most maxDetails of them.
func details(sides []*side, line func(*side) string) []string {
	var lines []string
	for i, s := range sides {
		if i == maxDetails {
			return append(lines, fmt.Sprintf("and %d more such feeds", len(sides)-i))
		}
		lines = append(lines, line(s))
	}
	return lines
}

// eventsOf names the events of feeds, for messages.
func eventsOf(feeds []feed) string {
	list := sides(feeds, nil)
	if len(list) <= 2 {
		var names []string
		for _, s := range list {
			names = append(names, s.String())
		}
		return "events of " + strings.Join(names, " and of ")
	}
	names := map[string]bool{}
	for _, s := range list {
		for _, name := range s.names {
			names[name] = true
		}
	}
	return fmt.Sprintf("events of %d feeds of %s", len(names), buildNames(builds(cohortsOf(feeds))...))
}

// lacking returns the details for feeds that do not supply an input: the number of their
// hosts, and the feeds that have the input.
func lacking(p *validate.Pass, index int, bad []feed) []string {
	name := p.Definition.Inputs[index].Name
	lines := details(sides(bad, nil), func(s *side) string {
		seen := s.observed(p, index)
		if seen != "" {
			seen = " (" + seen + ")"
		}
		return fmt.Sprintf("%v %s not supply %s%s: %s", s, s.verb("does", "do"), name, seen, s.hosts(p))
	})
	return append(lines, origins(p, index, bad)...)
}

// spared states how many hosts of the lacks of faults lose no match, and because of which feeds.
// Harmless reports whether the rule is known to be unaffected at a lack, an index in im.lacks.
func spared(im *impacts, faults []fault, harmless func(lack int) bool) string {
	var n uint64
	var names []string
	seen := map[int]bool{}
	for _, f := range faults {
		k := im.lacks[f.lack].kind
		if seen[k] {
			continue
		}
		seen[k] = true
		kind, some := &im.kinds[k], false
		for i := kind.from; i < kind.to; i++ {
			if !harmless(i) {
				continue
			}
			some = true
			for _, f := range im.lacks[i].feeds {
				if name := f.supply.Feed; name != "" && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
		if some {
			for _, g := range kind.cohorts {
				n = addSat(n, g.Hosts)
			}
		}
	}
	if n == 0 {
		return "the other feeds of these hosts are affected too, or their supply is unknown"
	}
	says, whose := "of these hosts lose no match", "their"
	if n == 1 {
		says, whose = "of these hosts loses no match", "its"
	}
	says = numeral.Thousands(n) + " " + says
	if len(names) > 0 {
		says += fmt.Sprintf(", because of %s %s %s", whose, noun("feed", names), list(names, "feeds"))
	}
	return says
}

// origins returns the statement of the definition about feeds and an input: which of the
// bad feeds never have it, and since when other feeds have it.
func origins(p *validate.Pass, index int, bad []feed) []string {
	name := p.Definition.Inputs[index].Name
	isBad := map[string]bool{}
	for _, f := range bad {
		isBad[f.supply.Feed] = true
	}
	var never, since, others []string
	for i := range p.Definition.Feeds {
		f := &p.Definition.Feeds[i]
		field := f.Field(name)
		switch {
		case field == nil && isBad[f.Name]:
			never = append(never, f.Name)
		case field == nil:
		case field.Since != "":
			since = append(since, fmt.Sprintf("feed %s has it since %s", f.Name, field.Since))
		case !isBad[f.Name]:
			others = append(others, f.Name)
		}
	}
	var parts []string
	if len(never) > 0 {
		parts = append(parts, fmt.Sprintf("%s %s never %s it", noun("feed", never), list(never, "feeds"), verb(never, "has", "have")))
	}
	parts = append(parts, since...)
	if len(others) > 0 {
		parts = append(parts, fmt.Sprintf("%s %s %s it", noun("feed", others), list(others, "feeds"), verb(others, "has", "have")))
	}
	if len(parts) == 0 {
		return nil
	}
	return []string{strings.Join(parts, "; ")}
}

// noun and verb return the singular form for one name, and else the plural.

func noun(one string, names []string) string { return verb(names, one, one+"s") }

func verb(names []string, one, several string) string {
	if len(names) == 1 {
		return one
	}
	return several
}

// instead adds to a fix the definition's advice for events without an input.
func instead(p *validate.Pass, index int, fix string) string {
	in := &p.Definition.Inputs[index]
	if in.Instead == "" {
		return fix
	}
	return fmt.Sprintf("%s; instead of %s: %s", fix, in.Name, in.Instead)
}
