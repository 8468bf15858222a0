package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobAggregationCombine is CF8036.
var blobAggregationCombine = ofBlob(blob.AggregationCombine, `the relation of the filters of each aggregation is known

With a number other than 0 (or) and 1 (and) the Rule never matches.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 36)`)
