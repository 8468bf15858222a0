package sysmon

import (
	"strings"
	"testing"
)

func TestParseVersion(t *testing.T) {
	for _, c := range []struct {
		text string
		want Version // zero: refused
		why  string
	}{
		{"4.50", Version{4, 50}, "two decimals"},
		{"4.5", Version{4, 50}, "one decimal counts tenths"},
		{"4.05", Version{4, 5}, "a zero in front counts"},
		{"3.2", Version{3, 20}, "as old manifests write it"},
		{"16", Version{16, 0}, "no decimals, as a binary version"},
		{"14.1", Version{14, 10}, "as a binary version"},
		{"65535.99", Version{65535, 99}, "the greatest"},
		{"65536", Version{}, "does not fit the word of a blob"},
		{"4.500", Version{}, "three decimals"},
		{"4.", Version{}, "no digit behind the point"},
		{".5", Version{}, "no digit before the point"},
		{"", Version{}, "empty"},
		{" 4.50", Version{}, "a space"},
		{"+4.50", Version{}, "a sign"},
		{"4.5.0", Version{}, "a second point"},
		{"4,50", Version{}, "a comma"},
		{"99999999999999999999", Version{}, "too long for an integer"},
	} {
		got, err := ParseVersion(c.text)
		if got != c.want || (err == nil) != (c.want != Version{}) {
			t.Errorf("%q is %v, %v; want %v: %s", c.text, got, err, c.want, c.why)
		}
		if err == nil {
			if back, err := ParseVersion(got.String()); err != nil || back != got {
				t.Errorf("%q is written %q, which is %v, %v", c.text, got, back, err)
			}
			if VersionOf(got.Word()) != got {
				t.Errorf("%v is the word %#x, which is %v", got, got.Word(), VersionOf(got.Word()))
			}
		}
	}
	if w := (Version{4, 50}).Word(); w != 0x00040032 {
		t.Errorf("the word of 4.50 is %#08x; want 0x00040032", w)
	}
}

func TestOperators(t *testing.T) {
	// The order is part of the binary form. The number of each operator was seen in blobs up to
	// 13, and is the place in the list that 14.0 prints.
	want := "is,is not,contains,contains any,is any,contains all,excludes,excludes any,excludes all,begin with,end with,less than,more than,image,not begin with,not end with"
	var have []string
	for o := Operator(0); o.Known(); o++ {
		have = append(have, o.String())
		if list := strings.Contains(o.Meaning(), "the list"); o.Meaning() == "" || o.List() != list {
			t.Errorf("%v means %q; a list: %v", o, o.Meaning(), o.List())
		}
		for _, spelled := range []string{o.String(), strings.ToUpper(o.String())} {
			if named, ok := OperatorNamed(spelled); !ok || named != o {
				t.Errorf("OperatorNamed(%q) = %v, %v; want %v", spelled, named, ok, o)
			}
		}
	}
	if got := strings.Join(have, ","); got != want {
		t.Errorf("the operators are %s; want %s", got, want)
	}
	for _, c := range []struct{ name, why string }{
		{"", "empty"}, {"begin  with", "two spaces"}, {"begin with ", "a space behind"}, {"starts with", "not of Sysmon"},
		{"i\u017f", "a long s is not an s"}, {"is\u212a", "longer"},
	} {
		if o, ok := OperatorNamed(c.name); ok {
			t.Errorf("%q is %v; want no operator: %s", c.name, o, c.why)
		}
	}
	if o := Operator(16); o.Known() || o.Meaning() != "" || o.String() != "operator 16" {
		t.Errorf("operator 16: known %v, text %q", o.Known(), o)
	}
	if o := Operator(1 << 31); o.Known() {
		t.Error("operator 0x80000000 is known")
	}
}

