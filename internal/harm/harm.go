// Package harm simulates how many hosts a faulty release harms before a rollout is halted.
//
// The model is the same for all rollouts that it compares. All hosts of a ring load the release
// when the ring opens. A ring opens a fixed time after the one before, unless the rollout was
// halted. On a host of a faulty build that meets the condition of the fault, the harm comes after
// a random time with an exponential distribution. A part of the harmed hosts is heard of. When
// enough of them were heard of, people halt the rollout after a delay. No host recovers by itself,
// and no host is harmed twice.
package harm

import (
	"math"
	"math/rand/v2"
	"slices"
)

// A Fault is a fault of a release.
type Fault struct {
	Rate  float64 // harmful events of a host, in an hour
	Share float64 // part of the hosts of a faulty build that meets the condition of the fault
	From  float64 // hours from the start of the rollout before which there is no harm
}

// A Detection is the way from the first harm to the halt.
type Detection struct {
	Heard  float64 // part of the harmed hosts that is heard of
	Enough int     // number of hosts to be heard of before people act
	Delay  float64 // hours from the last of these to the halt
}

// A Build is a build of a fleet.
type Build struct {
	Hosts  uint64
	Faulty bool
}

// A Rollout has rings, each with the number of hosts of each build that have the release, and the
// hours from one ring to the next.
type Rollout struct {
	Rings [][]uint64
	Soak  float64
}

// A Result is the harm of a release.
type Result struct {
	Harmed uint64  // hosts that were harmed before the halt
	Ring   int     // last ring that had opened, from 1
	Halt   float64 // hours from the start to the halt; infinite if nobody noticed
}

// Horizon is the number of hours after which harm no longer counts.
const Horizon = 30 * 24

// Simulate draws the harm of a release. Equal sources of random numbers give equal results.
func Simulate(random *rand.Rand, builds []Build, f Fault, r Rollout, d Detection) Result {
	var harm []float64               // times
	first := earliest{max: d.Enough} // of those that are heard of
	result := Result{Halt: math.Inf(1)}
	has := make([]uint64, len(builds))
	for k, ring := range r.Rings {
		opens := float64(k) * r.Soak
		if result.Halt <= opens {
			break
		}
		result.Ring = k + 1
		for i, b := range builds {
			if b.Faulty {
				for range ring[i] - has[i] {
					if f.Share < 1 && random.Float64() >= f.Share {
						continue
					}
					t := max(opens, f.From) + random.ExpFloat64()/f.Rate
					if t > Horizon {
						continue
					}
					harm = append(harm, t)
					if random.Float64() < d.Heard {
						first.add(t)
					}
				}
			}
			has[i] = ring[i]
		}
		if first.full() {
			result.Halt = first.times[d.Enough-1] + d.Delay
		}
	}
	for _, t := range harm {
		if t <= result.Halt {
			result.Harmed++
		}
	}
	return result
}

// Earliest has the earliest of some times, ascending.
type earliest struct {
	times []float64
	max   int // number of times to keep
}

func (e *earliest) full() bool { return len(e.times) >= e.max }

func (e *earliest) add(t float64) {
	if e.full() {
		if t >= e.times[e.max-1] {
			return
		}
		e.times = e.times[:e.max-1]
	}
	at, _ := slices.BinarySearch(e.times, t)
	e.times = slices.Insert(e.times, at, t)
}

// Shares returns the rings that have these parts of the hosts of each build, rounded to the next
// integer. Random hosts of a fleet have about these numbers of hosts of each build.
func Shares(builds []Build, shares ...float64) (rings [][]uint64) {
	for _, share := range shares {
		ring := make([]uint64, len(builds))
		for i, b := range builds {
			ring[i] = uint64(math.Round(share * float64(b.Hosts)))
		}
		rings = append(rings, ring)
	}
	return rings
}
