package supply_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/sysmon/supply"
)

// configured returns Sysmon of a build with a configuration of schema 4.50.
func configured(t *testing.T, build, text string) *supply.Sysmon {
	t.Helper()
	b, err := sysmon.BuildNamed(build)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	y, err := supply.Configured(c, c.Load(b), "configuration")
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// of returns the supply of a type from a feed, after the supplies were written as a fleet and read.
func of(t *testing.T, y *supply.Sysmon, build, typ, feed string) *sensor.Supply {
	t.Helper()
	f := &sensor.Fleet{Name: "f", Contracts: []sensor.Contract{{
		Build: "b", Hosts: 1, Reader: sensor.OwnReader(), Sources: []sensor.Source{{Name: "configuration", Path: "c.xml"}, {Name: "manifest", Path: "m.xml"}},
		Sensors: []sensor.SensorVersion{{Name: sensor.Sysmon, Version: build}}, Supplies: y.Supplies(builtin.Definitions()),
	}}}
	data, err := f.JSON()
	if err != nil {
		t.Fatal(err)
	}
	read, err := sensor.ReadFleet("f.json", data)
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Undefined(builtin.Definitions()); err != nil {
		t.Fatal(err)
	}
	for i := range read.Contracts[0].Supplies {
		if s := &read.Contracts[0].Supplies[i]; s.Type == typ && s.Feed == feed {
			return s
		}
	}
	t.Fatalf("type %s has no feed %s", typ, feed)
	return nil
}

// document is a configuration with the given contents: the first line is <Sysmon>.
func document(lines ...string) string {
	return "<Sysmon schemaversion=\"4.50\">\n" + strings.Join(lines, "\n") + "\n</Sysmon>\n"
}

func filtering(elements ...string) string {
	return document("<EventFiltering>", strings.Join(elements, "\n"), "</EventFiltering>")
}

// TestCollected tests which events a configuration leaves.
func TestCollected(t *testing.T) {
	const some = "<Image condition=\"is\">x</Image>"
	for _, test := range []struct {
		reason, build, text, typ, feed string
		want                           sensor.Collected
		off                            []uint32
		because                        string // part of the reason
		line                           int
		filters                        int
	}{
		{"no rule for starts of processes", "15.15", filtering(), "process_creation", "sysmon", sensor.CollectedAll, nil, "no rule for ProcessCreate, so every event is recorded", 0, 0},
		{"no rule for loads of images", "15.15", filtering(), "image_load", "sysmon", sensor.CollectedNone, nil, "no rule for ImageLoad, so no event is recorded", 0, 0},
		{"an event that no rule concerns", "15.15", filtering(), "sysmon_status", "sysmon", sensor.CollectedAll, nil, "no rule concerns the event", 0, 0},
		{"an empty exclude", "15.15", filtering(`<ImageLoad onmatch="exclude"/>`), "image_load", "sysmon", sensor.CollectedAll, nil, "empty exclude", 3, 1},
		{"an empty include", "15.15", filtering(`<ImageLoad onmatch="include"/>`), "image_load", "sysmon", sensor.CollectedNone, nil, "empty include", 3, 0},
		{"an exclude with a filter", "15.15", filtering(`<ImageLoad onmatch="exclude">` + some + `</ImageLoad>`), "image_load", "sysmon", sensor.CollectedSome, nil, "one element of ImageLoad, so only some events", 3, 1},
		{"an include with a filter", "15.15", filtering(`<ImageLoad onmatch="include">` + some + `</ImageLoad>`), "image_load", "sysmon", sensor.CollectedSome, nil, "one element of ImageLoad, so only some events", 3, 1},
		{"two excludes record nothing", "15.15", filtering(`<ImageLoad onmatch="exclude"/>`, `<ImageLoad onmatch="exclude">`+some+`</ImageLoad>`), "image_load", "sysmon", sensor.CollectedNone, nil,
			"2 elements of ImageLoad, so no event", 3, 0},
		{"an empty exclude beside an include is the include", "15.15", filtering(`<ImageLoad onmatch="exclude"/>`, `<ImageLoad onmatch="include">`+some+`</ImageLoad>`), "image_load", "sysmon", sensor.CollectedSome, nil,
			"2 elements of ImageLoad, so only some", 3, 2},
		{"an empty include beside an exclude", "15.15", filtering(`<ImageLoad onmatch="include"/>`, `<ImageLoad onmatch="exclude">`+some+`</ImageLoad>`), "image_load", "sysmon", sensor.CollectedNone, nil, "2 elements of ImageLoad, so no event", 3, 0},
		{"one tag of several events", "15.15", filtering(`<RegistryEvent onmatch="include"/>`), "registry_set", "sysmon", sensor.CollectedNone, nil, "RegistryEvent", 3, 0},
		{"all of its events at once", "15.15", filtering(`<RegistryEvent onmatch="exclude"/>`), "registry_event", "sysmon", sensor.CollectedAll, nil, "RegistryEvent", 3, 1},
		{"an exclude by a field that only another event of the tag has", "15.15",
			filtering(`<RegistryEvent onmatch="exclude"><Details condition="is">x</Details></RegistryEvent>`), "registry_rename", "sysmon", sensor.CollectedAll, nil, "so every event is recorded", 3, 1},
		{"an include by a field that only another event of the tag has", "15.15",
			filtering(`<RegistryEvent onmatch="include"><Details condition="is">x</Details></RegistryEvent>`), "registry_rename", "sysmon", sensor.CollectedNone, nil, "one element of RegistryEvent, so no event", 3, 0},
		{"a bug that concerns no decision here", "13.21", filtering(`<RuleGroup groupRelation="and">`, `<DriverLoad onmatch="include"><Signed condition="is">x</Signed><ImageLoaded condition="is">x</ImageLoaded></DriverLoad>`, `</RuleGroup>`, `<ImageLoad onmatch="include"/>`),
			"image_load", "sysmon", sensor.CollectedNone, nil, "empty include", 6, 0},
		{"two feeds of a type", "15.15", filtering(`<FileDelete onmatch="exclude"/>`), "file_delete", "sysmon-23", sensor.CollectedAll, nil, "FileDelete", 3, 1},
		{"and the other", "15.15", filtering(`<FileDelete onmatch="exclude"/>`), "file_delete", "sysmon-26", sensor.CollectedNone, nil, "FileDeleteDetected", 0, 0},
		{"an event that the version does not have", "13.01", filtering(), "file_executable_detected", "sysmon", sensor.CollectedNone, nil, "schema 4.50 of Sysmon 13.01 does not have event 29", 0, 0},
		{"the whole log", "13.01", filtering(`<ProcessCreate onmatch="include"/>`), "sysmon", "sysmon", sensor.CollectedSome,
			[]uint32{1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25}, "not recorded: events 1, 2, 3, 6", 0, 1},
		{"a known bug may lose an element", "13.00", filtering(`<RuleGroup groupRelation="or">`, `<DriverLoad onmatch="exclude"/>`, `<ImageLoad onmatch="exclude">`+some+`</ImageLoad>`, `</RuleGroup>`),
			"image_load", "sysmon", sensor.CollectedSome, nil, "a known bug", 0, 0},
	} {
		s := of(t, configured(t, test.build, test.text), test.build, test.typ, test.feed)
		c := &s.Collected
		if c.Events != test.want || !slices.Equal(c.Off, test.off) || !strings.Contains(c.Basis.Reason, test.because) || c.Basis.Place.Line != test.line || len(s.Filters.Elements) != test.filters {
			t.Errorf("%s: %s events, off %v, line %d, %d elements: %s", test.reason, c.Events, c.Off, c.Basis.Place.Line, len(s.Filters.Elements), c.Basis.Reason)
		}
	}
}

// TestInputs tests the states of inputs.
func TestInputs(t *testing.T) {
	for _, test := range []struct {
		reason, build, text, typ, feed, input string
		state                                 sensor.State
		values                                []string
		cutAt                                 int
		because                               string
		line                                  int
	}{
		{"a field of the version", "15.15", filtering(), "process_creation", "sysmon", "ParentUser", sensor.StateSupplied, nil, 0, "", 0},
		{"a field of later versions", "13.01", filtering(), "process_creation", "sysmon", "ParentUser", sensor.StateNotSupplied, nil, 0, "schema 4.50 of Sysmon 13.01 does not have the field", 0},
		{"an input that the feed never has", "15.15", filtering(), "ipc", "sysmon", "CommandLine", sensor.StateNotSupplied, nil, 0, "", 0},
		{"the header", "15.15", filtering(), "registry_event", "sysmon", "EventID", sensor.StateConstant, []string{"12", "13", "14"}, 0, "", 0},
		{"a spelling that differs between events", "15.15", filtering(), "process_access", "sysmon", "SourceProcessGUID", sensor.StateSupplied, nil, 0, "", 0},
		{"no lookup of names", "15.15", document("<DnsLookup>False</DnsLookup>", "<EventFiltering>", `<NetworkConnect onmatch="exclude"/>`, "</EventFiltering>"),
			"network_connection", "sysmon", "DestinationHostname", sensor.StateNotSupplied, nil, 0, "DnsLookup is False", 2},
		{"nor of ports", "15.15", document("<DnsLookup>False</DnsLookup>", "<EventFiltering/>"), "network_connection", "sysmon", "SourcePortName", sensor.StateNotSupplied, nil, 0, "DnsLookup is False", 2},
		{"the addresses stay", "15.15", document("<DnsLookup>False</DnsLookup>", "<EventFiltering/>"), "network_connection", "sysmon", "DestinationIp", sensor.StateSupplied, nil, 0, "", 0},
		{"an option behind one without text is not read", "15.15", document("<CheckRevocation/>", "<DnsLookup>False</DnsLookup>", "<EventFiltering/>"),
			"network_connection", "sysmon", "DestinationHostname", sensor.StateSupplied, nil, 0, "", 0},
		{"hashes", "15.15", document("<HashAlgorithms>md5,IMPHASH</HashAlgorithms>", "<EventFiltering/>"), "process_creation", "sysmon", "Hashes", sensor.StateSupplied, nil, 0, "only the hashes", 2},
		{"a cut", "15.15", "<Sysmon schemaversion=\"4.90\">\n<FieldSizes>CommandLine:100</FieldSizes>\n<EventFiltering/>\n</Sysmon>",
			"process_creation", "sysmon", "CommandLine", sensor.StateSupplied, nil, 300, "FieldSizes cuts the field at 100 characters", 2},
		{"a field of events that are not recorded", "15.15", filtering(`<WmiEvent onmatch="exclude"/>`), "sysmon", "sysmon", "PipeName", sensor.StateNotSupplied, nil, 0, "only events 17, 18 have the field, and the configuration has no rule for PipeEvent", 0},
	} {
		s := of(t, configured(t, test.build, test.text), test.build, test.typ, test.feed)
		in := s.Input(sensor.AccessNamed, -1, test.input)
		var basis sensor.Basis
		if in.Basis != nil {
			basis = *in.Basis
		}
		if in.State != test.state || !slices.Equal(in.Values, test.values) || in.CutAt != test.cutAt || !strings.Contains(basis.Reason, test.because) || basis.Place.Line != test.line {
			t.Errorf("%s: %s is %s %q, cut at %d, line %d: %s", test.reason, test.input, in.State, in.Values, in.CutAt, basis.Place.Line, basis.Reason)
		}
	}
}

// TestManifest tests the supplies by a schema alone.
func TestManifest(t *testing.T) {
	schema, ok := sysmon.SchemaOf(sysmon.Version{Major: 4, Minor: 50})
	if !ok {
		t.Fatal("no schema 4.50")
	}
	y := &supply.Sysmon{Schema: schema, Name: "the build", Evidence: sensor.EvidenceExtracted, SchemaSource: "manifest"}
	s := of(t, y, "13.01", "process_creation", "sysmon")
	if s.Evidence != sensor.EvidenceExtracted || s.Place.Source != "manifest" || s.Collected.Stated() || len(s.Filters.Elements) > 0 {
		t.Errorf("the supply is %+v", s)
	}
	if in := s.Input(sensor.AccessNamed, -1, "ParentUser"); in.State != sensor.StateNotSupplied || in.Basis.Place.Source != "manifest" {
		t.Errorf("ParentUser is %+v", in)
	}
	if s := of(t, y, "13.01", "file_executable_detected", "sysmon"); s.Collected.Events != sensor.CollectedNone || s.Collected.Basis.Evidence != 0 {
		t.Errorf("event 29 is collected as %+v", s.Collected)
	}
	both := configured(t, "13.01", filtering(`<ImageLoad onmatch="include"/>`))
	both.Evidence, both.SchemaSource = sensor.EvidenceExtracted, "manifest"
	if s := of(t, both, "13.01", "image_load", "sysmon"); s.Evidence != sensor.EvidenceExtracted || s.Collected.Basis.Evidence != sensor.EvidenceStated {
		t.Errorf("evidence for the configuration is %s", s.Collected.Basis.Evidence)
	}
}

// TestSince compares the built-in types with the schemas: a field since a version of Sysmon is
// supplied by that version, and not by the last version before it.
func TestSince(t *testing.T) {
	builds := sysmon.Builds()
	for d := range builtin.Definitions().All() {
		if d.Name == "sysmon" {
			continue
		}
		for i := range d.Feeds {
			f := &d.Feeds[i]
			if f.Provider != supply.Provider {
				continue
			}
			for _, field := range f.Fields {
				if field.Since == "" || field.Header() {
					continue
				}
				short, _, _ := strings.Cut(strings.TrimPrefix(field.Since, "Sysmon "), " ")
				since, err := sysmon.ParseVersion(short)
				if err != nil {
					t.Fatal(err)
				}
				for _, b := range builds {
					v, err := sysmon.ParseVersion(b.Name)
					if err != nil {
						continue
					}
					has := slices.ContainsFunc(f.Events, func(id uint32) bool {
						e := b.Manifest().Event(id)
						return e != nil && slices.Contains(e.Fields, field.Input)
					})
					if want := v.Compare(since) >= 0; has != want {
						t.Errorf("%s of %s since %s: Sysmon %s has it: %v", field.Input, d.Name, short, b.Name, has)
					}
				}
			}
		}
	}
}

// TestRefused tests a configuration that the build does not load.
func TestRefused(t *testing.T) {
	b, err := sysmon.BuildNamed("13.01")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse([]byte(filtering(`<Frob onmatch="include"/>`)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := supply.Configured(c, c.Load(b), "c"); err == nil || !strings.Contains(err.Error(), "Sysmon 13.01 does not load the configuration: line 3, column 1: ") {
		t.Errorf("the error is %v", err)
	}
}

// FuzzConfiguration makes supplies of any configuration. They are a fleet, or the configuration is
// not loaded.
func FuzzConfiguration(f *testing.F) {
	for _, s := range []string{
		filtering(`<ImageLoad onmatch="exclude"/>`, `<RegistryEvent onmatch="include"><Details condition="contains any">a;b</Details></RegistryEvent>`),
		document("<DnsLookup>False</DnsLookup>", "<FieldSizes>Image:9</FieldSizes>", "<EventFiltering/>"),
		filtering(`<RuleGroup groupRelation="and">`, `<WmiEvent onmatch="include"><Rule name="n" groupRelation="or"><Operation>x</Operation></Rule></WmiEvent>`, `</RuleGroup>`),
	} {
		for i := range sysmon.Builds() {
			if i%9 == 0 {
				f.Add([]byte(s), uint8(i))
			}
		}
	}
	definitions := builtin.Definitions()
	some := new(sensor.Definitions)
	for _, name := range []string{"image_load", "registry_event", "wmi_event", "network_connection"} {
		if err := some.Add(definitions.Newest(name)); err != nil {
			f.Fatal(err)
		}
	}
	builds := sysmon.Builds()
	f.Fuzz(func(t *testing.T, data []byte, build uint8) {
		c, err := config.Parse(data)
		if err != nil {
			return
		}
		b := builds[int(build)%len(builds)]
		y, err := supply.Configured(c, c.Load(b), "s")
		if err != nil {
			return
		}
		fleet := &sensor.Fleet{Name: "f", Contracts: []sensor.Contract{{Build: "b", Hosts: 1, Reader: sensor.OwnReader(),
			Sources: []sensor.Source{{Name: "s", Path: "p"}}, Sensors: []sensor.SensorVersion{{Name: sensor.Sysmon, Version: b.Name}}, Supplies: y.Supplies(some)}}}
		data, err = fleet.JSON()
		if err != nil {
			t.Fatal(err)
		}
		read, err := sensor.ReadFleet("f", data)
		if err != nil {
			t.Fatal(err)
		}
		for i := range read.Contracts[0].Supplies {
			got, want := &read.Contracts[0].Supplies[i], &fleet.Contracts[0].Supplies[i]
			if diff := cmp.Diff(fmt.Sprintf("%+v", want.Filters), fmt.Sprintf("%+v", got.Filters)); diff != "" {
				t.Errorf("filters of %s (-want +got):\n%s", want.Type, diff)
			}
		}
	})
}
