package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobAggregationName is CF8033.
var blobAggregationName = ofBlob(blob.AggregationName, `the name of each aggregation is a text that ends

Without a NUL the name goes on into the numbers behind it.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 33)`)
