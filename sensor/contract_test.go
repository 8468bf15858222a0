package sensor_test

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func readFleetOnly(name string, data []byte) error {
	_, err := sensor.ReadFleet(name, data)
	return err
}

// fleetDoc has every key at least once.
const fleetDoc = `{
  "schema": "cfcheck.fleet/v0",
  "name": "production",
  "note": "as of today",
  "builds": [
    {
      "build": "1.0",
      "hosts": 1000,
      "reader": {
        "evidence": "extracted", "access": "positional", "formats": ["1.0", "1.12"], "operators": ["exists", "integer equals"],
        "refusesUnknownVersions": true,
        "limits": {"fileSize": 1, "instances": 2, "criteria": 3, "wordsPerInstance": 4, "operandsPerCriterion": 5, "valueLength": 6, "programInstructions": 7, "revision": 8},
        "budget": {"steps": 7, "memory": 8}
      },
      "supply": [
        {
          "type": "ipc", "version": 1, "feed": "kernel", "evidence": "observed",
          "inputs": [
            {"name": "A", "type": "string", "state": "supplied", "maxLength": 9},
            {"name": "B", "type": "integer", "state": "not supplied"},
            {"name": "C", "type": "address", "state": "unknown"}
          ],
          "acknowledged": [{"input": 1, "why": "old build", "until": "2028-02-29"}, {"input": 20, "why": "the same", "until": "2027-12-31"}]
        },
        {"type": "ipc", "version": 1, "evidence": "stated", "inputs": []}
      ]
    },
    {
      "build": "2.0", "hosts": 1, "note": "a host",
      "reader": {"evidence": "stated", "access": "named", "formats": ["1.0"], "operators": ["regexp"]},
      "supply": [{"type": "dns", "version": 0, "evidence": "observed", "events": 12, "inputs": [{"name": "Query", "type": "string", "seen": 11}]}]
    }
  ]
}
`

