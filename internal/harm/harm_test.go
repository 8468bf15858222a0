package harm

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSimulate tests cases whose results are known without chance.
func TestSimulate(t *testing.T) {
	rings := [][]uint64{{10, 10}, {100, 100}, {1000, 1000}}
	always := Detection{Heard: 1, Enough: 5, Delay: 1}
	tests := []struct {
		name   string
		builds []Build
		f      Fault
		d      Detection
		harmed uint64
		ring   int
		halted bool
	}{
		{"at once", []Build{{1000, true}, {1000, false}}, Fault{Rate: 1e9, Share: 1}, always, 10, 1, true},
		{"both builds", []Build{{1000, true}, {1000, true}}, Fault{Rate: 1e9, Share: 1}, always, 20, 1, true},
		{"no faulty build", []Build{{1000, false}, {1000, false}}, Fault{Rate: 1e9, Share: 1}, always, 0, 3, false},
		{"no host meets the condition", []Build{{1000, true}, {1000, true}}, Fault{Rate: 1e9}, always, 0, 3, false},
		{"nobody is heard of", []Build{{1000, true}, {1000, false}}, Fault{Rate: 1e9, Share: 1}, Detection{Enough: 5, Delay: 1}, 1000, 3, false},
		{"more than a ring has must be heard of", []Build{{1000, true}, {1000, false}}, Fault{Rate: 1e9, Share: 1}, Detection{Heard: 1, Enough: 11, Delay: 1}, 100, 2, true},
		{"the next ring opens before the halt", []Build{{1000, true}, {1000, false}}, Fault{Rate: 1e9, Share: 1}, Detection{Heard: 1, Enough: 5, Delay: 7}, 100, 2, true},
		{"a date after the rollout", []Build{{1000, true}, {1000, false}}, Fault{Rate: 1e9, Share: 1, From: 100}, always, 1000, 3, true},
		{"a date after the horizon", []Build{{1000, true}, {1000, false}}, Fault{Rate: 1e9, Share: 1, From: Horizon + 1}, always, 0, 3, false},
	}
	for _, tt := range tests {
		r := Simulate(rand.New(rand.NewPCG(1, 1)), tt.builds, tt.f, Rollout{rings, 6}, tt.d)
		if r.Harmed != tt.harmed || r.Ring != tt.ring || math.IsInf(r.Halt, 1) == tt.halted {
			t.Errorf("%s: %+v, expected %d in ring %d, halted %t", tt.name, r, tt.harmed, tt.ring, tt.halted)
		}
	}
}

// TestSimulateRate compares the number of harmed hosts with the expected one.
func TestSimulateRate(t *testing.T) {
	const hosts = 100_000
	r := Simulate(rand.New(rand.NewPCG(1, 1)), []Build{{hosts, true}}, Fault{Rate: 0.5, Share: 0.2}, Rollout{[][]uint64{{hosts}}, 6}, Detection{Heard: 1, Enough: 1, Delay: 2})
	if want := 0.2 * hosts * (1 - math.Exp(-0.5*2)); math.Abs(float64(r.Harmed)-want) > 0.03*want {
		t.Errorf("%d hosts, expected about %.0f", r.Harmed, want)
	}
}

// TestShares tests the rounding of fixed rings.
func TestShares(t *testing.T) {
	have := Shares([]Build{{Hosts: 500}, {Hosts: 3}}, 0.01, 0.5, 1)
	for i, want := range [][2]uint64{{5, 0}, {250, 2}, {500, 3}} {
		if have[i][0] != want[0] || have[i][1] != want[1] {
			t.Errorf("ring %d is %d, expected %d", i+1, have[i], want)
		}
	}
}
