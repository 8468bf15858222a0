package events

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// A Record is one recorded event. Texts that were not recorded are empty.
type Record struct {
	EventID  uint32
	Provider []byte
	Channel  []byte
	Computer []byte
	Fields   []Field // the data of the event, in the order of the line; names are unique
}

// A Field is one item of an event's data. A null value is absent and has no Field. An
// empty value has one.
type Field struct {
	Name []byte
	raw  []byte // JSON of the value
}

// Append appends the value to b. Numbers, true and false keep the form of the line.
func (f *Field) Append(b []byte) []byte {
	if f.raw[0] != '"' {
		return append(b, f.raw...)
	}
	if in := f.raw[1 : len(f.raw)-1]; bytes.IndexByte(in, '\\') < 0 {
		return append(b, in...)
	}
	b, _ = jsontext.AppendUnquote(b, f.raw) // it was read as JSON, so this cannot fail
	return b
}

// Value returns the value, without a copy if possible. If the line contains the value
// in this form, the result is valid as long as the record. Otherwise it is a copy in
// scratch, which grows if necessary.
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

// String returns name and value in readable form.
func (f *Field) String() string { return fmt.Sprintf("%s=%q", f.Name, f.Append(nil)) }

// Field returns the field with a name, or nil if the record has no such field.
func (r *Record) Field(name string) *Field {
	for i := range r.Fields {
		if string(r.Fields[i].Name) == name {
			return &r.Fields[i]
		}
	}
	return nil
}