func TestReadFleet(t *testing.T) {
	got, err := sensor.ReadFleet("fleet.json", []byte(fleetDoc))
	if err != nil {
		t.Fatal(err)
	}
	want := &sensor.Fleet{
		Name: "production", Note: "as of today", Digest: sha256.Sum256([]byte(fleetDoc)), Document: &sensor.Document{"fleet.json", []byte(fleetDoc)},
		Contracts: []sensor.Contract{
			{
				Build: "1.0", Hosts: 1000,
				Reader: sensor.Reader{
					Evidence: sensor.EvidenceExtracted, Access: sensor.AccessPositional, Formats: []string{"1.0", "1.12"},
					Operators:              []channelfile.Operator{channelfile.OpExists, channelfile.OpIntegerEquals},
					RefusesUnknownVersions: true,
					Limits:                 sensor.Limits{1, 2, 3, 4, 5, 6, 7, 8},
					Budget:                 sensor.Budget{7, 8},
				},
				Supplies: []sensor.Supply{
					{
						Type: "ipc", Version: 1, Feed: "kernel", Evidence: sensor.EvidenceObserved,
						Inputs:       []sensor.SuppliedInput{{Name: "A", Type: sensor.TypeString, State: sensor.StateSupplied, MaxLength: 9}, {Name: "B", Type: sensor.TypeInteger, State: sensor.StateNotSupplied}, {Name: "C", Type: sensor.TypeAddress, State: sensor.StateUnknown}},
						Acknowledged: []sensor.Shortfall{{1, "old build", sensor.Date{2028, 2, 29}}, {20, "the same", sensor.Date{2027, 12, 31}}},
					},
					{Type: "ipc", Version: 1, Evidence: sensor.EvidenceStated},
				},
			},
			{
				Build: "2.0", Hosts: 1, Note: "a host",
				Reader: sensor.Reader{Evidence: sensor.EvidenceStated, Access: sensor.AccessNamed, Formats: []string{"1.0"}, Operators: []channelfile.Operator{channelfile.OpRegexp}},
				Supplies: []sensor.Supply{{Type: "dns", Evidence: sensor.EvidenceObserved, Events: 12,
					Inputs: []sensor.SuppliedInput{{Name: "Query", Type: sensor.TypeString, State: sensor.StateSupplied, Seen: 11}}}},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fleet differs (-want +got):\n%s", diff)
	}
	if got.Hosts() != 1001 {
		t.Errorf("fleet has %d hosts; want 1001", got.Hosts())
	}
}

func TestReadFleetRefuses(t *testing.T) {
	long := strings.Repeat("n", sensor.MaxName+1)
	longNote := strings.Repeat("n", sensor.MaxNote+1)
	refuses(t, "fleet", fleetDoc, []edit{
		{"a later version", `fleet/v0`, `fleet/v2`, sensor.ErrJSONValue,
			`x.json:2:13: schema: found the string "cfcheck.fleet/v2"; expected "cfcheck.fleet/v0" or "cfcheck.fleet/v1"; did you mean "cfcheck.fleet/v0"?`, true},
		{"no version", `"schema": "cfcheck.fleet/v0",`, ``, sensor.ErrJSONMissingKey,
			`x.json:1:1: key "schema" is missing`, true},
		{"no name", `"name": "production",`, ``, sensor.ErrJSONMissingKey, `x.json:1:1: key "name" is missing`, true},
		{"trailing data", "  ]\n}\n", "  ]\n}\n]", sensor.ErrJSONTrailing, `x.json:35:1: found ']' after the end of the document; expected nothing`, false},
		{"empty name", `"production"`, `""`, sensor.ErrJSONValue,
			`x.json:3:11: name: found an empty string; expected a text of 1 to 256 characters`, true},
		{"long name", `"production"`, `"` + long + `"`, sensor.ErrJSONValue,
			`x.json:3:11: name: found a text of 257 characters; expected at most 256`, true},
		{"name with space before", `"production"`, `" production"`, sensor.ErrJSONValue,
			`x.json:3:11: name: found " production"; expected no space at either end`, true},
		{"name with space after", `"production"`, `"production "`, sensor.ErrJSONValue,
			`x.json:3:11: name: found "production "; expected no space at either end`, true},
		{"name of two lines", `"production"`, `"a\nb"`, sensor.ErrJSONValue,
			`x.json:3:11: name: found U+000A in "a\nb"; expected printable characters of one line, with plain spaces`, true},
		{"name that turns text around", `"production"`, `"a\u202eb"`, sensor.ErrJSONValue,
			`x.json:3:11: name: found U+202E in "a\u202eb"; expected printable characters of one line, with plain spaces`, true},
		{"name with a space that is none", `"production"`, `"a\u00a0b"`, sensor.ErrJSONValue,
			`x.json:3:11: name: found U+00A0 in "a\u00a0b"; expected printable characters of one line, with plain spaces`, true},
		{"long note", `"as of today"`, `"` + longNote + `"`, sensor.ErrJSONValue,
			`x.json:4:11: note: found a text of 4097 characters; expected at most 4096`, true},

		{"no builds", fleetDoc[strings.Index(fleetDoc, "[\n    {"):strings.LastIndex(fleetDoc, "]")], `[`, sensor.ErrJSONValue,
			`x.json:5:13: builds: found an empty array; expected at least one build`, true},
		{"build without name", `"build": "1.0",`, ``, sensor.ErrJSONMissingKey, `x.json:6:5: builds[0]: key "build" is missing`, true},
		{"build with empty name", `"1.0"`, `""`, sensor.ErrJSONValue,
			`x.json:7:16: builds[0].build: found an empty string; expected a text of 1 to 256 characters`, true},
		{"two builds of one name", `"2.0"`, `"1.0"`, sensor.ErrJSONValue,
			`x.json:29:16: builds[1].build: found the name "1.0" again; builds[0] has it already`, false},
		{"no hosts", `"hosts": 1000`, `"hosts": 0`, sensor.ErrJSONRange,
			`x.json:8:16: builds[0].hosts: found the number 0; expected an integer from 1 to 9007199254740991`, true},
		{"half a host", `"hosts": 1000`, `"hosts": 0.5`, sensor.ErrJSONType,
			`x.json:8:16: builds[0].hosts: found 0.5; expected an integer in digits alone, without fraction or exponent`, true},
		{"hosts that a schema takes for an integer", `"hosts": 1000`, `"hosts": 1e3`, sensor.ErrJSONType,
			`x.json:8:16: builds[0].hosts: found 1e3; expected an integer in digits alone, without fraction or exponent`, false},
		{"too many hosts", `"hosts": 1000`, `"hosts": 9007199254740992`, sensor.ErrJSONRange,
			`x.json:8:16: builds[0].hosts: found the number 9007199254740992; expected an integer from 1 to 9007199254740991`, true},
		{"hosts as text", `"hosts": 1000`, `"hosts": "1000"`, sensor.ErrJSONType,
			`x.json:8:16: builds[0].hosts: found the string "1000"; expected an integer`, true},
		{"no reader", `"reader": {"evidence": "stated", "access": "named", "formats": ["1.0"], "operators": ["regexp"]},`, ``, sensor.ErrJSONMissingKey,
			`x.json:28:5: builds[1]: key "reader" is missing`, true},
		{"no supply", "},\n      \"supply\": [{\"type\": \"dns\", \"version\": 0, \"evidence\": \"observed\", \"events\": 12, \"inputs\": [{\"name\": \"Query\", \"type\": \"string\", \"seen\": 11}]}]\n", "}\n", sensor.ErrJSONMissingKey, `x.json:28:5: builds[1]: key "supply" is missing`, true},

		{"evidence of the reader left out", `"evidence": "extracted", `, ``, sensor.ErrJSONMissingKey,
			`x.json:9:17: builds[0].reader: key "evidence" is missing`, true},
		{"evidence of another kind", `"extracted"`, `"guessed"`, sensor.ErrJSONValue,
			`x.json:10:21: builds[0].reader.evidence: found the string "guessed"; expected "extracted", "observed" or "stated"`, true},
		{"access left out", `"access": "positional", `, ``, sensor.ErrJSONMissingKey,
			`x.json:9:17: builds[0].reader: key "access" is missing`, true},
		{"access misspelt", `"access": "positional"`, `"acess": "positional"`, sensor.ErrJSONUnknownKey,
			`x.json:10:34: builds[0].reader: unknown key "acess"; did you mean "access"?`, true},
		{"access of another kind", `"positional"`, `"postional"`, sensor.ErrJSONValue,
			`x.json:10:44: builds[0].reader.access: found the string "postional"; expected "positional" or "named"; did you mean "positional"?`, true},
		{"no formats", `["1.0", "1.12"]`, `[]`, sensor.ErrJSONValue,
			`x.json:10:69: builds[0].reader.formats: found an empty array; expected at least one version of the format, such as "1.0"`, true},
		{"a format that is no version", `"1.12"`, `"01.2"`, sensor.ErrJSONValue,
			`x.json:10:77: builds[0].reader.formats[1]: found the string "01.2"; expected major and minor version of a format, such as "1.0"`, true},
		{"a format twice", `"1.12"`, `"1.0"`, sensor.ErrJSONValue,
			`x.json:10:77: builds[0].reader.formats[1]: found the version "1.0" twice; expected it once`, true},
		{"more formats than anyone has", `"1.12"`, `"2.0"` + func() (s string) {
			for i := range 64 {
				s += `, "1.` + string(rune('1'+i/10)) + string(rune('0'+i%10)) + `"`
			}
			return s
		}(), sensor.ErrJSONValue, `x.json:10:580: builds[0].reader.formats[64]: there are more than 64 versions; expected at most 64`, true},
		{"no operators", `["exists", "integer equals"]`, `[]`, sensor.ErrJSONValue,
			`x.json:10:99: builds[0].reader.operators: found an empty array; expected at least one operator`, true},
		{"an operator twice", `"integer equals"`, `"exists"`, sensor.ErrJSONValue,
			`x.json:10:110: builds[0].reader.operators[1]: found the operator "exists" twice; expected it once`, true},
		{"an unknown operator", `"integer equals"`, `"integer_equals"`, sensor.ErrJSONValue,
			`x.json:10:110: builds[0].reader.operators[1]: found the string "integer_equals"; expected "exists", "equals", "prefix", "suffix", "contains", "pattern", "regexp", "integer equals", "integer range" or "address range"; did you mean "integer equals"?`, true},
		{"no truth value", `"refusesUnknownVersions": true`, `"refusesUnknownVersions": 1`, sensor.ErrJSONType,
			`x.json:11:35: builds[0].reader.refusesUnknownVersions: found the number 1; expected true or false`, true},
		{"a limit of nothing", `"fileSize": 1`, `"fileSize": 0`, sensor.ErrJSONRange,
			`x.json:12:32: builds[0].reader.limits.fileSize: found the number 0; expected an integer from 1 to 9007199254740991`, true},
		{"a limit below nothing", `"valueLength": 6`, `"valueLength": -6`, sensor.ErrJSONRange,
			`x.json:12:131: builds[0].reader.limits.valueLength: found the number -6; expected an integer from 1 to 9007199254740991`, true},
		{"an unknown limit", `"criteria": 3`, `"criterion": 3`, sensor.ErrJSONUnknownKey,
			`x.json:12:51: builds[0].reader.limits: unknown key "criterion"; did you mean "criteria"?`, true},
		{"a budget of nothing", `"steps": 7`, `"steps": 0`, sensor.ErrJSONRange,
			`x.json:13:29: builds[0].reader.budget.steps: found the number 0; expected an integer from 1 to 9007199254740991`, true},
		{"an unknown budget", `"memory": 8`, `"ram": 8`, sensor.ErrJSONUnknownKey,
			`x.json:13:32: builds[0].reader.budget: unknown key "ram"; expected "steps" or "memory"`, true},

		{"evidence of a supply left out", ` "evidence": "observed",`, ``, sensor.ErrJSONMissingKey,
			`x.json:16:9: builds[0].supply[0]: key "evidence" is missing`, true},
		{"version that fits no file name", `"version": 1,`, `"version": 100000000,`, sensor.ErrJSONRange,
			`x.json:17:37: builds[0].supply[0].version: found the number 100000000; expected an integer from 0 to 99999999`, true},
		{"empty feed", `"kernel"`, `""`, sensor.ErrJSONValue,
			`x.json:17:48: builds[0].supply[0].feed: found an empty string; expected a text of 1 to 256 characters`, true},
		{"one supply twice", `"feed": "kernel", `, ``, sensor.ErrJSONValue,
			`x.json:25:9: builds[0].supply[1]: version 1 of type "ipc" is supplied twice from the feed ""; supply[0] has it already`, false},
		{"two inputs of one name", `"B"`, `"A"`, sensor.ErrJSONValue,
			`x.json:20:22: builds[0].supply[0].inputs[1].name: found the name "A" again; inputs[0] has it already`, false},
		{"input without name", `"name": "A", `, ``, sensor.ErrJSONMissingKey,
			`x.json:19:13: builds[0].supply[0].inputs[0]: key "name" is missing`, true},
		{"input without type", `, "type": "address"`, ``, sensor.ErrJSONMissingKey,
			`x.json:21:13: builds[0].supply[0].inputs[2]: key "type" is missing`, true},
		{"input of another type", `"address"`, `"adress"`, sensor.ErrJSONValue,
			`x.json:21:35: builds[0].supply[0].inputs[2].type: found the string "adress"; expected "string", "integer" or "address"; did you mean "address"?`, true},
		{"input in another state", `"unknown"`, `"Unknown"`, sensor.ErrJSONValue,
			`x.json:21:55: builds[0].supply[0].inputs[2].state: found the string "Unknown"; expected "unknown", "not supplied", "supplied", "conditional" or "constant"; did you mean "unknown"?`, true},
		{"strings without length", `"maxLength": 9`, `"maxLength": 0`, sensor.ErrJSONRange,
			`x.json:19:79: builds[0].supply[0].inputs[0].maxLength: found the number 0; expected an integer from 1 to 2147483647`, true},
		{"integers with length", `"type": "integer"`, `"type": "integer", "maxLength": 8`, sensor.ErrJSONValue,
			`x.json:20:13: builds[0].supply[0].inputs[1].maxLength: found a length for an input of type integer; only inputs of type string have one`, true},
		{"more inputs than any file reads", `{"name": "B", `, func() (s string) {
			for i := range 1024 {
				s += fmt.Sprintf(`{"name": "B%04d", "type": "string"}, `, i)
			}
			return s
		}() + `{"name": "B", `, sensor.ErrJSONValue, `x.json:20:37864: builds[0].supply[0].inputs[1024]: there are more than 1024 inputs; expected at most 1024`, true},

		{"acknowledged, but supplied", `"input": 1,`, `"input": 0,`, sensor.ErrJSONValue,
			`x.json:23:38: builds[0].supply[0].acknowledged[0].input: found input 1 (index 0), "A", which is supplied; expected an input that is not supplied`, false},
		{"acknowledged, but not known", `"input": 1,`, `"input": 2,`, sensor.ErrJSONValue,
			`x.json:23:38: builds[0].supply[0].acknowledged[0].input: found input 3 (index 2), "C", whose supply is unknown; expected an input that is not supplied`, false},
		{"acknowledged twice", `"input": 20,`, `"input": 1,`, sensor.ErrJSONValue,
			`x.json:23:95: builds[0].supply[0].acknowledged[1].input: input 2 (index 1) is acknowledged twice; acknowledged[0] has it already`, false},
		{"acknowledged, but never declared", `"input": 20,`, `"input": 1024,`, sensor.ErrJSONRange,
			`x.json:23:95: builds[0].supply[0].acknowledged[1].input: found the number 1024; expected an integer from 0 to 1023`, true},
		{"acknowledged for a named reader", `"positional"`, `"named"`, sensor.ErrJSONValue,
			`x.json:23:38: builds[0].supply[0].acknowledged[0].input: found an acknowledgement for a reader that is not positional; remove it: a missing input does no harm there`, false},
		{"acknowledged without reason", `"why": "old build", `, ``, sensor.ErrJSONMissingKey,
			`x.json:23:28: builds[0].supply[0].acknowledged[0]: key "why" is missing`, true},
		{"acknowledged with an empty reason", `"old build"`, `""`, sensor.ErrJSONValue,
			`x.json:23:48: builds[0].supply[0].acknowledged[0].why: found an empty string; expected a text of 1 to 4096 characters`, true},
		{"acknowledged without an end", `, "until": "2028-02-29"`, ``, sensor.ErrJSONMissingKey,
			`x.json:23:28: builds[0].supply[0].acknowledged[0]: key "until" is missing`, true},
		{"a day that does not exist", `"2028-02-29"`, `"2027-02-29"`, sensor.ErrJSONValue,
			`x.json:23:70: builds[0].supply[0].acknowledged[0].until: "2027-02-29" is not a date; expected a day that exists, in the form 2027-01-31`, true},
		{"a time", `"2028-02-29"`, `"2028-02-29T00:00:00Z"`, sensor.ErrJSONValue,
			`x.json:23:70: builds[0].supply[0].acknowledged[0].until: "2028-02-29T00:00:00Z" is not a date; expected a day that exists, in the form 2027-01-31`, true},
		{"no date", `"2028-02-29"`, `20280229`, sensor.ErrJSONType,
			`x.json:23:70: builds[0].supply[0].acknowledged[0].until: found the number 20280229; expected a string`, true},
		{"more shortfalls than inputs", `{"input": 1, "why": "old build", "until": "2028-02-29"}, `,
			strings.Repeat(`{"input": 1, "why": "old build", "until": "2028-02-29"}, `, 1024), sensor.ErrJSONValue,
			`x.json:23:58396: builds[0].supply[0].acknowledged[1024]: there are more than 1024 shortfalls; expected at most 1024`, true},
	}, readFleetOnly)
}

func TestSupplyInput(t *testing.T) {
	s := sensor.Supply{Inputs: []sensor.SuppliedInput{{Name: "A", Type: sensor.TypeString, State: sensor.StateSupplied, MaxLength: 9}, {Name: "B", Type: sensor.TypeInteger, State: sensor.StateNotSupplied}}}
	for _, tt := range []struct {
		why    string
		access sensor.Access
		index  int
		name   string
		want   sensor.SuppliedInput
	}{
		{"an array goes by the index", sensor.AccessPositional, 0, "A", s.Inputs[0]},
		{"an array does not know names", sensor.AccessPositional, 1, "A", s.Inputs[1]},
		{"the end of the array", sensor.AccessPositional, 2, "A", sensor.SuppliedInput{Name: "A", State: sensor.StateNotSupplied}},
		{"no index", sensor.AccessPositional, -1, "A", sensor.SuppliedInput{Name: "A", State: sensor.StateNotSupplied}},
		{"a map goes by the name", sensor.AccessNamed, 7, "A", s.Inputs[0]},
		{"a map with a hole", sensor.AccessNamed, 0, "B", s.Inputs[1]},
		{"not in the map", sensor.AccessNamed, 0, "C", sensor.SuppliedInput{Name: "C", State: sensor.StateNotSupplied}},
		{"names have a case", sensor.AccessNamed, 0, "a", sensor.SuppliedInput{Name: "a", State: sensor.StateNotSupplied}},
	} {
		if got := s.Input(tt.access, tt.index, tt.name); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v; want %+v", tt.why, got, tt.want)
		}
	}
}

func TestSuppliesOf(t *testing.T) {
	c := sensor.Contract{Supplies: []sensor.Supply{
		{Type: "ipc", Version: 1, Feed: "a"}, {Type: "ipc", Version: 2}, {Type: "dns", Version: 1}, {Type: "ipc", Version: 1, Feed: "b"},
	}}
	var got []int
	for i, s := range c.SuppliesOf("ipc", 1) {
		if s != &c.Supplies[i] {
			t.Errorf("supply %d is another", i)
		}
		got = append(got, i)
	}
	if !slices.Equal(got, []int{0, 3}) {
		t.Errorf("supplies of ipc version 1 are %v; want 0 and 3", got)
	}
	for i := range c.SuppliesOf("ipc", 1) {
		if i != 0 {
			t.Error("the loop went on after a break")
		}
		break
	}
}

func TestAcknowledges(t *testing.T) {
	s := sensor.Supply{Acknowledged: []sensor.Shortfall{{20, "patch is on its way", sensor.Date{2027, 1, 31}}}}
	if s.Acknowledges(19) != nil {
		t.Error("input 20 (index 19) is acknowledged; want only index 20")
	}
	a := s.Acknowledges(20)
	if a == nil {
		t.Fatal("input 21 (index 20) is not acknowledged")
	}
	last := time.Date(2027, 1, 31, 23, 59, 59, 999_999_999, time.UTC)
	for _, tt := range []struct {
		why  string
		now  time.Time
		want bool
	}{
		{"long before", last.AddDate(-1, 0, 0), true},
		{"the last moment", last, true},
		{"the first moment after", last.Add(1), false},
		{"the last moment, told elsewhere", last.In(time.FixedZone("", 14*3600)), true},
	} {
		if got := a.Holds(tt.now); got != tt.want {
			t.Errorf("%s: at %v it holds: %v; want %v", tt.why, tt.now, got, tt.want)
		}
	}
}

func TestDates(t *testing.T) {
	for _, tt := range []struct {
		why, text string
		ok        bool
	}{
		{"a day", "2027-01-31", true},
		{"a leap day", "2028-02-29", true},
		{"no leap day", "2100-02-29", false},
		{"day 0", "2027-01-00", false},
		{"month 13", "2027-13-01", false},
		{"the year 0", "0000-01-01", false},
		{"the first day", "0001-01-01", true},
		{"the last day", "9999-12-31", true},
		{"without zeros", "2027-1-31", false},
		{"five digits", "12027-01-31", false},
		{"space", " 2027-01-31", false},
		{"nothing", "", false},
	} {
		d, err := sensor.ParseDate(tt.text)
		if (err == nil) != tt.ok {
			t.Errorf("%s: ParseDate(%q) = %v, %v; want it accepted: %v", tt.why, tt.text, d, err, tt.ok)
		}
		if err == nil && d.String() != tt.text {
			t.Errorf("%s: ParseDate(%q).String() = %q", tt.why, tt.text, d)
		}
	}
}

func TestDistinct(t *testing.T) {
	base := func() sensor.Contract {
		return sensor.Contract{
			Build: "a", Hosts: 1,
			Reader:   sensor.Reader{Evidence: sensor.EvidenceStated, Access: sensor.AccessPositional, Formats: []string{"1.0"}, Operators: []channelfile.Operator{channelfile.OpEquals}},
			Supplies: []sensor.Supply{{Type: "ipc", Version: 1, Evidence: sensor.EvidenceStated, Inputs: []sensor.SuppliedInput{{Name: "A", Type: sensor.TypeString, State: sensor.StateSupplied, MaxLength: 9}}}},
		}
	}
	f := &sensor.Fleet{Contracts: []sensor.Contract{base()}}
	add := func(change func(c *sensor.Contract)) {
		c := base()
		change(&c)
		f.Contracts = append(f.Contracts, c)
	}
	add(func(c *sensor.Contract) { c.Build, c.Hosts = "b", 2 }) // 1: equal terms
	add(func(c *sensor.Contract) { c.Reader.Access = sensor.AccessNamed })
	add(func(c *sensor.Contract) { c.Reader.Evidence = sensor.EvidenceObserved })
	add(func(c *sensor.Contract) { c.Reader.RefusesUnknownVersions = true })
	add(func(c *sensor.Contract) { c.Reader.Limits.Instances = 1 })
	add(func(c *sensor.Contract) { c.Reader.Limits.Criteria = 1 })
	add(func(c *sensor.Contract) { c.Reader.Budget.Steps = 1 })
	add(func(c *sensor.Contract) { c.Reader.Operators[0] = channelfile.OpPrefix })
	add(func(c *sensor.Contract) { c.Supplies = nil })
	add(func(c *sensor.Contract) { c.Supplies[0].Feed = "x" })
	add(func(c *sensor.Contract) { c.Supplies[0].Inputs[0].State = sensor.StateUnknown })
	add(func(c *sensor.Contract) { c.Supplies[0].Inputs[0].MaxLength = 10 })
	add(func(c *sensor.Contract) {
		c.Supplies[0].Acknowledged = []sensor.Shortfall{{1, "w", sensor.Date{2027, 1, 1}}}
	})
	add(func(c *sensor.Contract) { c.Build, c.Reader.Access = "c", sensor.AccessNamed }) // 14: equal to 2
	want := [][]int{{0, 1}, {2, 14}, {3}, {4}, {5}, {6}, {7}, {8}, {9}, {10}, {11}, {12}, {13}}
	if diff := cmp.Diff(want, f.Distinct()); diff != "" {
		t.Errorf("cohorts differ (-want +got):\n%s", diff)
	}
	if got := new(sensor.Fleet).Distinct(); got != nil {
		t.Errorf("an empty fleet has the cohorts %v; want none", got)
	}
}

// TestDistinctSeesEveryField tests that contracts differ if any field except build, hosts and note
// differs. If Distinct ignored a field, the verdict of one build could stand for another build.
func TestDistinctSeesEveryField(t *testing.T) {
	base := func() sensor.Contract {
		return sensor.Contract{
			Sources:  []sensor.Source{{}, {}},
			Sensors:  []sensor.SensorVersion{{}, {}},
			Reader:   sensor.Reader{Formats: []string{"a", "b"}, Operators: []channelfile.Operator{1, 2}},
			Declares: []sensor.Declaration{{Inputs: []sensor.DeclaredInput{{}, {}}, Feeds: []string{"a", "b"}}, {}},
			Lacks:    []sensor.Lack{{Versions: []uint32{1, 2}}, {}},
			Supplies: []sensor.Supply{
				{
					Filters:      sensor.Filters{Elements: []sysmon.Element{{Filters: []sysmon.Filter{{}, {}}, Groups: []sysmon.Group{{}, {}}}, {}}},
					Inputs:       []sensor.SuppliedInput{{Values: []string{"a", "b"}, Basis: &sensor.Basis{}}, {Basis: &sensor.Basis{}}},
					Acknowledged: []sensor.Shortfall{{}, {}},
				},
				{},
			},
		}
	}
	f := &sensor.Fleet{Contracts: []sensor.Contract{base()}}
	var paths []string
	c := base()
	eachField(reflect.ValueOf(&c).Elem(), "", func(path string) {
		if path != ".Build" && path != ".Hosts" && path != ".Note" {
			paths = append(paths, path)
			f.Contracts = append(f.Contracts, clone(t, c))
		}
	})
	if len(paths) < 90 {
		t.Fatalf("only %d fields were changed: %v", len(paths), paths)
	}
	for _, cohort := range f.Distinct() {
		for _, i := range cohort[1:] {
			t.Errorf("a contract with another %s is like contract %d", paths[i-1], cohort[0])
		}
	}
}

// eachField changes each field of v in turn, calls visit and restores the field. It also shortens
// each slice.
func eachField(v reflect.Value, path string, visit func(path string)) {
	old := reflect.ValueOf(v.Interface())
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			eachField(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachField(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
		if v.Len() > 0 {
			v.SetLen(v.Len() - 1)
			visit(path)
		}
	case reflect.String:
		v.SetString(v.String() + "x")
		visit(path)
	case reflect.Bool:
		v.SetBool(!v.Bool())
		visit(path)
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
		visit(path)
	case reflect.Array:
		for i := range v.Len() {
			eachField(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
	case reflect.Pointer:
		eachField(v.Elem(), path, visit)
		v.SetZero()
		visit(path)
	default:
		v.SetUint(v.Uint() + 1)
		visit(path)
	}
	v.Set(old)
}

// clone copies a contract with everything that eachField changes.
func clone(t *testing.T, c sensor.Contract) sensor.Contract {
	t.Helper()
	return deepCopy(reflect.ValueOf(c)).Interface().(sensor.Contract)
}

func deepCopy(v reflect.Value) reflect.Value {
	made := reflect.New(v.Type()).Elem()
	made.Set(v)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			made.Field(i).Set(deepCopy(v.Field(i)))
		}
	case reflect.Slice:
		made.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			made.Index(i).Set(deepCopy(v.Index(i)))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			made.Set(reflect.New(v.Type().Elem()))
			made.Elem().Set(deepCopy(v.Elem()))
		}
	}
	return made
}

func TestHostsDoNotWrap(t *testing.T) {
	f := &sensor.Fleet{Contracts: []sensor.Contract{{Hosts: math.MaxUint64}, {Hosts: 2}}}
	if f.Hosts() != math.MaxUint64 {
		t.Errorf("fleet has %d hosts; want the largest number", f.Hosts())
	}
}

// TestFleetJSONRefuses tests that JSON refuses fleets that no document can express.
func TestFleetJSONRefuses(t *testing.T) {
	for _, tt := range []struct {
		why    string
		change func(f *sensor.Fleet)
		want   string
	}{
		{"no evidence", func(f *sensor.Fleet) { f.Contracts[0].Reader.Evidence = 0 }, `found the string "no evidence"`},
		{"no access", func(f *sensor.Fleet) { f.Contracts[0].Reader.Access = 3 }, `found the string "no access"`},
		{"no state", func(f *sensor.Fleet) { f.Contracts[0].Supplies[0].Inputs[0].State = 5 }, `found the string "no state"`},
		{"no type", func(f *sensor.Fleet) { f.Contracts[0].Supplies[0].Inputs[0].Type = 4 }, `found the string "no input type"`},
		{"negative length", func(f *sensor.Fleet) { f.Contracts[0].Supplies[0].Inputs[0].MaxLength = -1 }, `found the number -1`},
		{"not UTF-8", func(f *sensor.Fleet) { f.Note = "\xff" }, `"\xff" is not UTF-8`},
		{"two builds of one name", func(f *sensor.Fleet) { f.Contracts[1].Build = f.Contracts[0].Build }, `found the name "7.11" again`},
		{"no hosts", func(f *sensor.Fleet) { f.Contracts[0].Hosts = 0 }, `builds[0].hosts: found the number 0`},
		{"no builds", func(f *sensor.Fleet) { f.Contracts = nil }, `expected at least one build`},
		{"a date that is none", func(f *sensor.Fleet) {
			f.Contracts[0].Supplies[0].Acknowledged = []sensor.Shortfall{{20, "w", sensor.Date{2027, 13, 1}}}
		}, `"2027-13-01" is not a date`},
	} {
		f, _ := builtin.Fleet("291")
		tt.change(f)
		data, err := f.JSON()
		if err == nil || data != nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), `fleet "291" cannot be written: `) {
			t.Errorf("%s: JSON() = %d bytes, %v; want an error with %q", tt.why, len(data), err, tt.want)
		}
	}
}

