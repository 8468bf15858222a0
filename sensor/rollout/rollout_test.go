package rollout_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/rollout"
)

// TestRings holds the promise of the rings, for random fleets.
func TestRings(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		hosts := make([]uint64, random.IntN(6))
		for i := range hosts {
			hosts[i] = 1 + random.Uint64N(1<<random.IntN(63))
		}
		first, factor := 1+random.Uint64N(1<<random.IntN(63)), 2+random.Uint64N(20)
		rings := rollout.Rings(hosts, first, factor)
		name := fmt.Sprintf("Rings(%d, %d, %d)", hosts, first, factor)
		if len(hosts) == 0 {
			if len(rings) != 0 {
				t.Fatalf("%s has rings without builds", name)
			}
			continue
		}
		for i, n := range hosts {
			if have := rings[0].Hosts[i]; have != min(n, first) {
				t.Fatalf("%s: ring 1 has %d hosts of build %d, expected %d", name, have, i, min(n, first))
			}
			for k := 1; k < len(rings); k++ {
				before, now := rings[k-1].Hosts[i], rings[k].Hosts[i]
				if now < before || now/factor > before || now > n {
					t.Fatalf("%s: build %d has %d hosts after %d", name, i, now, before)
				}
				if slices.Equal(rings[k-1].Hosts, rings[k].Hosts) {
					t.Fatalf("%s: ring %d adds no host", name, k+1)
				}
			}
		}
		if !slices.Equal(rings[len(rings)-1].Hosts, hosts) {
			t.Fatalf("%s: the last ring has %d", name, rings[len(rings)-1].Hosts)
		}
	}
	if got := (rollout.Ring{Hosts: []uint64{math.MaxUint64, 1}}).Total(); got != math.MaxUint64 {
		t.Errorf("Total is %d after an overflow", got)
	}
}

