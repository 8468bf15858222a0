package events

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// A Record is one recorded event. A text that was not recorded is empty.
type Record struct {
	EventID  uint32
	Provider []byte
	Channel  []byte
	Computer []byte
	Fields   []Field // the data of the event, in the order of the line; no name occurs twice
}

// A Field is one item of an event's data. What is recorded as null is absent
// and no Field; what is recorded as empty is one.
type Field struct {
	Name []byte
	raw  []byte // JSON of the value
}

// Append appends the value to b. Numbers, true and false are as the line has
// them.
func (f *Field) Append(b []byte) []byte {
	if f.raw[0] != '"' {
		return append(b, f.raw...)
	}
	if in := f.raw[1 : len(f.raw)-1]; bytes.IndexByte(in, '\\') < 0 {
		return append(b, in...)
	}
	b, _ = jsontext.AppendUnquote(b, f.raw) // it was read as JSON, so it is
	return b
}

// Value returns the value, which need not be copied: it is as valid as the
// record if it stands so in the line, and else a copy in scratch, which is
// made longer if need be.
func (f *Field) Value(scratch *[]byte) []byte {
	if f.raw[0] != '"' {
		return f.raw
	}
	if in := f.raw[1 : len(f.raw)-1]; bytes.IndexByte(in, '\\') < 0 {
		return in
	}
	start := len(*scratch)
	*scratch, _ = jsontext.AppendUnquote(*scratch, f.raw)
	return (*scratch)[start:len(*scratch):len(*scratch)]
}

// String returns name and value for a person.
func (f *Field) String() string { return fmt.Sprintf("%s=%q", f.Name, f.Append(nil)) }

// Field returns the field with a name, nil if the record has none.
func (r *Record) Field(name string) *Field {
	for i := range r.Fields {
		if string(r.Fields[i].Name) == name {
			return &r.Fields[i]
		}
	}
	return nil
}
