package file

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// canonicalName is CF0006.
var canonicalName = &validate.Check{
	ID:   "CF0006",
	Name: "canonical-name",
	Doc: `the file has a channel file's name

Channel files are named C-channel-version-revision.cf, each number with
eight digits. Another name does not harm a sensor, but a tool that looks for
the files of a channel does not find this one.

Rename the file before it ships. (FORMAT.md, section 11)`,
	Severity: validate.Warning,
	Uses:     validate.UsesBytes | validate.UsesFile,
	Run: func(p *validate.Pass) {
		if base := p.Subject.Base; base != "" {
			if _, _, _, ok := channelfile.ParseFileName(base); !ok {
				p.ReportAt(channelfile.HeaderRange, "file.name", "rename the file before it ships",
					"%q is not the name of a channel file; for this one it is %s", base, channelfile.FileName(p.File.Header))
			}
		}
	},
}
