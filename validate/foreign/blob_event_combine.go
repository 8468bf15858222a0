package foreign

import "github.com/cfcheck/cfcheck/sysmon/blob"

// blobEventCombine is CF8016.
var blobEventCombine = ofBlob(blob.EventCombine, `the relation of the filters of each event is known

With a number other than 0 (or) and 1 (and) the filters never match: an
include logs nothing, and an exclude drops nothing.

Compile the configuration again. (sysmon/blob/BLOB.md, requirement 16)`)
