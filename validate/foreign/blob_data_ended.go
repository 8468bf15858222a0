package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobDataEnded is CF8027.
var blobDataEnded = ofBlob(blob.DataEnded, `the data of each filter end with NUL

The driver takes the blob, but passes over the filter and all filters behind
it.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 27)`)
