package structure

import "github.com/cfcheck/cfcheck/channelfile"

// instanceWords is CF1012.
var instanceWords = readable("CF1012", "instance-words", channelfile.ErrInstanceWords, `the words of the instances tile the conditions

An instance says where its condition starts and how many words it has. If
that points outside the conditions, the sensor evaluates other memory. If
two instances overlap, a change of one changes the other. Words that belong
to no instance are hidden content.

The encoder is at fault. (FORMAT.md, requirements 18 and 19)`)
