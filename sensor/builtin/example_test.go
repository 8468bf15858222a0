package builtin_test

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

func ExampleDefinitions() {
	definitions := builtin.Definitions()
	name := definitions.TypeOf(sensor.Logsource{Product: "windows", Category: "pipe_created"})
	for _, version := range definitions.Versions(1) {
		d := definitions.ByName(name, version)
		fmt.Printf("type %s, version %d: %d inputs, the last is %s\n", d.Name, d.Version, len(d.Inputs), d.InputName(len(d.Inputs)-1))
	}
	// Output:
	// type ipc, version 1: 21 inputs, the last is input 21 (index 20), "ClientImage"
	// type ipc, version 2: 26 inputs, the last is input 26 (index 25), "Level"
}

func ExampleFleet() {
	fleet, _ := builtin.Fleet("291")
	for _, c := range fleet.Contracts {
		for _, s := range c.SuppliesOf("ipc", 1) {
			fmt.Printf("build %s on %d hosts supplies %d inputs\n", c.Build, c.Hosts, len(s.Inputs))
		}
	}
	// Output:
	// build 7.11 on 412000 hosts supplies 20 inputs
	// build 7.16 on 588000 hosts supplies 21 inputs
}
