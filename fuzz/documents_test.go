package fuzz

import (
	"errors"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func FuzzDocuments(f *testing.F) {
	if !worker() {
		file, other := gatetest.Case(f, "291-july-first-use").Data, gatetest.Case(f, "mixed-types").Data
		fleets := fleetSeeds(f)
		types, needs := documentSeeds(f)
		for _, doc := range fleets {
			f.Add(doc, types[0], needs[0], file)
		}
		for _, doc := range types {
			f.Add(fleets[0], doc, needs[0], other)
		}
		for _, doc := range needs {
			f.Add(fleets[0], types[0], doc, file)
		}
	}
	f.Fuzz(func(t *testing.T, fleetDoc, typesDoc, needsDoc, data []byte) {
		opts := validate.Options{Checks: suite.Checks, Definitions: builtin.Definitions(), Now: now}
		fleet, err := sensor.ReadFleet("fleet.json", fleetDoc)
		checkDocumentError(t, fleetDoc, err)
		opts.Fleet = fleet
		types, err := sensor.ReadDefinitions("types.json", typesDoc)
		checkDocumentError(t, typesDoc, err)
		for d := range types.All() {
			// The type may already be defined; no other error is possible.
			if err := opts.Definitions.Add(d); err != nil && opts.Definitions.TypeName(d.Number) == "" {
				if _, there := numberOf(opts.Definitions, d.Name); !there {
					t.Errorf("a definition that was read is rejected: %v", err)
				}
			}
		}
		subjects := []*validate.Subject{validate.ChannelFile("", data), validate.ChannelFile("", renumbered(data, types))}
		needs, err := sensor.ReadNeeds("needs.json", needsDoc)
		checkDocumentError(t, needsDoc, err)
		if err == nil {
			subjects = append(subjects, validate.Needs("needs.json", needs))
		}
		for d := range types.All() {
			subjects = append(subjects, validate.Definition(d))
		}
		for _, s := range subjects {
			r := validate.Run(s, opts)
			gatetest.CheckReport(t, opts, r)
			if r.Verdict() == validate.Accepted && fleet == nil {
				t.Errorf("a %v is accepted without a fleet", s.Kind)
			}
			if s.Kind == validate.KindChannelFile {
				checkVerdict(t, s, opts, r)
			}
		}
	})
}

// fleetSeeds returns the fleets of the corpus, and the built-in ones.
func fleetSeeds(t testing.TB) [][]byte {
	t.Helper()
	list := documents("fleets")
	for _, name := range builtin.Fleets() {
		fleet, _ := builtin.Fleet(name)
		list = append(list, document(t, fleet))
	}
	return list
}

// documentSeeds returns definitions, and the needs of files and definitions.
func documentSeeds(t testing.TB) (types, needs [][]byte) {
	t.Helper()
	types = append(documents("types"), document(t, builtin.Definitions()))
	for _, name := range []string{"291-july-first-use", "every-operator", "provenance", "mixed-types", "minimal"} {
		f := conforming(t, gatetest.Case(t, name).Data)
		needs = append(needs, document(t, sensor.NeedsOf(f, definitions())))
	}
	for d := range definitions().All() {
		needs = append(needs, document(t, sensor.NeedsOfDefinition(d)))
	}
	return types, needs
}

// document returns the JSON of a document.
func document(t testing.TB, d interface{ JSON() ([]byte, error) }) []byte {
	t.Helper()
	data, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func checkDocumentError(t *testing.T, data []byte, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var e *sensor.JSONError
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v; want a *JSONError", err, err)
	}
	if e.Offset < 0 || e.Offset > len(data) || e.Line < 1 || e.Column < 1 {
		t.Errorf("%v is at %d:%d, offset %d of %d", e, e.Line, e.Column, e.Offset, len(data))
	}
}

func numberOf(defs *sensor.Definitions, name string) (uint32, bool) {
	for d := range defs.All() {
		if d.Name == name {
			return d.Number, true
		}
	}
	return 0, false
}

// renumbered returns the file with the type of the first definition, so that the fleet, the
// definition and the file belong together.
func renumbered(data []byte, defs *sensor.Definitions) []byte {
	f, err := channelfile.Parse(data)
	if err != nil {
		return data
	}
	for d := range defs.All() {
		r, _ := rawOf(data)
		le.PutUint32(r.header[0x0C:], d.Channel)
		le.PutUint32(r.header[0x14:], d.Number)
		le.PutUint32(r.header[0x18:], d.Version)
		if n := len(d.Inputs); n >= int(f.Header.InputsRead) {
			le.PutUint16(r.header[0x1C:], uint16(n))
		}
		return r.bytes()
	}
	return data
}
