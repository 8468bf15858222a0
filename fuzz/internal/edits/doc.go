// Package edits makes the neighbours of a channel file, which differ from
// it by one small change, and judges them. No byte of a file is without meaning
// if of all its neighbours none is silent: each is rejected, or encodes to
// itself and says what no other does, also where somebody has made its digests
// right again.
//
//	files, err := edits.Corpus()
//	result, err := (&edits.Plan{Files: files, Cores: 2}).Run(ctx, nil)
//
// [Plan] goes through files, [Judge] judges one neighbour. A file is kept here
// if it can be read, is in normal form, and has the programs of its sources;
// whether the gate accepts it depends on the fleet too.
package edits
