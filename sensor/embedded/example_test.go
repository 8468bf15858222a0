package embedded_test

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/embedded"
)

func ExampleExtract() {
	program, err := os.Executable()
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := os.ReadFile(program)
	if err != nil {
		fmt.Println(err)
		return
	}
	contract, err := embedded.Extract("sensor", data)
	if errors.Is(err, embedded.ErrNoContract) {
		fmt.Println("the build has no contract")
		return
	}
	fmt.Println(contract, err)
	// Output:
	// the build has no contract
}

func ExampleWriteCHeader() {
	definition := &sensor.Definition{Name: "dns", Number: 2, Version: 1, Channel: 300, Inputs: []sensor.Input{
		{Name: "QueryName", Type: sensor.TypeString, MaxLength: 255},
		{Name: "QueryType", Type: sensor.TypeInteger},
	}}
	reader := sensor.OwnReader()
	var header strings.Builder
	if err := embedded.WriteCHeader(&header, definition, &reader); err != nil {
		fmt.Println(err)
		return
	}
	_, rest, _ := strings.Cut(header.String(), "#include <stdint.h>\n")
	defines, _, _ := strings.Cut(rest, "\n\n#define CFCHECK_DNS_EACH")
	fmt.Println(defines)
	// Output:
	// #define CFCHECK_DNS_TYPE 2u
	// #define CFCHECK_DNS_VERSION 1u
	// #define CFCHECK_DNS_INPUTS 2u
	//
	// enum cfcheck_dns_input {
	// 	CFCHECK_DNS_QUERYNAME = 0, /* string */
	// 	CFCHECK_DNS_QUERYTYPE = 1 /* integer */
	// };
}
