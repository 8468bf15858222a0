package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobLayoutKnown is CF8002.
var blobLayoutKnown = ofBlob(blob.LayoutKnown, `the layout of the blob is known

Layouts of binary versions 8.00 to 14.10 were never published, so nobody can
say what their drivers read. Bytes that are no blob show another number here.

Check that the file is a rule blob. For a build of 8.0 to 13.22, judge the
configuration instead. (sysmon/blob/BLOB.md, requirement 2)`)
