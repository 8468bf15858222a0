package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobPaddingZero is CF8042.
var blobPaddingZero = ofBlob(blob.PaddingZero, `the bytes between records are zero

The compiler leaves bytes of an element that it wrote and undid. They have no
effect, but they can also hide that the blob was changed.

Compile the configuration again if you do not know where they come from.
(sysmon/blob/BLOB.md, requirement 42)`)
