package sensor_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// definitionsCmp compares sets of definitions by their definitions.
var definitionsCmp = cmp.Transformer("All", func(s *sensor.Definitions) []*sensor.Definition { return slices.Collect(s.All()) })

func readDefinitionsOnly(name string, data []byte) error {
	_, err := sensor.ReadDefinitions(name, data)
	return err
}

// definitionsDoc has every key at least once.
const definitionsDoc = `{
  "schema": "cfcheck.definitions/v0",
  "definitions": [
    {
      "name": "ipc", "number": 1, "version": 2, "channel": 291,
      "title": "pipes", "source": "us",
      "inputs": [
        {"name": "Image", "type": "string", "source": "a page", "maxLength": 100},
        {"name": "Count", "type": "integer", "least": -1, "greatest": 9223372036854775807},
        {"name": "Peer", "type": "address"}
      ]
    },
    {"name": "ipc", "number": 1, "version": 1, "channel": 291, "inputs": [{"name": "Image", "type": "string"}]},
    {"name": "dns", "number": 0, "version": 0, "channel": 0, "inputs": [{"name": "Query", "type": "string", "instead": "QueryName"}, {"name": "Id", "type": "string"}],
      "logsources": [{"product": "windows", "category": "dns_query"}, {"service": "dns"}],
      "keywords": ["Query"],
      "feeds": [
        {"name": "sysmon", "source": "a page", "provider": "Sysmon", "channel": "Operational", "events": [0, 22],
          "fields": [{"input": "Query", "field": "QueryName", "since": "10.0", "form": "hexadecimal", "example": "0x10", "placeholders": ["-", "?"]}]},
        {"name": "log", "fields": [{"input": "Query"}, {"input": "Id", "field": "System/EventID"}], "complete": true,
          "kinds": [{"events": [1, 3], "provider": "A", "fields": []}, {"events": [3], "provider": "B", "fields": ["Query"]}]},
        {"name": "none", "fields": []}
      ]}
  ]
}
`

func pointer(n int64) *int64 { return &n }

func TestReadDefinitions(t *testing.T) {
	got, err := sensor.ReadDefinitions("d.json", []byte(definitionsDoc))
	if err != nil {
		t.Fatal(err)
	}
	image := sensor.Input{Name: "Image", Type: sensor.TypeString}
	want := []*sensor.Definition{
		{
			Name: "dns", Inputs: []sensor.Input{{Name: "Query", Type: sensor.TypeString, Instead: "QueryName"}, {Name: "Id", Type: sensor.TypeString}},
			Logsources: []sensor.Logsource{{Product: "windows", Category: "dns_query"}, {Service: "dns"}},
			Keywords:   []string{"Query"},
			Feeds: []sensor.Feed{
				{Name: "sysmon", Source: "a page", Provider: "Sysmon", Channel: "Operational", Events: []uint32{0, 22},
					Fields: []sensor.FeedField{{"Query", "QueryName", "10.0", sensor.FormHexadecimal, "0x10", []string{"-", "?"}}}},
				{Name: "log", Fields: []sensor.FeedField{{Input: "Query"}, {Input: "Id", Field: "System/EventID"}}, Complete: true,
					Kinds: []sensor.EventKind{{[]uint32{1, 3}, "A", nil}, {[]uint32{3}, "B", []string{"Query"}}}},
				{Name: "none"},
			},
		},
		{Name: "ipc", Number: 1, Version: 1, Channel: 291, Inputs: []sensor.Input{image}},
		{Name: "ipc", Number: 1, Version: 2, Channel: 291, Title: "pipes", Source: "us", Inputs: []sensor.Input{
			{Name: "Image", Type: sensor.TypeString, Source: "a page", MaxLength: 100},
			{Name: "Count", Type: sensor.TypeInteger, Least: pointer(-1), Greatest: pointer(math.MaxInt64)},
			{Name: "Peer", Type: sensor.TypeAddress},
		}},
	}
	if diff := cmp.Diff(want, slices.Collect(got.All())); diff != "" {
		t.Errorf("definitions differ (-want +got):\n%s", diff)
	}
	if typ := got.TypeOf(sensor.Logsource{Service: "dns"}); typ != "dns" {
		t.Errorf("rules of service dns are for type %q", typ)
	}
	if typ := got.TypeOf(sensor.Logsource{Product: "windows", Service: "dns"}); typ != "" {
		t.Errorf("rules that say more of their source are for type %q", typ)
	}
	if d := got.Newest("ipc"); d != got.ByName("ipc", 2) {
		t.Errorf("the newest version of ipc is %+v", d)
	}
	if d := got.Newest("other"); d != nil {
		t.Errorf("the newest version of a type that is not there is %+v", d)
	}
	dns := got.ByName("dns", 0)
	if f := dns.Feed("sysmon").Field("Query"); f == nil || f.Field != "QueryName" || dns.Feed("none").Field("Query") != nil || dns.Feed("other") != nil {
		t.Errorf("the field of Query is %+v", f)
	}
	if d := got.ByNumber(1, 2); d == nil || d.Version != 2 || d != got.ByName("ipc", 2) {
		t.Errorf("version 2 of ipc is %+v", d)
	}
	if d := got.ByNumber(1, 3); d != nil {
		t.Errorf("version 3 of ipc is %+v; want none", d)
	}
	if d := got.ByName("IPC", 2); d != nil {
		t.Errorf("version 2 of IPC is %+v; want none", d)
	}
	if v := got.Versions(1); !slices.Equal(v, []uint32{1, 2}) {
		t.Errorf("versions of ipc are %v; want 1 and 2", v)
	}
	if v := got.Versions(7); v != nil {
		t.Errorf("versions of an unknown type are %v; want none", v)
	}
	if a, b := got.TypeName(1), got.TypeName(7); a != "ipc" || b != "" {
		t.Errorf("types 1 and 7 are named %q and %q; want ipc and nothing", a, b)
	}
}

