package structure

import "github.com/cfcheck/cfcheck/channelfile"

// whole is CF1003.
var whole = readable("CF1003", "whole", channelfile.ErrTruncated, `the file is as long as its header says

A broken download, a full disk or a crash during writing leaves a file that
ends early. Its last sections are missing, or end in the middle of an entry.

Take the file from its source again. A sensor should write a file under
another name, compare its digest, and rename it. (FORMAT.md, requirements 3,
6 and 11)`)
