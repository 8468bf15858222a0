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

An empty file is what a failed download or a full disk leaves. A sensor that
takes it for new content loses all its rules.

Take the file from its source again.`,
	Uses:     validate.UsesBytes,
	Requires: []string{"CF0001", "CF0002"},
	Run: func(p *validate.Pass) {
		if len(p.Subject.Data) == 0 {
			p.ReportAt(channelfile.Range{}, "file", "take the file from its source again", "it is empty: 0 bytes")
		}
	},
}
