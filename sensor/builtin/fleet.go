package builtin

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// Fleets returns the names of the fleets that [Fleet] returns.
func Fleets() []string { return []string{"291", "reference"} }

// Fleet returns one of cfcheck's example fleets. The caller owns the fleet. Fleet returns
// false if it does not know the name.
//
// "291" follows the events of July 2024: one build supplies 20 of the 21 inputs that its
// definition declares, and one build supplies all. "reference" is a reader that finds inputs by
// name, on several sources that record different sets of inputs.
func Fleet(name string) (f *sensor.Fleet, ok bool) {
	// The digests of the JSON of the fleets. A test checks them. To compute them here would take
	// longer than to judge a small file.
	var digest string
	switch name {
	case "291":
		f, digest = fleet291(), "00f4bdeeddd9a4aec094eabb4071a5c783462af943a90f2d51e9caa6e43d7a60"
	case "reference":
		f, digest = fleetReference(), "6c6a561ea1a0e9fe6f2167e59a6f5a627abea725c5be1f7ae8941193099468d8"
	default:
		return nil, false
	}
	f.Builtin = true
	_, _ = hex.Decode(f.Digest[:], []byte(digest))
	return f, true
}

// ipcInputs returns the first n inputs of the type ipc, as supplied.
func ipcInputs(n int) []sensor.SuppliedInput {
	var inputs []sensor.SuppliedInput
	for _, in := range ipcDefinition().Inputs[:n] {
		inputs = append(inputs, sensor.SuppliedInput{Name: in.Name, Type: in.Type, State: sensor.StateSupplied, MaxLength: in.MaxLength})
	}
	return inputs
}

func fleet291() *sensor.Fleet {
	reader := sensor.Reader{
		Evidence:  sensor.EvidenceStated,
		Access:    sensor.AccessPositional,
		Formats:   []string{channelfile.Version},
		Operators: channelfile.Operators(),
		Limits: sensor.Limits{
			FileSize:             64 << 20,
			Instances:            100_000,
			Criteria:             1_000_000,
			WordsPerInstance:     channelfile.MaxWords,
			OperandsPerCriterion: channelfile.MaxOperands,
			ValueLength:          channelfile.MaxValueLength,
		},
		// At one nanosecond for a step, the worst event takes a tenth of a second.
		Budget: sensor.Budget{Steps: 100_000_000, Memory: 96 << 20},
	}
	hotfixed := reader
	hotfixed.RefusesUnknownVersions = true
	supply := func(inputs int) []sensor.Supply {
		return []sensor.Supply{{Type: "ipc", Version: 1, Evidence: sensor.EvidenceStated, Inputs: ipcInputs(inputs)}}
	}
	return &sensor.Fleet{
		Name: "291",
		Note: "An example based on the published facts of July 2024: build 7.11 supplies 20 of the 21 inputs that the definition declares. " +
			"The hosts, the limits and build 7.16 are invented.",
		Contracts: []sensor.Contract{
			{Build: "7.11", Hosts: 412_000, Reader: reader, Supplies: supply(20)},
			{Build: "7.16", Hosts: 588_000, Reader: hotfixed, Supplies: supply(21)},
		},
	}
}

func fleetReference() *sensor.Fleet {
	reader := sensor.OwnReader()
	reader.Evidence = sensor.EvidenceStated
	return &sensor.Fleet{
		Name: "reference",
		Note: "An example: the content interpreter of cfcheck, which finds inputs by name, with events from five versions of Sysmon, the Windows logs and kernel tracing. " +
			"Observed inputs occur in public recordings. Stated inputs come from the references of each type. The hosts are invented.",
		Contracts: referenceContracts(reader),
	}
}

// A source is a kind of host of the reference fleet, with the logs that feed its sensor.
type source struct {
	build    string
	hosts    uint64
	note     string
	sysmon   int      // version of Sysmon, 1330 for 13.30; 0 means that Sysmon is not installed
	observed []uint32 // Sysmon events that were recorded with exactly these fields
	drops    []string // inputs that are lost between Sysmon and the sensor
	security bool     // whether the Security log supplies events such as process creation
	services bool     // whether the other Windows logs are collected
	trace    bool     // whether the kernel is traced
}