func TestReadDefinitionsRefuses(t *testing.T) {
	refuses(t, "definitions", definitionsDoc, []edit{
		{"another document", `cfcheck.definitions/v0`, `cfcheck.fleet/v0`, sensor.ErrJSONValue,
			`x.json:2:13: schema: found the string "cfcheck.fleet/v0"; expected "cfcheck.definitions/v0"`, true},
		{"no definitions", definitionsDoc[strings.Index(definitionsDoc, "[\n    {"):strings.LastIndex(definitionsDoc, "]")], `[`, sensor.ErrJSONValue,
			`x.json:3:18: definitions: found an empty array; expected at least one definition`, true},
		{"a definition by itself", "\"definitions\": [", "\"definitions\": ", sensor.ErrJSONType,
			`x.json:4:5: definitions: found an object; expected an array`, false},
		{"number beyond 32 bits", `"number": 1, "version": 2`, `"number": 4294967296, "version": 2`, sensor.ErrJSONRange,
			`x.json:5:32: definitions[0].number: found the number 4294967296; expected an integer from 0 to 4294967295`, true},
		{"version that fits no file name", `"version": 2`, `"version": 100000000`, sensor.ErrJSONRange,
			`x.json:5:46: definitions[0].version: found the number 100000000; expected an integer from 0 to 99999999`, true},
		{"channel that fits no file name", `"channel": 291`, `"channel": 100000000`, sensor.ErrJSONRange,
			`x.json:5:60: definitions[0].channel: found the number 100000000; expected an integer from 0 to 99999999`, true},
		{"no number", `"number": 1, `, ``, sensor.ErrJSONMissingKey, `x.json:4:5: definitions[0]: key "number" is missing`, true},
		{"an input that is none", `"keywords": ["Query"]`, `"keywords": ["Name"]`, sensor.ErrJSONValue,
			`x.json:14:5: definitions[2].keywords[0]: found "Name"; expected the name of an input of type string`, false},
		{"a field of no input", `"input": "Query"`, `"input": "query"`, sensor.ErrJSONValue,
			`x.json:14:5: definitions[2].feeds[0].fields[0].input: found "query"; expected the name of an input`, false},
		{"event IDs that do not ascend", `[0, 22]`, `[22, 22]`, sensor.ErrJSONValue,
			`x.json:18:111: definitions[2].feeds[0].events[1]: found 22 after 22; expected event IDs to ascend`, false},
		{"a logsource that says nothing", `{"service": "dns"}`, `{}`, sensor.ErrJSONValue,
			`x.json:15:71: definitions[2].logsources[1]: found an empty object; expected product, category or service`, true},
		{"a key of a contract", `"source": "us"`, `"hosts": "us"`, sensor.ErrJSONUnknownKey,
			`x.json:6:25: definitions[0]: unknown key "hosts"; expected "name", "number", "version", "channel", "inputs", "title", "source", "logsources", "keywords" or "feeds"`, true},
		{"an event in two kinds of a provider", `"provider": "B"`, `"provider": "a"`, sensor.ErrJSONValue,
			`x.json:20:9: definitions[2].feeds[1].kinds[1].events: found event 3 again; kinds[0] has it already`, false},
		{"an event in a kind of all providers", `"provider": "A", `, ``, sensor.ErrJSONValue,
			`x.json:20:9: definitions[2].feeds[1].kinds[1].events: found event 3 again; kinds[0] has it already`, false},
		{"an event in a later kind of all providers", `"provider": "B", `, ``, sensor.ErrJSONValue,
			`x.json:20:9: definitions[2].feeds[1].kinds[1].events: found event 3 again; kinds[0] has it already`, false},
		{"a kind of no events", `"events": [3]`, `"events": []`, sensor.ErrJSONValue,
			`x.json:21:83: definitions[2].feeds[1].kinds[1].events: found an empty array; expected at least one event ID`, true},
		{"events of a kind that do not ascend", `[1, 3]`, `[3, 1]`, sensor.ErrJSONValue,
			`x.json:21:36: definitions[2].feeds[1].kinds[0].events[1]: found 1 after 3; expected event IDs to ascend`, false},
		{"an event that the feed lacks", `"complete": true`, `"events": [1, 2]`, sensor.ErrJSONValue,
			`x.json:20:9: definitions[2].feeds[1].kinds[0].events[1]: found 3; expected one of the events of the feed`, false},
		{"a second provider", `"complete": true`, `"provider": "C"`, sensor.ErrJSONValue,
			`x.json:20:9: definitions[2].feeds[1].kinds[0].provider: found "A"; expected no provider, because the feed has one`, false},
		{"a field that the feed lacks", `["Query"]}]`, `["QueryName"]}]`, sensor.ErrJSONValue,
			`x.json:20:9: definitions[2].feeds[1].kinds[1].fields[0]: found "QueryName"; expected the name of a field of the feed, as recorded, and not of a header field`, false},
		{"a header field of a kind", `["Query"]}]`, `["System/EventID"]}]`, sensor.ErrJSONValue,
			`x.json:20:9: definitions[2].feeds[1].kinds[1].fields[0]: found "System/EventID"; expected the name of a field of the feed, as recorded, and not of a header field`, false},
		{"a field of a kind twice", `["Query"]}]`, `["Query", "Query"]}]`, sensor.ErrJSONValue,
			`x.json:21:125: definitions[2].feeds[1].kinds[1].fields[1]: found the name "Query" again; fields[0] has it already`, false},
		{"complete without events", `{"name": "none", "fields": []}`, `{"name": "none", "fields": [], "complete": true}`, sensor.ErrJSONValue,
			`x.json:22:9: definitions[2].feeds[2].complete: found true for a feed without events and kinds; expected a list of all its events`, false},
		{"complete as a word", `"complete": true`, `"complete": "true"`, sensor.ErrJSONType, "", true},
		{"a kind of its own version", `"events": [3], `, `"events": [3], "version": 1, `, sensor.ErrJSONUnknownKey, "", true},
		{"a form that is not known", `"form": "hexadecimal"`, `"form": "hex"`, sensor.ErrJSONValue,
			`x.json:19:88: definitions[2].feeds[0].fields[0].form: found the string "hex"; expected "any", "decimal", "hexadecimal", "boolean", "message", "guid", "sid", "address", "device-path", "name", "word", "user", "account" or "hashes"`, true},
		{"an example in another form", `"0x10"`, `"16"`, sensor.ErrJSONValue,
			`x.json:19:22: definitions[2].feeds[0].fields[0].example: found "16"; expected a hexadecimal number, such as "0x1a4"`, false},
		{"an example without a form", `"form": "hexadecimal", `, ``, sensor.ErrJSONValue,
			`x.json:19:22: definitions[2].feeds[0].fields[0].example: found an example without a form; expected both`, false},
		{"no placeholder", `["-", "?"]`, `[]`, sensor.ErrJSONValue,
			`x.json:19:138: definitions[2].feeds[0].fields[0].placeholders: found an empty array; expected at least one placeholder`, true},
		{"a placeholder twice", `["-", "?"]`, `["-", "-"]`, sensor.ErrJSONValue,
			`x.json:19:144: definitions[2].feeds[0].fields[0].placeholders[1]: found the name "-" again; placeholders[0] has it already`, false},
		{"more placeholders than any source has", `["-", "?"]`, `["1", "2", "3", "4", "5", "6", "7", "8", "9"]`, sensor.ErrJSONValue,
			`x.json:19:179: definitions[2].feeds[0].fields[0].placeholders[8]: there are more than 8 placeholders; expected at most 8`, true},
		{"a form of an integer", `{"name": "Query", "type": "string", "instead": "QueryName"}`, `{"name": "Other", "type": "string"}, {"name": "Query", "type": "integer"}`, sensor.ErrJSONValue, "", false},
		{"no inputs", `[{"name": "Query", "type": "string", "instead": "QueryName"}, {"name": "Id", "type": "string"}]`, `[]`, sensor.ErrJSONValue,
			`x.json:14:72: definitions[2].inputs: found an empty array; expected at least one input`, true},
		{"two inputs of one name", `"Peer"`, `"Image"`, sensor.ErrJSONValue,
			`x.json:10:18: definitions[0].inputs[2].name: found the name "Image" again; inputs[0] has it already`, false},
		{"two inputs that differ in case", `"Peer"`, `"IMAGE"`, sensor.ErrJSONValue,
			`x.json:10:18: definitions[0].inputs[2].name: found the name "IMAGE" again; inputs[0] has it already`, false},
		{"length of an integer", `"least": -1`, `"maxLength": 8`, sensor.ErrJSONValue,
			`x.json:9:9: definitions[0].inputs[1].maxLength: found a length for an input of type integer; only inputs of type string have one`, true},
		{"bounds of a string", `"maxLength": 100`, `"least": 100`, sensor.ErrJSONValue,
			`x.json:8:9: definitions[0].inputs[0]: found a bound for an input of type string; only inputs of type integer have least and greatest`, true},
		{"bounds of an address", `"address"`, `"address", "greatest": 1`, sensor.ErrJSONValue,
			`x.json:10:9: definitions[0].inputs[2]: found a bound for an input of type address; only inputs of type integer have least and greatest`, true},
		{"bounds the wrong way round", `"greatest": 9223372036854775807`, `"greatest": -2`, sensor.ErrJSONValue,
			`x.json:9:9: definitions[0].inputs[1]: least is -1 and greatest is -2; expected least to be at most greatest`, false},
		{"a bound beyond 64 bits", `9223372036854775807`, `9223372036854775808`, sensor.ErrJSONRange,
			`x.json:9:71: definitions[0].inputs[1].greatest: found the number 9223372036854775808; expected an integer from -9223372036854775808 to 9223372036854775807`, true},
		{"a negative length", `"maxLength": 100`, `"maxLength": -100`, sensor.ErrJSONRange,
			`x.json:8:78: definitions[0].inputs[0].maxLength: found the number -100; expected an integer from 1 to 2147483647`, true},
		{"more inputs than a file can read", `{"name": "Query"`, func() (s string) {
			for i := range 1024 {
				s += fmt.Sprintf(`{"name": "%04d", "type": "string"}, `, i)
			}
			return s
		}() + `{"name": "Query"`, sensor.ErrJSONValue, `x.json:14:36937: definitions[2].inputs[1024]: there are more than 1024 inputs; expected at most 1024`, true},
		{"a version twice", `"version": 1`, `"version": 2`, sensor.ErrJSONValue,
			`x.json:13:5: definitions[1]: version 2 of type "ipc" is defined twice`, false},
		{"a type with two numbers", `"number": 1, "version": 1`, `"number": 7, "version": 1`, sensor.ErrJSONValue,
			`x.json:13:5: definitions[1]: type "ipc" has the number 7; another definition gives it 1`, false},
		{"a number with two types", `"number": 0`, `"number": 1`, sensor.ErrJSONValue,
			`x.json:14:5: definitions[2]: type "dns" has the number 1; another definition gives this number to type "ipc"`, false},
	}, readDefinitionsOnly)
}

