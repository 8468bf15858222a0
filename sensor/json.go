package sensor

import (
	"embed"
	"errors"
	"fmt"

	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor/internal/document"
)

// The limits of the JSON documents of this package. A document larger than MaxJSONSize is refused
// without reading it. Reading needs memory of at most 12 times the size of the document, in
// addition to the document.
const (
	MaxJSONSize  = document.MaxSize    // size of a document, in bytes
	MaxJSONDepth = document.MaxDepth   // nesting of objects and arrays
	MaxName      = document.MaxName    // length of a name, in runes
	MaxNote      = document.MaxNote    // length of a note, title, source or reason, in runes
	MaxInteger   = document.MaxInteger // hosts, bytes or steps; exact in every JSON reader
	MaxLength    = 1<<31 - 1           // length of an input of type string, in bytes
)

// Schemas holds the JSON Schemas (draft 2020-12) of the documents of this package:
// schema/definitions.json, schema/fleet.json, schema/needs.json, schema/reader.json, which refers
// to schema/fleet.json, and schema/witness.json. A document that fits its schema may still be
// refused when it is read, for instance because two builds have the same name.
//
//go:embed schema/*.json
var Schemas embed.FS

// The values of the key "schema" in the documents of this package.
const (
	DefinitionsSchema = "cfcheck.definitions/v0"
	FleetSchema       = "cfcheck.fleet/v1"
	FleetSchemaV0     = "cfcheck.fleet/v0" // as v1, without the statements that v1 added
	NeedsSchema       = "cfcheck.needs/v0"
	ReaderSchema      = "cfcheck.reader/v0"
	WitnessSchema     = "cfcheck.witness/v0"
)

// A JSONError reports a fault in a document and its position.
type JSONError struct {
	Name   string // file name
	Line   int    // from 1; 0 means that the position is unknown, or that there is no document
	Column int    // from 1, in bytes
	Offset int    // in bytes from the start, at most the size of the document
	// Path leads to the value at fault, such as builds[0].supply[1].inputs[3].type. "" means
	// the whole document.
	Path string
	Err  error // the value found and the value expected; wraps one of the ErrJSON variables
}

// Error returns one line with name, line, column, path and fault.
func (e *JSONError) Error() string { return (*strictjson.Error)(e).Error() }

// Unwrap returns e.Err.
func (e *JSONError) Unwrap() error { return e.Err }

// The errors that JSONError.Err wraps.
var (
	ErrJSONSize         = strictjson.ErrSize         // the document is larger than MaxJSONSize
	ErrJSONUTF8         = strictjson.ErrUTF8         // not UTF-8, or half of a surrogate pair
	ErrJSONSyntax       = strictjson.ErrSyntax       // the text is not JSON
	ErrJSONDepth        = strictjson.ErrDepth        // the nesting is deeper than MaxJSONDepth
	ErrJSONTrailing     = strictjson.ErrTrailing     // text follows the document
	ErrJSONUnknownKey   = strictjson.ErrUnknownKey   // the object does not have this key
	ErrJSONDuplicateKey = strictjson.ErrDuplicateKey // an object has a key twice
	ErrJSONMissingKey   = strictjson.ErrMissingKey   // a required key is missing
	ErrJSONType         = strictjson.ErrType         // wrong type, such as a string for a number
	ErrJSONRange        = strictjson.ErrRange        // a number is too small or too large
	ErrJSONValue        = strictjson.ErrValue        // the value has no meaning here
)

// readJSON reads a document of this package. If it fails, the error is a *JSONError.
func readJSON(name string, data []byte, read func(r *reader)) error {
	err := document.Read(name, data, func(r *document.Reader) { read(&reader{Reader: r}) })
	if e, ok := errors.AsType[*strictjson.Error](err); ok {
		return (*JSONError)(e)
	}
	return err
}

// A reader reads a document. It holds the state for the values that only this package reads.
type reader struct {
	*document.Reader
	later  *later   // first value that the oldest version of the schema does not have
	places []placed // names of sources in the contract that is being read
	// offsets in that contract: of the events of elements, and of the fields of their filters
	filtered, fields []int
}

// A later is a value that only a later version of a schema has.
type later struct {
	at   int
	path string
}

// newer records that only a later version of the schema has the next value. The key "schema" may
// follow that value.
func (r *reader) newer() {
	if r.later == nil && !r.Failed() {
		r.later = &later{r.Next(), r.Path()}
	}
}

// refuseNewer fails if the document has the first version of the schemas, and a value that only
// the next version has.
func (r *reader) refuseNewer(schemas []string, version int) {
	if version == 0 && r.later != nil {
		r.FailKey(r.later.at, r.later.path, "found a value that schema %q added, in a document of schema %q; change its schema to the newer one", schemas[1], schemas[0])
	}
}

// A writer writes a document.
type writer struct{ *document.Writer }

// writeJSON writes a document of this package, and reads it back.
func writeJSON(subject string, write func(w *writer), read func(name string, data []byte) error) ([]byte, error) {
	return document.Write(subject, func(w *document.Writer) { write(&writer{w}) }, read)
}

// InputNumber describes an input for a message: its number, counted from 1, and its index.
func InputNumber(index int) string { return fmt.Sprintf("input %d (index %d)", index+1, index) }
