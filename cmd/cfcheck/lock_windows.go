package main

import (
	"errors"
	"path/filepath"
	"syscall"
)

// errSharing is ERROR_SHARING_VIOLATION.
const errSharing syscall.Errno = 32

// tryLock locks a folder against other builds, without waiting: by a hidden file
// that is opened for one process alone, and goes when that closes it or ends.
func tryLock(folder string) (unlock func(), err error) {
	name, err := syscall.UTF16PtrFromString(filepath.Join(folder, ".cfcheck.lock"))
	if err != nil {
		return nil, err
	}
	const deleteOnClose = 0x04000000 // FILE_FLAG_DELETE_ON_CLOSE
	h, err := syscall.CreateFile(name, syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_HIDDEN|deleteOnClose, 0)
	if errors.Is(err, errSharing) {
		return nil, errLocked
	}
	if err != nil {
		return nil, err
	}
	return func() { syscall.CloseHandle(h) }, nil
}
