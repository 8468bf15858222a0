package structure

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// headerDigest is CF1030.
var headerDigest = conforming("CF1030", "header-digest", channelfile.RequirementHeaderDigest, `the header digest agrees with the header and the section table

The header digest covers the digests of all sections, and so every byte of
the file. If it does not agree, a byte of the header or of the section table
was changed after the file was written: by a bad transfer, by a bad disk, or
by somebody.

Take the file from its source again. If the encoder wrote this digest, it
computes the digest over the wrong bytes. (FORMAT.md, requirement 50)`, func(p *validate.Pass) {
	want := p.File.ComputeHeaderDigest()
	have := p.File.HeaderDigest()
	p.ReportAt(p.File.HeaderDigestRange(), "header_digest", takeAgain,
		"the header and the section table have the SHA-256 %x, the file says %x", want, have)
})
