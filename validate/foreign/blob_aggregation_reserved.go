package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobAggregationReserved is CF8038.
var blobAggregationReserved = ofBlob(blob.AggregationReserved, `the counters of each aggregation are 0

The driver counts matches in these words while it compares an event. It begins
with their values in the file.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 38)`)
