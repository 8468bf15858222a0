package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobDataOneNUL is CF8028.
var blobDataOneNUL = ofBlob(blob.DataOneNUL, `the data of each filter have no other NUL

The driver takes the first NUL as the end of the value, so that the filter
compares another text.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 28)`)