// drawName draws a name.
func drawName(t *rapid.T, label string) string {
	return rapid.StringMatching(`[\p{L}\p{P}0-9"\\]([\p{L}\p{P}0-9 "\\]{0,5}[\p{L}\p{P}0-9"\\])?`).Draw(t, label)
}

func drawNames(t *rapid.T, label string, least, most int, fold func(string) string) []string {
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string { return drawName(t, label) }), least, most, fold).Draw(t, label)
}

func same(s string) string { return s }

func drawFleet(t *rapid.T) *sensor.Fleet {
	limit := rapid.Uint64Range(0, sensor.MaxInteger)
	f := &sensor.Fleet{Name: drawName(t, "name"), Note: rapid.SampledFrom([]string{"", "a note"}).Draw(t, "note")}
	for _, build := range drawNames(t, "build", 1, 3, same) {
		c := sensor.Contract{Build: build, Hosts: rapid.Uint64Range(1, sensor.MaxInteger).Draw(t, "hosts"), Reader: sensor.Reader{
			Evidence:               sensor.Evidence(rapid.IntRange(1, 3).Draw(t, "evidence")),
			Access:                 sensor.Access(rapid.IntRange(1, 2).Draw(t, "access")),
			Formats:                rapid.SliceOfNDistinct(rapid.StringMatching(`(0|[1-9][0-9]?)\.(0|[1-9][0-9]?)`), 1, 3, same).Draw(t, "formats"),
			Operators:              rapid.SliceOfNDistinct(rapid.SampledFrom(sensor.Operators), 1, len(sensor.Operators), func(op channelfile.Operator) channelfile.Operator { return op }).Draw(t, "operators"),
			RefusesUnknownVersions: rapid.Bool().Draw(t, "refuses"),
			Limits: sensor.Limits{limit.Draw(t, "fileSize"), limit.Draw(t, "instances"), limit.Draw(t, "criteria"),
				limit.Draw(t, "words"), limit.Draw(t, "operands"), limit.Draw(t, "value"), limit.Draw(t, "program"), limit.Draw(t, "revision")},
			Budget: sensor.Budget{limit.Draw(t, "steps"), limit.Draw(t, "memory")},
		}}
		newer := rapid.Bool().Draw(t, "newer") // uses statements of version 1
		types := drawNames(t, "type", 0, 3, same)
		if newer {
			drawStatements(t, &c, types)
		}
		for _, typ := range types {
			s := sensor.Supply{Type: typ, Version: rapid.Uint32Range(0, channelfile.MaxNumber).Draw(t, "version"),
				Feed:     rapid.SampledFrom([]string{"", "feed"}).Draw(t, "feed"),
				Evidence: sensor.Evidence(rapid.IntRange(1, 3).Draw(t, "evidence"))}
			for _, name := range drawNames(t, "input", 0, 4, same) {
				in := sensor.SuppliedInput{Name: name, Type: sensor.InputType(rapid.IntRange(1, 3).Draw(t, "type")), State: sensor.State(rapid.IntRange(0, 2).Draw(t, "state"))}
				if in.Type == sensor.TypeString {
					in.MaxLength = rapid.IntRange(0, sensor.MaxLength).Draw(t, "maxLength")
				}
				if newer {
					drawStatement(t, &in, &c)
				}
				s.Inputs = append(s.Inputs, in)
			}
			if c.Reader.Access == sensor.AccessPositional && rapid.Bool().Draw(t, "acknowledges") {
				s.Acknowledged = []sensor.Shortfall{{rapid.IntRange(len(s.Inputs), 1023).Draw(t, "index"), drawName(t, "why"),
					sensor.Date{rapid.IntRange(1, 9999).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day")}}}
			}
			if newer {
				s.Place = drawPlace(t, &c)
				if s.Collected.Events = sensor.Collected(rapid.IntRange(0, 3).Draw(t, "collected")); s.Collected.Events != sensor.CollectedUnknown {
					s.Collected.Basis = drawBasis(t, &c)
				}
				if rapid.Bool().Draw(t, "filtered") {
					s.Filters = drawFilters(t, &c)
				}
				if s.Collected.Events == sensor.CollectedSome && rapid.Bool().Draw(t, "off") {
					s.Collected.Off = []uint32{rapid.Uint32Range(0, 9).Draw(t, "event"), rapid.Uint32Range(10, math.MaxUint32).Draw(t, "event")}
				}
			}
			c.Supplies = append(c.Supplies, s)
		}
		f.Contracts = append(f.Contracts, c)
	}
	return f
}

// drawStatements draws statements of version 1 for a build that supplies types.
func drawStatements(t *rapid.T, c *sensor.Contract, types []string) {
	for _, name := range drawNames(t, "source", 0, 2, same) {
		c.Sources = append(c.Sources, sensor.Source{Name: name, Path: drawName(t, "path"),
			Sensor:  rapid.SampledFrom([]string{"", "sysmon"}).Draw(t, "sensor"),
			Version: rapid.SampledFrom([]string{"", "15.15"}).Draw(t, "version"),
			SHA256:  rapid.SampledFrom([]string{"", strings.Repeat("0a", 32)}).Draw(t, "sha256")})
	}
	if rapid.Bool().Draw(t, "sensors") {
		c.Sensors = []sensor.SensorVersion{{"sysmon", rapid.SampledFrom([]string{"15.15", "linux-1.0.0"}).Draw(t, "version")}, {"z-9", "7"}}
	}
	for _, typ := range drawNames(t, "declared", 0, 2, same) {
		d := sensor.Declaration{Type: typ, Version: rapid.Uint32Range(0, channelfile.MaxNumber).Draw(t, "version"), Basis: drawBasis(t, c)}
		for _, name := range drawNames(t, "input", 0, 2, same) {
			d.Inputs = append(d.Inputs, sensor.DeclaredInput{name, sensor.InputType(rapid.IntRange(1, 3).Draw(t, "type"))})
		}
		if feeds := drawNames(t, "feed", 0, 2, same); len(feeds) > 0 {
			d.Feeds = feeds
		}
		c.Declares = append(c.Declares, d)
	}
	for _, typ := range drawNames(t, "lacking", 0, 2, same) {
		l := sensor.Lack{Type: typ, Basis: drawBasis(t, c)}
		if rapid.Bool().Draw(t, "some versions") {
			l.Versions = []uint32{rapid.Uint32Range(0, 9).Draw(t, "version"), rapid.Uint32Range(10, channelfile.MaxNumber).Draw(t, "version")}
		}
		if !slices.Contains(types, typ) {
			c.Lacks = append(c.Lacks, l)
		}
	}
}

// drawFilters draws filters for event 13, the field indices of which are those of its schemas.
func drawFilters(t *rapid.T, c *sensor.Contract) (f sensor.Filters) {
	place := func() (p sysmon.Place) {
		if rapid.Bool().Draw(t, "placed") {
			p = sysmon.Place{Offset: rapid.Int64Range(0, sensor.MaxInteger).Draw(t, "offset"), Line: rapid.IntRange(0, sensor.MaxLength).Draw(t, "line"), Column: rapid.IntRange(0, 9).Draw(t, "column")}
		}
		return p
	}
	f.Source = drawPlace(t, c).Source
	for range rapid.IntRange(1, 3).Draw(t, "elements") {
		e := sysmon.Element{Event: 13, Include: rapid.Bool().Draw(t, "include"), All: rapid.Bool().Draw(t, "all"), Place: place()}
		for range rapid.IntRange(0, 2).Draw(t, "rules") {
			e.Groups = append(e.Groups, sysmon.Group{ID: rapid.Uint32Range(0, 9).Draw(t, "id"), Name: drawName(t, "name"), All: rapid.Bool().Draw(t, "all"), Place: place()})
		}
		for range rapid.IntRange(0, 3).Draw(t, "filters") {
			field := rapid.IntRange(0, 7).Draw(t, "field")
			e.Filters = append(e.Filters, sysmon.Filter{
				Field: field, FieldName: []string{"RuleName", "EventType", "UtcTime", "ProcessGuid", "ProcessId", "Image", "TargetObject", "Details"}[field],
				Op: sysmon.Operator(rapid.IntRange(0, 15).Draw(t, "condition")), Value: rapid.SampledFrom([]string{"", "a\n;", `\Run\`}).Draw(t, "value"),
				Name: rapid.SampledFrom([]string{"", "T1112"}).Draw(t, "name"), Group: rapid.IntRange(-1, len(e.Groups)-1).Draw(t, "group"), Place: place(),
			})
		}
		f.Elements = append(f.Elements, e)
	}
	return f
}

func drawPlace(t *rapid.T, c *sensor.Contract) (p sensor.Place) {
	if len(c.Sources) > 0 && rapid.Bool().Draw(t, "placed") {
		p.Source = rapid.SampledFrom(c.Sources).Draw(t, "place").Name
		p.Line = rapid.IntRange(0, sensor.MaxLength).Draw(t, "line")
	}
	return p
}

// drawBasis draws a basis with a reason, which some statements require.
func drawBasis(t *rapid.T, c *sensor.Contract) sensor.Basis {
	return sensor.Basis{
		Evidence: sensor.Evidence(rapid.IntRange(0, 3).Draw(t, "evidence")), Reason: drawName(t, "reason"),
		Since: rapid.SampledFrom([]string{"", "1.7.1"}).Draw(t, "since"), Place: drawPlace(t, c),
	}
}

// drawStatement draws statements of version 1 for an input.
func drawStatement(t *rapid.T, in *sensor.SuppliedInput, c *sensor.Contract) {
	in.State = sensor.State(rapid.IntRange(0, 4).Draw(t, "state"))
	if in.State == sensor.StateConditional || rapid.Bool().Draw(t, "based") {
		basis := drawBasis(t, c)
		in.Basis = &basis
	}
	switch in.State {
	case sensor.StateConditional:
		in.PerMillion = rapid.Uint32Range(0, 1_000_000).Draw(t, "rate")
	case sensor.StateConstant:
		in.MaxLength = 0
		for _, n := range rapid.SliceOfNDistinct(rapid.Int64(), 1, 3, func(n int64) int64 { return n }).Draw(t, "values") {
			switch in.Type {
			case sensor.TypeString:
				in.Values = append(in.Values, fmt.Sprintf("value %d", n))
			case sensor.TypeInteger:
				in.Values = append(in.Values, fmt.Sprint(n))
			case sensor.TypeAddress:
				var a [16]byte
				binary.BigEndian.PutUint64(a[8:], uint64(n))
				in.Values = append(in.Values, netip.AddrFrom16(a).Unmap().String())
			}
		}
	}
	if in.Type == sensor.TypeString && in.State != sensor.StateNotSupplied && in.State != sensor.StateConstant {
		in.CutAt = rapid.SampledFrom([]int{0, max(in.MaxLength, 1), sensor.MaxLength}).Draw(t, "cutAt")
		if in.OtherForm = rapid.Bool().Draw(t, "otherForm"); !in.OtherForm && rapid.Bool().Draw(t, "hashes") {
			in.Hashes = []string{"MD5", "SHA1"}
		}
	}
}

func TestFleetRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawFleet(t)
		data, err := want.JSON()
		if err != nil {
			t.Fatal(err)
		}
		got, err := sensor.ReadFleet("f", data)
		if err != nil {
			t.Fatal(err)
		}
		want.Digest, want.Document = sha256.Sum256(data), &sensor.Document{"f", data}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("fleet differs after writing and reading (-want +got):\n%s", diff)
		}
		if doc := parsed(data); schemas()["fleet"].Validate(doc) != nil {
			t.Errorf("the schema refuses what was written: %v\n%s", schemas()["fleet"].Validate(doc), data)
		}
	})
}

// FuzzReadFleet tests that ReadFleet returns a fleet, or a *JSONError with a position inside the
// document. The schema accepts the document of a fleet, and the fleet survives writing and
// reading.
func FuzzReadFleet(f *testing.F) {
	f.Add([]byte(fleetDoc))
	f.Add([]byte(fleetDocV1))
	for _, name := range builtin.Fleets() {
		fleet, _ := builtin.Fleet(name)
		data, _ := fleet.JSON()
		f.Add(data)
	}
	f.Add([]byte(strings.Replace(fleetDoc, "1000", "1e3", 1)))
	f.Add([]byte(strings.Replace(fleetDoc, "positional", "named", 1)))
	f.Add([]byte(`{"schema":"cfcheck.fleet/v0","name":"\ud83d`))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		fleet, err := sensor.ReadFleet("f", data)
		if err != nil {
			checkJSONError(t, data, err, fleet == nil)
			return
		}
		written, err := fleet.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := sensor.ReadFleet("f", written)
		if err != nil {
			t.Fatal(err)
		}
		again.Digest, again.Document = fleet.Digest, fleet.Document
		if diff := cmp.Diff(fleet, again); diff != "" {
			t.Errorf("fleet differs after writing and reading (-before +after):\n%s", diff)
		}
		if err := schemaError(t, "fleet", data); err != nil {
			t.Errorf("the reader accepts what the schema refuses: %v", err)
		}
	})
}

// checkJSONError checks the error for a refused document.
func checkJSONError(t *testing.T, data []byte, err error, isNil bool) {
	t.Helper()
	var j *sensor.JSONError
	if !errors.As(err, &j) {
		t.Fatalf("error is %v; want a *JSONError", err)
	}
	if !isNil {
		t.Error("there is a result beside an error")
	}
	if j.Offset < 0 || j.Offset > len(data) {
		t.Fatalf("offset is %d; want it in a document of %d bytes", j.Offset, len(data))
	}
	before := string(data[:j.Offset])
	if line, column := 1+strings.Count(before, "\n"), j.Offset-strings.LastIndexByte(before, '\n'); j.Line != line || j.Column != column {
		t.Errorf("line and column are %d:%d; offset %d is at %d:%d", j.Line, j.Column, j.Offset, line, column)
	}
	kinds := []error{
		sensor.ErrJSONSize, sensor.ErrJSONUTF8, sensor.ErrJSONSyntax, sensor.ErrJSONDepth, sensor.ErrJSONTrailing, sensor.ErrJSONUnknownKey,
		sensor.ErrJSONDuplicateKey, sensor.ErrJSONMissingKey, sensor.ErrJSONType, sensor.ErrJSONRange, sensor.ErrJSONValue,
	}
	if !slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) }) {
		t.Errorf("error %v is of no kind that is documented", err)
	}
	if msg := err.Error(); strings.ContainsAny(msg, "\n\r") || strings.HasSuffix(msg, ".") {
		t.Errorf("message is %q; want one line without a full stop", msg)
	}
}
