package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobOperatorKnown is CF8024.
var blobOperatorKnown = ofBlob(blob.OperatorKnown, `every build knows each operator

A build that does not know an operator ends the element as failed: later
filters are not looked at, and the event is dropped or gets the default.

Use only operators of the oldest version that will load the blob.
(sysmon/blob/BLOB.md, requirement 24)`)