func TestSchemas(t *testing.T) {
	list := Schemas()
	for i, s := range list {
		if i > 0 && list[i-1].Version.Compare(s.Version) >= 0 {
			t.Errorf("schema %s comes after %s", s.Version, list[i-1].Version)
		}
		if got, ok := SchemaOf(s.Version); !ok || got != s {
			t.Errorf("SchemaOf(%s) = %v, %v", s.Version, got, ok)
		}
		if (s.Binary == Version{}) != (s.Version == Version{4, 83}) {
			t.Errorf("schema %s has binary version %s; only that of 4.83 is not known", s.Version, s.Binary)
		}
		for j := range s.Events {
			e := &s.Events[j]
			if e.Name == "" || e.Tag != "" && e.Field("UtcTime") < 0 {
				t.Errorf("schema %s, event %d: %+v; want a name, and a field UtcTime if it has a tag", s.Version, e.ID, e)
			}
			if s.Event(e.ID) != e {
				t.Errorf("schema %s: Event(%d) is another event", s.Version, e.ID)
			}
		}
		for _, e := range s.Internal {
			if s.Event(e.ID) != nil {
				t.Errorf("schema %s has the internal event %d as a public one", s.Version, e.ID)
			}
		}
	}
	s, _ := SchemaOf(Version{4, 90})
	for _, c := range []struct {
		tag  string
		want []uint32
	}{
		{"RegistryEvent", []uint32{12, 13, 14}}, {"PipeEvent", []uint32{17, 18}}, {"WmiEvent", []uint32{19, 20, 21}},
		{"FileExecutableDetected", []uint32{29}}, {"registryevent", nil}, {"", nil},
	} {
		var ids []uint32
		for _, e := range s.Tagged(c.tag) {
			ids = append(ids, e.ID)
		}
		if !equal(ids, c.want) {
			t.Errorf("4.90: Tagged(%q) has the events %v; want %v", c.tag, ids, c.want)
		}
	}
	if n := len(s.Tags()); n != 22 {
		t.Errorf("4.90 has %d tags; want 22", n)
	}
	if _, ok := SchemaOf(Version{4, 84}); ok {
		t.Error("there is a schema 4.84")
	}
	// The two schemas without a manifest: the facts state their new event.
	for _, c := range []struct {
		version Version
		id      uint32
		tag     string
		fields  string
	}{
		{Version{4, 82}, 27, "FileBlockExecutable", "RuleName UtcTime ProcessGuid ProcessId User Image TargetFilename Hashes"},
		{Version{4, 83}, 28, "FileBlockShredding", "RuleName UtcTime ProcessGuid ProcessId User Image TargetFilename Hashes IsExecutable"},
	} {
		s, _ := SchemaOf(c.version)
		e := s.Event(c.id)
		if e == nil || e.Tag != c.tag || strings.Join(e.Fields, " ") != c.fields || s.Event(c.id+1) != nil {
			t.Errorf("schema %s: event %d is %+v", c.version, c.id, e)
		}
		if !s.Derived {
			t.Errorf("schema %s is not marked as derived", c.version)
		}
	}
}

func equal(a, b []uint32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestOptionElements(t *testing.T) {
	s, _ := SchemaOf(Version{4, 91})
	var have []string
	for i := range s.Options {
		if name := s.Options[i].Element(); name != "" {
			have = append(have, name)
		}
	}
	want := "ArchiveDirectory CaptureClipboard DriverName PipeMonitoringConfig HashAlgorithms DnsLookup DriverQueueSize SigningQueueSize ProcessAccessConfig CheckRevocation FieldSizes"
	if got := strings.Join(have, " "); got != want {
		t.Errorf("the options of 4.91 in a configuration are %s; want %s", got, want)
	}
}

// TestParseSchemas tries faults of the text: a mistake in it must not go unnoticed.
func TestParseSchemas(t *testing.T) {
	const head = "schema 4.00 1.01\nsource s\noperators is\noption A none\nevent 1 T log N: F G\n"
	if _, err := parseSchemas(head); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{"source s", "line 1: a line before the first schema"},
		{head + "schema 4.00 1.01", "line 6: schema 4.00 is not after 4.00"},
		{head + "schema 4.x 1.01", `line 6: found version "4.x"`},
		{head + "schema 5.00 x", `line 6: found version "x"`},
		{head + "schema 5.00 1.01", "schema 5.00 has no source"},
		{head + "operators is, was", `line 6: unknown operator "was"`},
		{head + "option B", "line 6: an option needs"},
		{head + "option B maybe", `line 6: unknown argument "maybe"`},
		{head + "option B none secret", `line 6: unknown word "secret"`},
		{head + "options A B", `line 6: unknown option "B"`},
		{head + "remove option B", `line 6: unknown option "B"`},
		{head + "remove event 2", "line 6: there is no event 2"},
		{head + "remove all", `line 6: cannot remove "all"`},
		{head + "event 2 T maybe N: F", "line 6: want an event"},
		{head + "event x T log N: F", "line 6: strconv"},
		{head + "first F 1", "line 6: want a field"},
		{head + "last F: x", "line 6: strconv"},
		{head + "evnt 1", `line 6: unknown word "evnt"`},
	} {
		if _, err := parseSchemas(c.text); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v; want %s", strings.TrimPrefix(c.text, head), err, c.want)
		}
	}
}

