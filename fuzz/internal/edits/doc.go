// Package edits makes the single-edit mutants of a channel file, each of which differs from
// the file by one small change, and judges them.
//
// Every byte of a file has a meaning if no mutant is silent. A mutant is silent if it is
// accepted by the format and says the same as the file or as another mutant. This must hold
// although the digests were repaired.
//
//	files, err := edits.Corpus()
//	result, err := (&edits.Plan{Files: files, Cores: 2}).Run(ctx, nil)
//
// [Plan] judges the mutants of several files, [Judge] judges one mutant. A file is kept if it
// can be read, is in normal form, and has the programs of its sources. The gate may still
// reject it for a fleet.
package edits
