package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobSchemaVersion is CF8007.
var blobSchemaVersion = ofBlob(blob.SchemaVersion, `the schema version can stand in a blob of this binary version

The compiler copies the schema version from the configuration. A version that
it does not accept shows that the bytes were changed.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 7)`)
