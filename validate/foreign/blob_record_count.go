package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobRecordCount is CF8040.
var blobRecordCount = ofBlob(blob.RecordCount, `the header counts the event records

The driver does not use the count, but a wrong one shows that records were
added or lost.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 40)`)
