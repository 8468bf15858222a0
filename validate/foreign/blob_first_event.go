package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobFirstEvent is CF8008.
var blobFirstEvent = ofBlob(blob.FirstEvent, `the first event record stands behind the header

The driver goes wherever the offset leads: beyond the end it finds no rules
and the defaults apply, and near the end it reads behind the blob.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 8)`)
