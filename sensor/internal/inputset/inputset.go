// Package inputset has sets of inputs, for criteria that compare with many of them.
package inputset

import "github.com/cfcheck/cfcheck/channelfile"

// A Set has a bit for each input that a file can declare.
type Set [channelfile.MaxInputs / 64]uint64

// LongList is the number of operands from which a set takes no more memory than the list.
const LongList = channelfile.MaxInputs / 32

// Others returns the inputs that a criterion of a file compares its own input with.
func Others(f *channelfile.File, c channelfile.Criterion) *Set {
	set := new(Set)
	for other := range f.OperandInputs(c) {
		set[other/64] |= 1 << (other % 64)
	}
	return set
}
