package match

import "github.com/cfcheck/cfcheck/channelfile"

// NewWithTables returns an index that has a table for each literal, and never gives up.
func NewWithTables(files ...*channelfile.File) (*Index, error) {
	ix, err := newIndex(tuning{share: 1}, files)
	if err == nil {
		ix.allowance += 1 << 40
	}
	return ix, err
}

// NewHasty returns an index that has a table for each literal, and often gives up.
func NewHasty(files ...*channelfile.File) (*Index, error) { return newIndex(tuning{share: 50}, files) }
