package inventory

import (
	"slices"

	"github.com/cfcheck/cfcheck/sensor"
)

// Take returns a fleet with the contracts of f that counts name, in the order of f and with
// the numbers of hosts of counts. Each build must occur once in counts.
//
// The other results are the counts whose build f does not have, also those of 0 hosts; the
// builds of f without a count; and the builds of f with a count of 0. The fleet has no name
// and no note. It shares its contracts with f.
func Take(f *sensor.Fleet, counts []Count) (fleet *sensor.Fleet, unknown []Count, absent, empty []string) {
	at := make(map[string]int, len(counts))
	for i, c := range counts {
		at[c.Build] = i
	}
	fleet = new(sensor.Fleet)
	for i := range f.Contracts {
		c := f.Contracts[i]
		k, ok := at[c.Build]
		switch {
		case !ok:
			absent = append(absent, c.Build)
			continue
		case counts[k].Hosts == 0:
			empty = append(empty, c.Build)
		default:
			c.Hosts = counts[k].Hosts
			fleet.Contracts = append(fleet.Contracts, c)
		}
		delete(at, c.Build)
	}
	for i, c := range counts {
		if k, ok := at[c.Build]; ok && k == i {
			unknown = append(unknown, c)
		}
	}
	return fleet, unknown, absent, empty
}

// Builds returns the names of the builds of a fleet.
func Builds(f *sensor.Fleet) []string {
	names := make([]string, len(f.Contracts))
	for i := range f.Contracts {
		names[i] = f.Contracts[i].Build
	}
	return slices.Clip(names)
}
