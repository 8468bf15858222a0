package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobRecordsSome is CF8005.
var blobRecordsSome = ofBlob(blob.RecordsSome, `the blob has an event record

The driver refuses a blob with 0 records, and the service runs without rules.

Remove the value from the registry if there are no rules, or compile the
configuration again. (sysmon/blob/BLOB.md, requirement 5)`)
