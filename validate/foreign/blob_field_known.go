package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobFieldKnown is CF8030.
var blobFieldKnown = ofBlob(blob.FieldKnown, `every build has the field of each filter

A build without the field never matches the filter: an include logs less than
it states, and an exclude drops less.

Use only fields of the oldest version that will load the blob.
(sysmon/blob/BLOB.md, requirement 30)`)
