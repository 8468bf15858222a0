package events

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/sensor"
)

// The limits of an [Observer]. Its memory is proportional to the number of hosts and
// of their feeds, not to the number of events.
const (
	MaxHosts       = 1 << 20 // hosts
	MaxCounters    = 1 << 25 // feeds and fields of feeds, over all hosts; 8 bytes each
	MaxKinds       = 10_000  // kinds of events that feed no type; further kinds share one counter
	maxHostName    = 64      // runes of a host's name in a note
	maxNamed       = 3       // hosts named in a note
	maxNamedOfRole = 20      // hosts named in the note of a role
	maxNameSize    = 1 << 10 // bytes of the name of a host, or of a kind of event
)

// Options are the options of an Observer.
type Options struct {
	// AbsentAfter is a number of events. If a host has at least so many events of a
	// feed, each field without a value in them counts as not supplied. 0 means that
	// such a field is always unknown.
	AbsentAfter uint64
	// Role returns the role of a host by its name. If it is not nil, the hosts of one role whose
	// fields show the same versions of their sources share a contract. Role "" adds nothing to
	// the name of the build. Nil means that hosts share a contract if they supply the same
	// inputs.
	Role func(host string) string
	// MinHosts is the least number of hosts of a contract, if Role is not nil. The hosts of all
	// smaller groups share one contract.
	MinHosts int
}

// An Observer counts the inputs that recorded events supply, for each host and feed.
// Use it from one goroutine at a time.
type Observer struct {
	options Options
	mapper  *Mapper
	hosts   map[string]*host
	last    *host // host of the last record

	counters, maxCounters, maxHosts int

	events uint64 // number of events that feed a type
	list   []*Mapping
	others map[string]*Kind
	rest   uint64   // number of events of further kinds
	odd    []uint64 // for each mapping, the number of values with a wrong type
	// for each mapping and field, whether a value has another form than the definition states;
	// an element is nil if it states no form
	formed [][]bool
	key    []byte
}

// A host counts the events of one computer.
type host struct {
	name  string
	feeds []*feedCount // by index of the mapping; nil means no event of the feed
}

// A feedCount counts the events of one feed on one host.
type feedCount struct {
	events uint64
	seen   []uint64 // for each field of the feed
}

// A Kind is a kind of events that feed no template type, with their number.
type Kind struct {
	Provider, Channel string
	EventID           uint32
	Events            uint64
	Unnumbered        bool // the events have no event ID, as in [Record]
}

// NewObserver returns an Observer for all feeds of the definitions. Do not modify the
// definitions afterwards.
func NewObserver(defs *sensor.Definitions, options Options) *Observer {
	m := NewMapper(defs)
	other := make([][]bool, len(m.mappings))
	for i, of := range m.mappings {
		if of.forms != nil {
			other[i] = make([]bool, len(of.forms))
		}
	}
	return &Observer{
		options: options, mapper: m, maxCounters: MaxCounters, maxHosts: MaxHosts,
		hosts: map[string]*host{}, others: map[string]*Kind{},
		odd: make([]uint64, len(m.mappings)), formed: other,
	}
}

// ErrNoComputer is the error for an event without the name of its computer.
var ErrNoComputer = errors.New("found no computer name; expected Computer, Hostname or winlog.computer_name")

// ErrLimit is wrapped by the errors for an exceeded limit of an Observer or of a
// Recording. After it, no event can be added.
var ErrLimit = errors.New("too much to count")

// Add counts a record. If the error does not wrap [ErrLimit], only this record was not
// counted, and Add can be called for the next record.
func (o *Observer) Add(r *Record) error {
	if r == nil {
		return errors.New("there is no record")
	}
	var err error
	if o.list, err = o.mapper.Append(o.list[:0], r); err != nil {
		return err
	}
	if len(o.list) == 0 {
		o.other(r)
		return nil
	}
	if len(r.Computer) == 0 {
		return ErrNoComputer
	}
	h, err := o.host(r.Computer)
	if err != nil {
		return err
	}
	for _, m := range o.list {
		if err := m.resolve(r); err != nil {
			return err
		}
	}
	for _, m := range o.list {
		if h.feeds[m.index] == nil {
			if err := o.count(len(m.Feed.Fields)); err != nil {
				return err
			}
			h.feeds[m.index] = &feedCount{seen: make([]uint64, len(m.Feed.Fields))}
		}
	}
	o.events++
	for _, m := range o.list {
		c := h.feeds[m.index]
		c.events++
		o.odd[m.index] += m.count(r, c.seen, o.formed[m.index])
	}
	return nil
}