func TestBuildNamed(t *testing.T) {
	for _, c := range []struct {
		name, build string // build: its name, or the start of the error in parentheses
		why         string
	}{
		{"15.15", "15.15", "as written"},
		{"v15.15", "15.15", "with a v"},
		{" 13.24 ", "13.24", "with spaces around it"},
		{"15", "15.0", "without decimals"},
		{"15.00", "15.0", "with two"},
		{"13.0", "13.00", "one decimal fewer"},
		{"15.07", "15.07", "within a stated range"},
		{"Linux-1.0.0", "linux-1.0.0", "a name, in other case"},
		{"WINDOWS-KB5077241", "windows-kb5077241", "a name, in other case"},
		{"13.23", `(unknown Sysmon build "13.23"; the nearest known: 13.22 and 13.24)`, "between two lists"},
		{"1.0", `(unknown Sysmon build "1.0"; the nearest known: 5.0)`, "below all"},
		{"99", `(unknown Sysmon build "99"; the nearest known: 15.20)`, "above all"},
		{"latest", `(unknown Sysmon build "latest" (want a version such as 15.15, or one of windows-kb5077241, linux-1.0.0, linux-1.2.0))`, "not a version"},
		{"", `(unknown Sysmon build "" (want`, "empty"},
	} {
		b, err := BuildNamed(c.name)
		got := ""
		if err != nil {
			got = "(" + err.Error() + ")"
		} else {
			got = b.Name
		}
		if !strings.HasPrefix(got, c.build) {
			t.Errorf("%q is %s; want %s: %s", c.name, got, c.build, c.why)
		}
	}
}

func TestBuilds(t *testing.T) {
	list := Builds()
	for i, b := range list {
		if got, err := BuildNamed(b.Name); err != nil || got != b {
			t.Errorf("BuildNamed(%q) = %v, %v", b.Name, got, err)
		}
		if b.Manifest().Version != b.Schema || b.Source == "" || len(b.Binaries) == 0 {
			t.Errorf("build %s: %+v", b.Name, b)
		}
		if b.Layout != LayoutOf(b.Binaries[0]) {
			t.Errorf("build %s has %v, its binary version %v has %v", b.Name, b.Layout, b.Binaries[0], LayoutOf(b.Binaries[0]))
		}
		if i > 0 && compareBuilds(list[i-1], b) > 0 {
			t.Errorf("build %s comes after %s", b.Name, list[i-1].Name)
		}
	}
	for _, c := range []struct {
		name   string
		binary Version
		layout Layout
		sure   bool
		why    string
	}{
		{"7.01", Version{1, 1}, Layout101, true, "the old layout"},
		{"8.0", Version{8, 0}, LayoutUnknown, true, "no layout between the two is known"},
		{"13.22", Version{14, 10}, LayoutUnknown, true, "the schema of 13.24, another blob"},
		{"13.24", Version{15, 0}, Layout15, true, "the version of all known pairs"},
		{"14.16", Version{}, Layout15, false, "binary 17 or 18"},
		{"15.15", Version{18, 0}, Layout15, true, ""},
		{"15.20", Version{18, 0}, Layout15, false, "only a tool names it"},
	} {
		b, err := BuildNamed(c.name)
		if err != nil || b.Binary != c.binary || b.Layout != c.layout || b.Sure != c.sure {
			t.Errorf("%s: %+v, %v; want binary %s, %v, sure %v: %s", c.name, b, err, c.binary, c.layout, c.sure, c.why)
		}
	}
}

