package structure

import "github.com/cfcheck/cfcheck/channelfile"

// conditionStack is CF1014.
var conditionStack = readable("CF1014", "condition-stack", channelfile.ErrConditionStack, `each "and" and each "or" finds its operands on the stack

A sensor evaluates a condition with a small stack. An operator that takes
more operands than the stack has reads memory below the stack. An operator
with fewer than two operands has no meaning.

The encoder is at fault. (FORMAT.md, requirement 21)`)
