package file

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// regularFile is CF0001.
var regularFile = &validate.Check{
	//mutation:missed: the tests of validate/file detect it
	ID:   "CF0001",
	Name: "regular-file",
	Doc: `the input is a regular file

A FIFO makes a reader wait without end, a device may return bytes without
end, and a directory has no bytes at all. None of them can be shipped.

Name the channel file itself.`,
	Uses: validate.UsesBytes,
	Run: func(p *validate.Pass) {
		//mutation:missed: the tests of validate/file detect it
		if p.Subject.Refused {
			p.ReportAt(channelfile.Range{}, "file", "name the channel file itself", "%s: a channel file is a regular file", kind(p.Subject.Mode))
		}
	},
}
