package sensor

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
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
}

// An Input is one declared input of a template type.
type Input struct {
	Name            string
	Type            InputType
	Source          string // where the input comes from: a reference, or "cfcheck: ..." for one of ours
	MaxLength       int    // of a string, in bytes; 0: unknown
	Least, Greatest *int64 // of an integer; nil: no bound
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
		return inputNumber(index)
	}
	return fmt.Sprintf("%s, %q", inputNumber(index), d.Inputs[index].Name)
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
	if s.byNumber == nil {
		s.byNumber = map[numbered]*Definition{}
		s.byName = map[named]*Definition{}
		s.number = map[string]uint32{}
		s.name = map[uint32]string{}
	}
	s.list = append(s.list, d)
	s.byNumber[numbered{d.Number, d.Version}] = d
	s.byName[named{d.Name, d.Version}] = d
	s.number[d.Name] = d.Number
	s.name[d.Number] = d.Name
	return nil
}

// All returns the definitions of the set by number, then by version.
func (s *Definitions) All() iter.Seq[*Definition] {
	var list []*Definition
	if s != nil {
		list = slices.Clone(s.list)
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
	return s.byNumber[numbered{number, version}]
}

// ByName returns the definition of one version of a type, nil if the set does
// not have it.
func (s *Definitions) ByName(name string, version uint32) *Definition {
	if s == nil {
		return nil
	}
	return s.byName[named{name, version}]
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
		Optional: []string{"title", "source"},
	}
	inputKeys = strictjson.Keys{
		Required: []string{"name", "type"},
		Optional: []string{"source", "maxLength", "least", "greatest"},
	}
)

func (r *reader) definition() *Definition {
	d := new(Definition)
	for key := range r.Object(definitionKeys) {
		switch key {
		case "name":
			d.Name = r.name()
		case "number":
			d.Number = uint32(r.Uint(0, math.MaxUint32))
		case "version":
			d.Version = uint32(r.Uint(0, channelfile.MaxNumber))
		case "channel":
			d.Channel = uint32(r.Uint(0, channelfile.MaxNumber))
		case "title":
			d.Title = r.note()
		case "source":
			d.Source = r.note()
		case "inputs":
			d.Inputs = r.inputs()
		}
	}
	return d
}

func (r *reader) inputs() []Input {
	var inputs []Input
	seen := map[string]int{}
	for i := range r.Array() {
		if i == channelfile.MaxInputs {
			r.tooMany("inputs", channelfile.MaxInputs)
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
			in.Name = r.name()
			r.unique(seen, foldName(in.Name), "inputs", in.Name, index)
		case "type":
			in.Type = r.inputType()
		case "source":
			in.Source = r.note()
		case "maxLength":
			in.MaxLength = r.int(1, MaxLength)
		case "least":
			n := r.Int(math.MinInt64, math.MaxInt64)
			in.Least = &n
		case "greatest":
			n := r.Int(math.MinInt64, math.MaxInt64)
			in.Greatest = &n
		}
	}
	switch bounded := in.Least != nil || in.Greatest != nil; {
	case in.MaxLength != 0 && in.Type != String:
		r.FailAt(at, "maxLength", "found a length for an input of type %s; expected one for strings alone", in.Type)
	case bounded && in.Type != Integer:
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

// tooMany fails at the element that is next.
func (r *reader) tooMany(what string, most int) {
	r.FailAt(r.Next(), "", "there are more than %d %s; expected at most %d", most, what, most)
}

// JSON returns the set as a document that [ReadDefinitions] reads, by number
// and version. The same set gives the same bytes.
func (s *Definitions) JSON() ([]byte, error) {
	return writeJSON("definitions", func(w *writer) {
		w.Object(func() {
			w.string("schema", DefinitionsSchema)
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
		w.string("name", d.Name)
		w.uint("number", uint64(d.Number))
		w.uint("version", uint64(d.Version))
		w.uint("channel", uint64(d.Channel))
		w.optionalString("title", d.Title)
		w.optionalString("source", d.Source)
		w.Key("inputs")
		w.Array(func() {
			for _, in := range d.Inputs {
				w.InlineObject(func() {
					w.string("name", in.Name)
					w.string("type", in.Type.String())
					w.optionalString("source", in.Source)
					w.optionalInt("maxLength", in.MaxLength)
					if in.Least != nil {
						w.Key("least")
						w.Int(*in.Least)
					}
					if in.Greatest != nil {
						w.Key("greatest")
						w.Int(*in.Greatest)
					}
				})
			}
		})
	})
}
