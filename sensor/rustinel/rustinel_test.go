package rustinel_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/rustinel"
)

var source = sensor.Source{Name: "fields", Path: "field-availability.json", Sensor: "rustinel"}

// imported returns the contract of a list after it was written as a fleet and read again.
func imported(t *testing.T, entries []rustinel.Entry) *sensor.Contract {
	t.Helper()
	c := rustinel.Contract(entries, builtin.Definitions(), source)
	c.Build, c.Hosts, c.Reader = "rustinel", 1, sensor.OwnReader()
	f := &sensor.Fleet{Name: "imported", Contracts: []sensor.Contract{*c}}
	data, err := f.JSON()
	if err != nil {
		t.Fatal(err)
	}
	read, err := sensor.ReadFleet("fleet.json", data)
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Undefined(builtin.Definitions()); err != nil {
		t.Fatal(err)
	}
	return &read.Contracts[0]
}

// TestEveryStatement imports a list with all forms of entries, and compares each entry with the
// statement in the document itself, which is decoded by the standard library.
func TestEveryStatement(t *testing.T) {
	data, err := os.ReadFile("testdata/small.json")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := rustinel.Read("small.json", data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := rustinel.Entries(imported(t, entries))
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Entries []struct {
			Platform, Category, Action, Provider, Source, Field, Availability, Reason string
			EventID                                                                   *int `json:"event_id"`
			Since, Value                                                              *string
		}
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(list.Entries) {
		t.Fatalf("%d statements came back of %d", len(got), len(list.Entries))
	}
	lines := strings.Split(string(data), "\n")
	for i, w := range list.Entries {
		g := got[i]
		if e := entries[i]; !cmp.Equal(e, g) {
			t.Errorf("entry %d: %s", i, cmp.Diff(e, g))
		}
		id := -1
		if w.EventID != nil {
			id = *w.EventID
		}
		since := ""
		if w.Since != nil {
			since = *w.Since
		}
		if g.Platform != w.Platform || g.Category != w.Category || g.Action != w.Action || g.Provider != w.Provider || g.Source != w.Source ||
			g.Field != w.Field || g.Availability.String() != w.Availability || g.Reason != w.Reason || g.EventID != id || g.Since != since || !cmp.Equal(g.Value, w.Value) {
			t.Errorf("entry %d is %+v, want %+v", i, g, w)
		}
		if !strings.HasPrefix(strings.TrimSpace(lines[g.Line-1]), "{") {
			t.Errorf("entry %d is not in line %d", i, g.Line)
		}
	}
}

// TestContract tests where the entries go.
func TestContract(t *testing.T) {
	data, err := os.ReadFile("testdata/small.json")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := rustinel.Read("small.json", data)
	if err != nil {
		t.Fatal(err)
	}
	c := imported(t, entries)
	supply := func(typ, part string) *sensor.Supply {
		for i := range c.Supplies {
			if s := &c.Supplies[i]; s.Type == typ && strings.Contains(s.Feed, part) {
				return s
			}
		}
		t.Fatalf("type %s has no feed %s", typ, part)
		return nil
	}
	for _, test := range []struct {
		reason           string
		typ, feed, input string
		state            sensor.State
		values           []string
	}{
		{"a value is a constant", "process_creation", "/1/start/", "Channel", sensor.StateConstant, []string{"Example-Kernel-Process/Analytic"}},
		{"always", "process_creation", "/1/start/", "ProcessId", sensor.StateSupplied, nil},
		{"conditional", "process_creation", "/1/start/", "Image", sensor.StateConditional, nil},
		{"never", "process_creation", "/1/start/", "CurrentDirectory", sensor.StateNotSupplied, nil},
		{"a field without an entry is never there", "process_creation", "/1/start/", "Hashes", sensor.StateNotSupplied, nil},
		{"a field that cfcheck's types lack", "process_creation", "/1/start/", "ProcessStartTime", sensor.StateConditional, nil},
		{"the ID of the event, which has no entry", "process_creation", "/1/start/", "EventID", sensor.StateConstant, []string{"1"}},
		{"an unknown ID", "file_event", "/create/", "EventID", sensor.StateSupplied, nil},
		{"an entry about the ID counts", "security", "/1102/", "EventID", sensor.StateConstant, []string{"1102"}},
		{"a category gets all actions", "file_event", "/delete/", "TargetFilename", sensor.StateSupplied, nil},
		{"a part gets its action", "file_delete", "/delete/", "TargetFilename", sensor.StateSupplied, nil},
		{"the same for the registry", "registry_set", "/set/", "TargetObject", sensor.StateSupplied, nil},
		{"a service gets its category", "taskscheduler", "/106/", "TaskName", sensor.StateConditional, nil},
		{"a category that is no type goes to the service", "system", "/7045/", "ServiceName", sensor.StateSupplied, nil},
		{"a name in another case is a field of its own", "security", "/5156/", "ProcessID", sensor.StateConditional, nil},
		{"a category that nobody knows", "gossip", "gossip", "Text", sensor.StateConstant, []string{""}},
		{"another platform", "linux/process_creation", "execve", "CgroupId", sensor.StateConditional, nil},
		{"all fields of a kind without events", "ipc", "/17/", "PipeName", sensor.StateNotSupplied, nil},
	} {
		in := supply(test.typ, test.feed).Input(sensor.AccessNamed, -1, test.input)
		if in.State != test.state || !cmp.Equal(in.Values, test.values) {
			t.Errorf("%s: %s of type %s is %s %q, want %s %q", test.reason, test.input, test.typ, in.State, in.Values, test.state, test.values)
		}
	}
	if s := supply("ipc", "/17/"); s.Collected.Events != sensor.CollectedNone || s.Collected.Basis.Reason != "the source has no pipes" {
		t.Errorf("pipes are collected as %+v", s.Collected)
	}
	for _, s := range c.Supplies {
		if strings.HasPrefix(s.Type, "file_change") || s.Type == "file_rename" {
			t.Errorf("type %s has the feed %s of another action", s.Type, s.Feed)
		}
	}
}

// TestReadRefuses tests lists that are wrong.
func TestReadRefuses(t *testing.T) {
	const good = `{"schema_version": 2, "entries": [{"platform": "windows", "category": "c", "provider": "etw", "source": "S", "field": "F", "since": null, "availability": "never", "reason": "r"}]}`
	if _, err := rustinel.Read("x.json", []byte(good)); err != nil {
		t.Fatal(err)
	}
	entry := good[strings.Index(good, "[")+1 : strings.Index(good, "]")]
	for _, test := range []struct{ reason, old, new, want string }{
		{"another version of the list", `"schema_version": 2`, `"schema_version": 3`, "schema_version: found the number 3"},
		{"no entry", entry, ``, "found an empty array"},
		{"an unknown key", `"since": null`, `"since": null, "view": "sysmon"`, `unknown key "view"`},
		{"an unknown platform", `"windows"`, `"bsd"`, `entries[0].platform: found the string "bsd"`},
		{"an unknown availability", `"never"`, `"mostly"`, `entries[0].availability: found the string "mostly"`},
		{"a condition without a reason", `"never", "reason": "r"`, `"conditional"`, "found no reason for a field that is conditional"},
		{"always, for a reason", `"never"`, `"always"`, "found a reason for a field that every event has"},
		{"a value that is not always there", `"since": null`, `"since": null, "value": "v"`, "found a value for a field that is never"},
		{"a separator in a word", `"c"`, `"a/b"`, `found "a/b"; expected lower-case letters`},
		{"the same field twice", entry, entry + ", " + entry, `entries[1]: found the field "F" of the same events again`},
		{"all fields and one of them", entry, entry + ", " + strings.Replace(entry, `"F"`, `"*"`, 1), `entries[1]: found the field "*" beside entries[0]`},
		{"all fields, sometimes", `"F", "since": null, "availability": "never"`, `"*", "since": null, "availability": "conditional"`, `found "conditional" for the field "*"`},
	} {
		_, err := rustinel.Read("x.json", []byte(strings.Replace(good, test.old, test.new, 1)))
		var e *sensor.JSONError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v; it should contain %q", test.reason, err, test.want)
		}
	}
}

