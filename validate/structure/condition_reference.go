package structure

import "github.com/cfcheck/cfcheck/channelfile"

// conditionReference is CF1013.
var conditionReference = readable("CF1013", "condition-reference", channelfile.ErrConditionReference, `a condition refers to existing criteria

A sensor takes the index of a criterion from a condition, and reads the
criterion. An index past the last criterion makes it read past the section.

The encoder is at fault. (FORMAT.md, requirement 20)`)
