package change

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// revisionGreater is CF6001.
var revisionGreater = &validate.Check{
	ID:   "CF6001",
	Name: "revision-greater",
	Doc: `the revision is not lower than the revision that shipped

A sensor that has revision 32 keeps it, or replaces it, when it gets revision
31: it depends on the build. Part of the fleet then runs other content than
the rest, and nobody knows which. On 1 January 2010 an endpoint product took
each new definition for an old one, and ignored it.

Build the content again with a higher revision, also to take a change back:
the old content ships under a new number. Use build --revision next.`,
	Uses: compared | validate.UsesBytes,
	Run: func(p *validate.Pass) {
		old, ok := p.Previous.Revision()
		if !ok { //mutation:equivalent: CF6002 reports the same
			p.Unfinished(errNoRevision(p))
			return
		}
		if now := p.File.Header.Revision; now < old {
			p.ReportAt(channelfile.RevisionRange, "header.revision", "build it with a revision greater than the one that shipped, such as --revision next",
				"revision %d is lower than revision %d, which %s has", now, old, p.Previous.Release)
		}
	},
}
