package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobFilterWhole is CF8019.
var blobFilterWhole = ofBlob(blob.FilterWhole, `the head of each filter lies inside the blob

The driver tests only the first byte of a record, and reads the others behind
the end.

Take the blob from its source again. It was cut off. (sysmon/blob/BLOB.md,
requirement 19)`)
