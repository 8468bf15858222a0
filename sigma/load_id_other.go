//go:build !unix

package sigma

import (
	"io/fs"
	"path/filepath"
)

// A fileID is the same for all names of a file, apart from hard links.
type fileID string

// idOf returns the ID of a file. known is false if the file system does not
// provide one.
func idOf(name string, _ fs.FileInfo) (id fileID, known bool) {
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", false
	}
	path, err = filepath.Abs(path)
	return fileID(path), err == nil
}
