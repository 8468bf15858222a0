package file

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// sizeCap is CF0002.
var sizeCap = &validate.Check{
	ID:   "CF0002",
	Name: "size-cap",
	Doc: `the file is no larger than the format allows

A sensor reserves no more than the format's limit for a file, and offsets do
not reach further. A file over the limit is not read at all, so that it
costs the gate nothing.

Split the content over several files. (FORMAT.md, section 10)`,
	Uses:     validate.UsesBytes,
	Requires: []string{"CF0001"},
	Run: func(p *validate.Pass) {
		if s := p.Subject; s.TooBig {
			p.ReportAt(channelfile.Range{}, "file", "split the content over several files, or look for what filled this one",
				"%d bytes, at most %d (0x%x)", s.Size, channelfile.MaxFileSize, channelfile.MaxFileSize)
		}
	},
}
