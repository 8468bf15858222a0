package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobAggregationFilters is CF8035.
var blobAggregationFilters = ofBlob(blob.AggregationFilters, `the filters of each aggregation are neighbours

The driver takes neighbours as one Rule. Filters of a Rule that stand apart
are compared as two.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 35)`)
