package change

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// oneRevision is CF6009.
//
//mutation:missed check: TestOneRevision detects it
var oneRevision = &validate.Check{
	ID:   "CF6009",
	Name: "one-revision",
	Doc: `a folder has one file for each channel and type version

If two revisions of a channel lie in the folder that ships, it depends on the
sensor which one it loads: the higher revision, the later name, or the file
that it finds first. In July 2024 several files of channel 291 were on the
disks at a time.

Remove the older files from the folder that ships. A folder that keeps all
releases is no folder to ship.`,
	Severity: validate.Warning,
	Uses:     validate.UsesBytes | validate.UsesFile | validate.UsesFolder,
	Run: func(p *validate.Pass) {
		n := p.Subject.Neighbours
		if n.Found == 0 {
			return
		}
		p.Report(func() validate.Finding {
			names := strings.Join(n.Names, ", ")
			if more := n.Found - len(n.Names); more > 0 {
				names += fmt.Sprintf(" and %d more", more)
			}
			verb := "is"
			if n.Found > 1 { //mutation:equivalent: only report texts depend on it
				verb = "are"
			}
			f := p.At(channelfile.RevisionRange, "header.revision", "remove it from the folder that ships",
				"%s %s of channel %d and type version %d too, so it depends on the sensor which file it loads", names, verb, p.File.Header.Channel, p.File.Header.TypeVersion)
			if n.Found > 1 { //mutation:equivalent: only report texts depend on it
				f.Fix = "remove them from the folder that ships"
			}
			return f
		})
	},
}
