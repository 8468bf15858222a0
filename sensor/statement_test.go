package sensor_test

import (
	"crypto/sha256"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sysmon"
)

// fleetDocV1 has every key of version 1 at least once.
const fleetDocV1 = `{
  "schema": "cfcheck.fleet/v1",
  "name": "statements",
  "builds": [
    {
      "build": "15.15",
      "hosts": 800,
      "sources": [
        {"name": "configuration", "path": "sysmon/config.xml", "sensor": "sysmon", "version": "15.15", "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"name": "policy", "path": "https://example.org/audit.csv"}
      ],
      "sensors": [
        {"name": "sysmon", "version": "15.15"},
        {"name": "edr-2", "version": "linux-1.0.0"}
      ],
      "reader": {"evidence": "stated", "access": "named", "formats": ["1.0"], "operators": ["exists"]},
      "declares": [
        {
          "type": "dns",
          "version": 1,
          "inputs": [
            {"name": "Cookie", "type": "string"}
          ],
          "feeds": ["resolver"],
          "evidence": "extracted",
          "since": "1.7.1"
        },
        {
          "type": "tty",
          "version": 2
        }
      ],
      "lacks": [
        {"type": "clipboard"},
        {"type": "pipes", "versions": [1, 3], "reason": "not carried by this provider", "source": "configuration", "line": 12}
      ],
      "supply": [
        {
          "type": "dns",
          "version": 1,
          "feed": "resolver",
          "evidence": "observed",
          "source": "policy",
          "line": 4,
          "collected": {"events": "some", "off": [4656, 4663], "evidence": "stated", "reason": "needs a SACL", "source": "policy"},
          "filters": {
            "source": "configuration",
            "elements": [
              {
                "event": 13,
                "onmatch": "include",
                "line": 40,
                "filters": [
                  {"field": "Image", "condition": "end with", "value": "\\reg.exe", "name": "T1112", "line": 41, "column": 7, "offset": 3000},
                  {"field": "TargetObject", "condition": "contains any", "value": "a;b", "rule": 0},
                  {"field": "Details", "condition": "is", "value": "", "rule": 0}
                ],
                "rules": [
                  {"id": 1, "name": "both", "match": "all", "line": 42}
                ]
              },
              {
                "event": 13,
                "onmatch": "exclude",
                "match": "all",
                "filters": []
              }
            ]
          },
          "events": 100,
          "inputs": [
            {"name": "Query", "type": "string", "maxLength": 200, "cutAt": 255, "otherForm": true, "seen": 7},
            {"name": "Answer", "type": "string", "state": "conditional", "cutAt": 9, "perMillion": 870000, "evidence": "stated", "reason": "may be left out", "since": "1.8", "source": "policy", "line": 5},
            {"name": "EventID", "type": "integer", "state": "constant", "values": [22, -1]},
            {"name": "Channel", "type": "string", "state": "constant", "maxLength": 7, "values": ["log", ""]},
            {"name": "Server", "type": "address", "state": "constant", "values": ["192.0.2.1", "2001:db8::1"]},
            {"name": "Cookie", "type": "string", "state": "not supplied", "reason": "switched off"},
            {"name": "Digests", "type": "string", "hashes": ["MD5", "SHA256"]}
          ]
        }
      ]
    }
  ]
}
`

