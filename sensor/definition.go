package sensor

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
)

// A Definition is the schema of one version of a template type: the inputs that authors may use in
// criteria. It makes no statement about the supply of any sensor build.
type Definition struct {
	Name    string // name of the type, the same in all versions
	Number  uint32 // number of the type, the same in all versions
	Version uint32 // at most channelfile.MaxNumber
	Channel uint32 // channel whose files hold instances of the type; at most channelfile.MaxNumber
	Title   string // short description of the observed activity
	Source  string // origin of the definition
	Inputs  []Input

	Logsources []Logsource // Sigma logsources whose rules use the type
	// Keywords are the inputs that the keywords of a rule search. Nil means that the type does
	// not support keywords.
	Keywords []string
	Feeds    []Feed // recorded events that become events of the type
}

// A Logsource is the logsource of a Sigma rule, which selects the events for the rule. An empty
// field means that the rule does not have it.
type Logsource struct {
	Product, Category, Service string
}

// A Feed is a kind of recorded event that becomes an event of a template type. A type may have
// several feeds with different fields: Sysmon and the Security log both record the creation of a
// process.
type Feed struct {
	Name     string   // unique among the feeds of the definition; a [Supply] refers to it
	Source   string   // origin of the list of fields
	Provider string   // provider that writes the events; "" means any provider
	Channel  string   // Windows channel of the events; "" means any channel
	Events   []uint32 // event IDs, ascending; nil means all events of the provider and channel
	// Fields are all fields that the events can have. The feed never supplies an input that is
	// not listed here.
	Fields []FeedField
	// Kinds are the events whose fields are known. Nil means that every event can have every
	// field of the feed. An event ID can be in several kinds, if each has a provider of its own.
	Kinds []EventKind
	// whether Events and Kinds list all events of the feed; false means that the feed can have
	// events of other IDs, or of other providers
	Complete bool
}

// An EventKind states the fields of some events of a feed. Every event can also have the header
// fields, and the field Data, into which exporters write the message of any event.
type EventKind struct {
	Events []uint32 // event IDs, ascending; at least one; a feed with Events has them all
	// provider that writes the events; "" means all events of the feed with these IDs, and is the
	// only value in a feed with a provider
	Provider string
	Fields   []string // names of the other fields that the events can have, as recorded
}

// A FeedField is a field of recorded events that becomes an input.
type FeedField struct {
	Input string // name of the input
	// name of the field; "" means the name of the input. Names such as "System/EventID" refer to
	// the header of the event, not to its data.
	Field string
	// first version of the source that records the field, such as "Sysmon 10.0"; "" if all versions
	// do, or if the version is unknown
	Since string
	// Form is the form of every value that the source writes.
	Form Form
	// Example is a value of the field for messages, in its form; "" means Form.Example.
	Example string
	// Placeholders are the texts that the source writes if it has no value, such as "-". A field
	// with placeholders is never absent from an event of the feed, from version Since on.
	Placeholders []string
}

// Value returns a value of the field for messages, or "" if no form is stated.
func (f *FeedField) Value() string { return cmp.Or(f.Example, f.Form.Example()) }

// recorded returns the name of the field in records.
func (f *FeedField) recorded() string { return cmp.Or(f.Field, f.Input) }

// Has reports whether events of the kind can have a field of their feed.
func (k *EventKind) Has(f *FeedField) bool {
	name := f.recorded()
	return f.Header() || name == "Data" || slices.Contains(k.Fields, name)
}

