package file

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// notEmpty is CF0003.
var notEmpty = &validate.Check{
	ID:   "CF0003",
	Name: "not-empty",
	Doc: `the file has bytes

A failed download or a full disk leaves an empty file. A sensor that takes
it for new content loses all its rules.

Take the file from its source again.`,
	Uses:     validate.UsesBytes,
	Requires: []string{"CF0001", "CF0002"},
	Run: func(p *validate.Pass) {
		if len(p.Subject.Data) == 0 {
			p.ReportAt(channelfile.Range{}, "file", "take the file from its source again", "the file is empty: 0 bytes")
		}
	},
}
