package main

import (
	"errors"
	"path/filepath"
	"syscall"
)

// errSharing is ERROR_SHARING_VIOLATION.
const errSharing syscall.Errno = 32

// tryLock locks a folder against other builds, without waiting. The lock is a hidden
// file that only one process can open; the system deletes it when that process
// closes it or ends.
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
