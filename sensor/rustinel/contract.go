package rustinel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
)

// Contract returns the statements of a list as those of a contract. The source is the document
// that the entries were read from; every statement has its line there. The caller completes the
// contract with its build, hosts and reader.
//
// Each kind of event is a feed, and the name of the feed has all parts of the kind. The feed
// supplies the template types whose rules the sensor gives such events, in all versions that
// definitions have. Types of other platforms are named after the platform and the category, such as
// "linux/process_creation". The contract declares types, feeds and inputs that definitions do not
// have. [Entries] gives the entries back.
func Contract(entries []Entry, definitions *sensor.Definitions, source sensor.Source) *sensor.Contract {
	b := builder{definitions: definitions, source: source.Name, declared: map[typeVersion]int{}}
	b.contract.Sources = []sensor.Source{source}
	shapes := map[Shape][]Entry{}
	var order []Shape
	for _, e := range entries {
		if shapes[e.Shape] == nil {
			order = append(order, e.Shape)
		}
		shapes[e.Shape] = append(shapes[e.Shape], e)
	}
	for _, s := range order {
		for _, name := range b.types(s) {
			versions := []uint32{1}
			if d := definitions.Newest(name); d != nil {
				versions = definitions.Versions(d.Number)
			}
			for _, version := range versions {
				b.supply(s, name, version, shapes[s])
			}
		}
	}
	return &b.contract
}

// A builder collects the supplies of a contract.
type builder struct {
	definitions *sensor.Definitions
	source      string // name of the source
	contract    sensor.Contract
	declared    map[typeVersion]int // index of the declaration
}

type typeVersion struct {
	name    string
	version uint32
}

// parts are the Sigma categories whose rules get the events of one action of a category of the
// list. A rule of the category of the list gets the events of all actions.
var parts = map[[2]string]string{
	{"file_event", "delete"}:     "file_delete",
	{"file_event", "rename"}:     "file_rename",
	{"file_event", "set"}:        "file_change",
	{"registry_event", "create"}: "registry_add",
	{"registry_event", "set"}:    "registry_set",
	{"registry_event", "delete"}: "registry_delete",
}

// services are the Sigma services whose rules get the events of a category of the list.
var services = map[string]string{
	"dns_query":        "dns-client",
	"ps_module":        "powershell",
	"ps_script":        "powershell",
	"security":         "security",
	"service_creation": "system",
	"task_creation":    "taskscheduler",
	"wmi_event":        "wmi",
}

