package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobHeaderSize is CF8006.
var blobHeaderSize = ofBlob(blob.HeaderSize, `the header states its size

No driver reads this number today, but one that does would look for the
records elsewhere.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 6)`)
