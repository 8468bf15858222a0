package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobPaddingWhole is CF8043.
var blobPaddingWhole = ofBlob(blob.PaddingWhole, `the last record has its padding

The compiler pads the last record too. No driver reads it.

Compile the configuration again if the size of the blob matters to you.
(sysmon/blob/BLOB.md, requirement 43)`)
