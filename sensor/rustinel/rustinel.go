// Package rustinel reads the list of fields that the sensor rustinel publishes for each release,
// compatibility/field-availability.json, and turns it into a contract without loss.
//
// The list has an entry for each field of each kind of event: on which platform the sensor makes
// the event, whether every event has the field, only some or no event, and why. The sensor takes
// the list from the table with which it decides itself which fields a rule can read. Rustinel's own
// rules for reading the list are the rules of this package:
//
//   - A field that no entry of a kind of event names is not in such events, except EventID.
//   - The field "*" stands for all fields. The sensor then has no such events at all.
//   - A rule of a Sigma category gets the events of the category. Some categories of Sigma are a
//     part of a category of the list: a rule of file_delete gets the file events of action delete.
package rustinel

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/internal/document"
)

// SchemaVersion is the version of the list that this package reads.
const SchemaVersion = 2

// AllFields is the field of an entry that is about all fields of its events.
const AllFields = "*"

// An Entry is a statement about one field of one kind of event.
type Entry struct {
	Shape
	Field        string // name of the field, or AllFields
	Since        string // first release with this availability; "" means the oldest supported one
	Availability Availability
	Reason       string  // "" only for Always
	Value        *string // constant value of the field; nil means that the value is not constant
	Line         int     // line of the entry in the list, from 1
}

// A Shape is a kind of event. Two kinds differ in at least one field.
type Shape struct {
	Platform string // windows, linux or macos
	Category string // such as process_creation
	EventID  int    // -1 means that the list states no ID
	Action   string // such as start; "" means that the list does not state it
	Provider string // interface that delivers the events, such as etw or ebpf
	Source   string // origin of the events, such as Microsoft-Windows-Kernel-Process
}

// Availability states which events of a shape have a field.
type Availability uint8

// The kinds of availability. The zero value is not a kind.
const (
	Always      Availability = 1 + iota // every event
	Conditional                         // only some events
	Never                               // no event
)

var availabilityNames = []string{"always", "conditional", "never"}

func (a Availability) String() string {
	if i := int(a) - 1; i >= 0 && i < len(availabilityNames) {
		return availabilityNames[i]
	}
	return fmt.Sprintf("no availability (%d)", uint8(a))
}

// maxEntries is far more than a list has: a release has about a thousand.
const maxEntries = 100_000

var (
	listKeys  = strictjson.Keys{Required: []string{"schema_version", "entries"}}
	entryKeys = strictjson.Keys{
		Required: []string{"platform", "category", "provider", "source", "field", "since", "availability"},
		Optional: []string{"event_id", "action", "value", "reason"},
	}
	platforms = []string{"windows", "linux", "macos"}
)

// Read reads a list. If it fails, the error is a [*sensor.JSONError]. The name of the file appears
// only in errors.
func Read(name string, data []byte) ([]Entry, error) {
	var entries []Entry
	err := document.Read(name, data, func(doc *document.Reader) {
		r := &reader{Reader: doc, data: data, line: 1}
		for key := range r.Object(listKeys) {
			switch key {
			case "schema_version":
				r.Uint(SchemaVersion, SchemaVersion)
			case "entries":
				entries = r.entries()
			}
		}
	})
	if e, ok := errors.AsType[*strictjson.Error](err); ok {
		return nil, (*sensor.JSONError)(e)
	}
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// A reader reads a list. It counts the lines before the entry that it read last.
type reader struct {
	*document.Reader
	data     []byte
	at, line int
}

func (r *reader) entries() []Entry {
	type key struct {
		Shape
		field string
	}
	var entries []Entry
	seen := map[key]int{}
	whole := map[Shape]int{} // index of the first entry of a shape
	for i := range r.Elements(maxEntries, "entries") {
		at := r.Next()
		e := r.entry()
		if r.Failed() {
			return nil
		}
		r.line += bytes.Count(r.data[r.at:at], []byte{'\n'})
		r.at, e.Line = at, r.line
		if first, ok := seen[key{e.Shape, e.Field}]; ok {
			r.FailAt(at, "", "found the field %s of the same events again; entries[%d] has it already", strictjson.Quote(e.Field), first)
		}
		first, ok := whole[e.Shape]
		if ok && (e.Field == AllFields || entries[first].Field == AllFields) {
			r.FailAt(at, "", "found the field %s beside entries[%d] about the field %s of the same events; expected %q alone",
				strictjson.Quote(e.Field), first, strictjson.Quote(entries[first].Field), AllFields)
		}
		if !ok {
			whole[e.Shape] = i
		}
		seen[key{e.Shape, e.Field}] = i
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		r.Failf("found an empty array; expected at least one entry")
	}
	return entries
}

func (r *reader) entry() Entry {
	e := Entry{Shape: Shape{EventID: -1}}
	at := r.Next()
	for key := range r.Object(entryKeys) {
		switch key {
		case "platform":
			e.Platform = platforms[r.Enum(platforms...)]
		case "category":
			e.Category = r.word()
		case "event_id":
			e.EventID = r.Integer(0, 65535)
		case "action":
			e.Action = r.word()
		case "provider":
			e.Provider = r.word()
		case "source":
			e.Source = r.Text(1, maxSource)
		case "field":
			e.Field = r.Name()
		case "since":
			if !r.Null() {
				e.Since = r.Name()
			}
		case "value":
			value := r.String()
			e.Value = &value
		case "availability":
			e.Availability = Availability(1 + r.Enum(availabilityNames...))
		case "reason":
			e.Reason = r.Reason()
		}
	}
	switch {
	case e.Availability == Always && e.Reason != "":
		r.FailAt(at, "reason", "found a reason for a field that every event has; only the other fields have one")
	case e.Availability != Always && e.Reason == "":
		r.FailAt(at, "reason", "found no reason for a field that is %s; expected one", e.Availability)
	case e.Availability != Always && e.Value != nil:
		r.FailAt(at, "value", "found a value for a field that is %s; only a field that every event has can have one value", e.Availability)
	case e.Field == AllFields && e.Availability != Never:
		r.FailAt(at, "availability", "found %q for the field %q; expected \"never\": only a kind of event that the sensor does not have has such an entry", e.Availability, AllFields)
	}
	return e
}

// maxWord and maxSource keep the name of a feed below the longest name of a contract.
const (
	maxWord   = 40
	maxSource = 100
)

// word reads an identifier, which is a part of the name of a feed.
func (r *reader) word() string {
	s := r.Text(1, maxWord)
	if !r.Failed() && !isWord(s) {
		r.Failf("found %s; expected lower-case letters, digits and underscores", strictjson.Quote(s))
	}
	return s
}

func isWord(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
