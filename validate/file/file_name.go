package file

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// fileName is CF0005.
var fileName = &validate.Check{
	ID:   "CF0005",
	Name: "file-name",
	Doc: `the file name agrees with the header

Deployment tools, and people on a broken machine, know a file by its name
C-channel-version-revision.cf. In July 2024 people were told to delete the
files of one channel by their names. If the name and the header disagree,
one of the two belongs to another file.

Rename the file, or find out which content it really has. (FORMAT.md, section
11)`,
	Uses: validate.UsesBytes | validate.UsesFile,
	Run: func(p *validate.Pass) {
		channel, version, revision, ok := channelfile.ParseFileName(p.Subject.Base)
		if h := p.File.Header; ok && (channel != h.Channel || version != h.TypeVersion || revision != h.Revision) {
			p.ReportAt(channelfile.HeaderRange, "file.name", "rename the file to "+channelfile.FileName(h)+", or find out which content it really has",
				"%q says channel %d, type version %d, revision %d; the header says %d, %d, %d",
				p.Subject.Base, channel, version, revision, h.Channel, h.TypeVersion, h.Revision)
		}
	},
}