func TestDefinitionInput(t *testing.T) {
	d := &sensor.Definition{Inputs: []sensor.Input{{Name: "Image"}, {Name: "Straße"}, {Name: "ſign"}}}
	for _, tt := range []struct {
		why, name  string
		exact, any int
	}{
		{"as it is", "Image", 0, 0},
		{"in lower case", "image", -1, 0},
		{"beyond ASCII", "STRAßE", -1, 1},
		{"not one letter for two", "STRASSE", -1, -1},
		{"a letter of three cases", "SIGN", -1, 2},
		{"unknown", "User", -1, -1},
		{"nothing", "", -1, -1},
	} {
		i, ok := d.Input(tt.name)
		j, okAny := d.InputFold(tt.name)
		if i != tt.exact || j != tt.any || ok != (i >= 0) || okAny != (j >= 0) {
			t.Errorf("%s: %q is input %d, %v; without case %d, %v; want %d and %d", tt.why, tt.name, i, ok, j, okAny, tt.exact, tt.any)
		}
	}
	for index, want := range map[int]string{
		0: `input 1 (index 0), "Image"`, 3: `input 4 (index 3)`, -1: `input 0 (index -1)`,
	} {
		if got := d.InputName(index); got != want {
			t.Errorf("name of index %d is %s; want %s", index, got, want)
		}
	}
	if got := (*sensor.Definition)(nil).InputName(1); got != `input 2 (index 1)` {
		t.Errorf("name without a definition is %s", got)
	}
}

