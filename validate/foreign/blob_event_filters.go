package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobEventFilters is CF8017.
var blobEventFilters = ofBlob(blob.EventFilters, `each event counts its filters

The driver passes over the whole chain if the count is 0, and follows it to
the end otherwise.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 17)`)
