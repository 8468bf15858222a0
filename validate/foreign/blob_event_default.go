package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobEventDefault is CF8015.
var blobEventDefault = ofBlob(blob.EventDefault, `the default of each event is 0 or 1

The driver refuses any other number, and the service runs without rules.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 15)`)
