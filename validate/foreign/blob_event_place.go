package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobEventPlace is CF8011.
var blobEventPlace = ofBlob(blob.EventPlace, `each event record stands behind the record before it

The driver follows the offset. A chain that comes back never ends, or is
refused after 65,534 rounds. An offset beyond the end ends the chain, and the
events behind it are lost without a word.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 11)`)
