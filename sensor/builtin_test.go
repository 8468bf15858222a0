package sensor

import (
	"crypto/sha256"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the files of builtin anew")

// definitionsCmp compares sets of definitions by what is in them.
var definitionsCmp = cmp.Transformer("All", func(s *Definitions) []*Definition { return slices.Collect(s.All()) })

// golden compares a document with the file that the repository has of it.
func golden(t *testing.T, name string, data []byte) []byte {
	t.Helper()
	path := filepath.Join("builtin", name)
	if *update {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(file), string(data)); diff != "" {
		t.Errorf("%s is not what the code says (-file +code); if the code is right, run go test -update:\n%s", path, diff)
	}
	return file
}

func TestBuiltinDefinitions(t *testing.T) {
	data, err := BuiltinDefinitions().JSON()
	if err != nil {
		t.Fatal(err)
	}
	file := golden(t, "definitions.json", data)
	read, err := ReadDefinitions("definitions.json", file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(BuiltinDefinitions(), read, definitionsCmp); diff != "" {
		t.Errorf("the file reads as something else (-code +file):\n%s", diff)
	}
}

func TestBuiltinFleets(t *testing.T) {
	for _, name := range BuiltinFleets() {
		f, ok := BuiltinFleet(name)
		if !ok {
			t.Fatalf("there is no fleet %q", name)
		}
		data, err := f.JSON()
		if err != nil {
			t.Fatal(err)
		}
		file := golden(t, "fleet-"+name+".json", data)
		read, err := ReadFleet("fleet.json", file)
		if err != nil {
			t.Fatal(err)
		}
		read.Builtin = true
		if diff := cmp.Diff(f, read); diff != "" {
			t.Errorf("the file of fleet %s reads as something else (-code +file):\n%s", name, diff)
		}
		if f.Name != name {
			t.Errorf("fleet %q is named %q", name, f.Name)
		}
		if f.Digest != sha256.Sum256(file) {
			t.Errorf("digest of fleet %s is %x; that of its file, %x", name, f.Digest, sha256.Sum256(file))
		}
		for _, want := range []string{"An example", "hosts", "invented"} {
			if !strings.Contains(f.Note, want) {
				t.Errorf("note of fleet %s does not say %q: %s", name, want, f.Note)
			}
		}
	}
	if f, ok := BuiltinFleet("none"); f != nil || ok {
		t.Errorf("BuiltinFleet of an unknown name = %v, %v; want none", f, ok)
	}
}

// The story: 21 inputs declared, 20 supplied by one build.
func TestBuiltinStory(t *testing.T) {
	d := BuiltinDefinitions().ByName("ipc", 1)
	if d == nil || d.Number != 1 || d.Channel != 291 || len(d.Inputs) != 21 {
		t.Fatalf("definition of ipc version 1 is %+v; want number 1, channel 291, 21 inputs", d)
	}
	var sysmon []string
	for i, in := range d.Inputs {
		if in.Type != String || in.MaxLength == 0 {
			t.Errorf("%s is of type %s, at most %d bytes; want a string with a bound", d.InputName(i), in.Type, in.MaxLength)
		}
		if strings.HasPrefix(in.Source, "Sysmon event 17/18") {
			sysmon = append(sysmon, in.Name)
		} else if !strings.HasPrefix(in.Source, "cfcheck: ") {
			t.Errorf("%s has the source %q; want Sysmon or cfcheck", d.InputName(i), in.Source)
		}
	}
	// The order of Sysmon's own schema, as recorded events have it.
	want := []string{"RuleName", "EventType", "UtcTime", "ProcessGuid", "ProcessId", "PipeName", "Image", "User"}
	if diff := cmp.Diff(want, sysmon); diff != "" || d.Inputs[7].Name != "User" {
		t.Errorf("the fields of Sysmon are not first, or not in its order (-want +got):\n%s", diff)
	}
	if got, want := d.InputName(20), `input 21 (index 20), "ClientImage"`; got != want {
		t.Errorf("the last input is %s; want %s", got, want)
	}

	f, _ := BuiltinFleet("291")
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
		if c.Build != want.build || c.Hosts != want.hosts || c.Reader.Access != Positional || c.Reader.Evidence != Stated ||
			c.Reader.RefusesUnknownVersions != want.refusesVersions || c.Reader.Budget.Steps == 0 || c.Reader.Budget.Memory == 0 {
			t.Errorf("contract %d is %+v; want build %s", i, c, want.build)
		}
		for j, in := range d.Inputs {
			state := Supplied
			if j >= want.supplied {
				state = NotSupplied
			}
			if got := c.Supplies[0].Input(Positional, j, in.Name); got.State != state || got.Name != in.Name {
				t.Errorf("build %s: %s is %q, %s; want it %s", c.Build, d.InputName(j), got.Name, got.State, state)
			}
		}
	}
}

// What pipe rules read, every source of the reference fleet supplies; User it
// does not.
func TestBuiltinReference(t *testing.T) {
	f, _ := BuiltinFleet("reference")
	d := BuiltinDefinitions().ByName("ipc", 1)
	missing := map[string]uint64{} // hosts
	for _, c := range f.Contracts {
		if c.Reader.Access != Named {
			t.Errorf("build %s has a %s reader; want a named one", c.Build, c.Reader.Access)
		}
		for _, s := range c.SuppliesOf("ipc", 1) {
			for i, in := range d.Inputs {
				if s.Input(Named, i, in.Name).State != Supplied {
					missing[in.Name] += c.Hosts
				}
			}
		}
	}
	for name, want := range map[string]uint64{
		"PipeName": 0, "Image": 0, "RuleName": 0, "UtcTime": 0, "ProcessGuid": 0,
		"User": 30_000, "EventType": 10_000, "ProcessId": 2_000, "CommandLine": 100_000, "ClientImage": 100_000,
	} {
		if missing[name] != want {
			t.Errorf("%s is not supplied on %d hosts; want %d", name, missing[name], want)
		}
	}
}
