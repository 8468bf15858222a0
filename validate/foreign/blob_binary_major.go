package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobBinaryMajor is CF8003.
var blobBinaryMajor = ofBlob(blob.BinaryMajor, `each build reads the binary version of the blob

A driver takes only blobs whose major binary version is its own. It refuses
any other, and the service runs without rules until somebody applies the
configuration again. This happens after an upgrade.

Compile the configuration with the version of Sysmon that will load it.
(sysmon/blob/BLOB.md, requirement 3)`)
