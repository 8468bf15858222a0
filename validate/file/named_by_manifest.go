package file

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// NamedByManifest is CF0008.
var NamedByManifest = &validate.Check{
	ID:   "CF0008",
	Name: "named-by-manifest",
	Doc: `the manifest of the folder names the file

cfcheck build publishes a set: manifest.json names its files, and is written
last. A channel file beside it that it does not name is of no set. It may be
what a build that was interrupted left, or a copy from elsewhere, and a sensor
that takes all files of the folder would load it.

An older revision of a file of the set is no finding, for the newer one takes
its place.

Remove the file, or build the set again.`,
	Uses: validate.UsesBytes | validate.UsesManifest,
	Run: func(p *validate.Pass) {
		if l := p.Subject.Listing; !l.Named {
			p.ReportAt(channelfile.Range{}, "file", "remove the file, or build the set again",
				"%s does not name it, and it is no older revision of a file that is named", l.Manifest)
		}
	},
}
