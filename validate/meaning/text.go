package meaning

import (
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// literals are the operators whose operands are texts as their authors wrote them.
var literals = []channelfile.Operator{
	channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains, channelfile.OpPattern,
}

// eachText calls look for the operands of criteria that compare texts. Look returns a message about
// the operand, or "". EachText reports the messages at the first rule that uses the criterion.
//
// Many criteria can compare with one long value. So whether look finds something may depend only on
// the value, the operator, and whether the input is a path. EachText asks once for each of these.
func eachText(p *validate.Pass, fix string, look func(c channelfile.Criterion, input string, v channelfile.Value) string) {
	f := p.File
	const kinds = 16 // at least twice the number of literals
	// by value: a bit for each kind that was looked at, and one if there is a message
	known := make([]uint32, f.Values())
	for i := range f.Criteria() {
		c := f.Criterion(i)
		kind := 2 * slices.Index(literals, c.Operator)
		if kind < 0 || c.Flags&channelfile.FlagInputs != 0 {
			continue
		}
		input := p.Definition.Inputs[c.Input].Name
		if IsPath(input) {
			kind++
		}
		asked, found := uint32(1)<<kind, uint32(1)<<(kind+kinds)
		for k := c.First; k < c.First+c.Count; k++ {
			n := f.Operand(k)
			if known[n]&asked == 0 {
				known[n] |= asked
				if look(c, input, f.Value(n)) != "" {
					known[n] |= found
				}
			}
			if known[n]&found == 0 {
				continue
			}
			p.Report(func() validate.Finding {
				where, in := p.LocateCriterion(i, int(c.Input))
				return validate.Finding{Where: where, Instance: in, Input: p.InputAt(int(c.Input)), Message: look(c, input, f.Value(n)), Fix: fix}
			})
		}
	}
}

// IsPath reports whether the values of an input are the path of a file, by its name. It knows the
// names of Sysmon and of the Security log.
func IsPath(input string) bool {
	switch input {
	case "Image", "ParentImage", "SourceImage", "TargetImage", "ImageLoaded", "TargetFilename", "SourceFilename", "CurrentDirectory",
		"NewProcessName", "ParentProcessName", "ProcessName", "ProcessPath", "Application":
		return true
	}
	return false
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
