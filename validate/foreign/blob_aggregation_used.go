package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobAggregationUsed is CF8039.
var blobAggregationUsed = ofBlob(blob.AggregationUsed, `each aggregation has a filter

An aggregation without a filter has no effect. A Rule of which all fields were
dropped leaves one.

Find the message of the compiler about the Rule, and remove the Rule.
(sysmon/blob/BLOB.md, requirement 39)`)
