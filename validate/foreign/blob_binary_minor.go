package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobBinaryMinor is CF8004.
var blobBinaryMinor = ofBlob(blob.BinaryMinor, `the minor binary version is 0

All builds write 0 and no build reads the number. Another tool wrote the blob.

Compile the configuration with Sysmon. (sysmon/blob/BLOB.md, requirement 4)`)
