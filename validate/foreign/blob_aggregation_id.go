package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobAggregationID is CF8032.
var blobAggregationID = ofBlob(blob.AggregationID, `the aggregations are numbered as the compiler does

The driver takes neighbours with one number as one Rule. With a wrong number a
Rule falls apart, or two become one.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 32)`)
