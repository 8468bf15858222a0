package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobEventID is CF8012.
var blobEventID = ofBlob(blob.EventID, `each event has a tag in the schema of every build

An event that cannot be filtered, such as 4 and 16, is a null pointer in the
driver. It refuses an ID above the highest of its schema.

Compile the configuration with the oldest version that will load the blob.
(sysmon/blob/BLOB.md, requirement 12)`)
