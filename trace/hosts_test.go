package trace

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/sysmon"
)

// recorded returns a process creation of Sysmon as an event of its type.
func recorded(t *testing.T, d *sensor.Definition, data string) *Recorded {
	t.Helper()
	line := `{"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider": "Microsoft-Windows-Sysmon", "EventData": ` + data + "}"
	reader := events.NewReader("e", bytes.NewReader([]byte(line)))
	var record events.Record
	if err := reader.Read(&record); err != nil {
		t.Fatal(err)
	}
	feeds, err := events.NewMatcher(builtin.Definitions()).Match(&record)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range feeds {
		if m.Definition.Name != d.Name || m.Definition.Version != d.Version {
			continue
		}
		e, err := NewRecorded(m, &record)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	t.Fatal("the event does not feed the type")
	return nil
}

// TestHosts tests each verdict and each difference on contracts that differ in one statement.
func TestHosts(t *testing.T) {
	rules, err := sigma.Parse("a.yml", []byte(header+"    selection:\n        Image|endswith: 'demo.exe'\n        User: admin\n    condition: selection\n"))
	if err != nil {
		t.Fatal(err)
	}
	b := build(t, rules)[0]
	d := b.definition
	r, err := OfRule(b.rule, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	feed := d.Feed("sysmon")
	user, _ := d.Input("User")
	image, _ := d.Input("Image")
	const both = `{"Image": "C:\\demo.exe", "User": "admin"}`
	source := []sensor.Source{{Name: "config", Path: "sysmon.xml"}}
	for _, tt := range []struct {
		why        string
		data       string
		change     func(c *sensor.Contract, s *sensor.Supply)
		verdict    Verdict
		reason     string
		input      int
		difference Difference // Differences means that there is none
		because    string
	}{
		{"all is supplied", both, func(*sensor.Contract, *sensor.Supply) {}, Match, "", 0, Differences, ""},
		{"the event is another one", `{"Image": "C:\\demo.exe", "User": "you"}`, func(*sensor.Contract, *sensor.Supply) {}, NoMatch, "", 0, Differences, ""},
		{"the event lacks a field", `{"Image": "C:\\demo.exe"}`, func(*sensor.Contract, *sensor.Supply) {}, NoMatch, "", user, NotInEvent, "does not have it"},
		{"the type is missing", both, func(c *sensor.Contract, s *sensor.Supply) { c.Supplies = nil }, NoSupply, "no supply of type process_creation", 0, Differences, ""},
		{"the type is known to be missing", both, func(c *sensor.Contract, s *sensor.Supply) {
			c.Supplies, c.Lacks = nil, []sensor.Lack{{Type: d.Name, Basis: sensor.Basis{Reason: "no driver"}}}
		}, NoSupply, "does not have type process_creation (no driver)", 0, Differences, ""},
		{"the feed is missing", both, func(c *sensor.Contract, s *sensor.Supply) { s.Feed = "security-4688" }, NoSupply, "no supply of feed sysmon; its events of type process_creation come from security-4688", 0, Differences, ""},
		{"the feed is not collected", both, func(c *sensor.Contract, s *sensor.Supply) {
			s.Collected = sensor.Collection{Events: sensor.CollectedNone, Basis: sensor.Basis{Place: sensor.Place{Source: "config", Line: 3}}}
		}, NotRecorded, "not recorded (sysmon.xml:3)", 0, Differences, ""},
		{"the event is not collected", both, func(c *sensor.Contract, s *sensor.Supply) {
			s.Collected = sensor.Collection{Events: sensor.CollectedSome, Off: []uint32{1}}
		}, NotRecorded, "event 1 is not recorded", 0, Differences, ""},
		{"some events are collected", both, func(c *sensor.Contract, s *sensor.Supply) {
			s.Collected = sensor.Collection{Events: sensor.CollectedSome, Basis: sensor.Basis{Reason: "sampling"}}
		}, MayMatch, "some of the events (sampling)", 0, Differences, ""},
		{"an exclude drops it", both, filters(false, "demo.exe"), NotRecorded, `excluded by Image end with "demo.exe" (sysmon.xml:7)`, 0, Differences, ""},
		{"an exclude does not drop it", both, filters(false, "other.exe"), Match, "", 0, Differences, ""},
		{"no include asks for it", both, filters(true, "other.exe"), NotRecorded, "no include matches it (sysmon.xml:6)", 0, Differences, ""},
		{"an exclude reads a field that the event lacks", `{"User": "admin"}`, filters(false, "demo.exe"), NoMatch, `depends on Image end with "demo.exe" (sysmon.xml:7), and the event has no Image`, image, NotInEvent, "does not have it"},
		{"an include asks for it", both, filters(true, "demo.exe"), Match, "", 0, Differences, ""},
		{"the version of Sysmon is not known", both, func(c *sensor.Contract, s *sensor.Supply) {
			filters(false, "demo.exe")(c, s)
			c.Sensors = nil
		}, MayMatch, "its version is not known", 0, Differences, ""},
		{"an input is not supplied", both, func(c *sensor.Contract, s *sensor.Supply) { s.Inputs[user].State = sensor.StateNotSupplied }, NoMatch, "", user, NotSupplied, "does not supply it"},
		{"an input is cut", both, func(c *sensor.Contract, s *sensor.Supply) { s.Inputs[image].CutAt = 5 }, NoMatch, "", image, Cut, "cuts its 11 bytes at 5"},
		{"an input is cut where it does not matter", both, func(c *sensor.Contract, s *sensor.Supply) { s.Inputs[user].CutAt = 5 }, Match, "", 0, Differences, ""},
		{"an input is constant", both, func(c *sensor.Contract, s *sensor.Supply) {
			s.Inputs[user].State, s.Inputs[user].Values = sensor.StateConstant, []string{"system"}
		}, NoMatch, "", user, Constant, `always hands over "system"`},
		{"an input is one of several", both, func(c *sensor.Contract, s *sensor.Supply) {
			s.Inputs[user].State, s.Inputs[user].Values = sensor.StateConstant, []string{"admin", "system"}
		}, Match, "", 0, Differences, ""},
		{"an input is unknown", both, func(c *sensor.Contract, s *sensor.Supply) { s.Inputs[user].State = sensor.StateUnknown }, MayMatch, "uncertain", user, Uncertain, "does not state"},
		{"an unknown input does not matter", `{"Image": "C:\\other.exe", "User": "admin"}`, func(c *sensor.Contract, s *sensor.Supply) { s.Inputs[user].State = sensor.StateUnknown }, NoMatch, "", user, Uncertain, "does not state"},
		{"an input is conditional", both, func(c *sensor.Contract, s *sensor.Supply) {
			s.Inputs[user].State, s.Inputs[user].Basis = sensor.StateConditional, &sensor.Basis{Reason: "of services"}
		}, MayMatch, "uncertain", user, Uncertain, "some events only (of services)"},
		{"an input has another form", both, func(c *sensor.Contract, s *sensor.Supply) { s.Inputs[user].OtherForm = true }, MayMatch, "uncertain", user, Uncertain, "another form"},
		{"a value is longer than stated", both, func(c *sensor.Contract, s *sensor.Supply) { s.Inputs[image].MaxLength = 5 }, MayMatch, "uncertain", image, Uncertain, "states at most 5"},
		{"an array is too short", both, func(c *sensor.Contract, s *sensor.Supply) {
			c.Reader.Access, s.Inputs = sensor.AccessPositional, s.Inputs[:min(user, image)]
		}, Unsafe, "reads input", 0, NotSupplied, ""},
		{"an array is whole", both, func(c *sensor.Contract, s *sensor.Supply) { c.Reader.Access = sensor.AccessPositional }, Match, "", 0, Differences, ""},
		{"another type", both, func(c *sensor.Contract, s *sensor.Supply) { s.Inputs[user].Type = sensor.TypeInteger }, Unsafe, "hands over User as integer", user, Uncertain, "another type"},
	} {
		supply, _ := d.Supply(feed, sensor.EvidenceStated)
		c := sensor.Contract{Build: "1", Hosts: 10, Reader: sensor.OwnReader(), Sources: source, Sensors: []sensor.SensorVersion{{Name: sensor.Sysmon, Version: "15.15"}}, Supplies: []sensor.Supply{supply}}
		tt.change(&c, &c.Supplies[:1][0])
		all, err := r.Hosts(recorded(t, d, tt.data), &sensor.Fleet{Name: "f", Contracts: []sensor.Contract{c, {Build: "2", Hosts: 5, Reader: c.Reader}}})
		if err != nil {
			t.Errorf("%s: %v", tt.why, err)
			continue
		}
		h := &all[0]
		if h.Verdict != tt.verdict || !strings.Contains(h.Reason, tt.reason) || (tt.reason == "") != (h.Reason == "") {
			t.Errorf("%s: %v because of %q; want %v because of %q", tt.why, h.Verdict, h.Reason, tt.verdict, tt.reason)
		}
		if found := fmt.Sprint(h.Builds, h.Hosts, all[len(all)-1].Verdict); found != "[1] 10 no supply" && found != "[1 2] 15 no supply" {
			t.Errorf("%s: %s", tt.why, found)
		}
		if tt.verdict == Unsafe && tt.because == "" {
			continue
		}
		if tt.difference == Differences {
			if len(h.Inputs) > 0 {
				t.Errorf("%s: differences %+v; want none", tt.why, h.Inputs)
			}
		} else if len(h.Inputs) != 1 || h.Inputs[0].Index != tt.input || h.Inputs[0].Difference != tt.difference || !strings.Contains(h.Inputs[0].Reason, tt.because) {
			t.Errorf("%s: differences %+v; want %v of input %d, %q", tt.why, h.Inputs, tt.difference, tt.input, tt.because)
		}
	}
}

// filters returns a change that adds an element of Sysmon with a filter of images.
func filters(include bool, image string) func(c *sensor.Contract, s *sensor.Supply) {
	return func(c *sensor.Contract, s *sensor.Supply) {
		b, _ := sysmon.BuildNamed("15.15")
		e := b.Manifest().Event(1)
		field := 0
		for i, name := range e.Fields {
			if name == "Image" {
				field = i
			}
		}
		op := sysmon.Operator(0)
		for ; op.String() != "end with"; op++ {
		}
		s.Filters = sensor.Filters{Source: "config", Elements: []sysmon.Element{{
			Event: 1, Include: include, Place: sysmon.Place{Line: 6},
			Filters: []sysmon.Filter{{Field: field, FieldName: "Image", Op: op, Value: image, Group: -1, Place: sysmon.Place{Line: 7}}},
		}}}
	}
}
