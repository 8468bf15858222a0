package sensor_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

func TestUndefined(t *testing.T) {
	const doc = `{
  "schema": "cfcheck.fleet/v1",
  "name": "f",
  "builds": [
    {"build": "a", "hosts": 1, "reader": {"evidence": "stated", "access": "named", "formats": ["1.0"], "operators": ["exists"]}, "supply": []},
    {"build": "b", "hosts": 1, "reader": {"evidence": "stated", "access": "named", "formats": ["1.0"], "operators": ["exists"]},
      "declares": [{"type": "tty", "version": 2, "inputs": [{"name": "Line", "type": "string"}], "feeds": ["own"]}, {"type": "ipc", "version": 1, "inputs": [{"name": "Container", "type": "string"}], "feeds": ["trace"]}],
      "supply": [
        {"type": "ipc", "version": 1, "feed": "trace", "evidence": "stated", "inputs": [{"name": "User", "type": "string"}, {"name": "Container", "type": "string"}]},
        {"type": "tty", "version": 2, "feed": "own", "evidence": "stated", "inputs": [{"name": "Line", "type": "string"}]}
      ]}
  ]
}`
	const give = "give its definition (--types), or declare it in the contract of the build (declares)"
	for _, tt := range []struct {
		why, old, new string
		want          string // "" means no fault
	}{
		{"all is known or declared", "", "", ""},
		{"a type", `"ipc", "version": 1, "feed"`, `"Ipc", "version": 1, "feed"`, `f.json:9:18: builds[1].supply[0].type: found the type "Ipc", which no definition has; ` + give + `; did you mean "ipc"?`},
		{"a type that is declared, misspelt", `{"type": "tty", "version": 2, "feed"`, `{"type": "ttyy", "version": 2, "feed"`, `f.json:10:18: builds[1].supply[1].type: found the type "ttyy", which no definition has; ` + give + `; did you mean "tty"?`},
		{"a version of a type that is built in", `"version": 1, "feed"`, `"version": 10, "feed"`, `f.json:9:36: builds[1].supply[0].version: found version 10 of type "ipc", which no definition has; known: 1, 2; ` + give},
		{"a version of a type that is declared", `"version": 2, "feed"`, `"version": 1, "feed"`, `f.json:10:36: builds[1].supply[1].version: found version 1 of type "tty", which no definition has; known: 2; ` + give},
		{"a feed", `"feed": "trace"`, `"feed": "tracee"`, `f.json:9:47: builds[1].supply[0].feed: found the feed "tracee" of type ipc, which no definition has; known: sysmon, trace; correct it, or declare it in the contract of the build (declares); did you mean "trace"?`},
		{"no feed", `"feed": "trace", `, ``, ""},
		{"a feed of a type without a definition", `"feed": "own"`, `"feed": "sysmon"`, `f.json:10:47: builds[1].supply[1].feed: found the feed "sysmon" of type tty, which no definition has; known: own; correct it, or declare it in the contract of the build (declares)`},
		{"an input", `"User"`, `"Usr"`, `f.json:9:98: builds[1].supply[0].inputs[0].name: found the input "Usr", which version 1 of type ipc does not have; correct it, or declare it in the contract of the build (declares); did you mean "User"?`},
		{"an input of the type that is declared otherwise", `"Line", "type": "string"}]}
`, `"Line", "type": "integer"}]}
`, `f.json:10:112: builds[1].supply[1].inputs[0].type: found "Line" supplied as integer; the build declares it as string`},
		{"an input that another type has", `"name": "Line", "type": "string"}]}
`, `"name": "User", "type": "string"}]}
`, `f.json:10:96: builds[1].supply[1].inputs[0].name: found the input "User", which version 2 of type tty does not have; correct it, or declare it in the contract of the build (declares)`},
	} {
		f, err := sensor.ReadFleet("f.json", []byte(strings.Replace(doc, tt.old, tt.new, 1)))
		if err != nil {
			t.Fatalf("%s: %v", tt.why, err)
		}
		got := ""
		cohorts := f.Cohorts()
		for range 2 { // the second answer is a remembered one
			if err := cohorts.Undefined(builtin.Definitions()); err != nil {
				got = err.Error()
				if !errors.Is(err, sensor.ErrUndefined) {
					t.Errorf("%s: the error is no ErrUndefined", tt.why)
				}
			}
		}
		if got != tt.want {
			t.Errorf("%s: found\n%s\nwant\n%s", tt.why, got, tt.want)
		}
	}
}

// TestUndefinedIsAskedAgain tests that Undefined notices a definition added later, that a
// definition without feeds accepts any feed, and that a changed fleet has no position.
func TestUndefinedIsAskedAgain(t *testing.T) {
	d := &sensor.Definition{Name: "dns", Number: 2000, Version: 1, Channel: 2000, Inputs: []sensor.Input{{Name: "Query", Type: sensor.TypeString}}}
	f := &sensor.Fleet{Name: "made", Contracts: []sensor.Contract{{Build: "a", Supplies: []sensor.Supply{{Type: "dns", Version: 1, Feed: "any", Inputs: []sensor.SuppliedInput{{Name: "Query", Type: sensor.TypeString}}}}}}}
	cohorts, defs := f.Cohorts(), new(sensor.Definitions)
	if err := cohorts.Undefined(defs); err == nil || !strings.HasPrefix(err.Error(), `fleet "made": builds[0].supply[0].type: found the type "dns"`) {
		t.Errorf("without definitions: %v", err)
	}
	if err := cohorts.Undefined(nil); err == nil {
		t.Error("without a set of definitions: no error")
	}
	if err := defs.Add(d); err != nil {
		t.Fatal(err)
	}
	if err := cohorts.Undefined(defs); err != nil {
		t.Errorf("with the definition: %v", err)
	}
	read, err := sensor.ReadFleet("f.json", []byte(fleetDoc))
	if err != nil {
		t.Fatal(err)
	}
	read.Contracts[0].Supplies[0].Type = "changed"
	if err := read.Undefined(defs); err == nil || !strings.HasPrefix(err.Error(), `f.json: builds[0].supply[0].type: found the type "changed"`) || !strings.HasSuffix(err.Error(), "; and 2 more such names in the fleet") {
		t.Errorf("a fleet that was changed: %v", err)
	}
}

// TestUndefinedManyNames tests that Undefined computes only one text for a fleet with many faults.
// To find the nearest of thousands of names for each fault took minutes.
func TestUndefinedManyNames(t *testing.T) {
	c := sensor.Contract{Build: "b", Hosts: 1}
	for i := range 4000 {
		name := fmt.Sprintf("type-of-a-long-name-%d", i)
		c.Declares = append(c.Declares, sensor.Declaration{Type: name, Version: 1})
		c.Supplies = append(c.Supplies, sensor.Supply{Type: name + "x", Version: 1})
	}
	f := &sensor.Fleet{Name: "f", Contracts: []sensor.Contract{c}}
	start := time.Now()
	err := f.Undefined(builtin.Definitions())
	if err == nil || !strings.Contains(err.Error(), `did you mean "type-of-a-long-name-0"?; and 3999 more`) {
		t.Errorf("got %v", err)
	}
	// With a text for each fault it takes more than a minute.
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
