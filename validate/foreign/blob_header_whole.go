package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobHeaderWhole is CF8001.
var blobHeaderWhole = ofBlob(blob.HeaderWhole, `the blob has a whole header

The driver reads 24 bytes from the start of a blob. It refuses fewer than 8,
and reads behind the end of a blob of 8 to 19 bytes.

Take the blob from its source again. It was cut off, or is no rule blob.
(sysmon/blob/BLOB.md, requirement 1)`)
