package sysmon

import (
	"slices"
	"strings"
	"sync"
)

// A Schema lists the events, operators and options of a schema version. Builds, configurations
// and rule blobs name it by that version. Schemas of this package are shared: do not change them.
type Schema struct {
	Version   Version
	Binary    Version    // of the newest manifest with this schema; zero if not known
	Source    string     // where the schema was read
	Derived   bool       // the schema was read nowhere; Source gives the reason why it is so
	Operators []Operator // in the order of the manifest
	Options   []Option   // in the order of the manifest
	Events    []Event    // in the order of the manifest, as the records of a blob
	Internal  []Event    // of Microsoft's own builds; public builds do not have them
}

// An Event is a kind of event.
type Event struct {
	ID              uint32
	Name            string   // its task in the event log, such as "Process Create"; "" if not known
	Tag             string   // its element in a configuration; "": it cannot be filtered
	LoggedByDefault bool     // logged if the configuration has no element with the tag
	Fields          []string // in order; a blob names a field by its place
}

// Field returns the place of a field by its name, -1 if the event does not have it. Like Sysmon
// it distinguishes SourceProcessGUID and SourceProcessGuid.
func (e *Event) Field(name string) int { return slices.Index(e.Fields, name) }

// An Argument says whether an option has a value.
type Argument uint8

const (
	NoArgument Argument = iota // the element must be empty
	OptionalArgument
	RequiredArgument
)

var argumentNames = [...]string{NoArgument: "none", OptionalArgument: "optional", RequiredArgument: "required"}

// String returns the word of the manifest: "none", "optional" or "required".
func (a Argument) String() string {
	if int(a) >= len(argumentNames) {
		return "unknown"
	}
	return argumentNames[a]
}

// An Option is a setting of the command line, a configuration, or both.
type Option struct {
	Name        string
	Argument    Argument
	Rule        bool // names an event, for which the command line can state rules
	ForceConfig bool // has an element of its own although it is one for rules
	CommandLine bool // of the command line only
	Internal    bool // of Microsoft's own builds
}

// Element returns the name of the option's element below Sysmon in a configuration, or "" if it
// has no element. ProcessAccess, which is also an event, has the element ProcessAccessConfig.
func (o *Option) Element() string {
	switch {
	case o.CommandLine || o.Internal || o.Rule && !o.ForceConfig:
		return ""
	case o.Rule:
		return o.Name + "Config"
	}
	return o.Name
}

// Event returns the event with an ID, or nil if public builds of this schema do not have it.
func (s *Schema) Event(id uint32) *Event {
	i := slices.IndexFunc(s.Events, func(e Event) bool { return e.ID == id })
	if i < 0 {
		return nil
	}
	return &s.Events[i]
}

// Tagged returns the events of a tag by ascending ID: RegistryEvent has 12, 13 and 14. It returns
// nil for an unknown tag and for "". The case of letters counts.
func (s *Schema) Tagged(tag string) []*Event {
	if tag == "" {
		return nil
	}
	var list []*Event
	for i := range s.Events {
		if s.Events[i].Tag == tag {
			list = append(list, &s.Events[i])
		}
	}
	slices.SortFunc(list, func(a, b *Event) int { return int(a.ID) - int(b.ID) })
	return list
}

// Tags returns the tags of the schema, in the order of the manifest, each once.
func (s *Schema) Tags() []string {
	var list []string
	for i := range s.Events {
		if tag := s.Events[i].Tag; tag != "" && !slices.Contains(list, tag) {
			list = append(list, tag)
		}
	}
	return list
}

// HasOperator reports whether builds of this schema know the operator.
func (s *Schema) HasOperator(o Operator) bool { return slices.Contains(s.Operators, o) }

// Schemas returns the built-in schemas by ascending version. The caller must not change them.
func Schemas() []*Schema { return builtinSchemas() }

var builtinSchemas = sync.OnceValue(func() []*Schema {
	list, err := parseSchemas(schemasText)
	if err != nil {
		panic("sysmon: schemas.txt: " + err.Error()) // a test reads the embedded text
	}
	return list
})

// SchemaOf returns the built-in schema of a version. It reports false if it does not exist.
func SchemaOf(v Version) (*Schema, bool) {
	list := Schemas()
	i, ok := slices.BinarySearchFunc(list, v, func(s *Schema, v Version) int { return s.Version.Compare(v) })
	if !ok {
		return nil, false
	}
	return list[i], true
}

// versionsOf writes the versions of schemas for messages.
func versionsOf(list []*Schema) string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.Version.String()
	}
	return strings.Join(names, ", ")
}
