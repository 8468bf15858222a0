package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobAggregationRoot is CF8034.
var blobAggregationRoot = ofBlob(blob.AggregationRoot, `each aggregation names its first filter

No driver reads this offset today, but a tool that lists rules would show
others.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 34)`)
