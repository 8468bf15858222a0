package file

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// namedByManifest is CF0008.
var namedByManifest = &validate.Check{
	ID:   "CF0008",
	Name: "named-by-manifest",
	Doc: `the manifest of the folder names the file

cfcheck build publishes a set: it writes manifest.json last, which names the
files of the set. A channel file in the folder that the manifest does not
name is not part of the set. An interrupted build may have left it, or
somebody copied it there. A sensor that takes all files of the folder would
load it.

An older revision of a file of the set is not a finding, because the newer
one replaces it.

Remove the file, or build the set again.`,
	Uses: validate.UsesBytes | validate.UsesManifest,
	Run: func(p *validate.Pass) {
		if l := p.Subject.Listing; !l.Named {
			p.ReportAt(channelfile.Range{}, "file", "remove the file, or build the set again",
				"%s does not name it, and it is not an older revision of a file of the set", l.Manifest)
		}
	},
}
