package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobAggregationNext is CF8037.
var blobAggregationNext = ofBlob(blob.AggregationNext, `each aggregation names the next one

No driver reads this offset today, but a tool that lists rules would miss
some.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 37)`)
