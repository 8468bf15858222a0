package events

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"

	"github.com/cfcheck/cfcheck/internal/spelling"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A Mapper finds the feeds of template types that a record belongs to. A Mapper and
// its mappings cache data of the last record, because the next record is often
// similar. So use a Mapper from one goroutine at a time.
type Mapper struct {
	mappings []*Mapping
	channels map[string]*channelFeeds // by channel; "" has the feeds of any channel
	folded   names                    // the channels
}

// channelFeeds are the feeds of one channel.
type channelFeeds struct {
	byEvent   map[uint32][]*Mapping
	all       []*Mapping // feeds that accept any event ID
	providers names
}

// NewMapper returns a Mapper for all feeds of the definitions, in all versions of each
// type. Do not modify the definitions afterwards.
func NewMapper(defs *sensor.Definitions) *Mapper {
	m := &Mapper{channels: map[string]*channelFeeds{}, folded: names{}}
	for d := range defs.All() {
		for i := range d.Feeds {
			m.add(newMapping(d, &d.Feeds[i]))
		}
	}
	return m
}

func (m *Mapper) add(mapping *Mapping) {
	mapping.index = len(m.mappings)
	m.mappings = append(m.mappings, mapping)
	c := m.channels[mapping.Feed.Channel]
	if c == nil {
		c = &channelFeeds{byEvent: map[uint32][]*Mapping{}, providers: names{}}
		m.channels[mapping.Feed.Channel] = c
		m.folded.add(mapping.Feed.Channel)
	}
	if mapping.Feed.Provider != "" {
		c.providers.add(mapping.Feed.Provider)
	}
	if len(mapping.Feed.Events) == 0 {
		c.all = append(c.all, mapping)
	}
	for _, id := range mapping.Feed.Events {
		c.byEvent[id] = append(c.byEvent[id], mapping)
	}
}

// Append appends the mapping of each feed that a record belongs to. There may be
// several: Sysmon 13 belongs to a feed of registry events and to a feed of values that
// are set.
//
// A channel or a provider that no feed names exactly is the one that differs only in
// the case of ASCII letters. If there are two of these, Append returns an [*UnclearError]
// and the list without the record's feeds.
func (m *Mapper) Append(list []*Mapping, r *Record) ([]*Mapping, error) {
	if r == nil {
		return list, nil
	}
	start := len(list)
	c := m.channels[string(r.Channel)]
	if c == nil {
		channel, err := m.folded.only("channel", r.Channel)
		if err != nil {
			return list, err
		}
		c = m.channels[channel]
	}
	both := [...]*channelFeeds{c, nil}
	if len(r.Channel) > 0 {
		both[1] = m.channels[""]
	}
	for i, c := range both {
		if c == nil || i == 1 && c == both[0] {
			continue
		}
		var err error
		if list, err = c.append(list, r); err != nil {
			return list[:start], err
		}
	}
	if len(list)-start > 1 {
		slices.SortFunc(list[start:], func(a, b *Mapping) int { return a.index - b.index })
	}
	return list, nil
}

func (c *channelFeeds) append(list []*Mapping, r *Record) ([]*Mapping, error) {
	feeds := [...][]*Mapping{c.byEvent[r.EventID], c.all}
	if r.Unnumbered {
		feeds[0] = nil
	}
	if len(feeds[0])+len(feeds[1]) == 0 {
		return list, nil
	}
	provider, err := c.providers.only("provider", r.Provider)
	if err != nil {
		return list, err
	}
	for _, feeds := range feeds {
		for _, m := range feeds {
			if m.Feed.Provider == "" || m.Feed.Provider == provider || len(r.Provider) == 0 && m.Feed.Channel != "" {
				list = append(list, m)
			}
		}
	}
	return list, nil
}

// A Mapping converts the records of one feed to inputs of a template type.
type Mapping struct {
	Definition *sensor.Definition
	Feed       *sensor.Feed

	index  int              // index in its Mapper
	inputs []int            // for each field of the feed, the index of its input
	byName map[string][]int // fields of the feed, by name in the record
	names  names            // the keys of byName
	system []systemField
	plain  bool // all fields become strings
	// for each field of the feed, the form that the definition states; nil if it states no form
	forms []sensor.Form

	last  []slot   // names of the last record
	taken []string // names in the last record that took a field by fold, by field
	found [][]int  // fields of the feed, for each field of the record
	id    []byte   // event ID of the record
	copy  []byte   // values that have escapes in the line
}

