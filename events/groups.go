package events

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
)

// A group is a set of hosts that share a contract.
type group struct {
	key   string
	name  string // label of the group; "" means that its hosts name it
	hosts []*host
	sums  []*feedCount // by index of the mapping
	// for each mapping, the number of hosts with events of the feed, and for each field the
	// number of hosts in each state
	feeds  []int
	states [][][3]int
}

// add adds a host to a group.
func (g *group) add(o *Observer, h *host) {
	g.hosts = append(g.hosts, h)
	for i, c := range h.feeds {
		if c == nil {
			continue
		}
		g.sums[i] = g.sums[i].plus(c)
		g.feeds[i]++
		if g.states[i] == nil {
			g.states[i] = make([][3]int, len(c.seen))
		}
		for field := range c.seen {
			g.states[i][field][o.state(c, field)]++
		}
	}
}

// groups returns the groups of hosts, the largest first. Without a role in the options, the
// hosts of a group have the same feeds and the same state of each field. Numbers of events do
// not matter.
func (o *Observer) groups() []*group {
	of := o.sameInputs
	if o.options.Role != nil {
		of = o.sameRole
	}
	byKey := map[string]*group{}
	for _, name := range slices.Sorted(maps.Keys(o.hosts)) {
		key, label := of(o.hosts[name])
		g := byKey[key]
		if g == nil {
			n := len(o.mapper.mappings)
			g = &group{key: key, name: label, sums: make([]*feedCount, n), feeds: make([]int, n), states: make([][][3]int, n)}
			byKey[key] = g
		}
		g.add(o, o.hosts[name])
	}
	groups := o.joinSmall(slices.Collect(maps.Values(byKey)))
	slices.SortFunc(groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(len(b.hosts), len(a.hosts)), cmp.Compare(a.hosts[0].name, b.hosts[0].name))
	})
	return groups
}

// sameInputs returns a key that hosts share if they supply the same inputs.
func (o *Observer) sameInputs(h *host) (key, label string) {
	var b []byte
	for i, c := range h.feeds {
		if c == nil {
			continue
		}
		b = o.mapper.mappings[i].appendKey(b)
		for field := range c.seen {
			b = append(b, byte(o.state(c, field)))
		}
	}
	return string(b), ""
}

// sameRole returns the label of a host as its key: its role, and the versions of its sources.
func (o *Observer) sameRole(h *host) (key, label string) {
	label = o.versions(h)
	if role := o.options.Role(h.name); role != "" {
		label = printable(role) + ", " + label
	}
	return label, label
}

// joinSmall joins the groups with fewer hosts than the options ask for.
func (o *Observer) joinSmall(groups []*group) []*group {
	small := func(g *group) bool { return len(g.hosts) < o.options.MinHosts }
	var hosts []*host
	for _, g := range groups {
		if small(g) {
			hosts = append(hosts, g.hosts...)
		}
	}
	if o.options.Role == nil || len(hosts) == 0 {
		return groups
	}
	slices.SortFunc(hosts, func(a, b *host) int { return cmp.Compare(a.name, b.name) })
	n := len(o.mapper.mappings)
	rest := &group{name: restOfHosts, sums: make([]*feedCount, n), feeds: make([]int, n), states: make([][][3]int, n)}
	for _, h := range hosts {
		rest.add(o, h)
	}
	return append(slices.DeleteFunc(groups, small), rest)
}

// restOfHosts is the name of the group of all hosts whose own groups were too small.
const restOfHosts = "other hosts"

// versions names the sources of a host with the newest version that its fields show, such as
// "Sysmon 13.30 or later". A version shows only if the host has an event with a field that
// the version introduced, so the real version may be later.
func (o *Observer) versions(h *host) string {
	type found struct {
		version string
		number  [2]int
	}
	var all []string
	newest := map[string]found{}
	for i, m := range o.mapper.mappings {
		for k := range m.Feed.Fields {
			source, version, number, ok := sinceOf(m.Feed.Fields[k].Since)
			if !ok {
				continue
			}
			if !slices.Contains(all, source) {
				all = append(all, source)
			}
			c := h.feeds[i]
			if c == nil {
				continue
			}
			n := newest[source] // the zero value means that only the source is known
			if c.seen[k] > 0 && slices.Compare(number[:], n.number[:]) > 0 {
				n = found{version, number}
			}
			newest[source] = n
		}
	}
	var parts []string
	for _, source := range slices.Sorted(maps.Keys(newest)) {
		if v := newest[source].version; v != "" {
			source += " " + v + " or later"
		}
		parts = append(parts, source)
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ")
	case len(all) == 0:
		return "all sources"
	}
	slices.Sort(all)
	return "no " + strings.Join(all, ", no ")
}

