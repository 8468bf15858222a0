package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobNameFilled is CF8022.
var blobNameFilled = ofBlob(blob.NameFilled, `the rest of each name is zero

The compiler fills the name with zero bytes. Others come from elsewhere in
memory, or from another tool.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 22)`)