// TestParseBuilds tries faults of the text: a mistake in it must not go unnoticed.
func TestParseBuilds(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"15.0 | 4.90 | 18", "line 1: found 3 columns"},
		{"15.0 | 4.89 | 18 | s", "line 1: schema 4.89 is not in"},
		{"15.0 | x | 18 | s", `line 1: found version "x"`},
		{"15.0 | 4.90 | x | s", `line 1: found version "x"`},
		{"15.0-x | 4.90 | 18 | s", `line 1: found version "x"`},
		{"15.0 | 4.90 | 14 18 | s", "line 1: the binary versions have several layouts"},
	} {
		if _, err := parseBuilds(c.text); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v; want %s", c.text, err, c.want)
		}
	}
}

func TestGrammar(t *testing.T) {
	for _, c := range []struct {
		build    string
		declared Version
		want     string // version, or "" for an error
		why      string
	}{
		{"15.15", Version{4, 90}, "4.90", "its own"},
		{"15.15", Version{4, 50}, "4.50", "one that it knows"},
		{"15.15", Version{4, 55}, "4.50", "one between: the next lower"},
		{"15.15", Version{4, 0}, "4.00", "the oldest of its major number"},
		{"15.15", Version{4, 91}, "4.83", "a newer one: the second newest, not the newest"},
		{"15.15", Version{5, 0}, "", "another major number"},
		{"15.15", Version{3, 40}, "", "an older major number"},
		{"5.02", Version{3, 30}, "3.10", "a public report: FileCreate was refused"},
		{"5.02", Version{3, 20}, "3.20", "its own"},
		{"5.02", Version{3, 0}, "", "below its oldest"},
		{"7.0", Version{4, 50}, "", "it knows one schema of this major number"},
		{"7.0", Version{3, 40}, "", "a public report: refused"},
		{"12.0", Version{4, 90}, "4.32", "a public report: ProcessTampering was refused"},
		{"14.0", Version{4, 90}, "4.81", "a public report: FileExecutableDetected was refused"},
		{"14.1", Version{4, 90}, "4.82", "a public report: FileExecutableDetected was refused"},
	} {
		b, err := BuildNamed(c.build)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		s, err := b.Grammar(c.declared)
		if err == nil {
			got = s.Version.String()
		}
		if got != c.want {
			t.Errorf("%s judges %s by %q, %v; want %q: %s", c.build, c.declared, got, err, c.want, c.why)
		}
	}
}

func TestDefects(t *testing.T) {
	for _, c := range []struct {
		name    string
		concern Concern
		want    bool
	}{
		{"10.0", SeveralElements, true}, {"10.42", SeveralElements, true}, {"11.0", SeveralElements, false}, {"9.01", SeveralElements, false},
		{"13.00", EveryConfiguration, true}, {"13.01", EveryConfiguration, false},
		{"13.10", AndRelation, true}, {"13.21", AndRelation, true}, {"13.22", AndRelation, false}, {"13.02", AndRelation, false},
		{"12.03", SeveralInGroup, true}, {"13.00", SeveralInGroup, true}, {"12.02", SeveralInGroup, false},
		{"11.0", CommentInGroup, true}, {"11.10", CommentInGroup, false},
		{"linux-1.2.0", CapitalValue, true}, {"linux-1.0.0", CapitalValue, false}, {"linux-1.0.0", AndRelation, false},
	} {
		b, err := BuildNamed(c.name)
		if err != nil {
			t.Fatal(err)
		}
		got := false
		for _, d := range b.Bad {
			got = got || d.Concern == c.concern
		}
		if got != c.want {
			t.Errorf("%s has a defect of %d: %v; want %v", c.name, c.concern, got, c.want)
		}
	}
	known := map[string]bool{}
	for _, b := range Builds() {
		known[b.Name] = true
	}
	for _, k := range knownDefects {
		if !known[k.from] || !known[k.to] || k.defect.What == "" || k.defect.Source == "" {
			t.Errorf("the defect from %q to %q (%s) has no such build, text or source", k.from, k.to, k.defect.What)
		}
	}
}
