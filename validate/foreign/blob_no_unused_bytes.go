package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobNoUnusedBytes is CF8041.
var blobNoUnusedBytes = ofBlob(blob.NoUnusedBytes, `no byte lies outside of all records

Nothing leads to these bytes, so filters in them are lost. They show that a
chain was cut.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 41)`)
