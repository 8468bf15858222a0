package reference

import "github.com/cfcheck/cfcheck/channelfile"

// A Count is the number of criteria and of instances of a file that use an input or an
// operator.
type Count struct{ Criteria, Instances int }

// Needs counts the criteria and instances that use each input and each operator of a file.
// Unused ones have no entry.
func Needs(f *channelfile.File) (inputs map[int]Count, operators map[channelfile.Operator]Count) {
	inputs, operators = map[int]Count{}, map[channelfile.Operator]Count{}
	reads := make([]map[int]bool, f.Criteria())
	for i := range reads {
		c := f.Criterion(i)
		reads[i] = map[int]bool{int(c.Input): true}
		if c.Flags&channelfile.FlagInputs != 0 {
			for k := range c.Count {
				reads[i][f.Operand(c.First+k)] = true
			}
		}
		for input := range reads[i] {
			n := inputs[input]
			n.Criteria++
			inputs[input] = n
		}
		n := operators[c.Operator]
		n.Criteria++
		operators[c.Operator] = n
	}
	for i := range f.Instances() {
		in := f.Instance(i)
		read, has := map[int]bool{}, map[channelfile.Operator]bool{}
		for w := range in.Count {
			word := f.Word(in.First + w)
			if !word.IsReference() {
				continue
			}
			has[f.Criterion(word.Criterion()).Operator] = true
			for input := range reads[word.Criterion()] {
				read[input] = true
			}
		}
		for input := range read {
			n := inputs[input]
			n.Instances++
			inputs[input] = n
		}
		for operator := range has {
			n := operators[operator]
			n.Instances++
			operators[operator] = n
		}
	}
	return inputs, operators
}
