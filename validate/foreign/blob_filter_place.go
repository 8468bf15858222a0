package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobFilterPlace is CF8020.
var blobFilterPlace = ofBlob(blob.FilterPlace, `each filter stands behind the record before it

The driver follows the offset. A chain that comes back never ends, already
while the blob is loaded. An offset beyond the end ends the chain, and the
filters behind it are lost without a word.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 20)`)
