package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobDataSize is CF8025.
var blobDataSize = ofBlob(blob.DataSize, `the data of each filter have a possible size

The driver takes the blob, but passes over the filter and all filters behind
it.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 25)`)
