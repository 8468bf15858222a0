package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobEventNumber is CF8018.
var blobEventNumber = ofBlob(blob.EventNumber, `no tag has too many event records

The driver refuses a blob with 65,534 records of one tag.

Write the filters of the tag into fewer elements. (sysmon/blob/BLOB.md,
requirement 18)`)