func TestReadFleetV1(t *testing.T) {
	want := &sensor.Fleet{
		Name: "statements", Digest: sha256.Sum256([]byte(fleetDocV1)), Document: &sensor.Document{"fleet.json", []byte(fleetDocV1)},
		Contracts: []sensor.Contract{{
			Build: "15.15", Hosts: 800,
			Sources: []sensor.Source{
				{"configuration", "sysmon/config.xml", "sysmon", "15.15", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
				{Name: "policy", Path: "https://example.org/audit.csv"},
			},
			Sensors: []sensor.SensorVersion{{"sysmon", "15.15"}, {"edr-2", "linux-1.0.0"}},
			Reader:  sensor.Reader{Evidence: sensor.EvidenceStated, Access: sensor.AccessNamed, Formats: []string{"1.0"}, Operators: []channelfile.Operator{channelfile.OpExists}},
			Declares: []sensor.Declaration{
				{Type: "dns", Version: 1, Inputs: []sensor.DeclaredInput{{"Cookie", sensor.TypeString}}, Feeds: []string{"resolver"}, Basis: sensor.Basis{Evidence: sensor.EvidenceExtracted, Since: "1.7.1"}},
				{Type: "tty", Version: 2},
			},
			Lacks: []sensor.Lack{
				{Type: "clipboard"},
				{"pipes", []uint32{1, 3}, sensor.Basis{Reason: "not carried by this provider", Place: sensor.Place{"configuration", 12}}},
			},
			Supplies: []sensor.Supply{{
				Type: "dns", Version: 1, Feed: "resolver", Evidence: sensor.EvidenceObserved, Events: 100, Place: sensor.Place{"policy", 4},
				Collected: sensor.Collection{sensor.CollectedSome, sensor.Basis{Evidence: sensor.EvidenceStated, Reason: "needs a SACL", Place: sensor.Place{Source: "policy"}}, []uint32{4656, 4663}},
				Filters: sensor.Filters{Source: "configuration", Elements: []sysmon.Element{
					{Event: 13, Include: true, Place: sysmon.Place{Line: 40}, Groups: []sysmon.Group{{ID: 1, Name: "both", All: true, Place: sysmon.Place{Line: 42}}}, Filters: []sysmon.Filter{
						{Field: 5, FieldName: "Image", Op: sysmon.EndWith, Value: `\reg.exe`, Name: "T1112", Group: -1, Place: sysmon.Place{Offset: 3000, Line: 41, Column: 7}},
						{Field: 6, FieldName: "TargetObject", Op: sysmon.ContainsAny, Value: "a;b"},
						{Field: 7, FieldName: "Details"},
					}},
					{Event: 13, All: true},
				}},
				Inputs: []sensor.SuppliedInput{
					{Name: "Query", Type: sensor.TypeString, State: sensor.StateSupplied, MaxLength: 200, CutAt: 255, OtherForm: true, Seen: 7},
					{Name: "Answer", Type: sensor.TypeString, State: sensor.StateConditional, CutAt: 9, PerMillion: 870_000,
						Basis: &sensor.Basis{sensor.EvidenceStated, "may be left out", "1.8", sensor.Place{"policy", 5}}},
					{Name: "EventID", Type: sensor.TypeInteger, State: sensor.StateConstant, Values: []string{"22", "-1"}},
					{Name: "Channel", Type: sensor.TypeString, State: sensor.StateConstant, MaxLength: 7, Values: []string{"log", ""}},
					{Name: "Server", Type: sensor.TypeAddress, State: sensor.StateConstant, Values: []string{"192.0.2.1", "2001:db8::1"}},
					{Name: "Cookie", Type: sensor.TypeString, State: sensor.StateNotSupplied, Basis: &sensor.Basis{Reason: "switched off"}},
					{Name: "Digests", Type: sensor.TypeString, State: sensor.StateSupplied, Hashes: []string{"MD5", "SHA256"}},
				},
			}},
		}},
	}
	got, err := sensor.ReadFleet("fleet.json", []byte(fleetDocV1))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fleet differs (-want +got):\n%s", diff)
	}
	c := &got.Contracts[0]
	for i, want := range [][]interp.Value{2: {interp.Number(22), interp.Number(-1)}, 3: {interp.Text("log"), interp.Text("")}, 4: {interp.IP(netip.MustParseAddr("192.0.2.1")), interp.IP(netip.MustParseAddr("2001:db8::1"))}, 5: nil} {
		if diff := cmp.Diff(want, interp.Constants(&c.Supplies[0].Inputs[i])); diff != "" {
			t.Errorf("constants of input %d differ (-want +got):\n%s", i, diff)
		}
	}
	for name, want := range map[string]string{"sysmon": "15.15", "edr-2": "linux-1.0.0", "edr": ""} {
		if version, ok := c.Sensor(name); version != want || ok != (want != "") {
			t.Errorf("the hosts run version %q of %s; want %q", version, name, want)
		}
	}
	for _, tt := range []struct {
		why     string
		typ     string
		version uint32
		want    *sensor.Lack
	}{
		{"all versions", "clipboard", 9, &c.Lacks[0]},
		{"a version that is listed", "pipes", 3, &c.Lacks[1]},
		{"one that is not", "pipes", 2, nil},
		{"another type", "dns", 1, nil},
	} {
		if got := c.Lack(tt.typ, tt.version); got != tt.want {
			t.Errorf("%s: the build lacks %v; want %v", tt.why, got, tt.want)
		}
	}
}