var referenceSources = [...]source{
	{
		build: "sysmon-15", hosts: 40_000, sysmon: 1500, security: true, services: true,
		note:     "Sysmon 15 (schema 4.90), and the Windows logs",
		observed: []uint32{1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17, 18, 22, 23, 24, 25, 26, 28, 29},
	},
	{
		build: "sysmon-13", hosts: 20_000, sysmon: 1310,
		note:     "Sysmon 13.10 (schema 4.60), before it recorded the user of most events",
		observed: []uint32{1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17, 18, 22, 23, 24, 26},
	},
	{
		build: "sysmon-11-shipped", hosts: 3_000, sysmon: 1100, drops: []string{"ProcessId", "EventType"},
		note:     "Sysmon 11 (schema 4.30), shipped by a program that uses the fields ProcessId and EventType for its own values",
		observed: []uint32{1, 2, 3, 5, 7, 9, 11, 12, 13, 14, 17, 18, 22, 23},
	},
	{
		build: "sysmon-10", hosts: 10_000, sysmon: 1000,
		note: "Sysmon 10 (schema 4.21)",
	},
	{
		build: "sysmon-9", hosts: 5_000, sysmon: 900,
		note:     "Sysmon 9 (schema 4.2): no OriginalFileName, no types of pipe events, no DNS queries",
		observed: []uint32{1, 7, 11, 12, 13, 17, 18},
	},
	{
		build: "security-log", hosts: 20_000, security: true, services: true,
		note: "no Sysmon: the Security log with the command lines of processes, and the other Windows logs, including logs of servers",
	},
	{
		build: "kernel-trace", hosts: 2_000, trace: true,
		note: "only a trace of the kernel's file provider",
	},
}

// referenceContracts returns the contracts of the sources, by the tables of the built-in
// definitions. It does not read the files of events, which take longer than the tables.
func referenceContracts(reader sensor.Reader) []sensor.Contract {
	var contracts []sensor.Contract
	var supplies []sensor.Supply // buffers, because a contract has many of each
	var lacks []sensor.Lack
	definitions := builtin().list
	for _, d := range definitions {
		d.complete()
	}
	for i := range referenceSources {
		src := &referenceSources[i]
		supplies, lacks = supplies[:0], lacks[:0]
		for _, d := range definitions {
			before := len(supplies)
			for k := range d.Feeds {
				if s, ok := src.supply(d.Definition, &d.Feeds[k]); ok {
					supplies = append(supplies, s)
				}
			}
			if len(supplies) == before && d.Version == 1 {
				lacks = append(lacks, sensor.Lack{Type: d.Name}) // in all versions
			}
		}
		contracts = append(contracts, sensor.Contract{
			Build: src.build, Hosts: src.hosts, Note: src.note, Reader: reader,
			Sensors:  src.sensors(),
			Supplies: append([]sensor.Supply(nil), supplies...), Lacks: append([]sensor.Lack(nil), lacks...),
		})
	}
	return contracts
}

// sensors returns the version of Sysmon on the hosts.
func (src *source) sensors() []sensor.SensorVersion {
	if src.sysmon == 0 {
		return nil
	}
	return []sensor.SensorVersion{{Name: sensor.Sysmon, Version: fmt.Sprintf("%d.%d", src.sysmon/100, src.sysmon%100)}}
}

// supply returns the supply of the source for a type from one of its feeds. It returns false if
// the source has no events of the feed.
func (src *source) supply(d *sensor.Definition, f *sensor.Feed) (s sensor.Supply, ok bool) {
	switch {
	case f.Provider == sysmonProvider:
		if src.sysmon == 0 {
			return s, false
		}
	case f.Provider == kernelFile:
		if !src.trace {
			return s, false
		}
	case f.Provider == securityProvider || f.Name == "dns-client-3008":
		if !src.security {
			return s, false
		}
	case !src.services:
		return s, false
	}
	s, fields := d.Supply(f, sensor.EvidenceStated)
	if len(f.Events) > 0 && f.Provider == sysmonProvider && containsAll(src.observed, f.Events) {
		s.Evidence = sensor.EvidenceObserved
	}
	for i := range s.Inputs {
		in := &s.Inputs[i]
		in.MaxLength = d.Inputs[i].MaxLength
		switch field := fields[i]; {
		case field == nil:
		case versionOf(field.Since) > src.sysmon || slices.Contains(src.drops, in.Name):
			in.State = sensor.StateNotSupplied
		case !field.Header():
			ok = true
		}
	}
	return s, ok
}

func containsAll(list, elements []uint32) bool {
	return !slices.ContainsFunc(elements, func(e uint32) bool { return !slices.Contains(list, e) })
}

// versionOf returns 1330 for "Sysmon 13.30 (schema ...)", and 0 for "".
func versionOf(since string) int {
	if since == "" {
		return 0
	}
	version, _, _ := strings.Cut(strings.TrimPrefix(since, "Sysmon "), " ")
	major, minor, _ := strings.Cut(version, ".")
	a, _ := strconv.Atoi(major)
	b, _ := strconv.Atoi(minor)
	if len(minor) == 1 {
		b *= 10
	}
	return 100*a + b
}
