package change

import (
	"bytes"
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// revisionOfOneContent is CF6002.
var revisionOfOneContent = &validate.Check{
	ID:   "CF6002",
	Name: "revision-of-one-content",
	Doc: `a revision that shipped has the same bytes as before

A sensor compares revisions, not bytes. If other content ships under a
revision that it has, it keeps the old content, and reports the new revision.
Hosts that get the file for the first time load the new content. In February
2013 a signature database was published under wrong version numbers, and
clients could not update.

Build the content again with a higher revision. Use build --revision next.`,
	Uses: compared | validate.UsesBytes,
	Run: func(p *validate.Pass) {
		old, ok := p.Previous.Revision()
		if !ok { //mutation:equivalent: CF6001 reports the same
			p.Unfinished(errNoRevision(p))
			return
		}
		if p.File.Header.Revision == old && !bytes.Equal(p.Subject.Data, p.Previous.Subject.Data) {
			p.ReportAt(channelfile.RevisionRange, "header.revision", "build it with a higher revision, such as --revision next",
				"revision %d shipped with other bytes: %s has a file of %d bytes, this one has %d", old, p.Previous.Release, len(p.Previous.Subject.Data), len(p.Subject.Data))
		}
	},
}

// errNoRevision is the reason why the revisions cannot be compared.
func errNoRevision(p *validate.Pass) error {
	return fmt.Errorf("%s has rules for the channel, which have no revision; name the channel files that shipped", p.Previous.Release)
}
