package structure

import "github.com/cfcheck/cfcheck/channelfile"

// criterionFlags is CF1016.
var criterionFlags = readable("CF1016", "criterion-flags", channelfile.ErrFlags, `each criterion has only flags that its operator has

A flag that an operator does not have has no meaning; what a sensor does
with it depends on the sensor.

The encoder is at fault. (FORMAT.md, requirement 24)`)
