package inventory

import (
	"math"
	"slices"

	"github.com/cfcheck/cfcheck/sensor"
)

// A Supplied is the state of an input on a host, over all feeds of the type that the host
// records.
type Supplied uint8

// The states.
const (
	OnAll   Supplied = iota // each feed has the input in every event
	InPart                  // some feed or some events have it
	Unknown                 // no feed is known to have it, and one may
	Nowhere                 // no feed has it
	NumSupplied
)

// A TypeSummary counts the hosts of a fleet that supply the inputs of a version of a type.
type TypeSummary struct {
	Type    string
	Version uint32
	Known   bool     // whether a definition was given; otherwise Inputs are those of the contracts
	Builds  []string // builds with a supply of the type
	Feeds   []string // names of their feeds, in alphabetical order
	Hosts   uint64   // hosts of the builds that record some feed of the type
	// hosts of builds whose contracts state that they record no event of the type
	Unrecorded uint64
	Inputs     []InputSummary
}

// An InputSummary counts the hosts by the state of one input.
type InputSummary struct {
	Name  string
	Index int // -1 if no definition has the input
	Hosts [NumSupplied]uint64
}

// Summarise counts the hosts for each version of a type that a build supplies, in the order
// of the definitions, then in the order of the contracts.
func Summarise(f *sensor.Fleet, defs *sensor.Definitions) []TypeSummary {
	var list []TypeSummary
	type key struct {
		typ     string
		version uint32
	}
	seen := map[key]bool{}
	summarise := func(typ string, version uint32, d *sensor.Definition) {
		if k := (key{typ, version}); !seen[k] {
			seen[k] = true
			if s, ok := summaryOf(f, typ, version, d); ok {
				list = append(list, s)
			}
		}
	}
	for d := range defs.All() {
		summarise(d.Name, d.Version, d)
	}
	for i := range f.Contracts {
		for k := range f.Contracts[i].Supplies {
			summarise(f.Contracts[i].Supplies[k].Type, f.Contracts[i].Supplies[k].Version, nil)
		}
	}
	return list
}

func summaryOf(f *sensor.Fleet, typ string, version uint32, d *sensor.Definition) (TypeSummary, bool) {
	t := TypeSummary{Type: typ, Version: version, Known: d != nil}
	at := map[string]int{}
	input := func(name string, index int) {
		if _, ok := at[name]; !ok {
			at[name] = len(t.Inputs)
			t.Inputs = append(t.Inputs, InputSummary{Name: name, Index: index})
		}
	}
	if d != nil {
		for i := range d.Inputs {
			input(d.Inputs[i].Name, i)
		}
	}
	feeds := map[string]bool{}
	var recorded [][]*sensor.Supply // for each contract
	for i := range f.Contracts {
		c := &f.Contracts[i]
		var supplies []*sensor.Supply
		any := false
		for _, s := range c.SuppliesOf(typ, version) {
			any = true
			if s.Collected.Events == sensor.CollectedNone {
				continue
			}
			if s.Feed != "" && !feeds[s.Feed] {
				feeds[s.Feed] = true
				t.Feeds = append(t.Feeds, s.Feed)
			}
			supplies = append(supplies, s)
			if d == nil || c.Reader.Access == sensor.AccessNamed {
				for k := range s.Inputs {
					index := -1
					if d == nil {
						index = k
					}
					input(s.Inputs[k].Name, index)
				}
			}
		}
		recorded = append(recorded, supplies)
		if any {
			t.Builds = append(t.Builds, c.Build)
		}
		switch {
		case len(supplies) > 0:
			t.Hosts = add(t.Hosts, c.Hosts)
		case any:
			t.Unrecorded = add(t.Unrecorded, c.Hosts)
		}
	}
	for i, supplies := range recorded {
		if len(supplies) == 0 {
			continue
		}
		c := &f.Contracts[i]
		for k := range t.Inputs {
			in := &t.Inputs[k]
			state := suppliedOn(c, supplies, in)
			in.Hosts[state] = add(in.Hosts[state], c.Hosts)
		}
	}
	slices.Sort(t.Feeds)
	return t, len(t.Builds) > 0
}

// suppliedOn returns the state of an input on the hosts of a contract.
func suppliedOn(c *sensor.Contract, supplies []*sensor.Supply, in *InputSummary) Supplied {
	all, some, unknown := true, false, false
	for _, s := range supplies {
		state := s.Input(c.Reader.Access, in.Index, in.Name).State
		all = all && state.Certain()
		some = some || state.Occurs()
		unknown = unknown || state == sensor.StateUnknown
	}
	switch {
	case all:
		return OnAll
	case some:
		return InPart
	case unknown:
		return Unknown
	}
	return Nowhere
}

// add returns a + b, or the largest number if the sum overflows.
func add(a, b uint64) uint64 { return a + min(b, math.MaxUint64-a) }
