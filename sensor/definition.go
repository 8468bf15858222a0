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

// A Definition is the schema of one version of a template type: the inputs
// that authors may write criteria for. It says nothing of what any sensor
// build supplies.
type Definition struct {
	Name    string // of the type, the same in all its versions
	Number  uint32 // of the type, the same in all its versions
	Version uint32 // at most channelfile.MaxNumber
	Channel uint32 // whose files hold its instances; at most channelfile.MaxNumber
	Title   string // what the type sees
	Source  string // where the definition comes from
	Inputs  []Input

	Logsources []Logsource // of Sigma, whose rules are for the type
	Keywords   []string    // the inputs in which a rule's keywords are looked for; none: keywords cannot be expressed
	Feeds      []Feed      // the recorded events that the type is fed from
}

// A Logsource is what a Sigma rule says of the events that it is for. An empty
// field is one that the rule does not have.
type Logsource struct {
	Product, Category, Service string
}

// A Feed is a kind of recorded event that becomes an event of a template type.
// Several may feed one type: Sysmon and the Security log both record that a
// process was created, and do not record the same of it.
type Feed struct {
	Name     string      // among the feeds of its definition; a [Supply] names it
	Source   string      // where the list of fields comes from
	Provider string      // that writes the events; "" if any may
	Channel  string      // of Windows, where they are written; "" if it may be any
	Events   []uint32    // event IDs, ascending; none: all events of provider and channel
	Fields   []FeedField // what its events can have. What is not listed here the feed never supplies
}

// A FeedField is a field of recorded events that becomes an input.
type FeedField struct {
	Input string // name of the input
	Field string // name of the field; "" if it is that of the input. "System/EventID" and the like are not data of the event, but say what it is
	Since string // the first version of the source that records it, such as "Sysmon 10.0"; "" if all do, or if it is not known
}

