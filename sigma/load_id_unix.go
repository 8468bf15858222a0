//go:build unix

package sigma

import (
	"io/fs"
	"syscall"
)

// A fileID is the same for all names of a file.
type fileID struct{ device, inode uint64 }

// idOf returns the ID of a file. known is false if the file system does not
// provide one.
func idOf(_ string, info fs.FileInfo) (id fileID, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}, false
	}
	return fileID{uint64(stat.Dev), uint64(stat.Ino)}, true
}