// count reserves n more counters.
func (o *Observer) count(n int) error {
	if o.counters+n > o.maxCounters {
		return fmt.Errorf("%w: the inputs of %d hosts need more than %d counters; observe fewer files or types at once", ErrLimit, len(o.hosts), o.maxCounters)
	}
	o.counters += n
	return nil
}

func (o *Observer) host(name []byte) (*host, error) {
	if o.last != nil && o.last.name == string(name) {
		return o.last, nil
	}
	h := o.hosts[string(name)]
	if h == nil {
		if len(name) > maxNameSize {
			return nil, fmt.Errorf("found a computer name of %d bytes; expected at most %d", len(name), maxNameSize)
		}
		if len(o.hosts) == o.maxHosts {
			return nil, fmt.Errorf("%w: there are more than %d hosts; observe fewer files at once", ErrLimit, o.maxHosts)
		}
		if err := o.count(len(o.mapper.mappings)); err != nil {
			return nil, err
		}
		h = &host{name: string(name), feeds: make([]*feedCount, len(o.mapper.mappings))}
		o.hosts[h.name] = h
	}
	o.last = h
	return h, nil
}

// other counts an event that feeds nothing.
func (o *Observer) other(r *Record) {
	o.key = append(o.key[:0], byte(r.EventID), byte(r.EventID>>8), byte(r.EventID>>16), byte(r.EventID>>24))
	if r.Unnumbered {
		o.key = append(o.key, 1)
	}
	o.key = append(o.key, r.Provider...)
	o.key = append(o.key, 0)
	o.key = append(o.key, r.Channel...)
	k := o.others[string(o.key)]
	if k == nil {
		if len(o.others) == MaxKinds || len(o.key) > maxNameSize {
			o.rest++
			return
		}
		k = &Kind{Provider: string(r.Provider), Channel: string(r.Channel), EventID: r.EventID, Unnumbered: r.Unnumbered}
		o.others[string(o.key)] = k
	}
	k.Events++
}

// Events returns the number of counted events that feed a type.
func (o *Observer) Events() uint64 { return o.events }

// Hosts returns the number of hosts with events that feed a type.
func (o *Observer) Hosts() int { return len(o.hosts) }

// Others returns the kinds of events that feed no type, sorted by their number of
// events, the largest first. rest is the number of events of further kinds.
func (o *Observer) Others() (kinds []Kind, rest uint64) {
	for _, k := range o.others {
		kinds = append(kinds, *k)
	}
	slices.SortFunc(kinds, func(a, b Kind) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.EventID, b.EventID))
	})
	return kinds, o.rest
}

// state returns whether one host supplies a field of a feed.
func (o *Observer) state(c *feedCount, field int) sensor.State {
	switch {
	case c.seen[field] > 0:
		return sensor.StateSupplied
	case o.options.AbsentAfter > 0 && c.events >= o.options.AbsentAfter:
		return sensor.StateNotSupplied
	}
	return sensor.StateUnknown
}

func (c *feedCount) plus(more *feedCount) *feedCount {
	if c == nil {
		c = &feedCount{seen: make([]uint64, len(more.seen))}
	}
	c.events += more.events
	for i, n := range more.seen {
		c.seen[i] += n
	}
	return c
}

// ErrNothing is the error of [Observer.Fleet] if no counted event feeds a type.
var ErrNothing = errors.New("nothing was observed: no event feeds a known template type")

// Fleet returns the observations as a fleet with the given name. It has a contract for
// each group of hosts, the largest group first; see [Options]. Events do
// not show how a sensor reads content, so all contracts have the given reader. The
// order of the events does not matter.
//
// An input is supplied by a host if any event of the host has it. It is not supplied if
// the definition says that the feed never has it. Otherwise it is unknown, unless
// [Options] say otherwise. The contract of a group has a supply for each feed and each
// version of its type, if hosts of the group have such events.
//
// The hosts of a role may differ. An input that only some of them supply is conditional, and
// a feed of which only some have events is collected in part. Both have the numbers as the
// reason.
func (o *Observer) Fleet(name string, reader sensor.Reader) (*sensor.Fleet, error) {
	if o.events == 0 {
		return nil, ErrNothing
	}
	f := &sensor.Fleet{Name: name, Note: o.note()}
	names := namer{}
	for _, g := range o.groups() {
		c := sensor.Contract{
			Build: names.build(g), Hosts: uint64(len(g.hosts)), Note: g.note(),
			Reader: reader,
		}
		for k, sum := range g.sums {
			if sum != nil {
				c.Supplies = append(c.Supplies, o.supply(o.mapper.mappings[k], g, reader.Access == sensor.AccessNamed))
			}
		}
		f.Contracts = append(f.Contracts, c)
	}
	return f, nil
}