// Feed returns the feed with a name, nil if d has none.
func (d *Definition) Feed(name string) *Feed {
	i := slices.IndexFunc(d.Feeds, func(f Feed) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &d.Feeds[i]
}

// Field returns the field that becomes an input, nil if the feed never
// supplies that.
func (f *Feed) Field(input string) *FeedField {
	i := slices.IndexFunc(f.Fields, func(field FeedField) bool { return field.Input == input })
	if i < 0 {
		return nil
	}
	return &f.Fields[i]
}

// An Input is one declared input of a template type.
type Input struct {
	Name            string
	Type            InputType
	Source          string // where the input comes from: a reference, or "cfcheck: ..." for one of ours
	MaxLength       int    // of a string, in bytes; 0: unknown
	Least, Greatest *int64 // of an integer; nil: no bound
	Instead         string // what a rule can read where the input is not supplied, for a person; "" if there is nothing
}

// Input returns the index of the input with a name.
func (d *Definition) Input(name string) (index int, ok bool) {
	index = slices.IndexFunc(d.Inputs, func(in Input) bool { return in.Name == name })
	return index, index >= 0
}

// InputFold is Input without regard to case. There is at most one such input:
// names that differ in case alone are refused in a definition.
func (d *Definition) InputFold(name string) (index int, ok bool) {
	index = slices.IndexFunc(d.Inputs, func(in Input) bool { return strings.EqualFold(in.Name, name) })
	return index, index >= 0
}

// InputName names an input for a person, with the name that d has for its
// index, if any. A nil Definition has none.
func (d *Definition) InputName(index int) string {
	if d == nil || index < 0 || index >= len(d.Inputs) {
		return InputNumber(index)
	}
	return fmt.Sprintf("%s, %q", InputNumber(index), d.Inputs[index].Name)
}

// Definitions is a set of definitions: of several template types, and of
// several versions of each. The zero value is empty. A set may be used by
// several goroutines while nothing is added to it.
type Definitions struct {
	list     []*Definition
	byNumber map[numbered]*Definition
	byName   map[named]*Definition
	number   map[string]uint32 // of a name
	name     map[uint32]string // of a number
	types    map[Logsource]string
	later    map[*Definition]func() // completes a definition that comes with cfcheck when it is first asked for
}

// whole returns d as it is to be seen from outside.
func (s *Definitions) whole(d *Definition) *Definition {
	if complete := s.later[d]; complete != nil {
		complete()
	}
	return d
}

type numbered struct{ number, version uint32 }

type named struct {
	name    string
	version uint32
}

// Add puts d into the set. It is an error if d is not a definition that could
// be read, if the set has that version of the type already, or if name and
// number are not those of the versions that it has.
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

// AddLazily puts a definition into the set that is completed when a caller first asks for it.
// The name, number, version, channel and logsources of d must be there; complete sets the
// other fields, at most once. AddLazily does not check d beyond its name, number, version and
// logsources, as Add does. It exists because a gate that judges one small file needs one of
// the built-in definitions, and building all of them takes as long as judging the file.
func (s *Definitions) AddLazily(d *Definition, complete func()) error {
	if err := s.add(d); err != nil {
		return err
	}
	if s.later == nil {
		s.later = map[*Definition]func(){}
	}
	s.later[d] = sync.OnceFunc(complete)
	return nil
}

// Clone returns a copy of the set, to which definitions can be added without changing s. The
// definitions themselves are shared.
func (s *Definitions) Clone() *Definitions {
	return &Definitions{
		list:     slices.Clone(s.list),
		byNumber: maps.Clone(s.byNumber), byName: maps.Clone(s.byName),
		number: maps.Clone(s.number), name: maps.Clone(s.name), types: maps.Clone(s.types),
		later: maps.Clone(s.later),
	}
}

// add does what Add does, for a definition that is known to be one.
func (s *Definitions) add(d *Definition) error {
	if n, ok := s.number[d.Name]; ok && n != d.Number {
		return fmt.Errorf("type %q has the number %d; another definition gives it %d", d.Name, d.Number, n)
	}
	if n, ok := s.name[d.Number]; ok && n != d.Name {
		return fmt.Errorf("the number %d is that of type %q; another definition gives it to %q", d.Number, d.Name, n)
	}
	if s.byNumber[numbered{d.Number, d.Version}] != nil {
		return fmt.Errorf("version %d of type %q is defined twice", d.Version, d.Name)
	}
	for _, l := range d.Logsources {
		if other, ok := s.types[l]; ok && other != d.Name {
			return fmt.Errorf("type %q is for rules of %s, and so is type %q", d.Name, l, other)
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

// String names the logsource as a message does.
func (l Logsource) String() string {
	var parts []string
	for _, part := range [][2]string{{"category", l.Category}, {"product", l.Product}, {"service", l.Service}} {
		if part[1] != "" {
			parts = append(parts, part[0]+" "+part[1])
		}
	}
	return strings.Join(parts, ", ")
}

// TypeOf returns the name of the template type that the rules of a logsource
// are for, "" if the set has none.
func (s *Definitions) TypeOf(l Logsource) string {
	if s == nil {
		return ""
	}
	return s.types[l]
}

// Newest returns the definition of the highest version of a type, nil if the
// set has none.
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

// All returns the definitions of the set by number, then by version.
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

// ByNumber returns the definition of one version of a type, nil if the set
// does not have it.
func (s *Definitions) ByNumber(number, version uint32) *Definition {
	if s == nil {
		return nil
	}
	return s.whole(s.byNumber[numbered{number, version}])
}

// ByName returns the definition of one version of a type, nil if the set does
// not have it.
func (s *Definitions) ByName(name string, version uint32) *Definition {
	if s == nil {
		return nil
	}
	return s.whole(s.byName[named{name, version}])
}

// TypeName returns the name of the type with a number, "" if the set has no
// version of it.
func (s *Definitions) TypeName(number uint32) string {
	if s == nil {
		return ""
	}
	return s.name[number]
}

// Versions returns the versions that the set has of a type, ascending.
func (s *Definitions) Versions(number uint32) []uint32 {
	var versions []uint32
	for d := range s.All() {
		if d.Number == number {
			versions = append(versions, d.Version)
		}
	}
	return versions
}

// ReadDefinitions reads a document with definitions, at least one. Its error,
// if any, is a [*JSONError]; name is that of the file, for errors only.
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
		Optional: []string{"source", "provider", "channel", "events"},
	}
	feedFieldKeys = strictjson.Keys{
		Required: []string{"input"},
		Optional: []string{"field", "since"},
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

// refersToInputs fails if the definition names an input that it does not have.
// Keys may come in any order, so it is looked at when all are read.
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
			if has[field.Input] == 0 {
				r.FailAt(at, fmt.Sprintf("feeds[%d].fields[%d].input", i, k), "found %s; expected the name of an input", strictjson.Quote(field.Input))
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
				for k := range r.Array() {
					at := r.Next()
					id := uint32(r.Uint(0, math.MaxUint32))
					if k > 0 && id <= f.Events[k-1] {
						r.FailAt(at, "", "found %d after %d; expected event IDs to ascend", id, f.Events[k-1])
					}
					f.Events = append(f.Events, id)
				}
			case "fields":
				f.Fields = r.feedFields()
			}
		}
		feeds = append(feeds, f)
	}
	return feeds
}

func (r *reader) feedFields() []FeedField {
	var fields []FeedField
	seen := map[string]int{}
	for i := range r.Array() {
		var f FeedField
		for key := range r.Object(feedFieldKeys) {
			switch key {
			case "input":
				f.Input = r.Name()
				r.Unique(seen, f.Input, "fields", f.Input, i)
			case "field":
				f.Field = r.Name()
			case "since":
				f.Since = r.Note()
			}
		}
		fields = append(fields, f)
	}
	return fields
}

func (r *reader) inputs() []Input {
	var inputs []Input
	seen := map[string]int{}
	for i := range r.Array() {
		if i == channelfile.MaxInputs {
			r.TooMany("inputs", channelfile.MaxInputs)
			break
		}
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
		r.FailAt(at, "maxLength", "found a length for an input of type %s; expected one for strings alone", in.Type)
	case bounded && in.Type != TypeInteger:
		r.FailAt(at, "", "found a bound for an input of type %s; expected least and greatest for integers alone", in.Type)
	case in.Least != nil && in.Greatest != nil && *in.Least > *in.Greatest:
		r.FailAt(at, "", "least is %d and greatest is %d; expected least not to be greater", *in.Least, *in.Greatest)
	}
	return in
}

// foldName returns the same string for names that differ in case alone, in the
// sense of strings.EqualFold.
func foldName(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, s)
}

// JSON returns the set as a document that [ReadDefinitions] reads, by number
// and version. The same set gives the same bytes.
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
					w.Key("events")
					w.InlineArray(func() {
						for _, id := range f.Events {
							w.Uint(uint64(id))
						}
					})
				}
				w.Key("fields")
				w.Array(func() {
					for _, field := range f.Fields {
						w.InlineObject(func() {
							w.Text("input", field.Input)
							w.OptionalText("field", field.Field)
							w.OptionalText("since", field.Since)
						})
					}
				})
			})
		}
	})
}
