package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobFirstAggregation is CF8009.
var blobFirstAggregation = ofBlob(blob.FirstAggregation, `the header names the first aggregation

No driver reads this offset today, but a tool that lists rules would miss
some.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 9)`)
