package structure

import "github.com/cfcheck/cfcheck/channelfile"

// criterionFlags is CF1016.
var criterionFlags = readable("CF1016", "criterion-flags", channelfile.ErrFlags, `each criterion has only flags that its operator has

A flag that an operator does not have has no meaning, and different sensors
treat it differently.

The encoder is at fault. (FORMAT.md, requirement 24)`)
