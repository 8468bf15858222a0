package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobDataInside is CF8026.
var blobDataInside = ofBlob(blob.DataInside, `the data of each filter lie inside the blob

The size check of the driver forgets the head of the record, which has 536
bytes. So data can reach up to 535 bytes behind the blob. When the driver
loads the filters it lowers their letters in place, and changes memory that is
not its own.

Compile the configuration again, and check how the blob is copied.
(sysmon/blob/BLOB.md, requirement 26)`)
