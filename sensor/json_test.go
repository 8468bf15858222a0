package sensor_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas compiles the JSON Schemas that the package publishes.
var schemas = sync.OnceValue(func() map[string]*jsonschema.Schema {
	compiled := map[string]*jsonschema.Schema{}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	names := []string{"definitions", "fleet", "needs", "reader"}
	url := func(name string) string { // reference from one schema to another
		return "https://raw.githubusercontent.com/cfcheck/cfcheck/main/sensor/schema/" + name + ".json"
	}
	for _, name := range names {
		data, err := sensor.Schemas.ReadFile("schema/" + name + ".json")
		if err != nil {
			panic(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			panic(err)
		}
		if err := c.AddResource(url(name), doc); err != nil {
			panic(err)
		}
	}
	for _, name := range names {
		compiled[name] = c.MustCompile(url(name))
	}
	return compiled
})

// schemaError returns the error of a JSON Schema for a document. It returns nil for texts that the
// library cannot parse, since our own reader must refuse them.
func schemaError(t testing.TB, name string, data []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	return schemas()[name].Validate(doc)
}

// An edit changes an accepted document into a refused one.
type edit struct {
	why      string
	old, new string // the first occurrence of old becomes new
	kind     error
	want     string // the error; "" means any error
	schema   bool   // the JSON Schema refuses the document too
}

// refuses applies each edit to a document and checks that read refuses it.
func refuses(t *testing.T, schema, base string, edits []edit, read func(name string, data []byte) error) {
	t.Helper()
	if err := read("x.json", []byte(base)); err != nil {
		t.Fatalf("the document without edits is refused: %v", err)
	}
	if err := schemaError(t, schema, []byte(base)); err != nil {
		t.Fatalf("the schema refuses the document without edits: %v", err)
	}
	for _, e := range edits {
		t.Run(e.why, func(t *testing.T) {
			if !strings.Contains(base, e.old) {
				t.Fatalf("the document does not have %q", e.old)
			}
			data := strings.Replace(base, e.old, e.new, 1)
			err := read("x.json", []byte(data))
			var j *sensor.JSONError
			if !errors.As(err, &j) {
				t.Fatalf("error is %v; want a *JSONError", err)
			}
			if !errors.Is(err, e.kind) {
				t.Errorf("error is of the kind %v; want %v", errors.Unwrap(j.Err), e.kind)
			}
			if e.want != "" && err.Error() != e.want {
				t.Errorf("error is\n%s\nwant\n%s", err, e.want)
			}
			if got := schemaError(t, schema, []byte(data)) != nil; got != e.schema {
				t.Errorf("schema refuses the document: %v; want %v", got, e.schema)
			}
		})
	}
}

// TestSchemasAcceptBuiltins tests that the schemas accept the built-in documents.
func TestSchemasAcceptBuiltins(t *testing.T) {
	docs := map[string][][]byte{}
	data, err := builtin.Definitions().JSON()
	if err != nil {
		t.Fatal(err)
	}
	docs["definitions"] = append(docs["definitions"], data)
	for _, name := range builtin.Fleets() {
		f, _ := builtin.Fleet(name)
		data, err := f.JSON()
		if err != nil {
			t.Fatal(err)
		}
		docs["fleet"] = append(docs["fleet"], data)
	}
	for schema, list := range docs {
		for _, data := range list {
			if err := schemaError(t, schema, data); err != nil {
				t.Errorf("the schema %s refuses a built-in document: %v", schema, err)
			}
		}
	}
}

// TestSchemasHaveTheKeys tests that the readers and the schemas agree on the keys of each object.
func TestSchemasHaveTheKeys(t *testing.T) {
	steps := strictjson.Keys{Required: []string{"constant"}}
	for _, tt := range []struct {
		schema, pointer string
		keys            strictjson.Keys
	}{
		{"definitions", "", sensor.DefinitionsKeys},
		{"definitions", "$defs/definition", sensor.DefinitionKeys},
		{"definitions", "$defs/input", sensor.InputKeys},
		{"definitions", "$defs/feed", sensor.FeedKeys},
		{"definitions", "$defs/kind", sensor.EventKindKeys},
		{"fleet", "", sensor.FleetKeys},
		{"fleet", "$defs/contract", sensor.ContractKeys},
		{"fleet", "$defs/reader", sensor.ReaderKeys},
		{"fleet", "$defs/reader/properties/limits", sensor.LimitsKeys},
		{"fleet", "$defs/reader/properties/budget", sensor.BudgetKeys},
		{"fleet", "$defs/supply", sensor.SupplyKeys},
		{"fleet", "$defs/input", sensor.SuppliedInputKeys},
		{"fleet", "$defs/shortfall", sensor.ShortfallKeys},
		{"reader", "", sensor.ReaderDocumentKeys},
		{"needs", "", sensor.NeedsKeys},
		{"needs", "properties/sizes", sensor.SizesKeys},
		{"needs", "properties/steps", steps},
		{"needs", "$defs/input", sensor.InputNeedKeys},
		{"needs", "$defs/operator", sensor.OperatorNeedKeys},
		{"needs", "$defs/cause", sensor.CauseKeys},
	} {
		data, err := sensor.Schemas.ReadFile("schema/" + tt.schema + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var at any
		if err := json.Unmarshal(data, &at); err != nil {
			t.Fatal(err)
		}
		for _, key := range strings.FieldsFunc(tt.pointer, func(r rune) bool { return r == '/' }) {
			at = at.(map[string]any)[key]
		}
		object := at.(map[string]any)
		if object["additionalProperties"] != false {
			t.Errorf("schema %s, %q: other keys are not refused", tt.schema, tt.pointer)
		}
		var required, all []string
		for _, key := range asList(object["required"]) {
			required = append(required, key.(string))
		}
		for key := range object["properties"].(map[string]any) {
			all = append(all, key)
		}
		if diff := cmp.Diff(sorted(tt.keys.Required), sorted(required)); diff != "" {
			t.Errorf("schema %s, %q: required keys differ (-reader +schema):\n%s", tt.schema, tt.pointer, diff)
		}
		if diff := cmp.Diff(sorted(tt.keys.Required, tt.keys.Optional), sorted(all)); diff != "" {
			t.Errorf("schema %s, %q: keys differ (-reader +schema):\n%s", tt.schema, tt.pointer, diff)
		}
	}
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

func sorted(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return all
}

func TestSchemasAreAll(t *testing.T) {
	files, err := fs.Glob(sensor.Schemas, "schema/*")
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i] = path.Base(files[i])
	}
	if diff := cmp.Diff([]string{"definitions.json", "fleet.json", "needs.json", "reader.json", "witness.json"}, files); diff != "" {
		t.Errorf("schemas differ (-want +got):\n%s", diff)
	}
}

func TestJSONErrorTooLarge(t *testing.T) {
	data := make([]byte, sensor.MaxJSONSize+1)
	_, err := sensor.ReadFleet("big.json", data)
	var j *sensor.JSONError
	if !errors.As(err, &j) || !errors.Is(err, sensor.ErrJSONSize) || j.Line != 1 || j.Column != 1 {
		t.Errorf("error is %v; want one that the document is too large", err)
	}
}

// parsed returns a document in the form that the schema library needs.
func parsed(data []byte) any {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		panic(err) // the document comes from a test
	}
	return doc
}
