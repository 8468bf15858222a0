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

A machine that crashes after it extended a file and before it wrote the
bytes leaves a file of zeros. On many machines the channel files of 19 July
2024 looked like this after the crash. Memory and flash have the bytes 0xAA,
0xCC, 0xCD or 0xFF before the first write.

The content was lost on its way. Take the file from its source again. Write
files under another name, flush them, and rename them.`,
	Uses:     validate.UsesBytes,
	Requires: []string{"CF0001", "CF0002", "CF0003"},
	Run: func(p *validate.Pass) {
		data := p.Subject.Data
		//mutation:equivalent `len(data) >= least`: another check detects the same, on purpose
		if c := data[0]; len(data) >= least && bytes.Count(data, data[:1]) == len(data) {
			p.ReportAt(channelfile.Range{Start: 0, End: len(data)}, "file", "take the file from its source again; the content was lost on its way",
				"all %d bytes are 0x%02x (%d)", len(data), c, c)
		}
	},
}

// least is the smallest number of equal bytes that are a fill pattern. Fewer bytes can
// also be the start of a file that was cut off.
const least = 8
