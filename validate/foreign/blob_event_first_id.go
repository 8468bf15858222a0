package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobEventFirstID is CF8013.
var blobEventFirstID = ofBlob(blob.EventFirstID, `each event is the first of its tag that has all fields

The compiler puts the filters of a tag with several events under the first
that has all fields. Under another one the same filters match other events.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 13)`)