// TestFoldName compares foldName with strings.EqualFold.
func TestFoldName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runes := rapid.SampledFrom([]rune("aAkK\u212AſsSßẞéÉiİıIσςΣ1"))
		a := string(rapid.SliceOfN(runes, 0, 4).Draw(t, "a"))
		b := string(rapid.SliceOfN(runes, 0, 4).Draw(t, "b"))
		if got, want := sensor.FoldName(a) == sensor.FoldName(b), strings.EqualFold(a, b); got != want {
			t.Errorf("%q and %q have the same fold: %v; EqualFold says %v", a, b, got, want)
		}
	})
}

func TestDefinitionsAdd(t *testing.T) {
	s := new(sensor.Definitions)
	ok := sensor.Definition{Name: "ipc", Number: 1, Version: 1, Inputs: []sensor.Input{{Name: "A", Type: sensor.TypeString}}}
	if err := s.Add(&ok); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		why    string
		change func(d *sensor.Definition)
		want   string
	}{
		{"the same again", func(d *sensor.Definition) {}, `version 1 of type "ipc" is defined twice`},
		{"another number", func(d *sensor.Definition) { d.Number = 2 }, `type "ipc" has the number 2; another definition gives it 1`},
		{"another name", func(d *sensor.Definition) { d.Name = "dns" }, `type "dns" has the number 1; another definition gives this number to type "ipc"`},
		{"no inputs", func(d *sensor.Definition) { d.Inputs = nil },
			`definition "ipc" cannot be written: definition "ipc":6:13: inputs: found an empty array; expected at least one input`},
		{"no type", func(d *sensor.Definition) { d.Inputs = []sensor.Input{{Name: "A"}} },
			`definition "ipc" cannot be written: definition "ipc":7:27: inputs[0].type: found the string "no input type"; expected "string", "integer" or "address"`},
	} {
		d := ok
		tt.change(&d)
		if err := s.Add(&d); err == nil || err.Error() != tt.want {
			t.Errorf("%s: error is %v; want %s", tt.why, err, tt.want)
		}
	}
	next := ok
	next.Version = 2
	if err := s.Add(&next); err != nil {
		t.Errorf("another version: %v", err)
	}
}

