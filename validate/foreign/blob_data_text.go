package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobDataText is CF8029.
var blobDataText = ofBlob(blob.DataText, `the data of each filter are text

A configuration cannot have these characters, so the bytes were changed.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 29)`)