// types returns the names of the template types that a kind of event supplies.
func (b *builder) types(s Shape) []string {
	if s.Platform != "windows" {
		return []string{s.Platform + "/" + s.Category}
	}
	var names []string
	add := func(l sensor.Logsource) {
		if name := b.definitions.TypeOf(l); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	add(sensor.Logsource{Product: "windows", Category: s.Category})
	if part := parts[[2]string{s.Category, s.Action}]; part != "" {
		add(sensor.Logsource{Product: "windows", Category: part})
	}
	if service := services[s.Category]; service != "" {
		add(sensor.Logsource{Product: "windows", Service: service})
	}
	if len(names) == 0 {
		return []string{s.Category}
	}
	return names
}

// supply adds the supply of a version of a type by a kind of event.
func (b *builder) supply(s Shape, name string, version uint32, entries []Entry) {
	d := b.definitions.ByName(name, version)
	out := sensor.Supply{
		Type: name, Version: version, Feed: s.feed(), Evidence: sensor.EvidenceExtracted,
		Place: sensor.Place{Source: b.source, Line: entries[0].Line},
	}
	declaration := b.declaration(name, version)
	declaration.Feeds = append(declaration.Feeds, out.Feed)
	eventID := false
	for i := range entries {
		e := &entries[i]
		basis := b.basis(e)
		if e.Field == AllFields {
			out.Collected = sensor.Collection{Events: sensor.CollectedNone, Basis: *basis}
			continue
		}
		in := sensor.SuppliedInput{Name: e.Field, Type: sensor.TypeString, Basis: basis}
		switch {
		case e.Value != nil:
			in.State, in.Values = sensor.StateConstant, []string{*e.Value}
		case e.Availability == Always:
			in.State = sensor.StateSupplied
		case e.Availability == Conditional:
			in.State = sensor.StateConditional
		default:
			in.State = sensor.StateNotSupplied
		}
		eventID = eventID || e.Field == "EventID"
		out.Inputs = append(out.Inputs, b.known(declaration, d, in))
	}
	// Every event has an ID, although no entry says so. The input has no line, so that it is not
	// taken for an entry.
	if hasInput := d == nil || has(d, "EventID"); hasInput && !eventID && out.Collected.Events != sensor.CollectedNone {
		in := sensor.SuppliedInput{Name: "EventID", Type: sensor.TypeString, State: sensor.StateSupplied}
		if s.EventID >= 0 {
			in.State, in.Values = sensor.StateConstant, []string{strconv.Itoa(s.EventID)}
		}
		out.Inputs = append(out.Inputs, b.known(declaration, d, in))
	}
	b.contract.Supplies = append(b.contract.Supplies, out)
}

func has(d *sensor.Definition, input string) bool {
	_, ok := d.Input(input)
	return ok
}

// known returns an input with the type that the definition gives it, or declares the input.
func (b *builder) known(declaration *sensor.Declaration, d *sensor.Definition, in sensor.SuppliedInput) sensor.SuppliedInput {
	if d != nil {
		if i, ok := d.Input(in.Name); ok {
			if d.Inputs[i].Type == sensor.TypeString || len(in.Values) == 0 {
				in.Type = d.Inputs[i].Type
			}
			return in
		}
	}
	if !slices.ContainsFunc(declaration.Inputs, func(o sensor.DeclaredInput) bool { return o.Name == in.Name }) {
		declaration.Inputs = append(declaration.Inputs, sensor.DeclaredInput{Name: in.Name, Type: in.Type})
	}
	return in
}

// declaration returns the declaration of a type version, and adds it if necessary. The pointer is
// valid until the next call.
func (b *builder) declaration(name string, version uint32) *sensor.Declaration {
	key := typeVersion{name, version}
	i, ok := b.declared[key]
	if !ok {
		i = len(b.contract.Declares)
		b.declared[key] = i
		b.contract.Declares = append(b.contract.Declares, sensor.Declaration{
			Type: name, Version: version, Basis: sensor.Basis{Place: sensor.Place{Source: b.source}},
		})
	}
	return &b.contract.Declares[i]
}

func (b *builder) basis(e *Entry) *sensor.Basis {
	return &sensor.Basis{Reason: e.Reason, Since: e.Since, Place: sensor.Place{Source: b.source, Line: e.Line}}
}

// feed returns the name of the feed for a kind of event. The source is last, because it may contain
// any character.
func (s *Shape) feed() string {
	id, action := "-", "-"
	if s.EventID >= 0 {
		id = strconv.Itoa(s.EventID)
	}
	if s.Action != "" {
		action = s.Action
	}
	return strings.Join([]string{s.Platform, s.Category, id, action, s.Provider, s.Source}, "/")
}

// shapeOf returns the kind of event for the name of a feed.
func shapeOf(feed string) (Shape, error) {
	parts := strings.SplitN(feed, "/", 6)
	if len(parts) != 6 {
		return Shape{}, fmt.Errorf("the feed %q has no kind of event in its name", feed)
	}
	s := Shape{Platform: parts[0], Category: parts[1], EventID: -1, Action: parts[3], Provider: parts[4], Source: parts[5]}
	if parts[2] != "-" {
		id, err := strconv.ParseUint(parts[2], 10, 16)
		if err != nil {
			return Shape{}, fmt.Errorf("the feed %q has no event ID in its name", feed)
		}
		s.EventID = int(id)
	}
	if s.Action == "-" {
		s.Action = ""
	}
	return s, nil
}

// Entries returns the entries of the list from which [Contract] made a contract, by line. It
// fails for a contract that Contract did not make.
func Entries(c *sensor.Contract) ([]Entry, error) {
	type key struct {
		Shape
		field string
	}
	seen := map[key]bool{}
	var entries []Entry
	for i := range c.Supplies {
		s := &c.Supplies[i]
		shape, err := shapeOf(s.Feed)
		if err != nil {
			return nil, fmt.Errorf("supply %d of type %s: %w", i, s.Type, err)
		}
		add := func(e Entry, basis *sensor.Basis) {
			e.Shape, e.Since, e.Reason, e.Line = shape, basis.Since, basis.Reason, basis.Place.Line
			if k := (key{shape, e.Field}); !seen[k] {
				seen[k] = true
				entries = append(entries, e)
			}
		}
		if s.Collected.Events == sensor.CollectedNone {
			add(Entry{Field: AllFields, Availability: Never}, &s.Collected.Basis)
		}
		for k := range s.Inputs {
			in := &s.Inputs[k]
			if in.Basis == nil || in.Basis.Place.Line == 0 {
				continue
			}
			e := Entry{Field: in.Name}
			switch in.State {
			case sensor.StateConstant:
				e.Availability, e.Value = Always, &in.Values[0]
			case sensor.StateSupplied:
				e.Availability = Always
			case sensor.StateConditional:
				e.Availability = Conditional
			default:
				e.Availability = Never
			}
			add(e, in.Basis)
		}
	}
	slices.SortStableFunc(entries, func(a, b Entry) int { return a.Line - b.Line })
	return entries, nil
}
