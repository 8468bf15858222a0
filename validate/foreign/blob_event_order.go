package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobEventOrder is CF8014.
var blobEventOrder = ofBlob(blob.EventOrder, `the event records stand in the order of the manifest

The compiler writes the events in the order of its manifest. Another order
shows that the blob was not written by it.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 14)`)
