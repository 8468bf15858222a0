package file_test

import (
	"fmt"
	"testing/fstest"

	"github.com/cfcheck/cfcheck/validate/file"
)

// A file of an archive, of an embedded file system or of a test is judged like a
// file on the disk.
func ExampleReadFS() {
	archive := fstest.MapFS{
		"C-00000291-00000001-00000001.cf": {Data: []byte("\x89CFC\r\n\x1a\n and more")},
	}
	subject, err := file.ReadFS(archive, "C-00000291-00000001-00000001.cf")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(subject.Name, subject.Size)
	// Output: C-00000291-00000001-00000001.cf 17
}
