package file

import (
	"bytes"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// notFilled is CF0004.
var notFilled = &validate.Check{
	ID:   "CF0004",
	Name: "not-filled",
	Doc: `the file is not one byte repeated

A file of zeros is what a machine leaves that dies between extending a file
and writing it: on many machines the channel files of 19 July 2024 were
found so after the crash. 0xAA, 0xCC, 0xCD and 0xFF are what memory and
flash look like before anything was written.

The content was lost on its way. Take the file from its source again, and
write files under another name, flush them, and rename them.`,
	Uses:     validate.UsesBytes,
	Requires: []string{"CF0001", "CF0002", "CF0003"},
	Run: func(p *validate.Pass) {
		data := p.Subject.Data
		if c := data[0]; len(data) >= least && bytes.Count(data, data[:1]) == len(data) {
			p.ReportAt(channelfile.Range{Start: 0, End: len(data)}, "file", "take the file from its source again; the content was lost on its way",
				"all %d bytes are 0x%02x (%d)", len(data), c, c)
		}
	},
}

// least is how many equal bytes are a pattern, and not a file that was cut off
// after its first byte.
const least = 8
