package sensor

import (
	"embed"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/internal/strictjson"
)

// The limits of the JSON documents of this package. A document is refused
// before anything of it is read if it exceeds MaxJSONSize; reading takes at
// most 12 times the document's size in memory on top of it.
const (
	MaxJSONSize  = 16 << 20  // bytes of a document
	MaxJSONDepth = 16        // of objects and arrays in one another
	MaxName      = 256       // runes of a name
	MaxNote      = 4096      // runes of a note, title, source or reason
	MaxInteger   = 1<<53 - 1 // of hosts, sizes, steps: what all JSON readers keep exactly
	MaxLength    = 1<<31 - 1 // bytes of a string that an input can have
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

// readJSON reads a document of this package. Its error, if any, is a
// *JSONError.
func readJSON(name string, data []byte, document func(r *reader)) error {
	limits := strictjson.Limits{Size: MaxJSONSize, Depth: MaxJSONDepth}
	err := strictjson.Read(name, data, limits, func(d *strictjson.Decoder) { document(&reader{Decoder: d}) })
	if e := (*strictjson.Error)(nil); errors.As(err, &e) {
		j := JSONError(*e)
		return &j
	}
	return err
}

// writeJSON writes a document of this package, and makes sure that it can be
// read: a caller's mistake shows where it was made, not where the document is
// used.
func writeJSON(what string, write func(w *writer), read func(name string, data []byte) error) ([]byte, error) {
	w := &writer{new(strictjson.Writer)}
	write(w)
	data, err := w.Bytes()
	if err == nil {
		err = read(what, data)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written: %w", what, err)
	}
	return data, nil
}

// A reader reads the values that the documents have in common.
type reader struct {
	*strictjson.Decoder
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

// name reads a name: of a build, a type, an input.
func (r *reader) name() string { return r.text(1, MaxName) }

// note reads a text that a person wrote for another.
func (r *reader) note() string { return r.text(0, MaxNote) }

// reason is a note that says something.
func (r *reader) reason() string { return r.text(1, MaxNote) }

// text reads a text of one line. Reports print it, so it must look like what
// it is.
func (r *reader) text(least, most int) string {
	s := r.String()
	switch n := utf8.RuneCountInString(s); {
	case r.Failed():
	case n < least:
		r.Failf("found an empty string; expected a text of %d to %d characters", least, most)
	case n > most:
		r.Failf("found a text of %d characters; expected at most %d", n, most)
	case strings.HasPrefix(s, " ") || strings.HasSuffix(s, " "):
		r.Failf("found %s; expected no space at either end", strictjson.Quote(s))
	default:
		for _, c := range s {
			if !unicode.IsPrint(c) {
				r.Failf("found U+%04X in %s; expected printable characters of one line, with plain spaces", c, strictjson.Quote(s))
				break
			}
		}
	}
	return s
}

// unique fails if an earlier element of the list has the same name. Names are
// the same if their keys are; the map belongs to the list.
func (r *reader) unique(seen map[string]int, key, list, name string, index int) {
	if first, ok := seen[key]; ok {
		r.Failf("found the name %s again; %s[%d] has it already", strictjson.Quote(name), list, first)
		return
	}
	seen[key] = index
}

// int reads an integer that an int holds on every machine.
func (r *reader) int(least, greatest uint64) int { return int(r.Uint(least, greatest)) }

// A writer writes the values that the documents have in common.
type writer struct{ *strictjson.Writer }

func (w *writer) string(key, s string)      { w.Key(key); w.String(s) }
func (w *writer) uint(key string, n uint64) { w.Key(key); w.Uint(n) }

// int writes a negative number too: writeJSON then says that it cannot be
// read.
func (w *writer) int(key string, n int) {
	w.Key(key)
	w.Int(int64(n))
}

// Optional values are left out if they say nothing.
func (w *writer) optionalString(key, s string) {
	if s != "" {
		w.string(key, s)
	}
}

func (w *writer) optionalUint(key string, n uint64) {
	if n != 0 {
		w.uint(key, n)
	}
}

func (w *writer) optionalInt(key string, n int) {
	if n != 0 {
		w.int(key, n)
	}
}

// inputNumber names an input for a person: counted from 1, as people do, and
// with its index.
func inputNumber(index int) string { return fmt.Sprintf("input %d (index %d)", index+1, index) }
