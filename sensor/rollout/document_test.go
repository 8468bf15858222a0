package rollout_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/sensor/rollout"
)

// schema is the JSON Schema of a plan. The package that writes plans has it.
var schema = sync.OnceValue(func() *jsonschema.Schema {
	data, err := os.ReadFile("../../report/schema/plan.json")
	if err != nil {
		panic(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("plan.json", doc); err != nil {
		panic(err)
	}
	return c.MustCompile("plan.json")
})

func schemaError(data []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return schema().Validate(doc)
}

// july plans the content of July 2024 for the fleet 291.
func july(t testing.TB, change func(*sensor.Fleet), opts rollout.Options) (*rollout.Plan, *channelfile.File) {
	t.Helper()
	built, _ := builtin.Fleet("291")
	fleet := *built
	fleet.Contracts = slices.Clone(built.Contracts)
	for i := range fleet.Contracts {
		fleet.Contracts[i].Supplies = slices.Clone(fleet.Contracts[i].Supplies)
	}
	if change != nil {
		change(&fleet)
	}
	f := file(t, "291-july-first-use")
	p, err := rollout.New(&fleet, builtin.Definitions(), []rollout.Change{{New: f, Old: file(t, "291-march-on-21")}}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return p, f
}

func encode(t testing.TB, d *rollout.Document) []byte {
	t.Helper()
	data, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func read(t testing.TB, data []byte) *rollout.Document {
	t.Helper()
	d, err := rollout.ReadDocument("plan.json", data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sameDocument compares documents without the names and digests of their files.
var sameDocument = cmp.Options{cmpopts.IgnoreUnexported(rollout.Document{}), cmpopts.IgnoreFields(rollout.Document{}, "Name", "Digest")}

// TestDocument tests that a plan is the same after it was written and read.
func TestDocument(t *testing.T) {
	p, _ := july(t, nil, rollout.Options{})
	shipped, _ := july(t, nil, rollout.Options{})
	if err := schemaError(encode(t, p.Document())); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(p.Document(), read(t, encode(t, shipped.Document())), sameDocument); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	large := p.Document()
	large.Contents = append(large.Contents, rollout.DocumentContent{
		Channel: 70_001, Type: "many", TypeVersion: 70_002, Revision: 70_003,
		Cells: []rollout.DocumentCell{{Cell: "many/70002 - instances - 1", Builds: []string{}}},
	})
	if diff := cmp.Diff(large, read(t, encode(t, large)), sameDocument); diff != "" {
		t.Errorf("large numbers, -want +got:\n%s", diff)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		p := &rollout.Plan{Fleet: &sensor.Fleet{Name: "random"}}
		p.HostsPerCell, p.Factor = 1+random.Uint64N(1<<random.IntN(63)), 2+random.Uint64N(1<<random.IntN(63))
		var hosts []uint64
		for i := range random.IntN(4) {
			p.Builds = append(p.Builds, rollout.Build{Name: fmt.Sprint("build ", i), Hosts: random.Uint64() >> random.IntN(64)})
			hosts = append(hosts, p.Builds[i].Hosts)
		}
		p.Rings = rollout.Rings(hosts, p.HostsPerCell, p.Factor)
		if diff := cmp.Diff(p.Document(), read(t, encode(t, p.Document())), sameDocument); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	}
}

// TestReadDocumentRefuses tests that no document is read that plan does not write.
func TestReadDocumentRefuses(t *testing.T) {
	p, _ := july(t, nil, rollout.Options{})
	base := string(encode(t, p.Document()))
	for _, tt := range []struct {
		why, old, new, want string
		schema              bool // the JSON Schema refuses the document too
	}{
		{"another version", "plan/v0", "plan/v1", `schema: found the string "cfcheck.plan/v1"; expected "cfcheck.plan/v0"`, true},
		{"an unknown key", `"factor"`, `"factors"`, `unknown key "factors"; did you mean "factor"?`, true},
		{"no hosts per cell", `"hostsPerCell": 100`, `"hostsPerCell": 0`, "hostsPerCell: found the number 0; expected an integer from 1 to ", true},
		{"rings that do not grow", `"factor": 10`, `"factor": 1`, "factor: found the number 1; expected an integer from 2 to ", true},
		{"fewer hosts per cell than ring 1 has", `"hostsPerCell": 100`, `"hostsPerCell": 101`, "rings[0].hosts: found 200 hosts; expected 202", false},
		{"more rings than the factor gives", `"factor": 10`, `"factor": 100`, "rings: found 5 rings; expected 3", false},
		{"a digest in upper case", `743b45`, `743B45`, `contents[0].headerSha256: found "743B45`, true},
		{"a short digest", `743b45`, ``, `expected a SHA-256 in 64 lower-case hex digits`, true},
		{"a digest of the previous content that is a number", `"previousHeaderSha256": "`, `"previousHeaderSha256": 1, "x": "`, "contents[0].previousHeaderSha256: found the number 1; expected a string", true},
		{"a cell of another type", "ipc/1 ClientImage", "ipc/2 ClientImage", "contents[0].cells[1].cell: found the type ipc/2; expected ipc/1", false},
		{"a cell with an unknown operator", "suffix+fold", "ends", "contents[0].cells[1].cell: unknown operator", false},
		{"a cell in another form", "suffix+fold", "suffix +fold", "contents[0].cells[1].cell: found 6 fields", false},
		{"a cell twice", "ipc/1 ClientImage suffix+fold short 1", "ipc/1 - instances - 5-8", "contents[0].cells[1].cell: found a cell that does not follow", false},
		{"a cell on a build that is in no ring", `"7.11",`, `"7.12",`, `contents[0].cells[0].builds[0]: found the build "7.12"; expected builds of the rings`, false},
		{"a cell twice on a build", `"7.11",`, `"7.16",`, `contents[0].cells[0].builds[1]: found the build "7.16"`, false},
		{"a ring with another number", `"ring": 2`, `"ring": 3`, "rings[1].ring: found ring 3; expected 2", false},
		{"a ring with more hosts of a build", `"hosts": 1000
`, `"hosts": 1001
`, "rings[1].builds[0].hosts: found 1001 hosts; expected 1000", false},
		{"a ring with another sum", `"hosts": 2000,`, `"hosts": 2001,`, "rings[1].hosts: found 2001 hosts; expected 2000", false},
		{"a ring with another build", `"build": "7.16",
          "hosts": 100
`, `"build": "7.17",
          "hosts": 100
`, `rings[0].builds[1].build: found the build "7.17"; expected "7.16"`, false},
		{"a ring without a build", `"builds": [
        {
          "build": "7.11",
          "hosts": 100
        },`, `"builds": [`, "rings[0].builds: found 1 builds; expected 2", false},
		{"a build twice", `"build": "7.11",
          "hosts": 412000`, `"build": "7.16",
          "hosts": 412000`, `rings[4].builds[1].build: found the build "7.16" again`, false},
		{"a build in the rings and outside", `"unaffected": []`, `"unaffected": [{"build": "7.16", "hosts": 1}]`, `unaffected[0].build: found the build "7.16" again`, false},
		{"a build twice outside of the rings", `"unaffected": []`, `"unaffected": [{"build": "8", "hosts": 1}, {"build": "8", "hosts": 1}]`, `unaffected[1].build: found the build "8" again`, false},
		{"a build without a name", `"unaffected": []`, `"unaffected": [{"build": "", "hosts": 1}]`, "unaffected[0].build: found an empty string", false},
		{"hosts below 0", `"unaffected": []`, `"unaffected": [{"build": "8", "hosts": -1}]`, "unaffected[0].hosts: found the number -1", true},
		{"two documents", "{\n  \"schema\"", "{}{\n  \"schema\"", "", true},
	} {
		data := []byte(strings.Replace(base, tt.old, tt.new, 1))
		if string(data) == base {
			t.Errorf("%s: the plan has no %q", tt.why, tt.old)
			continue
		}
		_, err := rollout.ReadDocument("plan.json", data)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %s", tt.why, err, tt.want)
			continue
		}
		if refused := schemaError(data) != nil; refused != tt.schema {
			t.Errorf("%s: the schema refuses it: %v, want %v", tt.why, refused, tt.schema)
		}
		var j *sensor.JSONError
		if !errors.As(err, &j) || j.Line == 0 {
			t.Errorf("%s: the error has no place: %v", tt.why, err)
		}
	}
}

// TestFor tests for which content and fleet a plan is an exercise.
func TestFor(t *testing.T) {
	p, f := july(t, nil, rollout.Options{})
	other := file(t, "291-july-negated")
	data := encode(t, p.Document())
	for _, tt := range []struct {
		why    string
		edit   func(string) string // of the document
		fleet  func(*sensor.Fleet)
		f      *channelfile.File
		least  rollout.Options
		unread bool
		want   string
	}{
		{"the content and the fleet of the plan", nil, nil, f, rollout.Options{}, false, ""},
		{"as many hosts and as slow as demanded", nil, nil, f, rollout.Options{HostsPerCell: 100, Factor: 10}, false, ""},
		{"fewer hosts than demanded", nil, nil, f, rollout.Options{HostsPerCell: 101}, false, "it has 100 hosts per cell; expected at least 101"},
		{"rings that grow faster than demanded", nil, nil, f, rollout.Options{Factor: 9}, false, "its rings grow by the factor 10; expected at most 9"},
		{"other content", nil, nil, other, rollout.Options{}, false, "it is for other content; the judged content has the header digest "},
		{"another revision with the same digest", func(s string) string { return strings.Replace(s, `"revision": 32`, `"revision": 33`, 1) }, nil, f, rollout.Options{}, false, "it is for other content"},
		{"another channel with the same digest", func(s string) string { return strings.Replace(s, `"channel": 291`, `"channel": 292`, 1) }, nil, f, rollout.Options{}, false, "it is for other content"},
		{"another fleet", nil, func(f *sensor.Fleet) { f.Digest[0]++ }, f, rollout.Options{}, false, "it is for the fleet 291 with the digest 00f4bd"},
		{"a fleet without a digest", func(s string) string {
			return strings.Replace(s, p.Document().Fleet.Digest.String(), strings.Repeat("0", 64), 1)
		},
			func(f *sensor.Fleet) { f.Digest = [32]byte{} }, f, rollout.Options{}, false, "the judged fleet has no digest"},
		{"other hosts than the fleet has", nil, func(f *sensor.Fleet) { f.Contracts[1].Hosts++ }, f, rollout.Options{}, false, "it does not state the 588001 hosts of the build 7.16"},
		{"a build that the plan lacks", nil, func(f *sensor.Fleet) { f.Contracts[1].Build = "7.17" }, f, rollout.Options{}, false, "it does not state the 588000 hosts of the build 7.17"},
		{"a build that the fleet lacks", func(s string) string {
			return strings.Replace(s, `"unaffected": []`, `"unaffected": [{"build": "8", "hosts": 1}]`, 1)
		},
			nil, f, rollout.Options{}, false, "it states builds that the judged fleet does not have"},
		{"a plan that was not read", nil, nil, f, rollout.Options{}, true, "it was not read from a document"},
	} {
		text := string(data)
		if tt.edit != nil {
			if text = tt.edit(text); text == string(data) {
				t.Fatalf("%s: the edit has no effect", tt.why)
			}
		}
		fleet := *p.Fleet
		fleet.Contracts = slices.Clone(fleet.Contracts)
		if tt.fleet != nil {
			tt.fleet(&fleet)
		}
		d := read(t, []byte(text))
		if tt.unread {
			d = p.Document()
		}
		e, why := d.For(tt.f, &fleet, tt.least)
		if (e != nil) != (tt.want == "") || !strings.HasPrefix(why, tt.want) || (why == "") != (tt.want == "") {
			t.Errorf("%s: %q, want %q", tt.why, why, tt.want)
		}
	}
}

// TestCovers tests which cells and builds a plan exercises.
func TestCovers(t *testing.T) {
	ipc := builtin.Definitions().ByName("ipc", 1)
	cell := cells.Cell{Type: "ipc", Version: 1, Input: "ClientImage", Operator: "suffix+fold", Class: cells.Short, Size: cells.SizeOf(1)}
	few := func(f *sensor.Fleet) { f.Contracts[0].Hosts = 100 }
	named := func(f *sensor.Fleet) {
		c := &f.Contracts[0]
		c.Reader.Access = sensor.AccessNamed
		s := &c.Supplies[0]
		s.Inputs = slices.DeleteFunc(slices.Clone(s.Inputs), func(in sensor.SuppliedInput) bool { return in.Name == "ClientImage" })
	}
	lacks := func(f *sensor.Fleet) {
		f.Contracts[0].Supplies, f.Contracts[0].Reader.RefusesUnknownVersions = nil, true
	}
	const listed = `"builds": [
            "7.11",
            "7.16"
          ]
        }
      ]`
	unlisted := func(s string) string {
		return strings.Replace(s, listed, strings.Replace(listed, `"7.11",`, "", 1), 1)
	}
	for _, tt := range []struct {
		why   string
		fleet func(*sensor.Fleet)
		opts  rollout.Options
		edit  func(string) string
		cell  func(*cells.Cell)
		build int
		hosts uint64
		want  string
	}{
		{"a cell of the plan", nil, rollout.Options{}, nil, nil, 0, 100, ""},
		{"a cell of the plan on another build", nil, rollout.Options{HostsPerCell: 7}, nil, nil, 1, 7, ""},
		{"all but one host", nil, rollout.Options{HostsPerCell: 411_999}, nil, nil, 0, 411_999, ""},
		{"all hosts of the build", nil, rollout.Options{HostsPerCell: 412_000}, nil, nil, 0, 0, "ring 1 has all hosts of the build"},
		{"a build that has no more hosts than ring 1", few, rollout.Options{}, nil, nil, 0, 0, "ring 1 has all hosts of the build"},
		{"another build than the small one", few, rollout.Options{}, nil, nil, 1, 100, ""},
		{"one ring for all", nil, rollout.Options{HostsPerCell: math.MaxUint64}, nil, nil, 1, 0, "ring 1 has all hosts of the build"},
		{"another size", nil, rollout.Options{}, nil, func(c *cells.Cell) { c.Size++ }, 0, 0, "it does not list the cell"},
		{"another operator", nil, rollout.Options{}, nil, func(c *cells.Cell) { c.Operator = "suffix" }, 0, 0, "it does not list the cell"},
		{"a build without the cell in a plan that was changed", nil, rollout.Options{}, unlisted, nil, 0, 0, "it does not run the cell on the build"},
		{"the other build of that plan", nil, rollout.Options{}, unlisted, nil, 1, 100, ""},
		{"a build that reads the content and never gets the input", named, rollout.Options{}, nil, nil, 0, 100, ""},
		{"a build that the content does not reach", lacks, rollout.Options{}, nil, nil, 0, 0, "its rings do not have the build"},
	} {
		p, f := july(t, tt.fleet, tt.opts)
		text := string(encode(t, p.Document()))
		if tt.edit != nil {
			before := text
			if text = tt.edit(text); text == before {
				t.Fatalf("%s: the edit has no effect", tt.why)
			}
		}
		e, why := read(t, []byte(text)).For(f, p.Fleet, rollout.Options{})
		if e == nil {
			t.Errorf("%s: %s", tt.why, why)
			continue
		}
		cell := cell
		if tt.cell != nil {
			tt.cell(&cell)
		}
		c := &p.Fleet.Contracts[tt.build]
		hosts, why := e.Covers(c.Build, c, ipc, cell, 20)
		if hosts != tt.hosts || !strings.HasPrefix(why, tt.want) || (why == "") != (tt.want == "") {
			t.Errorf("%s: %d hosts, %q; want %d, %q", tt.why, hosts, why, tt.hosts, tt.want)
		}
		if e.Hosts(c.Build) != c.Hosts {
			t.Errorf("%s: %d hosts of the build, want %d", tt.why, e.Hosts(c.Build), c.Hosts)
		}
	}
}

func TestParseReference(t *testing.T) {
	hex := strings.Repeat("0123456789abcdef", 4)
	for _, tt := range []struct{ text, file, want string }{
		{"plan.json@sha256:" + hex, "plan.json", ""},
		{"a@sha256:b@sha256:" + hex, "a@sha256:b", ""},
		{strings.Repeat("p", 70_000) + "@sha256:" + hex, strings.Repeat("p", 70_000), ""},
		{"plan.json", "", "want FILE@sha256:HEX"},
		{"@sha256:" + hex, "", "want FILE@sha256:HEX"},
		{"plan.json@" + hex, "", "want FILE@sha256:HEX"},
		{"plan.json@sha256:" + hex[1:], "", "want a SHA-256 in 64 lower-case hex digits"},
		{"plan.json@sha256:" + hex + "00", "", "want a SHA-256"},
		{"plan.json@sha256:" + strings.ToUpper(hex), "", "want a SHA-256"},
		{"plan.json@sha256: " + hex[1:], "", "want a SHA-256"},
		{"", "", "want FILE@sha256:HEX"},
	} {
		file, digest, err := rollout.ParseReference(tt.text)
		if file != tt.file || (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %q, %v; want %q, %s", tt.text, file, err, tt.file, tt.want)
		}
		if err == nil && digest.String() != hex {
			t.Errorf("%q: digest %v", tt.text, digest)
		}
	}
}

// FuzzReadDocument tests that any bytes are refused with a place, or are a plan that is the same
// after it was written and read, and that its JSON Schema accepts.
func FuzzReadDocument(f *testing.F) {
	p, judged := july(f, nil, rollout.Options{})
	f.Add(encode(f, p.Document()))
	empty, _ := july(f, func(fleet *sensor.Fleet) { fleet.Contracts = nil }, rollout.Options{HostsPerCell: 1, Factor: 2})
	f.Add(encode(f, empty.Document()))
	f.Add([]byte(`{"schema": "cfcheck.plan/v0", "fleet": {"name": "f", "sha256": "` + strings.Repeat("0", 64) + `"}, "hostsPerCell": 1, "factor": 2, "contents": [],
"rings": [{"ring": 1, "hosts": 18446744073709551615, "builds": [{"build": "a", "hosts": 18446744073709551615}]}], "unaffected": []}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := rollout.ReadDocument("plan.json", data)
		if err != nil {
			var j *sensor.JSONError
			if d != nil || !errors.As(err, &j) || j.Offset < 0 || j.Offset > len(data) {
				t.Fatalf("document %v, error %v", d, err)
			}
			return
		}
		if err := schemaError(data); err != nil {
			t.Errorf("the reader accepts what the schema refuses: %v", err)
		}
		if diff := cmp.Diff(d, read(t, encode(t, d)), sameDocument); diff != "" {
			t.Errorf("-before +after:\n%s", diff)
		}
		if e, why := d.For(judged, p.Fleet, rollout.Options{}); (e == nil) != (why != "") {
			t.Errorf("exercise %v, reason %q", e, why)
		} else if e != nil {
			c := &p.Fleet.Contracts[0]
			if hosts, why := e.Covers(c.Build, c, builtin.Definitions().ByName("ipc", 1), cells.Cell{}, 0); hosts != 0 || why == "" {
				t.Errorf("a plan covers a cell that no content has: %d hosts", hosts)
			}
		}
	})
}