// Feed returns the feed with the given name, or nil if d has no such feed.
func (d *Definition) Feed(name string) *Feed {
	i := slices.IndexFunc(d.Feeds, func(f Feed) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &d.Feeds[i]
}

// Field returns the field that becomes an input, or nil if the feed never supplies the input.
func (f *Feed) Field(input string) *FeedField {
	i := slices.IndexFunc(f.Fields, func(field FeedField) bool { return field.Input == input })
	if i < 0 {
		return nil
	}
	return &f.Fields[i]
}

// An Input is one declared input of a template type.
type Input struct {
	Name string
	Type InputType
	// origin of the input: a reference, or "cfcheck: ..." for an input that cfcheck defines
	Source          string
	MaxLength       int    // longest value of a string, in bytes; 0 means unknown
	Least, Greatest *int64 // bounds of an integer; nil means no bound
	// advice to rule authors: a replacement where the input is not supplied; "" means no advice
	Instead string
}

// Input returns the index of the input with the given name.
func (d *Definition) Input(name string) (index int, ok bool) {
	index = slices.IndexFunc(d.Inputs, func(in Input) bool { return in.Name == name })
	return index, index >= 0
}

// InputFold is Input without regard to case. At most one input matches, since the names in a
// definition must differ in more than case.
func (d *Definition) InputFold(name string) (index int, ok bool) {
	index = slices.IndexFunc(d.Inputs, func(in Input) bool { return strings.EqualFold(in.Name, name) })
	return index, index >= 0
}

// Types returns the types of the inputs, by index. If d is nil, it returns nil.
func (d *Definition) Types() []InputType {
	if d == nil {
		return nil
	}
	types := make([]InputType, len(d.Inputs))
	for i := range d.Inputs {
		types[i] = d.Inputs[i].Type
	}
	return types
}

// InputName describes an input for a message, with the name that d gives its index. It describes
// the input by number only if d is nil or does not have the index.
func (d *Definition) InputName(index int) string {
	if d == nil || index < 0 || index >= len(d.Inputs) {
		return InputNumber(index)
	}
	return fmt.Sprintf("%s, %q", InputNumber(index), d.Inputs[index].Name)
}

// Definitions is a set of definitions of several template types, with several versions of each.
// The zero value is empty. Several goroutines may use a set while no definition is added to it.
type Definitions struct {
	list     []*Definition
	byNumber map[numbered]*Definition
	byName   map[named]*Definition
	number   map[string]uint32 // by name of the type
	name     map[uint32]string // by number of the type
	types    map[Logsource]string
	later    map[*Definition]lazy // definitions that AddLazily added
}

// A lazy definition is completed in two steps. Either function does its work only once.
type lazy struct {
	withoutKinds func() // sets all fields except Feed.Kinds
	whole        func() // sets all fields
}

// whole completes d, if necessary, and returns it. Every definition that leaves the set passes
// through whole.
func (s *Definitions) whole(d *Definition) *Definition {
	if l, ok := s.later[d]; ok {
		l.whole()
	}
	return d
}

type numbered struct{ number, version uint32 }

type named struct {
	name    string
	version uint32
}

// Add adds d to the set. It fails if [ReadDefinitions] would refuse d, or if the set already has
// this version of the type. It also fails if another version of the type has another name or
// number.
func (s *Definitions) Add(d *Definition) error {
	_, err := writeJSON("definition "+strictjson.Quote(d.Name), func(w *writer) { w.definition(d) },
		func(name string, data []byte) error {
			return readJSON(name, data, func(r *reader) { r.definition() })
		})
	if err != nil {
		return err
	}
	return s.add(d)
}

// AddLazily adds a definition to the set that is completed when a caller first asks for it. The
// name, number, version, channel and logsources of d must be set. The function complete sets the
// other fields except Feed.Kinds, and the function kinds sets Feed.Kinds afterwards; nil sets
// nothing. Each is called at most once. Unlike Add, AddLazily does not check d beyond its name,
// number, version and logsources.
//
// AddLazily exists because a gate needs only one built-in definition for a small file. To build all
// definitions takes as long as to judge the file. [Fleet.Undefined] reads every definition that the
// fleet supplies, but no kinds, which take longer than everything else.
func (s *Definitions) AddLazily(d *Definition, complete, kinds func()) error {
	if err := s.add(d); err != nil {
		return err
	}
	if s.later == nil {
		s.later = map[*Definition]lazy{}
	}
	call := func(f func()) {
		if f != nil {
			f()
		}
	}
	withoutKinds := sync.OnceFunc(func() { call(complete) })
	s.later[d] = lazy{withoutKinds, sync.OnceFunc(func() { withoutKinds(); call(kinds) })}
	return nil
}

// Clone returns a copy of the set. Definitions added to the copy do not change s. The copy shares
// the definitions themselves.
func (s *Definitions) Clone() *Definitions {
	return &Definitions{
		list:     slices.Clone(s.list),
		byNumber: maps.Clone(s.byNumber), byName: maps.Clone(s.byName),
		number: maps.Clone(s.number), name: maps.Clone(s.name), types: maps.Clone(s.types),
		later: maps.Clone(s.later),
	}
}

// add is Add for a definition that is known to be right.
func (s *Definitions) add(d *Definition) error {
	if n, ok := s.number[d.Name]; ok && n != d.Number {
		return fmt.Errorf("type %q has the number %d; another definition gives it %d", d.Name, d.Number, n)
	}
	if n, ok := s.name[d.Number]; ok && n != d.Name {
		return fmt.Errorf("type %q has the number %d; another definition gives this number to type %q", d.Name, d.Number, n)
	}
	if s.byNumber[numbered{d.Number, d.Version}] != nil {
		return fmt.Errorf("version %d of type %q is defined twice", d.Version, d.Name)
	}
	for _, l := range d.Logsources {
		if other, ok := s.types[l]; ok && other != d.Name {
			return fmt.Errorf("type %q is for rules of %s; another definition gives them to type %q", d.Name, l, other)
		}
	}
	if s.byNumber == nil {
		s.byNumber = map[numbered]*Definition{}
		s.byName = map[named]*Definition{}
		s.number = map[string]uint32{}
		s.name = map[uint32]string{}
		s.types = map[Logsource]string{}
	}
	for _, l := range d.Logsources {
		s.types[l] = d.Name
	}
	s.list = append(s.list, d)
	s.byNumber[numbered{d.Number, d.Version}] = d
	s.byName[named{d.Name, d.Version}] = d
	s.number[d.Name] = d.Number
	s.name[d.Number] = d.Name
	return nil
}

// String describes the logsource for a message.
func (l Logsource) String() string {
	var parts []string
	for _, part := range [][2]string{{"category", l.Category}, {"product", l.Product}, {"service", l.Service}} {
		if part[1] != "" {
			parts = append(parts, part[0]+" "+part[1])
		}
	}
	return strings.Join(parts, ", ")
}

// TypeOf returns the name of the template type for the rules of a logsource, or "" if the set has
// no such type.
func (s *Definitions) TypeOf(l Logsource) string {
	if s == nil {
		return ""
	}
	return s.types[l]
}

// Newest returns the definition of the highest version of a type, or nil if the set does not have
// the type.
func (s *Definitions) Newest(name string) *Definition {
	if s == nil {
		return nil
	}
	var newest *Definition
	for _, d := range s.list {
		if d.Name == name && (newest == nil || d.Version > newest.Version) {
			newest = d
		}
	}
	return s.whole(newest)
}

// All returns the definitions of the set, by number and then by version.
func (s *Definitions) All() iter.Seq[*Definition] {
	var list []*Definition
	if s != nil {
		list = slices.Clone(s.list)
		for _, d := range list {
			s.whole(d)
		}
	}
	slices.SortFunc(list, func(a, b *Definition) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Version, b.Version))
	})
	return slices.Values(list)
}