// TestDefinitionsNil tests that a nil set is empty.
func TestDefinitionsNil(t *testing.T) {
	for _, s := range []*sensor.Definitions{nil, new(sensor.Definitions)} {
		if s.ByNumber(1, 1) != nil || s.ByName("ipc", 1) != nil || s.TypeName(1) != "" || s.Versions(1) != nil {
			t.Error("an empty set has a definition")
		}
		for d := range s.All() {
			t.Errorf("an empty set has %+v", d)
		}
		if data, err := s.JSON(); err == nil {
			t.Errorf("an empty set is written as %s; want an error", data)
		}
	}
}

func drawDefinitions(t *rapid.T) *sensor.Definitions {
	s := new(sensor.Definitions)
	for number, name := range drawNames(t, "type", 1, 3, same) {
		for version := range rapid.IntRange(1, 2).Draw(t, "versions") {
			d := &sensor.Definition{
				Name: name, Number: uint32(number), Version: uint32(version),
				Channel: rapid.Uint32Range(0, channelfile.MaxNumber).Draw(t, "channel"),
				Title:   rapid.SampledFrom([]string{"", "a title"}).Draw(t, "title"),
				Source:  rapid.SampledFrom([]string{"", "a source"}).Draw(t, "source"),
			}
			for _, name := range drawNames(t, "input", 1, 4, sensor.FoldName) {
				in := sensor.Input{Name: name, Type: sensor.InputType(rapid.IntRange(1, 3).Draw(t, "type")), Source: d.Source}
				switch in.Type {
				case sensor.TypeString:
					in.MaxLength = rapid.IntRange(0, sensor.MaxLength).Draw(t, "maxLength")
				case sensor.TypeInteger:
					if rapid.Bool().Draw(t, "bounded") {
						in.Least = pointer(rapid.Int64Max(0).Draw(t, "least"))
					}
					if rapid.Bool().Draw(t, "bounded") {
						in.Greatest = pointer(rapid.Int64Min(0).Draw(t, "greatest"))
					}
				}
				d.Inputs = append(d.Inputs, in)
			}
			d.Feeds = drawFeeds(t, d.Inputs)
			if err := s.Add(d); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// drawFeeds draws feeds, with kinds of two providers or with one provider of their own.
func drawFeeds(t *rapid.T, inputs []sensor.Input) []sensor.Feed {
	var feeds []sensor.Feed
	for _, name := range drawNames(t, "feed", 0, 2, same) {
		f := sensor.Feed{Name: name, Provider: rapid.SampledFrom([]string{"", "A"}).Draw(t, "provider")}
		var fields []string
		for i, in := range inputs {
			field := sensor.FeedField{Input: in.Name, Field: rapid.SampledFrom([]string{"", "System/EventID", fmt.Sprint("Raw", i)}).Draw(t, "field")}
			if in.Type == sensor.TypeString && rapid.Bool().Draw(t, "has a form") {
				field.Form = rapid.SampledFrom([]sensor.Form{sensor.FormHexadecimal, sensor.FormHashes}).Draw(t, "form")
				field.Example = rapid.SampledFrom([]string{"", field.Form.Example()}).Draw(t, "example")
				field.Placeholders = [][]string{nil, {"-"}, {"-", "?"}}[rapid.IntRange(0, 2).Draw(t, "placeholders")]
			}
			f.Fields = append(f.Fields, field)
			switch field.Field {
			case "":
				fields = append(fields, in.Name)
			case "System/EventID":
			default:
				fields = append(fields, field.Field)
			}
		}
		if rapid.Bool().Draw(t, "of some events") {
			f.Events = []uint32{1, 2, 3, math.MaxUint32}
		}
		for id := range uint32(rapid.IntRange(0, 3).Draw(t, "kinds")) {
			providers := []string{""}
			if f.Provider == "" && rapid.Bool().Draw(t, "by provider") {
				providers = []string{"A", "B"}
			}
			for _, provider := range providers {
				k := sensor.EventKind{Events: []uint32{id + 1}, Provider: provider}
				for _, field := range fields {
					if rapid.Bool().Draw(t, "has it") {
						k.Fields = append(k.Fields, field)
					}
				}
				f.Kinds = append(f.Kinds, k)
			}
		}
		f.Complete = len(f.Events)+len(f.Kinds) > 0 && rapid.Bool().Draw(t, "complete")
		feeds = append(feeds, f)
	}
	return feeds
}

func TestDefinitionsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawDefinitions(t)
		data, err := want.JSON()
		if err != nil {
			t.Fatal(err)
		}
		got, err := sensor.ReadDefinitions("d", data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, definitionsCmp); diff != "" {
			t.Errorf("definitions differ after writing and reading (-want +got):\n%s", diff)
		}
		if err := schemas()["definitions"].Validate(parsed(data)); err != nil {
			t.Errorf("the schema refuses what was written: %v\n%s", err, data)
		}
	})
}