// TestFleetVersionsAgree tests that a document of version 0 means the same in version 1, and that
// a fleet without new statements is written in version 0.
func TestFleetVersionsAgree(t *testing.T) {
	for _, name := range builtin.Fleets() {
		f, _ := builtin.Fleet(name)
		data, err := f.JSON()
		if err != nil {
			t.Fatal(err)
		}
		agree(t, data)
	}
	agree(t, []byte(fleetDoc))
}

func agree(t *testing.T, data []byte) {
	t.Helper()
	was, err := sensor.ReadFleet("f", data)
	if err != nil {
		t.Fatal(err)
	}
	now, err := sensor.ReadFleet("f", []byte(strings.Replace(string(data), sensor.FleetSchemaV0, sensor.FleetSchema, 1)))
	if err != nil {
		t.Fatal(err)
	}
	now.Digest, now.Document = was.Digest, was.Document
	if diff := cmp.Diff(was, now); diff != "" {
		t.Errorf("fleet %s means another thing in version 1:\n%s", was.Name, diff)
	}
	written, err := now.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := sensor.ReadFleet("f", written); err != nil || again.Schema() != was.Schema() || !strings.Contains(string(written), was.Schema()) {
		t.Errorf("fleet %s is not written in %s: %v", was.Name, was.Schema(), err)
	}
}

