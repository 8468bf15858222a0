package workload

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// maxLength returns the maximum length of the value of an input, in bytes.
func maxLength(input int) int {
	switch input {
	case eventType, integrityLevel, destinationPort, destinationIP, sourceIP, protocol, logonType:
		return 64
	case user, originalFileName, hashes, queryName, pipeName:
		return 1024
	}
	return 32768
}

// Definition returns the definition of the template type of the instances.
func Definition() *sensor.Definition {
	d := &sensor.Definition{
		Name: "workload", Number: Header.Type, Version: Header.TypeVersion, Channel: Header.Channel,
		Title: "events of many kinds, for benchmarks", Source: "cfcheck: made up",
	}
	for i, name := range Inputs {
		d.Inputs = append(d.Inputs, sensor.Input{Name: name, Type: sensor.TypeString, Source: "cfcheck: made up", MaxLength: maxLength(i)})
	}
	return d
}

// Fleet returns a fleet with the given numbers of builds and of distinct contracts.
// All builds supply the inputs that the instances read. Each contract supplies one
// input more than the one before it.
func Fleet(builds, contracts int) *sensor.Fleet {
	f := &sensor.Fleet{Name: "workload", Note: "A fleet for benchmarks. It is invented."}
	more := sensor.Declaration{Type: "workload", Version: Header.TypeVersion}
	for k := range contracts - 1 {
		more.Inputs = append(more.Inputs, sensor.DeclaredInput{Name: fmt.Sprintf("More%d", k+1), Type: sensor.TypeString})
	}
	var declares []sensor.Declaration
	if contracts > 1 {
		declares = []sensor.Declaration{more}
	}
	for i := range builds {
		var inputs []sensor.SuppliedInput
		for k, name := range Inputs {
			inputs = append(inputs, sensor.SuppliedInput{Name: name, Type: sensor.TypeString, State: sensor.StateSupplied, MaxLength: maxLength(k)})
		}
		for k := range i % contracts {
			inputs = append(inputs, sensor.SuppliedInput{Name: fmt.Sprintf("More%d", k+1), Type: sensor.TypeString, State: sensor.StateSupplied, MaxLength: 64})
		}
		f.Contracts = append(f.Contracts, sensor.Contract{
			Build: fmt.Sprintf("1.%d", i), Hosts: 1000,
			Reader: sensor.Reader{
				Evidence:  sensor.EvidenceExtracted,
				Access:    sensor.AccessPositional,
				Formats:   []string{channelfile.Version},
				Operators: channelfile.Operators(),
				Limits:    sensor.Limits{FileSize: channelfile.MaxFileSize, ValueLength: channelfile.MaxValueLength},
				// more than any of these files costs
				Budget: sensor.Budget{Steps: 1 << 52, Memory: 2 * channelfile.MaxFileSize},
			},
			Declares: declares,
			Supplies: []sensor.Supply{{Type: "workload", Version: Header.TypeVersion, Evidence: sensor.EvidenceExtracted, Inputs: inputs}},
		})
	}
	return f
}