// sinceOf splits the version in which a field began, such as "Sysmon 13.30 (schema 4.70)".
func sinceOf(since string) (source, version string, number [2]int, ok bool) {
	since, _, _ = strings.Cut(since, " (")
	i := strings.LastIndexByte(since, ' ')
	if i < 0 {
		return "", "", number, false
	}
	source, version = since[:i], since[i+1:]
	major, minor, _ := strings.Cut(version, ".")
	if len(minor) == 1 {
		minor += "0" // version 14.1 is 14.10
	}
	var err error
	if number[0], err = strconv.Atoi(major); err != nil {
		return "", "", number, false
	}
	if minor != "" {
		if number[1], err = strconv.Atoi(minor); err != nil {
			return "", "", number, false
		}
	}
	return source, version, number, true
}

// maxBuildName is the maximum number of runes of the name of a build, without a suffix. It is
// less than sensor.MaxName.
const maxBuildName = 200

// A namer makes the names of builds unique.
type namer map[string]bool

// build returns the name of the build of a group: its label, or the names of its hosts.
func (n namer) build(g *group) string {
	name := g.name
	if name == "" {
		name = printable(g.hosts[0].name)
		if more := len(g.hosts) - 1; more > 0 {
			name += fmt.Sprintf(" and %d more", more)
		}
	}
	if r := []rune(name); len(r) > maxBuildName {
		name = string(r[:maxBuildName]) + "..."
	}
	unique := name
	for i := 2; n[unique]; i++ {
		unique = fmt.Sprintf("%s (%d)", name, i)
	}
	n[unique] = true
	return unique
}

// supply returns the supply of a group of hosts from one feed.
func (o *Observer) supply(m *Mapping, g *group, named bool) sensor.Supply {
	sum := g.sums[m.index]
	s := sensor.Supply{
		Type: m.Definition.Name, Version: m.Definition.Version, Feed: m.Feed.Name,
		Evidence: sensor.EvidenceObserved, Events: min(sum.events, sensor.MaxInteger),
	}
	with := g.feeds[m.index]
	if with < len(g.hosts) {
		s.Collected.Events = sensor.CollectedSome
		s.Collected.Basis.Reason = fmt.Sprintf("events of %d of %d hosts", with, len(g.hosts))
	}
	s.Inputs = make([]sensor.SuppliedInput, len(m.Definition.Inputs))
	for i := range s.Inputs {
		in := &m.Definition.Inputs[i]
		s.Inputs[i] = sensor.SuppliedInput{Name: in.Name, Type: in.Type, State: sensor.StateNotSupplied}
	}
	for field, input := range m.inputs {
		in := &s.Inputs[input]
		in.Seen = min(sum.seen[field], sensor.MaxInteger)
		in.OtherForm = o.otherForm(m, field, sum)
		switch n := &g.states[m.index][field]; {
		case n[sensor.StateSupplied] == with:
			in.State = sensor.StateSupplied
		case n[sensor.StateSupplied] > 0:
			in.State = sensor.StateConditional
			in.Basis = &sensor.Basis{Reason: fmt.Sprintf("in events of %d of %d hosts", n[sensor.StateSupplied], with)}
			in.PerMillion = max(1, uint32(float64(sum.seen[field])/float64(sum.events)*1e6))
		case n[sensor.StateUnknown] > 0:
			in.State = sensor.StateUnknown
		}
	}
	if named && o.options.Role != nil {
		// A named reader treats an input that is not listed in the same way, and a person has less
		// to read.
		s.Inputs = slices.DeleteFunc(s.Inputs, func(in sensor.SuppliedInput) bool { return in.State == sensor.StateNotSupplied })
	}
	return s
}

// A GroupSummary summarises the observations of a group of hosts that share a contract.
type GroupSummary struct {
	Build   string // name of the build in the fleet
	Hosts   []string
	Events  uint64
	Feeds   int // feeds with events of the group
	Partial int // feeds with events of some hosts alone
	// numbers of inputs by state, over all feeds of the group; without those that a feed never
	// has
	Supplied, Conditional, Unknown, NotSupplied int
}

// Groups returns a summary of each contract of [Observer.Fleet], in the same order.
func (o *Observer) Groups() []GroupSummary {
	var list []GroupSummary
	names := namer{}
	for _, g := range o.groups() {
		s := GroupSummary{Build: names.build(g)}
		for _, h := range g.hosts {
			s.Hosts = append(s.Hosts, h.name)
		}
		for i, sum := range g.sums {
			if sum == nil {
				continue
			}
			m := o.mapper.mappings[i]
			s.Events += sum.events
			s.Feeds++
			if g.feeds[i] < len(g.hosts) {
				s.Partial++
			}
			supply := o.supply(m, g, false)
			for _, input := range m.inputs {
				switch supply.Inputs[input].State {
				case sensor.StateSupplied:
					s.Supplied++
				case sensor.StateConditional:
					s.Conditional++
				case sensor.StateUnknown:
					s.Unknown++
				default:
					s.NotSupplied++
				}
			}
		}
		list = append(list, s)
	}
	return list
}