// FuzzReadDefinitions tests the properties of FuzzReadFleet for definitions.
func FuzzReadDefinitions(f *testing.F) {
	f.Add([]byte(definitionsDoc))
	data, _ := builtin.Definitions().JSON()
	f.Add(data)
	f.Add([]byte(strings.Replace(definitionsDoc, "Peer", "IMAGE", 1)))
	f.Add([]byte(strings.Replace(definitionsDoc, `"version": 2`, `"version": 1`, 1)))
	f.Add([]byte(`{"schema":"cfcheck.definitions/v0","definitions":[]}`))
	f.Add([]byte{0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		defs, err := sensor.ReadDefinitions("d", data)
		if err != nil {
			checkJSONError(t, data, err, defs == nil)
			return
		}
		written, err := defs.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := sensor.ReadDefinitions("d", written)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(defs, again, definitionsCmp); diff != "" {
			t.Errorf("definitions differ after writing and reading (-before +after):\n%s", diff)
		}
		if err := schemaError(t, "definitions", data); err != nil {
			t.Errorf("the reader accepts what the schema refuses: %v", err)
		}
	})
}

// TestAddLazily tests that a definition is complete when it leaves the set, that each step runs
// once, also through a clone, and that nil is a step that sets nothing.
func TestAddLazily(t *testing.T) {
	for _, tt := range []struct {
		name            string
		complete, kinds bool
		want            string
	}{
		{"two steps", true, true, "complete kinds "},
		{"no kinds", true, false, "complete "},
		{"only kinds", false, true, "kinds "},
		{"no step", false, false, ""},
	} {
		var s sensor.Definitions
		var steps string
		step := func(given bool, name string) func() {
			if !given {
				return nil
			}
			return func() { steps += name + " " }
		}
		d := &sensor.Definition{Name: "pipe", Number: 7, Version: 1}
		if err := s.AddLazily(d, step(tt.complete, "complete"), step(tt.kinds, "kinds")); err != nil {
			t.Fatal(err)
		}
		if s.TypeName(7) != "pipe" || s.ByName("pipe", 2) != nil || steps != "" {
			t.Errorf("%s: ran %q before a caller asked for the definition; want nothing", tt.name, steps)
		}
		f := sensor.Fleet{Contracts: []sensor.Contract{{Build: "b", Supplies: []sensor.Supply{{Type: "pipe", Version: 1}}}}}
		if err := f.Undefined(&s); err != nil || strings.Contains(steps, "kinds") {
			t.Errorf("%s: Undefined returns %v and ran %q; want no error and no kinds", tt.name, err, steps)
		}
		clone := s.Clone()
		for _, got := range []*sensor.Definition{s.ByName("pipe", 1), clone.ByNumber(7, 1), s.Newest("pipe"), slices.Collect(s.All())[0]} {
			if got != d || steps != tt.want {
				t.Errorf("%s: ran %q for definition %p; want %q for %p", tt.name, steps, got, tt.want, d)
			}
		}
		if err := s.AddLazily(d, nil, nil); err == nil {
			t.Errorf("%s: a second definition of the version was added", tt.name)
		}
	}
}