func TestReadFleetV1Refuses(t *testing.T) {
	edits := []edit{
		{"a source twice", `"name": "policy"`, `"name": "configuration"`, sensor.ErrJSONValue,
			`x.json:10:18: builds[0].sources[1].name: found the name "configuration" again; sources[0] has it already`, false},
		{"a source without a path", `, "path": "https://example.org/audit.csv"`, ``, sensor.ErrJSONMissingKey,
			`x.json:10:9: builds[0].sources[1]: key "path" is missing`, true},
		{"a digest in capitals", `e3b0c442`, `E3B0C442`, sensor.ErrJSONValue,
			`x.json:9:114: builds[0].sources[0].sha256: found "E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"...; expected a SHA-256, 64 hexadecimal digits in lower case`, true},
		{"a source that is not there", `"source": "policy",
          "line": 4`, `"source": "polcy",
          "line": 4`, sensor.ErrJSONValue,
			`x.json:43:21: builds[0].supply[0].source: found "polcy"; expected the name of one of the sources of the build; did you mean "policy"?`, false},
		{"a line of nothing", `"source": "policy",
          "line": 4`, `"line": 4`, sensor.ErrJSONValue,
			`x.json:38:9: builds[0].supply[0]: found a line without a source; expected the name of the source that the line is in`, true},
		{"a sensor in another case", `{"name": "sysmon", "version"`, `{"name": "Sysmon", "version"`, sensor.ErrJSONValue,
			`x.json:13:18: builds[0].sensors[0].name: found "Sysmon"; expected the name of a sensor: 1 to 64 lower-case letters, digits and hyphens, first a letter, such as "sysmon"`, true},
		{"a sensor that begins with a digit", `"edr-2"`, `"2-edr"`, sensor.ErrJSONValue,
			`x.json:14:18: builds[0].sensors[1].name: found "2-edr"; expected the name of a sensor: 1 to 64 lower-case letters, digits and hyphens, first a letter, such as "sysmon"`, true},
		{"a sensor twice", `"edr-2"`, `"sysmon"`, sensor.ErrJSONValue,
			`x.json:14:18: builds[0].sensors[1].name: found the name "sysmon" again; sensors[0] has it already`, false},
		{"a version without a digit", `"linux-1.0.0"`, `"latest"`, sensor.ErrJSONValue,
			`x.json:14:38: builds[0].sensors[1].version: found "latest"; expected the version of a sensor: 1 to 64 lower-case letters, digits, points, hyphens, underscores and plus signs, with a digit, such as "15.15"`, true},
		{"a version with a space", `"linux-1.0.0"`, `"linux 1.0.0"`, sensor.ErrJSONValue,
			`x.json:14:38: builds[0].sensors[1].version: found "linux 1.0.0"; expected the version of a sensor: 1 to 64 lower-case letters, digits, points, hyphens, underscores and plus signs, with a digit, such as "15.15"`, true},
		{"a sensor without a version", `, "version": "linux-1.0.0"`, ``, sensor.ErrJSONMissingKey,
			`x.json:14:9: builds[0].sensors[1]: key "version" is missing`, true},
		{"a type declared twice", `"type": "tty",
          "version": 2`, `"type": "dns", "version": 1`, sensor.ErrJSONValue,
			`x.json:28:9: builds[0].declares[1]: version 1 of type "dns" is declared twice; declares[0] has it already`, false},
		{"a type lacking twice", `"type": "pipes"`, `"type": "clipboard"`, sensor.ErrJSONValue,
			`x.json:35:18: builds[0].lacks[1].type: found the name "clipboard" again; lacks[0] has it already`, false},
		{"versions that do not ascend", `[1, 3]`, `[3, 1]`, sensor.ErrJSONValue,
			`x.json:35:43: builds[0].lacks[1].versions[1]: found 1 after 3; expected versions to ascend`, false},
		{"versions without one", `[1, 3]`, `[]`, sensor.ErrJSONValue,
			`x.json:35:39: builds[0].lacks[1].versions: found an empty array; expected at least one version, or no key for all versions`, true},
		{"lacking and supplied", `"type": "clipboard"`, `"type": "dns"`, sensor.ErrJSONValue,
			`x.json:34:9: builds[0].lacks[0]: the build lacks type "dns", but supply[0] supplies version 1 of it; remove one of the two`, false},
		{"some events, and it is not said which", `"reason": "needs a SACL", `, ``, sensor.ErrJSONValue,
			`x.json:45:24: builds[0].supply[0].collected.reason: some events are collected, but there is no reason; expected the condition under which they are collected`, true},
		{"events that are off twice", `[4656, 4663]`, `[4663, 4663]`, sensor.ErrJSONValue,
			`x.json:45:57: builds[0].supply[0].collected.off[1]: found 4663 after 4663; expected event IDs to ascend`, true},
		{"no event that is off", `[4656, 4663]`, `[]`, sensor.ErrJSONValue,
			`x.json:45:50: builds[0].supply[0].collected.off: found an empty array; expected at least one event ID, or no key`, true},
		{"events that are off where all are", `"events": "some"`, `"events": "none"`, sensor.ErrJSONValue,
			`x.json:45:50: builds[0].supply[0].collected.off: found events that are off beside "none"; only "some" has them`, true},
		{"a collection of another kind", `"events": "some"`, `"events": "no"`, sensor.ErrJSONValue,
			`x.json:45:35: builds[0].supply[0].collected.events: found the string "no"; expected "all", "some" or "none"; did you mean "none"?`, true},
		{"a version that Sysmon does not have", `{"name": "sysmon", "version": "15.15"}`, `{"name": "sysmon", "version": "15.51"}`, sensor.ErrJSONValue,
			`x.json:13:39: builds[0].sensors[0].version: unknown Sysmon build "15.51"; the nearest known: 15.20`, false},
		{"filters without an element", `"elements": [
              {
                "event": 13,
                "onmatch": "include",`, `"elements": [], "x": [
              {
                "event": 13,
                "onmatch": "include",`, sensor.ErrJSONValue,
			`x.json:48:25: builds[0].supply[0].filters.elements: found an empty array; expected at least one element, or no filters`, true},
		{"filters of a source that is not there", `"source": "configuration",
            "elements"`, `"source": "config",
            "elements"`, sensor.ErrJSONValue,
			`x.json:47:23: builds[0].supply[0].filters.source: found "config"; expected the name of one of the sources of the build`, false},
		{"an event that Sysmon does not have", `"event": 13,
                "onmatch": "include"`, `"event": 30,
                "onmatch": "include"`, sensor.ErrJSONValue,
			`x.json:50:26: builds[0].supply[0].filters.elements[0].event: found event 30, which schema 4.90 of Sysmon does not have or cannot filter`, false},
		{"an event that nobody filters", `"event": 13,
                "onmatch": "exclude"`, `"event": 16,
                "onmatch": "exclude"`, sensor.ErrJSONValue,
			`x.json:63:26: builds[0].supply[0].filters.elements[1].event: found event 16, which schema 4.90 of Sysmon does not have or cannot filter`, false},
		{"a field of another event", `"field": "Details"`, `"field": "Detail"`, sensor.ErrJSONValue,
			`x.json:56:29: builds[0].supply[0].filters.elements[0].filters[2].field: found the field "Detail", which event 13 does not have in schema 4.90 of Sysmon; did you mean "Details"?`, false},
		{"a condition that does not exist", `"end with"`, `"ends with"`, sensor.ErrJSONValue,
			`x.json:54:51: builds[0].supply[0].filters.elements[0].filters[0].condition: found the string "ends with"; expected "is", "is not", "contains", "contains any", "is any", "contains all", "excludes", "excludes any", "excludes all", "begin with", "end with", "less than", "more than", "image", "not begin with" or "not end with"; did you mean "end with"?`, true},
		{"a rule that is not there", `"a;b", "rule": 0`, `"a;b", "rule": 1`, sensor.ErrJSONValue,
			`x.json:55:98: builds[0].supply[0].filters.elements[0].filters[1].rule: found rule 1, counted from 0; the element has 1`, false},
		{"no rules", `[
                  {"id": 1, "name": "both", "match": "all", "line": 42}
                ]`, `[]`, sensor.ErrJSONValue,
			`x.json:58:26: builds[0].supply[0].filters.elements[0].rules: found an empty array; expected at least one rule, or no key`, true},
		{"a name that Sysmon refuses", `"both"`, `"` + strings.Repeat("b", 256) + `"`, sensor.ErrJSONValue,
			`x.json:59:37: builds[0].supply[0].filters.elements[0].rules[0].name: found a text of 256 bytes; expected at most 255`, true},
		{"longer than it is cut", `"maxLength": 200`, `"maxLength": 256`, sensor.ErrJSONValue,
			`x.json:72:13: builds[0].supply[0].inputs[0].maxLength: found 256, but the input is cut at 255 bytes; expected at most 255`, false},
		{"an integer that is cut", `"state": "constant", "values": [22, -1]`, `"cutAt": 1`, sensor.ErrJSONValue,
			`x.json:74:13: builds[0].supply[0].inputs[2].cutAt: found a length for an input of type integer; only inputs of type string have one`, true},
		{"an integer in another form", `"state": "constant", "values": [22, -1]`, `"otherForm": true`, sensor.ErrJSONValue,
			`x.json:74:13: builds[0].supply[0].inputs[2].otherForm: found another form for an input of type integer; only inputs of type string have forms`, true},
		{"an integer with hashes", `"state": "constant", "values": [22, -1]`, `"hashes": ["MD5"]`, sensor.ErrJSONValue,
			`x.json:74:13: builds[0].supply[0].inputs[2].hashes: found hashes for an input of type integer; only inputs of type string have them`, true},
		{"hashes in another form", `"hashes": ["MD5", "SHA256"]`, `"hashes": ["MD5", "SHA256"], "otherForm": true`, sensor.ErrJSONValue,
			`x.json:78:13: builds[0].supply[0].inputs[6].hashes: found hashes for an input that is not supplied, constant or in another form; expected an input with the text of the source`, false},
		{"a hash without a name", `["MD5", "SHA256"]`, `["MD5", ""]`, sensor.ErrJSONValue,
			`x.json:78:69: builds[0].supply[0].inputs[6].hashes[1]: found ""; expected the name of a hash algorithm: 1 to 64 letters and digits, such as "SHA256"`, true},
		{"a hash twice", `["MD5", "SHA256"]`, `["MD5", "md5"]`, sensor.ErrJSONValue, "", false},
		{"no hashes", `["MD5", "SHA256"]`, `[]`, sensor.ErrJSONValue,
			`x.json:78:61: builds[0].supply[0].inputs[6].hashes: found an empty array; expected at least one hash algorithm, or no key`, true},
		{"cut, and not supplied", `"not supplied"`, `"not supplied", "cutAt": 1`, sensor.ErrJSONValue,
			`x.json:77:13: builds[0].supply[0].inputs[5].cutAt: found cutAt for an input that is not supplied; only a supplied, conditional or unknown input can be cut`, true},
		{"a rate of what is always there", `"seen": 7`, `"perMillion": 7`, sensor.ErrJSONValue,
			`x.json:72:13: builds[0].supply[0].inputs[0].perMillion: found a rate for an input that is supplied; only conditional inputs have one`, true},
		{"a rate of more than all", `870000`, `1000001`, sensor.ErrJSONRange,
			`x.json:73:100: builds[0].supply[0].inputs[1].perMillion: found the number 1000001; expected an integer from 1 to 1000000`, true},
		{"a condition that is not said", `, "reason": "may be left out"`, ``, sensor.ErrJSONValue,
			`x.json:73:13: builds[0].supply[0].inputs[1].reason: found a conditional input without a reason; expected the condition under which events have it`, true},
		{"a constant without values", `, "values": [22, -1]`, ``, sensor.ErrJSONValue,
			`x.json:74:13: builds[0].supply[0].inputs[2].values: found a constant input without values; expected at least one value`, true},
		{"a constant with no values", `[22, -1]`, `[]`, sensor.ErrJSONValue,
			`x.json:74:83: builds[0].supply[0].inputs[2].values: found a constant input without values; expected at least one value`, true},
		{"values of what is not constant", `"seen": 7`, `"values": ["a"]`, sensor.ErrJSONValue,
			`x.json:72:110: builds[0].supply[0].inputs[0].values: found values for an input that is supplied; only constant inputs have them`, true},
		{"a string for an integer", `[22, -1]`, `[22, "x"]`, sensor.ErrJSONValue,
			`x.json:74:83: builds[0].supply[0].inputs[2].values[1]: found the string "x"; expected an integer, the type of the input`, true},
		{"an integer for a string", `["log", ""]`, `["log", 7]`, sensor.ErrJSONValue,
			`x.json:75:98: builds[0].supply[0].inputs[3].values[1]: found the number 7; expected a string, since the input has type string`, true},
		{"a value twice", `["log", ""]`, `["log", "log"]`, sensor.ErrJSONValue,
			`x.json:75:98: builds[0].supply[0].inputs[3].values[1]: found the value "log" again; values[0] has it already`, true},
		{"a value that is too long", `["log", ""]`, `["sysmon/operational"]`, sensor.ErrJSONValue,
			`x.json:75:98: builds[0].supply[0].inputs[3].values[0]: found a value of 18 bytes; expected at most maxLength, 7`, false},
		{"no address", `"192.0.2.1"`, `"192.0.2"`, sensor.ErrJSONValue,
			`x.json:76:82: builds[0].supply[0].inputs[4].values[0]: found the string "192.0.2"; expected an IPv4 or IPv6 address without a zone`, true},
	}
	refuses(t, "fleet", fleetDocV1, edits, readFleetOnly)

	// Each key of version 1, alone in a document of version 0. The key "schema" may follow it.
	const message = `found a value that schema "cfcheck.fleet/v1" added, in a document of schema "cfcheck.fleet/v0"; change its schema to the newer one`
	v0 := strings.Replace(fleetDoc, `  "schema": "cfcheck.fleet/v0",
`, "", 1)
	v0 = strings.Replace(v0, "\n  ]\n}", "\n  ],\n  \"schema\": \"cfcheck.fleet/v0\"\n}", 1)
	for _, base := range []string{fleetDoc, v0} {
		line := func(n int) string {
			if base == v0 {
				n--
			}
			return `x.json:` + string(rune('0'+n/10)) + string(rune('0'+n%10))
		}
		refuses(t, "fleet", base, []edit{
			{"sources", `"hosts": 1000,`, `"hosts": 1000, "sources": [],`, sensor.ErrJSONUnknownKey, strings.Replace(line(8), ":0", ":", 1) + `:33: builds[0].sources: ` + message, true},
			{"sensors", `"hosts": 1000,`, `"hosts": 1000, "sensors": [],`, sensor.ErrJSONUnknownKey, strings.Replace(line(8), ":0", ":", 1) + `:33: builds[0].sensors: ` + message, true},
			{"declares", `"hosts": 1000,`, `"hosts": 1000, "declares": [],`, sensor.ErrJSONUnknownKey, strings.Replace(line(8), ":0", ":", 1) + `:34: builds[0].declares: ` + message, true},
			{"lacks", `"hosts": 1000,`, `"hosts": 1000, "lacks": [],`, sensor.ErrJSONUnknownKey, strings.Replace(line(8), ":0", ":", 1) + `:31: builds[0].lacks: ` + message, true},
			{"collected", `"feed": "kernel",`, `"feed": "kernel", "collected": {"events": "all"},`, sensor.ErrJSONUnknownKey, line(17) + `:71: builds[0].supply[0].collected: ` + message, true},
			{"filters", `"feed": "kernel",`, `"feed": "kernel", "filters": {"elements": [{"event": 13, "onmatch": "include", "filters": []}]},`, sensor.ErrJSONUnknownKey, line(17) + `:69: builds[0].supply[0].filters: ` + message, true},
			{"a conditional input", `"state": "unknown"`, `"state": "conditional", "reason": "r"`, sensor.ErrJSONUnknownKey, "", true},
			{"a constant input", `"type": "address", "state": "unknown"`, `"type": "address", "state": "constant", "values": ["::1"]`, sensor.ErrJSONUnknownKey, "", true},
			{"an input in another form", `"maxLength": 9`, `"maxLength": 9, "otherForm": true`, sensor.ErrJSONUnknownKey, "", true},
			{"hashes", `"maxLength": 9`, `"maxLength": 9, "hashes": ["MD5"]`, sensor.ErrJSONUnknownKey, "", true},
			{"a cut input", `"maxLength": 9`, `"maxLength": 9, "cutAt": 9`, sensor.ErrJSONUnknownKey, "", true},
			{"a reason", `"maxLength": 9`, `"maxLength": 9, "reason": "r"`, sensor.ErrJSONUnknownKey, "", true},
			{"evidence of an input", `"maxLength": 9`, `"maxLength": 9, "evidence": "stated"`, sensor.ErrJSONUnknownKey, "", true},
			{"a first version", `"maxLength": 9`, `"maxLength": 9, "since": "1"`, sensor.ErrJSONUnknownKey, "", true},
		}, readFleetOnly)
	}
}
