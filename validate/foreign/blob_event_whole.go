package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobEventWhole is CF8010.
var blobEventWhole = ofBlob(blob.EventWhole, `each event record lies inside the blob

The driver tests only the first byte of a record, and reads the others behind
the end.

Take the blob from its source again. It was cut off. (sysmon/blob/BLOB.md,
requirement 10)`)
