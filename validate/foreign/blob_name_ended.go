package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobNameEnded is CF8021.
var blobNameEnded = ofBlob(blob.NameEnded, `the name of each filter ends

Without a NUL the name goes on into the numbers behind it.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 21)`)
