package structure

import "github.com/cfcheck/cfcheck/channelfile"

// valueBounds is CF1021.
var valueBounds = readable("CF1021", "value-bounds", channelfile.ErrValueBounds, `the values tile the pool

A value says where its bytes are and how many. If that points outside the
pool, the sensor compares inputs with other memory, and a comparison that
nobody wrote can match. Bytes that belong to no value are hidden content.

The encoder is at fault. (FORMAT.md, requirements 33 and 34)`)