// otherForm reports whether the values of a field of a feed have another form than the
// definition states, in some event of any host. It is also true for a field that is never
// absent, by the definition, if only some events of a group of hosts have it.
func (o *Observer) otherForm(m *Mapping, field int, sum *feedCount) bool {
	other := o.formed[m.index]
	if sum.seen[field] == 0 {
		return false
	}
	return other != nil && other[field] || len(m.Feed.Fields[field].Placeholders) > 0 && sum.seen[field] < sum.events
}

func (o *Observer) note() string {
	role := ""
	if o.options.Role != nil {
		role = "A build is a group of hosts with the same role and the same versions of their sources, as far as events show them. An input that only some hosts of a group supply is conditional. "
	}
	note := fmt.Sprintf("Observed by cfcheck contract observe in %s from %s; events do not show how a sensor reads content. ", number(o.events, "recorded event"), number(uint64(len(o.hosts)), "host")) + role
	if n := o.options.AbsentAfter; n > 0 {
		return note + fmt.Sprintf("A host with at least %s of a feed does not supply the fields that are in no event. On other hosts these fields are unknown.", number(n, "event"))
	}
	return note + "A field that is in no event of a host is unknown, not absent, unless the feed never has it."
}

func number(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatUint(n, 10) + " " + noun + "s"
}

// note returns the names of some of the hosts.
func (g *group) note() string {
	var names []string
	most := maxNamed
	if g.name != "" {
		most = maxNamedOfRole
	}
	for _, h := range g.hosts[:min(len(g.hosts), most)] {
		names = append(names, printable(h.name))
	}
	note := strings.Join(names, ", ")
	if n := len(g.hosts) - len(names); n > 0 {
		note += fmt.Sprintf(" and %d more", n)
	}
	if len(g.hosts) == 1 {
		return "host " + note
	}
	return "hosts " + note
}

// printable returns a name for a note. It quotes the name if its ends would be unclear,
// and shortens a long name.
func printable(name string) string {
	cut := ""
	if utf8.RuneCountInString(name) > maxHostName {
		name, cut = string([]rune(name)[:maxHostName]), "..."
	}
	if strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) || strings.ContainsRune(`,"`, r) }) >= 0 {
		name = strconv.Quote(name)
	}
	return name + cut
}

// A FeedSummary summarises the observations of one feed.
type FeedSummary struct {
	Definition *sensor.Definition
	Feed       *sensor.Feed
	Hosts      int
	Events     uint64
	Odd        uint64 // number of values that are not of their input's type
	Fields     []FieldSummary
}

// A FieldSummary counts the hosts by the state of one input.
type FieldSummary struct {
	Input                          string
	Supplied, Unknown, NotSupplied int
	Seen                           uint64 // number of events with the input
}

// Feeds returns a summary of each observed feed, in the order of the definitions.
func (o *Observer) Feeds() []FeedSummary {
	var list []FeedSummary
	for i, m := range o.mapper.mappings {
		s := FeedSummary{Definition: m.Definition, Feed: m.Feed, Odd: o.odd[i], Fields: make([]FieldSummary, len(m.inputs))}
		for field, input := range m.inputs {
			s.Fields[field].Input = m.Definition.Inputs[input].Name
		}
		for _, h := range o.hosts {
			c := h.feeds[i]
			if c == nil {
				continue
			}
			s.Hosts++
			s.Events += c.events
			for field := range c.seen {
				f := &s.Fields[field]
				f.Seen += c.seen[field]
				switch o.state(c, field) {
				case sensor.StateSupplied:
					f.Supplied++
				case sensor.StateNotSupplied:
					f.NotSupplied++
				default:
					f.Unknown++
				}
			}
		}
		if s.Hosts > 0 {
			list = append(list, s)
		}
	}
	return list
}
