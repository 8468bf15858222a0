package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobNameText is CF8023.
var blobNameText = ofBlob(blob.NameText, `each name is text

A configuration cannot have these characters, so the bytes were changed.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 23)`)