// file returns the file of a case of the corpus.
func file(t testing.TB, name string) *channelfile.File {
	t.Helper()
	cases := corpus.Cases()
	i := slices.IndexFunc(cases, func(c corpus.Case) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no case %s", name)
	}
	data, err := corpus.FS.ReadFile(cases[i].Path())
	if err != nil {
		t.Fatal(err)
	}
	f, err := channelfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestNew compares the cells and builds of plans with those that the cases describe.
func TestNew(t *testing.T) {
	const clientImage = "first ipc/1 ClientImage suffix+fold short 1"
	tests := []struct {
		name, old, newer string
		change           func(*sensor.Fleet)
		cells            []string
		builds           string // of the last cell
		unaffected       int
	}{
		{"the first read of input 21", "291-march-on-21", "291-july-first-use", nil, []string{"first ipc/1 - instances - 5-8", clientImage}, "7.11 7.16", 0},
		{"a rule less", "release", "release-without-one", nil, []string{"ipc/1 - instances - 9-16"}, "7.11 7.16", 0},
		{"the same file", "release", "release", nil, nil, "", 2},
		{"a new channel", "", "release-of-one-rule", nil, []string{"first ipc/1 - instances - 1", "first ipc/1 PipeName equals short 1"}, "7.11 7.16", 0},
		{"a build that refuses the type version", "release", "release-without-one", func(f *sensor.Fleet) {
			f.Contracts[0].Supplies, f.Contracts[0].Reader.RefusesUnknownVersions = nil, true
		}, []string{"ipc/1 - instances - 9-16"}, "7.16", 1},
		{"a build without a statement", "release", "release-without-one", func(f *sensor.Fleet) {
			f.Contracts[0].Supplies, f.Contracts[0].Reader.RefusesUnknownVersions = nil, false
		}, []string{"ipc/1 - instances - 9-16"}, "7.11 7.16", 0},
		{"a named reader without the input", "291-march-on-21", "291-july-first-use", func(f *sensor.Fleet) {
			c := &f.Contracts[0]
			c.Reader.Access = sensor.AccessNamed
			for i := range c.Supplies {
				s := &c.Supplies[i]
				s.Inputs = slices.DeleteFunc(slices.Clone(s.Inputs), func(in sensor.SuppliedInput) bool { return in.Name == "ClientImage" })
			}
		}, []string{"first ipc/1 - instances - 5-8", clientImage}, "7.16", 0},
		{"a named reader that states that it lacks the input", "291-march-on-21", "291-july-first-use", func(f *sensor.Fleet) {
			c := &f.Contracts[1]
			c.Reader.Access = sensor.AccessNamed
			for i := range c.Supplies {
				s := &c.Supplies[i]
				s.Inputs = slices.Clone(s.Inputs)
				for k := range s.Inputs {
					if s.Inputs[k].Name == "ClientImage" {
						s.Inputs[k].State = sensor.StateNotSupplied
					}
				}
			}
		}, []string{"first ipc/1 - instances - 5-8", clientImage}, "7.11", 0},
		{"a named reader with the input", "291-march-on-21", "291-july-first-use", func(f *sensor.Fleet) {
			f.Contracts[1].Reader.Access = sensor.AccessNamed
		}, []string{"first ipc/1 - instances - 5-8", clientImage}, "7.11 7.16", 0},
	}
	for _, tt := range tests {
		built, _ := builtin.Fleet("291")
		fleet := *built
		fleet.Contracts = slices.Clone(built.Contracts)
		for i := range fleet.Contracts {
			fleet.Contracts[i].Supplies = slices.Clone(fleet.Contracts[i].Supplies)
		}
		if tt.change != nil {
			tt.change(&fleet)
		}
		change := rollout.Change{New: file(t, tt.newer)}
		if tt.old != "" {
			change.Old = file(t, tt.old)
		}
		p, err := rollout.New(&fleet, builtin.Definitions(), []rollout.Change{change}, rollout.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var have []string
		builds := ""
		for _, c := range p.Contents[0].Cells {
			text := c.String()
			if c.First {
				text = "first " + text
			}
			have = append(have, text)
			var names []string
			for _, b := range c.Builds {
				names = append(names, fleet.Contracts[b].Build)
			}
			builds = strings.Join(names, " ")
		}
		if !slices.Equal(have, tt.cells) || builds != tt.builds || len(p.Unaffected) != tt.unaffected {
			t.Errorf("%s: cells %q on %q and %d unaffected builds, expected %q on %q and %d", tt.name, have, builds, len(p.Unaffected), tt.cells, tt.builds, tt.unaffected)
		}
		if len(p.Rings) > 0 != (len(tt.cells) > 0) {
			t.Errorf("%s: %d rings", tt.name, len(p.Rings))
		}
	}
}

// TestLargestRings tests that a ring grows by its factor up to the largest number.
func TestLargestRings(t *testing.T) {
	const all, tenth = math.MaxUint64, math.MaxUint64 / 10
	rings := rollout.Rings([]uint64{all}, tenth, 10)
	if len(rings) != 3 || rings[1].Hosts[0] != 10*tenth || rings[2].Hosts[0] != all {
		t.Errorf("%v; want rings of a tenth, of ten tenths and of all hosts", rings)
	}
}

// TestNewRefuses tests the plans that would lack cells.
func TestNewRefuses(t *testing.T) {
	fleet, _ := builtin.Fleet("291")
	change := []rollout.Change{{New: file(t, "release")}}
	if _, err := rollout.New(fleet, nil, change, rollout.Options{}); err == nil || !strings.Contains(err.Error(), "is not defined") {
		t.Errorf("without definitions: error %v", err)
	}
	h := testkit.IPC
	h.TypeVersion = 77
	change[0].Old = testkit.File(t, h, channelfile.Exists(5))
	if _, err := rollout.New(fleet, builtin.Definitions(), change, rollout.Options{}); err == nil || !strings.Contains(err.Error(), "version 77 of the previous release is not defined") {
		t.Errorf("previous content of an unknown version: error %v", err)
	}
	if _, err := rollout.New(fleet, builtin.Definitions(), change, rollout.Options{Factor: 1}); err == nil {
		t.Error("a factor of 1 is no error")
	}
}

// TestWhole tests the list of builds that the first ring has completely.
func TestWhole(t *testing.T) {
	fleet, _ := builtin.Fleet("291")
	for _, tt := range []struct {
		perCell uint64
		want    int
	}{{411_999, 0}, {412_000, 1}, {588_000, 2}} {
		p, err := rollout.New(fleet, builtin.Definitions(), []rollout.Change{{New: file(t, "release")}}, rollout.Options{HostsPerCell: tt.perCell})
		if err != nil {
			t.Fatal(err)
		}
		if have := p.Whole(); len(have) != tt.want {
			t.Errorf("%d hosts per cell: %v, expected %d builds", tt.perCell, have, tt.want)
		}
	}
}

// BenchmarkNew plans the next release of a large file for a large fleet.
func BenchmarkNew(b *testing.B) {
	const n = 100_000
	defs := new(sensor.Definitions)
	if err := defs.Add(workload.Definition()); err != nil {
		b.Fatal(err)
	}
	change := rollout.Change{Old: testkit.Parse(b, workload.File(n, 1)), New: testkit.Parse(b, workload.Release(n, 1))}
	fleet := workload.Fleet(1000, 1000)
	for b.Loop() {
		if p, err := rollout.New(fleet, defs, []rollout.Change{change}, rollout.Options{}); err != nil || len(p.Builds) == 0 || len(p.Contents[0].Cells) == 0 {
			b.Fatalf("error %v, plan %+v", err, p)
		}
	}
}
