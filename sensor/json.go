package sensor

import (
	"embed"
	"errors"
	"fmt"

	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor/internal/document"
)

// The limits of the JSON documents of this package. A document is refused
// before anything of it is read if it exceeds MaxJSONSize; reading takes at
// most 12 times the document's size in memory on top of it.
const (
	MaxJSONSize  = document.MaxSize    // bytes of a document
	MaxJSONDepth = document.MaxDepth   // of objects and arrays in one another
	MaxName      = document.MaxName    // runes of a name
	MaxNote      = document.MaxNote    // runes of a note, title, source or reason
	MaxInteger   = document.MaxInteger // of hosts, sizes, steps: what all JSON readers keep exactly
	MaxLength    = 1<<31 - 1           // bytes of a string that an input can have
)

// Schemas holds the JSON Schemas (draft 2020-12) of the documents of this
// package: schema/definitions.json, schema/fleet.json, schema/needs.json,
// schema/reader.json, which refers to schema/fleet.json, and schema/witness.json.
// What a schema accepts may still be refused when it is read, for instance
// because two builds have the same name.
//
//go:embed schema/*.json
var Schemas embed.FS

// The values that the key "schema" has in the documents of this package.
const (
	DefinitionsSchema = "cfcheck.definitions/v0"
	FleetSchema       = "cfcheck.fleet/v1"
	FleetSchemaV0     = "cfcheck.fleet/v0" // the same without statements that v1 added
	NeedsSchema       = "cfcheck.needs/v0"
	ReaderSchema      = "cfcheck.reader/v0"
	WitnessSchema     = "cfcheck.witness/v0"
)

// A JSONError says where a document is not as expected, and how.
type JSONError struct {
	Name   string // of the file
	Line   int    // from 1; 0 means that the place is not known, or that there is no document
	Column int    // from 1, in bytes
	Offset int    // in bytes from the start, at most the size of the document
	Path   string // to the value at fault, such as builds[0].supply[1].inputs[3].type; "" for the whole
	Err    error  // what was found and what was expected; wraps one of the ErrJSON variables
}

// Error returns one line: name, line, column, path, and what is wrong.
func (e *JSONError) Error() string { return (*strictjson.Error)(e).Error() }

// Unwrap returns e.Err.
func (e *JSONError) Unwrap() error { return e.Err }

// The errors that JSONError.Err wraps.
var (
	ErrJSONSize         = strictjson.ErrSize         // larger than MaxJSONSize
	ErrJSONUTF8         = strictjson.ErrUTF8         // not UTF-8, or half of a surrogate pair
	ErrJSONSyntax       = strictjson.ErrSyntax       // not JSON
	ErrJSONDepth        = strictjson.ErrDepth        // deeper than MaxJSONDepth
	ErrJSONTrailing     = strictjson.ErrTrailing     // something follows the document
	ErrJSONUnknownKey   = strictjson.ErrUnknownKey   // a key that the object does not have
	ErrJSONDuplicateKey = strictjson.ErrDuplicateKey // a key twice in one object
	ErrJSONMissingKey   = strictjson.ErrMissingKey   // a key that the object must have
	ErrJSONType         = strictjson.ErrType         // such as a string for a number
	ErrJSONRange        = strictjson.ErrRange        // a number too small or too large
	ErrJSONValue        = strictjson.ErrValue        // a value that means nothing here
)

// readJSON reads a document of this package. Its error, if any, is a *JSONError.
func readJSON(name string, data []byte, read func(r *reader)) error {
	err := document.Read(name, data, func(r *document.Reader) { read(&reader{Reader: r}) })
	if e, ok := errors.AsType[*strictjson.Error](err); ok {
		return (*JSONError)(e)
	}
	return err
}

// A reader reads a document. It holds the state of the values that this package alone reads.
type reader struct {
	*document.Reader
	later  *later   // first value that the oldest version of the schema does not have
	places []placed // in sources, of the contract that is being read
}

// A later is a value that only a later version of a schema has.
type later struct {
	at   int
	path string
}

// newer notes that only a later version of the schema has the value that is
// being read. The version may stand behind the value.
func (r *reader) newer() {
	if r.later == nil && !r.Failed() {
		r.later = &later{r.Next(), r.Path()}
	}
}

// refuseNewer fails if the document is of the first of some schemas, and has a
// value that only the next one has.
func (r *reader) refuseNewer(schemas []string, version int) {
	if version == 0 && r.later != nil {
		r.FailKey(r.later.at, r.later.path, "found what %s added; the document says %q: write the newer name there", schemas[1], schemas[0])
	}
}

// A writer writes a document.
type writer struct{ *document.Writer }

// writeJSON writes a document of this package, and reads it back.
func writeJSON(subject string, write func(w *writer), read func(name string, data []byte) error) ([]byte, error) {
	return document.Write(subject, func(w *document.Writer) { write(&writer{w}) }, read)
}

// inputNumber names an input for a person: counted from 1, as people do, and
// with its index.
func InputNumber(index int) string { return fmt.Sprintf("input %d (index %d)", index+1, index) }
