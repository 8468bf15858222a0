package structure

import "github.com/cfcheck/cfcheck/channelfile"

// conditionStack is CF1014.
var conditionStack = readable("CF1014", "condition-stack", channelfile.ErrConditionStack, `each and and or finds its operands

A condition is run with a small stack. An operator that takes more truths
than are there reads below the stack; one with fewer than two operands says
nothing.

The encoder is at fault. (FORMAT.md, requirement 21)`)
