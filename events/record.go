package events

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// A Record is one recorded event. A text is empty if it was not recorded.
type Record struct {
	EventID  uint32
	Provider []byte
	Channel  []byte
	Computer []byte
	Level    []byte  // number of the level, such as 4; not the word that a viewer shows
	Keywords []byte  // bits of the keywords in hexadecimal, such as 0x8020000000000000
	Fields   []Field // data of the event, in the order of the line; names are unique

	// Unnumbered means that the source of the event has no event IDs, as outside of Windows.
	// EventID is 0 then.
	Unnumbered bool
}

// A Field is one item of an event's data. A value that was recorded as null is
// absent and has no Field; an empty string has one.
type Field struct {
	Name []byte
	raw  []byte // JSON of the value
}

// Append appends the value to b. Numbers, true and false are spelled as in the line.
func (f *Field) Append(b []byte) []byte {
	if f.raw[0] != '"' {
		return append(b, f.raw...)
	}
	if in := f.raw[1 : len(f.raw)-1]; bytes.IndexByte(in, '\\') < 0 {
		return append(b, in...)
	}
	b, _ = jsontext.AppendUnquote(b, f.raw) // cannot fail: the line was parsed as JSON
	return b
}

// Value returns the value without a copy if the line has no escapes in it; then it is
// valid as long as the record. Otherwise it appends the value to scratch and returns
// that part.
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

// String returns the name and the value for people.
func (f *Field) String() string { return fmt.Sprintf("%s=%q", f.Name, f.Append(nil)) }

// Field returns the field with a name, or nil if the record does not have it.
func (r *Record) Field(name string) *Field {
	for i := range r.Fields {
		if string(r.Fields[i].Name) == name {
			return &r.Fields[i]
		}
	}
	return nil
}