// ByNumber returns the definition of one version of a type, or nil if the set does not have it.
func (s *Definitions) ByNumber(number, version uint32) *Definition {
	if s == nil {
		return nil
	}
	return s.whole(s.byNumber[numbered{number, version}])
}

// ByName returns the definition of one version of a type, or nil if the set does not have it.
func (s *Definitions) ByName(name string, version uint32) *Definition {
	if s == nil {
		return nil
	}
	return s.whole(s.byName[named{name, version}])
}

// withoutKinds is [Definitions.ByName] without the kinds of the feeds. It is for questions about
// many definitions, such as the names in the supplies of a fleet. The caller must neither read
// Feed.Kinds nor copy a Feed, because another goroutine may be setting the kinds.
func (s *Definitions) withoutKinds(name string, version uint32) *Definition {
	if s == nil {
		return nil
	}
	d := s.byName[named{name, version}]
	if l, ok := s.later[d]; ok {
		l.withoutKinds()
	}
	return d
}

// TypeName returns the name of the type with the given number, or "" if the set does not have the
// type.
func (s *Definitions) TypeName(number uint32) string {
	if s == nil {
		return ""
	}
	return s.name[number]
}

// Versions returns the versions of a type in the set, in ascending order.
func (s *Definitions) Versions(number uint32) []uint32 {
	var versions []uint32
	if s != nil {
		for _, d := range s.list {
			if d.Number == number {
				versions = append(versions, d.Version)
			}
		}
	}
	slices.Sort(versions)
	return versions
}

