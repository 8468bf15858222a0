package structure

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// inputsRead is CF1034.
//
//mutation:equivalent: only report texts depend on it
var inputsRead = conforming("CF1034", "inputs-read", channelfile.RequirementInputsRead, `the header says how many inputs are read

A sensor that supplies fewer inputs than the file reads can refuse the file
by this number alone. If the number is too small, the sensor does not refuse
the file.

The encoder is at fault. (FORMAT.md, requirement 54)`, func(p *validate.Pass) {
	read := 0
	for i := range p.File.Criteria() {
		c := p.File.Criterion(i)
		read = max(read, int(c.Input)+1)
		for other := range p.File.OperandInputs(c) {
			read = max(read, other+1)
		}
	}
	p.ReportAt(channelfile.InputsReadRange, "header.inputs_read", encodeAgain,
		"inputs read is %d (0x%x) in the header; by the criteria it is %d (0x%x)", p.File.Header.InputsRead, p.File.Header.InputsRead, read, read)
})
