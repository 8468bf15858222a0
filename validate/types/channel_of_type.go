package types

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// channelOfType is CF2003.
var channelOfType = &validate.Check{
	ID:   "CF2003",
	Name: "channel-of-type",
	Doc: `the content is for the channel of its template type

All content of a template type travels in one channel, permanently. Another
part of the sensor loads content of another channel, and expects something
else.

Check the channel that the encoder writes.`,
	Uses:     validate.UsesNeeds | validate.UsesDefinition,
	Requires: []string{"CF2001", "CF2002"},
	Run: func(p *validate.Pass) {
		if have, want := p.Needs.Channel, p.Definition.Channel; have != want {
			p.ReportAt(channelfile.ChannelRange, "header.channel", "check the channel that the encoder writes",
				"the content is for channel %d (0x%x); template type %s is on channel %d (0x%x)", have, have, p.Definition.Name, want, want)
		}
	},
}
