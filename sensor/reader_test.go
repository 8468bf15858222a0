package sensor_test

import (
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/google/go-cmp/cmp"
)

// TestOwnReader tests that the document of OwnReader can be read and fits its schema.
func TestOwnReader(t *testing.T) {
	own := sensor.OwnReader()
	data, err := own.JSON()
	if err != nil {
		t.Fatal(err)
	}
	have, err := sensor.ReadReader("own.json", data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(own, have); diff != "" {
		t.Errorf("the reader differs after it was written (-want +have):\n%s", diff)
	}
	if err := schemaError(t, "reader", data); err != nil {
		t.Error(err)
	}
}

func TestReadReader(t *testing.T) {
	const base = `{"schema":"cfcheck.reader/v0","reader":{"evidence":"stated","access":"named","formats":["1.0"],"operators":["exists"]}}`
	refuses(t, "reader", base, []edit{
		{"a fleet is no reader", "cfcheck.reader/v0", "cfcheck.fleet/v0", sensor.ErrJSONValue,
			`x.json:1:11: schema: found the string "cfcheck.fleet/v0"; expected "cfcheck.reader/v0"`, true},
		{"the reader itself is missing", `,"reader":{"evidence":"stated","access":"named","formats":["1.0"],"operators":["exists"]}`, ``, sensor.ErrJSONMissingKey,
			`x.json:1:1: key "reader" is missing`, true},
		{"what a fleet refuses of a reader, this does", `"access":"named",`, ``, sensor.ErrJSONMissingKey,
			`x.json:1:40: reader: key "access" is missing`, true},
		{"a key too many", `{"schema"`, `{"name":"x","schema"`, sensor.ErrJSONUnknownKey,
			`x.json:1:2: unknown key "name"; expected "schema" or "reader"`, true},
	}, func(name string, data []byte) error {
		_, err := sensor.ReadReader(name, data)
		return err
	})
}
