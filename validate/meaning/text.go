package meaning

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// literals are the operators whose operands are texts as their authors wrote them.
var literals = map[channelfile.Operator]bool{
	channelfile.OpEquals: true, channelfile.OpPrefix: true, channelfile.OpSuffix: true, channelfile.OpContains: true, channelfile.OpPattern: true,
}

// eachText calls look for each operand of a criterion that compares texts. Look returns a message
// about the operand, or "". EachText reports the messages at the first rule that uses the
// criterion.
func eachText(p *validate.Pass, fix string, look func(c channelfile.Criterion, input string, v channelfile.Value) string) {
	for i := range p.File.Criteria() {
		c := p.File.Criterion(i)
		if !literals[c.Operator] || c.Flags&channelfile.FlagInputs != 0 {
			continue
		}
		input := p.Definition.Inputs[c.Input].Name
		for v := range p.File.OperandValues(c) {
			if message := look(c, input, v); message != "" {
				p.Report(func() validate.Finding {
					where, in := p.LocateCriterion(i, int(c.Input))
					return validate.Finding{Where: where, Instance: in, Input: p.InputAt(int(c.Input)), Message: message, Fix: fix}
				})
			}
		}
	}
}

// isPath reports whether the values of an input are the path of a file, by its name. It knows the
// names of Sysmon and of the Security log.
func isPath(input string) bool {
	switch input {
	case "Image", "ParentImage", "SourceImage", "TargetImage", "ImageLoaded", "TargetFilename", "SourceFilename", "CurrentDirectory",
		"NewProcessName", "ParentProcessName", "ProcessName", "ProcessPath", "Application":
		return true
	}
	return false
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