// ReadDefinitions reads a document with at least one definition. If it fails, the error is a
// [*JSONError]. The name of the file appears only in errors.
func ReadDefinitions(name string, data []byte) (*Definitions, error) {
	s := new(Definitions)
	err := readJSON(name, data, func(r *reader) {
		for key := range r.Object(definitionsKeys) {
			switch key {
			case "schema":
				r.Enum(DefinitionsSchema)
			case "definitions":
				for range r.Array() {
					d := r.definition()
					if r.Failed() {
						return
					}
					if err := s.add(d); err != nil {
						r.Failf("%v", err)
					}
				}
				if len(s.list) == 0 {
					r.Failf("found an empty array; expected at least one definition")
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

var (
	definitionsKeys = strictjson.Keys{Required: []string{"schema", "definitions"}}
	definitionKeys  = strictjson.Keys{
		Required: []string{"name", "number", "version", "channel", "inputs"},
		Optional: []string{"title", "source", "logsources", "keywords", "feeds"},
	}
	logsourceKeys = strictjson.Keys{Optional: []string{"product", "category", "service"}}
	feedKeys      = strictjson.Keys{
		Required: []string{"name", "fields"},
		Optional: []string{"source", "provider", "channel", "events", "kinds", "complete"},
	}
	eventKindKeys = strictjson.Keys{
		Required: []string{"events", "fields"},
		Optional: []string{"provider"},
	}
	feedFieldKeys = strictjson.Keys{
		Required: []string{"input"},
		Optional: []string{"field", "since", "form", "example", "placeholders"},
	}
	inputKeys = strictjson.Keys{
		Required: []string{"name", "type"},
		Optional: []string{"source", "maxLength", "least", "greatest", "instead"},
	}
)

func (r *reader) definition() *Definition {
	d := new(Definition)
	at := r.Next()
	for key := range r.Object(definitionKeys) {
		switch key {
		case "name":
			d.Name = r.Name()
		case "number":
			d.Number = uint32(r.Uint(0, math.MaxUint32))
		case "version":
			d.Version = uint32(r.Uint(0, channelfile.MaxNumber))
		case "channel":
			d.Channel = uint32(r.Uint(0, channelfile.MaxNumber))
		case "title":
			d.Title = r.Note()
		case "source":
			d.Source = r.Note()
		case "inputs":
			d.Inputs = r.inputs()
		case "logsources":
			d.Logsources = r.logsources()
		case "keywords":
			seen := map[string]int{}
			for i := range r.Array() {
				d.Keywords = append(d.Keywords, r.Name())
				r.Unique(seen, d.Keywords[i], "keywords", d.Keywords[i], i)
			}
		case "feeds":
			d.Feeds = r.feeds()
		}
	}
	r.refersToInputs(at, d)
	return d
}

// refersToInputs fails if the definition refers to an input that it does not have. It runs after
// all keys are read, because they come in any order.
func (r *reader) refersToInputs(at int, d *Definition) {
	if r.Failed() {
		return
	}
	has := make(map[string]InputType, len(d.Inputs))
	for _, in := range d.Inputs {
		has[in.Name] = in.Type
	}
	for i, name := range d.Keywords {
		if has[name] != TypeString {
			r.FailAt(at, fmt.Sprintf("keywords[%d]", i), "found %s; expected the name of an input of type string", strictjson.Quote(name))
		}
	}
	for i := range d.Feeds {
		for k, field := range d.Feeds[i].Fields {
			switch typ := has[field.Input]; {
			case typ == 0:
				r.FailAt(at, fmt.Sprintf("feeds[%d].fields[%d].input", i, k), "found %s; expected the name of an input", strictjson.Quote(field.Input))
			case typ != TypeString && (field.Form != FormAny || len(field.Placeholders) > 0):
				r.FailAt(at, fmt.Sprintf("feeds[%d].fields[%d]", i, k), "found a form or placeholders for an input of type %s; only inputs of type string have them", typ)
			}
		}
	}
}

func (r *reader) logsources() []Logsource {
	var list []Logsource
	seen := map[string]int{}
	for i := range r.Array() {
		var l Logsource
		at := r.Next()
		for key := range r.Object(logsourceKeys) {
			switch key {
			case "product":
				l.Product = r.Name()
			case "category":
				l.Category = r.Name()
			case "service":
				l.Service = r.Name()
			}
		}
		if l == (Logsource{}) {
			r.FailAt(at, "", "found an empty object; expected product, category or service")
		}
		r.Unique(seen, l.String(), "logsources", l.String(), i)
		list = append(list, l)
	}
	return list
}

func (r *reader) feeds() []Feed {
	var feeds []Feed
	seen := map[string]int{}
	for i := range r.Array() {
		var f Feed
		at := r.Next()
		for key := range r.Object(feedKeys) {
			switch key {
			case "name":
				f.Name = r.Name()
				r.Unique(seen, f.Name, "feeds", f.Name, i)
			case "source":
				f.Source = r.Note()
			case "provider":
				f.Provider = r.Name()
			case "channel":
				f.Channel = r.Name()
			case "events":
				f.Events = r.events()
			case "fields":
				f.Fields = r.feedFields()
			case "kinds":
				f.Kinds = r.eventKinds()
			case "complete":
				f.Complete = r.Bool()
			}
		}
		r.checkKinds(at, &f)
		feeds = append(feeds, f)
	}
	return feeds
}

// events reads event IDs.
func (r *reader) events() []uint32 {
	var ids []uint32
	for i := range r.Array() {
		at := r.Next()
		id := uint32(r.Uint(0, math.MaxUint32))
		if i > 0 && id <= ids[i-1] {
			r.FailAt(at, "", "found %d after %d; expected event IDs to ascend", id, ids[i-1])
		}
		ids = append(ids, id)
	}
	return ids
}

func (r *reader) eventKinds() []EventKind {
	var kinds []EventKind
	for range r.Array() {
		var k EventKind
		for key := range r.Object(eventKindKeys) {
			switch key {
			case "events":
				if k.Events = r.events(); len(k.Events) == 0 {
					r.Failf("found an empty array; expected at least one event ID")
				}
			case "provider":
				k.Provider = r.Name()
			case "fields":
				seen := map[string]int{}
				for i := range r.Array() {
					k.Fields = append(k.Fields, r.Name())
					r.Unique(seen, k.Fields[i], "fields", k.Fields[i], i)
				}
			}
		}
		kinds = append(kinds, k)
	}
	return kinds
}

// checkKinds fails if the kinds of a feed contradict each other or the feed. It runs after all keys
// of the feed are read, because they come in any order.
func (r *reader) checkKinds(at int, f *Feed) {
	if r.Failed() {
		return
	}
	if f.Complete && len(f.Events)+len(f.Kinds) == 0 {
		r.FailAt(at, "complete", "found true for a feed without events and kinds; expected a list of all its events")
	}
	if len(f.Kinds) == 0 {
		return
	}
	data := make(map[string]bool, len(f.Fields))
	for i := range f.Fields {
		if field := &f.Fields[i]; !field.Header() {
			data[field.recorded()] = true
		}
	}
	for i := range f.Kinds {
		k := &f.Kinds[i]
		if k.Provider != "" && f.Provider != "" {
			r.FailAt(at, fmt.Sprintf("kinds[%d].provider", i), "found %s; expected no provider, because the feed has one", strictjson.Quote(k.Provider))
		}
		for j, id := range k.Events {
			if _, ok := slices.BinarySearch(f.Events, id); len(f.Events) > 0 && !ok {
				r.FailAt(at, fmt.Sprintf("kinds[%d].events[%d]", i, j), "found %d; expected one of the events of the feed", id)
			}
		}
		for j, name := range k.Fields {
			if !data[name] {
				r.FailAt(at, fmt.Sprintf("kinds[%d].fields[%d]", i, j), "found %s; expected the name of a field of the feed, as recorded, and not of a header field", strictjson.Quote(name))
			}
		}
	}
	r.kindsDiffer(at, f.Kinds)
}

// kindsDiffer fails if an event can be of two kinds: kinds with the same provider, or a kind of all
// providers and another.
func (r *reader) kindsDiffer(at int, kinds []EventKind) {
	type entry struct {
		id   uint32
		kind int32
	}
	providers := make([]string, len(kinds)) // in a form without case
	n := 0
	for i := range kinds {
		providers[i] = foldName(kinds[i].Provider)
		n += len(kinds[i].Events)
	}
	all := make([]entry, 0, n)
	for i := range kinds {
		for _, id := range kinds[i].Events {
			all = append(all, entry{id, int32(i)})
		}
	}
	// The empty name of all providers comes first.
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(providers[a.kind], providers[b.kind]), cmp.Compare(a.kind, b.kind))
	})
	for i := 1; i < len(all); i++ {
		a, b := all[i-1], all[i]
		if earlier := providers[a.kind]; a.id == b.id && (earlier == providers[b.kind] || earlier == "") {
			r.FailAt(at, fmt.Sprintf("kinds[%d].events", max(a.kind, b.kind)), "found event %d again; kinds[%d] has it already", a.id, min(a.kind, b.kind))
		}
	}
}

func (r *reader) feedFields() []FeedField {
	var fields []FeedField
	seen := map[string]int{}
	for i := range r.Array() {
		var f FeedField
		at := r.Next()
		for key := range r.Object(feedFieldKeys) {
			switch key {
			case "input":
				f.Input = r.Name()
				r.Unique(seen, f.Input, "fields", f.Input, i)
			case "field":
				f.Field = r.Name()
			case "since":
				f.Since = r.Note()
			case "form":
				f.Form = Form(r.Enum(formNames...))
			case "example":
				f.Example = r.Name()
			case "placeholders":
				f.Placeholders = r.placeholders()
			}
		}
		switch {
		case f.Example == "":
		case f.Form == FormAny:
			r.FailAt(at, "example", "found an example without a form; expected both")
		case !f.Form.Has(f.Example):
			r.FailAt(at, "example", "found %s; expected %s, such as %s", strictjson.Quote(f.Example), f.Form.Text(), strictjson.Quote(f.Form.Example()))
		}
		fields = append(fields, f)
	}
	return fields
}

// maxPlaceholders is the largest number of placeholders of a field.
const maxPlaceholders = 8

func (r *reader) placeholders() []string {
	var list []string
	seen := map[string]int{}
	for i := range r.Elements(maxPlaceholders, "placeholders") {
		list = append(list, r.Name())
		r.Unique(seen, list[i], "placeholders", list[i], i)
	}
	if len(list) == 0 && !r.Failed() {
		r.Failf("found an empty array; expected at least one placeholder")
	}
	return list
}

func (r *reader) inputs() []Input {
	var inputs []Input
	seen := map[string]int{}
	for i := range r.Elements(channelfile.MaxInputs, "inputs") {
		inputs = append(inputs, r.input(seen, i))
	}
	if len(inputs) == 0 && !r.Failed() {
		r.Failf("found an empty array; expected at least one input")
	}
	return inputs
}

func (r *reader) input(seen map[string]int, index int) Input {
	var in Input
	at := r.Next()
	for key := range r.Object(inputKeys) {
		switch key {
		case "name":
			in.Name = r.Name()
			r.Unique(seen, foldName(in.Name), "inputs", in.Name, index)
		case "type":
			in.Type = r.inputType()
		case "source":
			in.Source = r.Note()
		case "maxLength":
			in.MaxLength = r.Integer(1, MaxLength)
		case "least":
			n := r.Int(math.MinInt64, math.MaxInt64)
			in.Least = &n
		case "greatest":
			n := r.Int(math.MinInt64, math.MaxInt64)
			in.Greatest = &n
		case "instead":
			in.Instead = r.Note()
		}
	}
	switch bounded := in.Least != nil || in.Greatest != nil; {
	case in.MaxLength != 0 && in.Type != TypeString:
		r.FailAt(at, "maxLength", "found a length for an input of type %s; only inputs of type string have one", in.Type)
	case bounded && in.Type != TypeInteger:
		r.FailAt(at, "", "found a bound for an input of type %s; only inputs of type integer have least and greatest", in.Type)
	case in.Least != nil && in.Greatest != nil && *in.Least > *in.Greatest:
		r.FailAt(at, "", "least is %d and greatest is %d; expected least to be at most greatest", *in.Least, *in.Greatest)
	}
	return in
}

// foldName returns the same string for two names exactly if strings.EqualFold reports that they
// are equal.
func foldName(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, s)
}

// JSON returns the set as a document that [ReadDefinitions] reads, with definitions ordered by
// number and version. Equal sets give equal bytes.
func (s *Definitions) JSON() ([]byte, error) {
	return writeJSON("definitions", func(w *writer) {
		w.Object(func() {
			w.Text("schema", DefinitionsSchema)
			w.Key("definitions")
			w.Array(func() {
				for d := range s.All() {
					w.definition(d)
				}
			})
		})
	}, func(name string, data []byte) error {
		_, err := ReadDefinitions(name, data)
		return err
	})
}

func (w *writer) definition(d *Definition) {
	w.Object(func() {
		w.Text("name", d.Name)
		w.Number("number", uint64(d.Number))
		w.Number("version", uint64(d.Version))
		w.Number("channel", uint64(d.Channel))
		w.OptionalText("title", d.Title)
		w.OptionalText("source", d.Source)
		w.Key("inputs")
		w.Array(func() {
			for _, in := range d.Inputs {
				w.InlineObject(func() {
					w.Text("name", in.Name)
					w.Text("type", in.Type.String())
					w.OptionalText("source", in.Source)
					w.OptionalSigned("maxLength", in.MaxLength)
					if in.Least != nil {
						w.Key("least")
						w.Int(*in.Least)
					}
					if in.Greatest != nil {
						w.Key("greatest")
						w.Int(*in.Greatest)
					}
					w.OptionalText("instead", in.Instead)
				})
			}
		})
		w.logsources(d.Logsources)
		if len(d.Keywords) > 0 {
			w.Key("keywords")
			w.Array(func() {
				for _, name := range d.Keywords {
					w.String(name)
				}
			})
		}
		w.feeds(d.Feeds)
	})
}

func (w *writer) logsources(list []Logsource) {
	if len(list) == 0 {
		return
	}
	w.Key("logsources")
	w.Array(func() {
		for _, l := range list {
			w.InlineObject(func() {
				w.OptionalText("product", l.Product)
				w.OptionalText("category", l.Category)
				w.OptionalText("service", l.Service)
			})
		}
	})
}

func (w *writer) feeds(feeds []Feed) {
	if len(feeds) == 0 {
		return
	}
	w.Key("feeds")
	w.Array(func() {
		for i := range feeds {
			f := &feeds[i]
			w.Object(func() {
				w.Text("name", f.Name)
				w.OptionalText("source", f.Source)
				w.OptionalText("provider", f.Provider)
				w.OptionalText("channel", f.Channel)
				if len(f.Events) > 0 {
					w.events(f.Events)
				}
				w.Key("fields")
				w.Array(func() {
					for _, field := range f.Fields {
						w.InlineObject(func() {
							w.Text("input", field.Input)
							w.OptionalText("field", field.Field)
							w.OptionalText("since", field.Since)
							if field.Form != FormAny {
								w.Text("form", field.Form.String())
							}
							w.OptionalText("example", field.Example)
							w.placeholders(field.Placeholders)
						})
					}
				})
				w.eventKinds(f.Kinds)
				if f.Complete {
					w.Key("complete")
					w.Bool(true)
				}
			})
		}
	})
}

func (w *writer) placeholders(list []string) {
	if len(list) == 0 {
		return
	}
	w.Key("placeholders")
	w.InlineArray(func() {
		for _, s := range list {
			w.String(s)
		}
	})
}

func (w *writer) events(ids []uint32) {
	w.Key("events")
	w.InlineArray(func() {
		for _, id := range ids {
			w.Uint(uint64(id))
		}
	})
}

func (w *writer) eventKinds(kinds []EventKind) {
	if len(kinds) == 0 {
		return
	}
	w.Key("kinds")
	w.Array(func() {
		for i := range kinds {
			k := &kinds[i]
			w.InlineObject(func() {
				w.events(k.Events)
				w.OptionalText("provider", k.Provider)
				w.Key("fields")
				w.InlineArray(func() {
					for _, name := range k.Fields {
						w.String(name)
					}
				})
			})
		}
	})
}