// TestEntriesRefuses tests a contract that was not made from a list.
func TestEntriesRefuses(t *testing.T) {
	for _, feed := range []string{"sysmon", "windows/c/x/a/etw/S"} {
		c := &sensor.Contract{Supplies: []sensor.Supply{{Type: "ipc", Version: 1, Feed: feed}}}
		if _, err := rustinel.Entries(c); err == nil {
			t.Errorf("feed %q: entries came back", feed)
		}
	}
}

// FuzzRead reads any list. It is refused with a place, or its statements survive as a fleet.
func FuzzRead(f *testing.F) {
	data, err := os.ReadFile("testdata/small.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"schema_version": 2, "entries": [{"platform": "linux", "category": "c", "provider": "etw", "source": "a/-/b", "field": "*", "since": "1", "availability": "never", "reason": "r"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := rustinel.Read("x.json", data)
		if err != nil {
			if e := (*sensor.JSONError)(nil); !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(data) {
				t.Fatalf("an error without a place: %v", err)
			}
			return
		}
		c := rustinel.Contract(entries, builtin.Definitions(), source)
		c.Build, c.Hosts, c.Reader = "b", 1, sensor.OwnReader()
		fleet := &sensor.Fleet{Name: "f", Contracts: []sensor.Contract{*c}}
		document, err := fleet.JSON()
		if err != nil {
			if len(entries) < 256 {
				t.Fatalf("%d entries: %v", len(entries), err)
			}
			return // a contract has fewer inputs and feeds than a list can have
		}
		read, err := sensor.ReadFleet("f.json", document)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rustinel.Entries(&read.Contracts[0])
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for _, e := range entries {
			want[text(e)] = true
		}
		for _, e := range got {
			if !want[text(e)] {
				t.Errorf("a statement that is not in the list: %s", text(e))
			}
		}
		if len(got) != len(entries) {
			t.Errorf("%d statements came back of %d", len(got), len(entries))
		}
	})
}

func text(e rustinel.Entry) string {
	data, _ := json.Marshal(e)
	return string(data)
}
