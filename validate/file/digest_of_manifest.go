package file

import (
	"crypto/sha256"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// digestOfManifest is CF0009.
var digestOfManifest = &validate.Check{
	ID:   "CF0009",
	Name: "digest-of-manifest",
	Doc: `the file is the one that the manifest of its folder names

The manifest states the SHA-256 of each file of the set. A file with another
SHA-256 was replaced after the set was published: by hand, by a copy that
failed, or by a build that was interrupted before it wrote its own manifest.
The folder then has files of two sets, which were never judged together.

If the SHA-256 is right but the size or the template type is wrong, somebody
edited the manifest. Its readers would expect content that is not there.

Build the set again, or copy all of its files and the manifest again.`,
	Uses:     validate.UsesBytes | validate.UsesManifest,
	Requires: []string{"CF0001", "CF0002"},
	Run: func(p *validate.Pass) {
		l, data := p.Subject.Listing, p.Subject.Data
		switch sum := sha256.Sum256(data); {
		case !l.Named:
		case sum == l.Digest && int64(len(data)) != l.Size:
			p.ReportAt(channelfile.Range{}, "file", "build the set again, or take the manifest from its source again",
				"%d bytes, and the SHA-256 that %s states; it states %d bytes", len(data), l.Manifest, l.Size)
		case sum == l.Digest && p.File != nil && p.File.Header.Type != l.Type:
			p.ReportAt(channelfile.Range{}, "header.type", "build the set again, or take the manifest from its source again",
				"template type %d, and the SHA-256 that %s states; it states type %d", p.File.Header.Type, l.Manifest, l.Type)
		case sum != l.Digest:
			p.ReportAt(channelfile.Range{}, "file", "build the set again, or take its files and the manifest from their source again",
				"%d bytes with the SHA-256 %x; %s states %d bytes with %x", len(data), sum, l.Manifest, l.Size, l.Digest)
		}
	},
}
