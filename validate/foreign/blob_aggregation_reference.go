package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobAggregationReference is CF8031.
var blobAggregationReference = ofBlob(blob.AggregationReference, `each filter names its aggregation

The driver reads the record wherever the offset leads, up to 4 GiB away, at
each event.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 31)`)