// A slot is a name in a record and the fields of the feed with this name.
type slot struct {
	name   string
	fields []int
	exact  bool
}

// A systemField is a field of a feed that is not in the data of the event.
type systemField struct {
	field int
	what  func(m *Mapping, r *Record) []byte
}

// systemFields returns the values of the fields that identify an event, by name.
var systemFields = map[string]func(m *Mapping, r *Record) []byte{
	"System/Provider": func(_ *Mapping, r *Record) []byte { return r.Provider },
	"System/Channel":  func(_ *Mapping, r *Record) []byte { return r.Channel },
	"System/Computer": func(_ *Mapping, r *Record) []byte { return r.Computer },
	"System/Level":    func(_ *Mapping, r *Record) []byte { return r.Level },
	"System/Keywords": func(_ *Mapping, r *Record) []byte { return r.Keywords },
	"System/EventID": func(m *Mapping, r *Record) []byte {
		if r.Unnumbered {
			return nil
		}
		m.id = strconv.AppendUint(m.id[:0], uint64(r.EventID), 10)
		return m.id
	},
}

func newMapping(d *sensor.Definition, f *sensor.Feed) *Mapping {
	m := &Mapping{Definition: d, Feed: f, byName: map[string][]int{}, names: names{}, plain: true}
	for i, field := range f.Fields {
		input, _ := d.Input(field.Input) // a definition's feeds name inputs that it has
		m.inputs = append(m.inputs, input)
		m.plain = m.plain && d.Inputs[input].Type == sensor.TypeString
		if field.Form != sensor.FormAny && m.forms == nil {
			m.forms = make([]sensor.Form, len(f.Fields))
		}
		if m.forms != nil {
			m.forms[i] = field.Form
		}
		name := m.feedName(i)
		if what := systemFields[name]; what != nil {
			m.system = append(m.system, systemField{i, what})
			continue
		}
		m.byName[name] = append(m.byName[name], i)
		m.names.add(name)
	}
	m.taken = make([]string, len(f.Fields))
	return m
}

// resolve finds the fields of the feed for each field of a record, for event and
// count. A name that no field of the feed has exactly is the name that differs only in
// the case of ASCII letters, unless the record has that name too. Two such names for
// one field are an [*UnclearError], and so is one name for two fields.
func (m *Mapping) resolve(r *Record) error {
	m.found = m.found[:0]
	folded := false
	for i := range r.Fields {
		s, err := m.slot(i, r.Fields[i].Name)
		if err != nil {
			return err
		}
		folded = folded || !s.exact && len(s.fields) > 0
		m.found = append(m.found, s.fields)
	}
	if !folded {
		return nil
	}
	clear(m.taken)
	for i, fields := range m.found {
		if m.last[i].exact {
			m.taken[fields[0]] = m.last[i].name
		}
	}
	for i, fields := range m.found {
		if m.last[i].exact || len(fields) == 0 {
			continue
		}
		switch first := m.taken[fields[0]]; first {
		case "":
			m.taken[fields[0]] = m.last[i].name
		case m.feedName(fields[0]):
			m.found[i] = nil
		default:
			return &UnclearError{"field", []string{first, m.last[i].name}, []string{m.feedName(fields[0])}}
		}
	}
	return nil
}

// slot returns the slot for the name of field i of a record. m.last[i] is then that
// slot.
func (m *Mapping) slot(i int, name []byte) (slot, error) {
	if i == len(m.last) {
		m.last = append(m.last, slot{})
	}
	s := &m.last[i]
	if s.name == string(name) {
		return *s, nil
	}
	if fields := m.byName[string(name)]; fields != nil {
		*s = slot{m.feedName(fields[0]), fields, true}
		return *s, nil
	}
	*s = slot{}
	known, err := m.names.only("field", name)
	if err != nil {
		return *s, err
	}
	if known != "" || len(name) <= spelling.MaxWord { // many records have the same unknown names
		*s = slot{string(name), m.byName[known], false}
	}
	return *s, nil
}

// feedName returns the name of a feed's field in records.
func (m *Mapping) feedName(field int) string {
	if f := m.Feed.Fields[field]; f.Field != "" {
		return f.Field
	}
	return m.Feed.Fields[field].Input
}

