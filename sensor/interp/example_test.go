package interp_test

import (
	"errors"
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// The file matches events whose input 1 contains "spoolss", in any case.
func ExampleInterpreter() {
	b := channelfile.NewBuilder(channelfile.Header{Channel: 291, Type: 1, TypeVersion: 1, InputsDeclared: 2})
	if err := b.Add(channelfile.ID{1}, channelfile.Contains(1, "spoolss").Fold(), nil); err != nil {
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

	it := interp.New(file, &sensor.Reader{Access: sensor.AccessPositional})
	err = it.Run(interp.Event{interp.Text("CreatePipe"), interp.Text(`\SpoolSS`)})
	fmt.Println(it.Matched(), it.Steps(), err)

	// This build supplies only one of the two inputs.
	err = it.Run(interp.Event{interp.Text("CreatePipe")})
	if fault, ok := errors.AsType[*interp.Fault](err); ok && fault.Kind == interp.FaultInput {
		fmt.Println(fault)
	}
	// Output:
	// [0] 75 <nil>
	// criterion 0 reads input 2 (index 1); the event has 1 inputs
}
