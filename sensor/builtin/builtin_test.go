package builtin

import (
	"crypto/sha256"
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the table of docs/types.md")

// definitionsCmp compares sets of definitions by what is in them.
var definitionsCmp = cmp.Transformer("All", func(s *sensor.Definitions) []*sensor.Definition { return slices.Collect(s.All()) })

// TestReferenceSensors tests that the versions of Sysmon in the reference fleet are known ones.
func TestReferenceSensors(t *testing.T) {
	f, _ := Fleet("reference")
	got := map[string]string{}
	for i := range f.Contracts {
		version, ok := f.Contracts[i].Sensor(sensor.Sysmon)
		if !ok {
			continue
		}
		got[f.Contracts[i].Build] = version
		if _, err := sysmon.BuildNamed(version); err != nil {
			t.Error(err)
		}
	}
	want := map[string]string{"sysmon-15": "15.0", "sysmon-13": "13.10", "sysmon-11-shipped": "11.0", "sysmon-10": "10.0", "sysmon-9": "9.0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBuiltinDefinitions(t *testing.T) {
	data, err := Definitions().JSON()
	if err != nil {
		t.Fatal(err)
	}
	read, err := sensor.ReadDefinitions("definitions.json", data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Definitions(), read, definitionsCmp); diff != "" {
		t.Errorf("the document reads as something else (-code +document):\n%s", diff)
	}
}

func TestBuiltinFleets(t *testing.T) {
	for _, name := range Fleets() {
		f, ok := Fleet(name)
		if !ok {
			t.Fatalf("there is no fleet %q", name)
		}
		data, err := f.JSON()
		if err != nil {
			t.Fatal(err)
		}
		read, err := sensor.ReadFleet("fleet.json", data)
		if err != nil {
			t.Fatal(err)
		}
		read.Builtin, read.Document = true, nil
		if diff := cmp.Diff(f, read); diff != "" {
			t.Errorf("the document of fleet %s reads as something else (-code +document):\n%s", name, diff)
		}
		if f.Name != name {
			t.Errorf("fleet %q is named %q", name, f.Name)
		}
		if f.Digest != sha256.Sum256(data) {
			t.Errorf("digest of fleet %s is %x; the digest of its document is %x", name, f.Digest, sha256.Sum256(data))
		}
		for _, want := range []string{"An example", "hosts", "invented"} {
			if !strings.Contains(f.Note, want) {
				t.Errorf("note of fleet %s does not say %q: %s", name, want, f.Note)
			}
		}
	}
	if f, ok := Fleet("none"); f != nil || ok {
		t.Errorf("BuiltinFleet of an unknown name = %v, %v; want none", f, ok)
	}
}

// TestBuiltinStory tests the facts of July 2024: 21 inputs declared, 20 supplied by one build.
func TestBuiltinStory(t *testing.T) {
	d := Definitions().ByName("ipc", 1)
	if d == nil || d.Number != 1 || d.Channel != 291 || len(d.Inputs) != 21 {
		t.Fatalf("definition of ipc version 1 is %+v; want number 1, channel 291, 21 inputs", d)
	}
	var sysmon []string
	for i, in := range d.Inputs {
		if in.Type != sensor.TypeString || in.MaxLength == 0 {
			t.Errorf("%s is of type %s, at most %d bytes; want a string with a bound", d.InputName(i), in.Type, in.MaxLength)
		}
		if strings.HasPrefix(in.Source, "Sysmon event 17/18") {
			sysmon = append(sysmon, in.Name)
		} else if !strings.HasPrefix(in.Source, "cfcheck: ") {
			t.Errorf("%s has the source %q; want Sysmon or cfcheck", d.InputName(i), in.Source)
		}
	}
	// The order of the Sysmon schema, and of recorded events.
	want := []string{"RuleName", "EventType", "UtcTime", "ProcessGuid", "ProcessId", "PipeName", "Image", "User"}
	if diff := cmp.Diff(want, sysmon); diff != "" || d.Inputs[7].Name != "User" {
		t.Errorf("the fields of Sysmon are not first, or not in its order (-want +got):\n%s", diff)
	}
	second := Definitions().ByName("ipc", 2)
	if second == nil || len(second.Inputs) != 26 || !slices.Equal(second.Inputs[:21], d.Inputs) || second.Inputs[25].Name != "Level" || len(Definitions().Versions(1)) != 2 {
		t.Errorf("definition of ipc version 2 is %+v; want the 21 inputs of version 1 and 5 of the header", second)
	}
	if got, want := d.InputName(20), `input 21 (index 20), "ClientImage"`; got != want {
		t.Errorf("the last input is %s; want %s", got, want)
	}

	f, _ := Fleet("291")
	if f.Hosts() != 1_000_000 || len(f.Contracts) != 2 {
		t.Fatalf("fleet 291 has %d hosts, %d builds; want 1,000,000 and 2", f.Hosts(), len(f.Contracts))
	}
	for i, want := range []struct {
		build           string
		hosts           uint64
		supplied        int
		refusesVersions bool
	}{
		{"7.11", 412_000, 20, false},
		{"7.16", 588_000, 21, true},
	} {
		c := f.Contracts[i]
		if c.Build != want.build || c.Hosts != want.hosts || c.Reader.Access != sensor.AccessPositional || c.Reader.Evidence != sensor.EvidenceStated ||
			c.Reader.RefusesUnknownVersions != want.refusesVersions || c.Reader.Budget.Steps == 0 || c.Reader.Budget.Memory == 0 {
			t.Errorf("contract %d is %+v; want build %s", i, c, want.build)
		}
		for j, in := range d.Inputs {
			state := sensor.StateSupplied
			if j >= want.supplied {
				state = sensor.StateNotSupplied
			}
			if got := c.Supplies[0].Input(sensor.AccessPositional, j, in.Name); got.State != state || got.Name != in.Name {
				t.Errorf("build %s: %s is %q, %s; want it %s", c.Build, d.InputName(j), got.Name, got.State, state)
			}
		}
	}
}

// TestBuiltinTypes tests properties of every type.
func TestBuiltinTypes(t *testing.T) {
	for d := range Definitions().All() {
		want := 1000 + d.Number
		if d.Name == "ipc" {
			want = 291
		}
		if d.Version != 1 && d.Name != "ipc" || d.Channel != want {
			t.Errorf("type %s, number %d, has version %d and channel %d; want 1 and %d", d.Name, d.Number, d.Version, d.Channel, want)
		}
		if l := d.Logsources[0]; d.Name != "ipc" && l.Category+l.Service != d.Name || l.Product != "windows" {
			t.Errorf("type %s is for %s; want its name, and Windows", d.Name, l)
		}
		if d.Title == "" || d.Source == "" || len(d.Feeds) == 0 {
			t.Errorf("type %s has title %q, source %q and %d feeds; want all", d.Name, d.Title, d.Source, len(d.Feeds))
		}
		fed := map[string]bool{}
		for _, f := range d.Feeds {
			if f.Source == "" || f.Provider == "" && f.Channel == "" {
				t.Errorf("type %s: feed %s has source %q, provider %q and channel %q; want a source, and what selects its events", d.Name, f.Name, f.Source, f.Provider, f.Channel)
			}
			for _, field := range f.Fields {
				fed[field.Input] = true
				if strings.ContainsAny(field.Input+field.Field, "#~+@=") {
					t.Errorf("type %s: feed %s: field %+v; want a name", d.Name, f.Name, field)
				}
			}
		}
		for i, in := range d.Inputs {
			if in.Type != sensor.TypeString || in.MaxLength == 0 || in.Source == "" {
				t.Errorf("type %s: %s is of type %s, at most %d bytes, source %q; want a string with a bound and a source",
					d.Name, d.InputName(i), in.Type, in.MaxLength, in.Source)
			}
			if ours := strings.HasPrefix(in.Source, "cfcheck: "); fed[in.Name] == ours {
				t.Errorf("type %s: %s is fed %v, and its source is %q", d.Name, d.InputName(i), fed[in.Name], in.Source)
			}
		}
	}
}

func TestWords(t *testing.T) {
	for _, tt := range []struct {
		table string
		want  word
		rest  string
	}{
		{"", word{maxLength: lengthPath}, ""},
		{"  Image ", word{input: "Image", maxLength: lengthPath}, " "},
		{"ProcessId# User~", word{input: "ProcessId", maxLength: lengthToken}, " User~"},
		{"User~@13.30", word{input: "User", since: "Sysmon 13.30", maxLength: lengthText}, ""},
		{"Data+", word{input: "Data", maxLength: lengthEvent}, ""},
		{"ID#=Log_ID@10.0 X", word{input: "ID", field: "Log_ID", since: "Sysmon 10.0 (schema 4.21)", maxLength: lengthToken}, " X"},
		{"\n\"Client SID:\"~\nX", word{input: "Client SID:", maxLength: lengthText}, "\nX"},
		{`ThreatID#="Threat ID" X`, word{input: "ThreatID", field: "Threat ID", maxLength: lengthToken}, " X"},
	} {
		if got, rest := nextWord(tt.table); got != tt.want || rest != tt.rest {
			t.Errorf("nextWord(%q) = %+v, %q; want %+v, %q", tt.table, got, rest, tt.want, tt.rest)
		}
	}
	if n := countWords(" a  b#\n\"c d\"~ e=\"f g h\" i"); n != 5 {
		t.Errorf("countWords = %d; want 5", n)
	}
}

// TestBuiltinDefinitionsAreComplete tests that each method completes a definition, also if several
// goroutines ask for it.
func TestBuiltinDefinitionsAreComplete(t *testing.T) {
	for name, get := range map[string]func(*sensor.Definitions) *sensor.Definition{
		"ByName":   func(s *sensor.Definitions) *sensor.Definition { return s.ByName("security", 1) },
		"ByNumber": func(s *sensor.Definitions) *sensor.Definition { return s.ByNumber(101, 1) },
		"Newest":   func(s *sensor.Definitions) *sensor.Definition { return s.Newest("security") },
		"All": func(s *sensor.Definitions) *sensor.Definition {
			list := slices.Collect(s.All())
			return list[slices.IndexFunc(list, func(d *sensor.Definition) bool { return d.Name == "security" })]
		},
	} {
		s := &newBuiltin().set
		counts := make(chan int)
		for range 4 {
			go func() { counts <- len(get(s).Inputs) }()
		}
		for range 4 {
			if n := <-counts; n < 300 {
				t.Errorf("%s returns a definition of security with %d inputs; want more than 300", name, n)
			}
		}
	}
}

// TestBuiltinKindsAreLast tests that the questions about all types of a fleet do not read the files
// of events, and that they may be asked while another goroutine asks for a definition.
func TestBuiltinKindsAreLast(t *testing.T) {
	f, _ := Fleet("reference")
	b := newBuiltin()
	if err := f.Undefined(&b.set); err != nil {
		t.Fatal(err)
	}
	if types := f.DeclaredOnly(&b.set); len(types) > 0 {
		t.Errorf("no definition describes %v; want one for each type of the fleet", types)
	}
	for _, d := range b.list {
		if len(d.Inputs) == 0 || len(d.Feeds) == 0 {
			t.Errorf("type %s has %d inputs and %d feeds; want some of each", d.Name, len(d.Inputs), len(d.Feeds))
		}
		for i := range d.Feeds {
			if n := len(d.Feeds[i].Kinds); n > 0 {
				t.Errorf("type %s: feed %s has %d kinds before a caller asks for the definition; want none", d.Name, d.Feeds[i].Name, n)
			}
		}
	}

	b = newBuiltin()
	done := make(chan error)
	go func() { done <- f.Undefined(&b.set) }()
	if d := b.set.ByName("security", 1); len(d.Feeds[0].Kinds) < 100 {
		t.Errorf("the feed of type security has %d kinds; want more than 100", len(d.Feeds[0].Kinds))
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestBuiltinReference tests the inputs that the sources of the reference fleet lack.
func TestBuiltinReference(t *testing.T) {
	f, _ := Fleet("reference")
	if f.Hosts() != 100_000 {
		t.Errorf("the fleet has %d hosts; want 100,000", f.Hosts())
	}
	lacks := map[string][]string{} // builds, by type, feed and input
	for _, c := range f.Contracts {
		if c.Reader.Access != sensor.AccessNamed || !c.Reader.RefusesUnknownVersions || c.Note == "" {
			t.Errorf("build %s has a %s reader and the note %q; want a named one that refuses what it does not know, and a note", c.Build, c.Reader.Access, c.Note)
		}
		for _, s := range c.Supplies {
			d := Definitions().ByName(s.Type, s.Version)
			if d != Definitions().Newest(s.Type) {
				continue
			}
			for i, in := range d.Inputs {
				key := s.Type + " " + s.Feed + " " + in.Name
				switch s.Input(sensor.AccessNamed, i, in.Name).State {
				case sensor.StateUnknown:
					t.Errorf("build %s: %s is unknown", c.Build, key)
				case sensor.StateNotSupplied:
					lacks[key] = append(lacks[key], strings.TrimPrefix(c.Build, "sysmon-"))
				}
			}
		}
	}
	for _, tt := range []struct{ input, want, why string }{
		{"ipc sysmon PipeName", "", "Sysmon has always recorded it"},
		{"ipc sysmon Level", "", "of the header"},
		{"ipc sysmon User", "13 11-shipped 10 9", "of Sysmon 13.30"},
		{"ipc sysmon EventType", "11-shipped 9", "of Sysmon 10, and lost on the way"},
		{"ipc sysmon ProcessId", "11-shipped", "lost on the way"},
		{"ipc sysmon ClientImage", "15 13 11-shipped 10 9", "no recording has what is ours"},
		{"process_creation sysmon CommandLine", "", "Sysmon has always recorded it"},
		{"process_creation sysmon OriginalFileName", "9", "of Sysmon 10"},
		{"process_creation sysmon ParentUser", "13 11-shipped 10 9", "of Sysmon 13.30"},
		{"process_creation sysmon EventID", "", "says what the event is"},
		{"process_creation security-4688 CommandLine", "", "with the policy to include it"},
		{"process_creation security-4688 OriginalFileName", "15 security-log", "the Security log has no such field"},
		{"process_creation security-4688 Hashes", "15 security-log", "the Security log has no such field"},
		{"process_creation security-4688 IntegrityLevel", "", "of version 2 of the event, as MandatoryLabel"},
		{"process_creation security-4688 ParentUser", "", "the user who started the process"},
		{"network_connection security-5156 Initiated", "", "in another form, as Direction"},
		{"network_connection security-5156 SourceHostname", "15 security-log", "the Security log has no such field"},
		{"create_stream_hash sysmon Contents", "11-shipped 10 9", "of Sysmon 11.10"},
		{"file_delete sysmon-23 Archived", "", "as long as the event"},
		{"file_delete sysmon-26 Archived", "15 13", "event 26 says that no copy was made by what it is"},
		{"file_delete sysmon-26 TargetFilename", "", "of the event since it was there"},
		{"sysmon sysmon Image", "", "of most events, since ever"},
		{"sysmon sysmon EventType", "11-shipped", "lost on the way; events of the registry have it longer than those of pipes"},
		{"sysmon sysmon OriginalFileName", "9", "of Sysmon 10, in every event that has it"},
		{"sysmon sysmon QueryName", "9", "of event 22, which is of Sysmon 10"},
		{"sysmon sysmon Contents", "11-shipped 10 9", "of Sysmon 11.10"},
		{"sysmon sysmon ParentUser", "13 11-shipped 10 9", "of Sysmon 13.30"},
		{"sysmon sysmon User", "", "of process creation, since ever, though most events have it of 13.30"},
		{"registry_set sysmon Details", "", "Sysmon has always recorded it"},
		{"ps_script powershell ScriptBlockText", "", "PowerShell 5 records it"},
		{"security security SubjectUserName", "", "of most events"},
	} {
		if got := strings.Join(lacks[tt.input], " "); got != tt.want {
			t.Errorf("%s is not supplied by %q; want %q: %s", tt.input, got, tt.want, tt.why)
		}
	}
	types := map[string][]string{}
	for _, c := range f.Contracts {
		for _, s := range c.Supplies {
			if list := types[s.Type+" "+s.Feed]; !slices.Contains(list, c.Build) {
				types[s.Type+" "+s.Feed] = append(list, c.Build)
			}
		}
	}
	for feed, want := range map[string]string{
		"dns_query sysmon":                "sysmon-15 sysmon-13 sysmon-11-shipped sysmon-10",
		"file_delete_detected sysmon":     "sysmon-15 sysmon-13",
		"file_delete sysmon-23":           "sysmon-15 sysmon-13 sysmon-11-shipped",
		"file_delete sysmon-26":           "sysmon-15 sysmon-13",
		"file_executable_detected sysmon": "sysmon-15",
		"file_access kernel-file":         "kernel-trace",
		"security security":               "sysmon-15 security-log",
	} {
		if got := strings.Join(types[feed], " "); got != want {
			t.Errorf("feed %s is supplied by %q; want %q", feed, got, want)
		}
	}
}

// TestSysmonUnion tests that the type for the whole log has exactly the fields of all events. A
// build supplies a field there if and only if it supplies it for some event.
func TestSysmonUnion(t *testing.T) {
	f, _ := Fleet("reference")
	builds := 0
	for _, c := range f.Contracts {
		whole, events := map[string]bool{}, map[string]bool{} // whether the input is supplied, by name in lower case
		for _, s := range c.Supplies {
			d := Definitions().ByName(s.Type, s.Version)
			feed := d.Feed(s.Feed)
			if feed.Provider != sysmonProvider {
				continue
			}
			for i, in := range d.Inputs {
				name := strings.ToLower(in.Name)
				supplied := s.Input(sensor.AccessNamed, i, in.Name).State == sensor.StateSupplied
				if s.Type == "sysmon" {
					whole[name] = supplied
				} else if feed.Field(in.Name) != nil {
					events[name] = events[name] || supplied
				}
			}
		}
		if len(whole) == 0 {
			continue
		}
		builds++
		for name, supplied := range whole {
			if supplied != events[name] {
				t.Errorf("build %s: %s is supplied %v for type sysmon, and %v for one event or another", c.Build, name, supplied, events[name])
			}
		}
		for name, supplied := range events {
			if _, ok := whole[name]; supplied && !ok {
				t.Errorf("build %s: %s is supplied for an event, and no input of type sysmon", c.Build, name)
			}
		}
	}
	if builds != 5 {
		t.Errorf("%d builds have Sysmon; want 5", builds)
	}
	since := sysmonSince()
	for _, in := range Definitions().ByName("sysmon", 1).Inputs[:countWords(sysmonTable)] {
		if _, ok := since[strings.ToLower(in.Name)]; !ok {
			t.Errorf("input %s of type sysmon is a field of no event", in.Name)
		}
	}
}

// BenchmarkBuiltinDefinitions measures the first request for the definitions in a process.
func BenchmarkBuiltinDefinitions(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newBuiltin().set.ByName("process_creation", 1)
	}
}

// BenchmarkBuiltinUndefined measures the first comparison of a fleet with the definitions.
func BenchmarkBuiltinUndefined(b *testing.B) {
	f, _ := Fleet("reference")
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Undefined(&newBuiltin().set); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBuiltinKinds measures the kinds of the feed with the longest file of events.
func BenchmarkBuiltinKinds(b *testing.B) {
	f := Definitions().ByName("security", 1).Feed("security")
	b.ReportAllocs()
	for b.Loop() {
		kindsOf(f)
	}
}

func BenchmarkBuiltinFleet(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Fleet("reference")
	}
}

func BenchmarkBuiltinFleetDistinct(b *testing.B) {
	f, _ := Fleet("reference")
	b.ReportAllocs()
	for b.Loop() {
		f.Distinct()
	}
}
