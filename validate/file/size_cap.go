package file

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// sizeCap is CF0002.
var sizeCap = &validate.Check{
	//mutation:missed: the tests of validate/file detect it
	ID:   "CF0002",
	Name: "size-cap",
	Doc: `the file is no larger than the format allows

A sensor reserves no more than the limit of the format for a file, and
offsets do not reach further. The gate does not read a larger file.

Split the content over several files. (FORMAT.md, section 10)`,
	Uses:     validate.UsesBytes,
	Requires: []string{"CF0001"},
	Run: func(p *validate.Pass) {
		//mutation:missed: the tests of validate/file detect it
		if s := p.Subject; s.TooBig {
			p.ReportAt(channelfile.Range{}, "file", "split the content over several files, or find out what filled this one",
				"the file has %d bytes; the format allows at most %d (0x%x)", s.Size, channelfile.MaxFileSize, channelfile.MaxFileSize)
		}
	},
}