// Event converts a record of the feed to an event: a value for each input of the
// definition. A value is absent if the record does not have it, or if it is not of the
// input's type. Event writes to e if e has room. The values are valid until the record
// is read again, or until the next call of Event.
//
// If two names in the record could be the same field, because they differ only in case
// from its name, Event returns an [*UnclearError].
func (m *Mapping) Event(e interp.Event, r *Record) (interp.Event, error) {
	if err := m.resolve(r); err != nil {
		return nil, err
	}
	return m.event(e, r), nil
}

// event converts a record that was resolved.
func (m *Mapping) event(e interp.Event, r *Record) interp.Event {
	n := len(m.Definition.Inputs)
	if cap(e) < n {
		e = make(interp.Event, n)
	}
	e = e[:n]
	clear(e)
	m.copy = m.copy[:0]
	for i := range r.Fields {
		if len(m.found[i]) == 0 {
			continue
		}
		text := r.Fields[i].Value(&m.copy)
		for _, field := range m.found[i] {
			m.set(e, field, text)
		}
	}
	for _, s := range m.system {
		if text := s.what(m, r); len(text) > 0 {
			m.set(e, s.field, text)
		}
	}
	return e
}

// set sets the input of a field.
func (m *Mapping) set(e interp.Event, field int, text []byte) {
	e[m.inputs[field]], _ = valueOf(m.typeOf(field), text)
}

// valueOf converts a recorded text to a value of a type, and reports whether it can.
// Integers are decimal, and addresses have no zone.
func valueOf(t sensor.InputType, text []byte) (interp.Value, bool) {
	switch t {
	case sensor.TypeString:
		return interp.Value{Type: sensor.TypeString, Text: text}, true
	case sensor.TypeInteger:
		n, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil || text[0] == '+' {
			return interp.Value{}, false
		}
		return interp.Number(n), true
	case sensor.TypeAddress:
		a, err := netip.ParseAddr(string(text))
		if err != nil || a.Zone() != "" {
			return interp.Value{}, false
		}
		return interp.IP(a), true
	}
	return interp.Value{}, false
}

// Of the values of a field on one host, the first ones are compared with the form of the field, and
// then a part of the others. Whatever changes the form of values changes all of them.
const (
	firstJudged = 16
	judgedEvery = 64
)

// count adds 1 to seen for each field of the feed that a resolved record has. Fields that are
// not of their input's type do not count; count returns their number. It sets an element of other
// if the value of the field has another form than the definition states. Nil means that the feed
// states no form.
func (m *Mapping) count(r *Record, seen []uint64, other []bool) (odd uint64) {
	for i := range r.Fields {
		f := &r.Fields[i]
		for _, field := range m.found[i] {
			if !m.plain && !m.fits(field, f) {
				odd++
				continue
			}
			seen[field]++
			if other != nil && m.forms[field] != sensor.FormAny && !other[field] && (seen[field] <= firstJudged || seen[field]%judgedEvery == 0) {
				m.copy = m.copy[:0]
				other[field] = !m.forms[field].Has(string(f.Value(&m.copy)))
			}
		}
	}
	for _, s := range m.system {
		text := s.what(m, r)
		if len(text) == 0 {
			continue
		}
		if _, ok := valueOf(m.typeOf(s.field), text); !ok {
			odd++
			continue
		}
		seen[s.field]++
	}
	return odd
}

// typeOf returns the type of the input of a feed's field.
func (m *Mapping) typeOf(field int) sensor.InputType {
	return m.Definition.Inputs[m.inputs[field]].Type
}

// fits reports whether the value of a record's field has the type of its input.
func (m *Mapping) fits(field int, f *Field) bool {
	t := m.typeOf(field)
	if t == sensor.TypeString {
		return true
	}
	m.copy = m.copy[:0]
	_, ok := valueOf(t, f.Value(&m.copy))
	return ok
}

// appendKey appends a key of the mapping, which does not depend on other definitions.
func (m *Mapping) appendKey(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(m.Definition.Number))
	b = binary.AppendUvarint(b, uint64(m.Definition.Version))
	b = binary.AppendUvarint(b, uint64(len(m.Feed.Name)))
	return append(b, m.Feed.Name...)
}

// ValueOf converts a text to a value of a type, as the values of records are converted, and
// reports whether it can. Integers are decimal, and addresses have no zone.
func ValueOf(t sensor.InputType, text string) (interp.Value, bool) {
	return valueOf(t, []byte(text))
}
