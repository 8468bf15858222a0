package events

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// recordings returns the files of recorded events, which are not part of the
// repository. The test is skipped where they are not there.
func recordings(t *testing.T) []string {
	t.Helper()
	const folder = "../../shared/data/dev/events"
	files, err := filepath.Glob(filepath.FromSlash(folder + "/*.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("there are no recorded events at %s", folder)
	}
	return files
}

// TestRecordedPipes compares the counts for Sysmon's recorded pipe events with
// those of a simple loop over another decoder. The events have 8, 7, 6 or 5
// fields, and hosts with different fields must be in different groups.
func TestRecordedPipes(t *testing.T) {
	if testing.Short() {
		t.Skip("reading all recorded events takes seconds; the full tests run it")
	}
	const types = `{"schema":"cfcheck.definitions/v0","definitions":[{"name":"pipe","number":9001,"version":1,"channel":9001,"inputs":[` +
		`{"name":"RuleName","type":"string"},{"name":"EventType","type":"string"},{"name":"UtcTime","type":"string"},{"name":"ProcessGuid","type":"string"},` +
		`{"name":"ProcessId","type":"string"},{"name":"PipeName","type":"string"},{"name":"Image","type":"string"},{"name":"User","type":"string"}],` +
		`"feeds":[{"name":"sysmon","channel":"Microsoft-Windows-Sysmon/Operational","events":[17,18],"fields":[` +
		`{"input":"RuleName"},{"input":"EventType"},{"input":"UtcTime"},{"input":"ProcessGuid"},{"input":"ProcessId"},{"input":"PipeName"},{"input":"Image"},{"input":"User"}]}]}]}`
	defs, err := sensor.ReadDefinitions("types.json", []byte(types))
	if err != nil {
		t.Fatal(err)
	}
	files := recordings(t)
	o := NewObserver(defs, Options{})
	lines := 0
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines += addAll(t, o, NewReader(name, f))
	}

	type event struct {
		EventID           int
		Channel, Computer string
		EventData         map[string]string
	}
	all, total := 0, 0
	seen := map[string]int{}             // by field
	sizes := map[int]int{}               // of events, by number of fields
	sets := map[string]map[string]bool{} // of each host, the fields that are ever there
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		s := bufio.NewScanner(z)
		s.Buffer(nil, MaxLine)
		for s.Scan() {
			all++
			if !bytes.Contains(s.Bytes(), []byte("PipeName")) {
				continue
			}
			var e event
			if err := json.Unmarshal(s.Bytes(), &e); err != nil {
				t.Fatal(err)
			}
			if e.Channel != sysmonChannel || e.EventID != 17 && e.EventID != 18 {
				continue
			}
			total++
			sizes[len(e.EventData)]++
			if sets[e.Computer] == nil {
				sets[e.Computer] = map[string]bool{}
			}
			for field := range e.EventData {
				seen[field]++
				sets[e.Computer][field] = true
			}
		}
		if s.Err() != nil {
			t.Fatal(s.Err())
		}
	}
	if lines != all {
		t.Errorf("%d records were read of %d lines", lines, all)
	}
	if diff := cmp.Diff([]int{5, 6, 7, 8}, slices.Sorted(maps.Keys(sizes))); diff != "" {
		t.Errorf("numbers of fields of pipe events (-want +have):\n%s", diff)
	}
	t.Logf("%d pipe events; by number of fields: %v", total, sizes)

	fleet, err := o.Fleet("f", sensor.OwnReader())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{} // hosts of each set of fields
	for _, fields := range sets {
		want[strings.Join(slices.Sorted(maps.Keys(fields)), " ")]++
	}
	have := map[string]int{}
	sum := map[string]int{}
	events := uint64(0)
	for _, c := range fleet.Contracts {
		var fields []string
		for _, in := range c.Supplies[0].Inputs {
			sum[in.Name] += int(in.Seen)
			if in.State == sensor.StateSupplied {
				fields = append(fields, in.Name)
			}
		}
		slices.Sort(fields)
		have[strings.Join(fields, " ")] += int(c.Hosts)
		events += c.Supplies[0].Events
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("hosts by the fields that they supply (-want +have):\n%s", diff)
	}
	if len(have) < 3 {
		t.Errorf("there are %d groups; expected hosts to differ: %v", len(have), have)
	}
	if diff := cmp.Diff(seen, sum); diff != "" || events != uint64(total) {
		t.Errorf("%d events, expected %d; events by field (-want +have):\n%s", events, total, diff)
	}
}

// TestRecordedFleet checks that the recordings, with all built-in types, give a
// fleet that can be read. They must give the same fleet in reverse order.
func TestRecordedFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("the recordings take seconds; the full tests run it")
	}
	files := recordings(t)
	defs := builtin.Definitions()
	fleet := func() string {
		o := NewObserver(defs, Options{})
		for _, name := range files {
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			addAll(t, o, NewReader(name, f))
		}
		f, err := o.Fleet("recorded", sensor.OwnReader())
		if err != nil {
			t.Fatal(err)
		}
		data, err := f.JSON()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d events that feed a type, %d hosts, %d contracts, %d bytes", o.Events(), o.Hosts(), len(f.Contracts), len(data))
		return string(data)
	}
	want := fleet()
	slices.Reverse(files)
	if fleet() != want {
		t.Error("in the other order the fleet is another")
	}
}
