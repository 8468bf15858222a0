package sensor_test

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// The question of July 2024: does every build supply what the file reads?
func ExampleNeedsOf() {
	b := channelfile.NewBuilder(channelfile.Header{Channel: 291, Revision: 32, Type: 1, TypeVersion: 1, InputsDeclared: 21})
	err := b.Add(channelfile.ID{1}, channelfile.And(
		channelfile.Contains(5, "spoolss").Fold(),
		channelfile.Suffix(20, `\client.exe`).Fold().From(14, "ClientImage|endswith"),
	), &channelfile.Origin{Path: "rules/pipe.yml"})
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := b.Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := channelfile.Parse(data)
	if err != nil {
		fmt.Println(err)
		return
	}

	needs := sensor.NeedsOf(file, builtin.Definitions())
	fleet, _ := builtin.Fleet("291")
	for _, c := range fleet.Contracts {
		for _, supply := range c.SuppliesOf(needs.TypeName, needs.TypeVersion) {
			for _, in := range needs.Inputs {
				if got := supply.Input(c.Reader.Access, in.Index, in.Name); got.State != sensor.StateSupplied {
					cause := in.First[0]
					fmt.Printf("%s:%d: %s is %s by build %s on %d hosts\n", cause.Path, cause.Line, in.Name, got.State, c.Build, c.Hosts)
				}
			}
		}
	}
	// Output:
	// rules/pipe.yml:14: ClientImage is not supplied by build 7.11 on 412000 hosts
}

func ExampleReadFleet() {
	_, err := sensor.ReadFleet("fleet.json", []byte(`{
  "schema": "cfcheck.fleet/v0",
  "name": "production",
  "builds": [{
    "build": "7.11", "hosts": 412000,
    "reader": {"acess": "positional"}
  }]
}`))
	fmt.Println(err)
	// Output:
	// fleet.json:6:16: builds[0].reader: unknown key "acess"; did you mean "access"?
}
