// Package scratch creates temporary files, and removes them when a signal ends the
// process.
package scratch

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
)

// A File is written once from its start, and then read. Close deletes it.
type File interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// files are the temporary files of this process that have a name.
var files struct {
	sync.Mutex
	named map[string]io.Closer // by name; closes the file, nil if the owner does that
	ended bool
}

// ErrEnding is the error in a process that is about to end.
var ErrEnding = errors.New("the process is ending")

// Create creates a file in the folder for temporary files, $TMPDIR or the
// system's. If the system allows it, the file never has a name, so the system
// deletes it however the process ends. Otherwise Close or [RemoveAll] removes it.
func Create() (File, error) {
	files.Lock()
	defer files.Unlock()
	if files.ended {
		return nil, ErrEnding
	}
	f, err := os.CreateTemp("", "cfcheck-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", os.TempDir(), Cause(err))
	}
	if os.Remove(f.Name()) == nil {
		return f, nil
	}
	record(f.Name(), f)
	return named{f}, nil
}

// CreateIn creates a file in a folder, under a hidden name that contains base.
// [RemoveAll] removes it unless [Remove] or [Forget] was called before.
func CreateIn(folder, base string, mode fs.FileMode) (*os.File, error) {
	files.Lock()
	defer files.Unlock()
	if files.ended {
		return nil, ErrEnding
	}
	for {
		name := filepath.Join(folder, "."+base+"."+rand.Text()[:10]+".tmp")
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		record(name, nil)
		return f, nil
	}
}

// record adds a file to the list, which must be locked.
func record(name string, closer io.Closer) {
	if files.named == nil {
		files.named = map[string]io.Closer{}
	}
	files.named[name] = closer
}

// Remove removes a temporary file.
func Remove(name string) error {
	defer Forget(name)
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Forget removes a temporary file from the list, because its name no longer exists.
func Forget(name string) {
	files.Lock()
	defer files.Unlock()
	delete(files.named, name)
}

// Names returns the names of the temporary files of this process, in order.
func Names() []string {
	files.Lock()
	defer files.Unlock()
	return slices.Sorted(maps.Keys(files.named))
}

// RemoveAll removes the temporary files of this process, which is about to end.
// Afterwards the process cannot create others.
func RemoveAll() {
	files.Lock()
	defer files.Unlock()
	files.ended = true
	for name, file := range files.named {
		if file != nil {
			file.Close() // not every system removes open files
		}
		os.Remove(name)
	}
}

// Ending reports whether [RemoveAll] was called.
func Ending() bool {
	files.Lock()
	defer files.Unlock()
	return files.ended
}

// Cause returns an error without the name of the temporary file, which differs at
// each run and soon disappears.
func Cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// Variable returns the variable of the environment that names the folder for
// temporary files.
func Variable() string {
	if runtime.GOOS == "windows" {
		return "TMP"
	}
	return "TMPDIR"
}

// named is a file that must be closed before it can be removed.
type named struct{ *os.File }

func (f named) Close() error { return errors.Join(f.File.Close(), Remove(f.Name())) }

// Folder creates a folder in the folder for temporary files. The returned function removes it
// with everything in it, and so does [RemoveAll].
func Folder() (name string, remove func() error, err error) {
	files.Lock()
	defer files.Unlock()
	if files.ended {
		return "", nil, ErrEnding
	}
	if name, err = os.MkdirTemp("", "cfcheck-*.tmp"); err != nil {
		return "", nil, fmt.Errorf("%s: %w", os.TempDir(), Cause(err))
	}
	record(name, folder(name))
	return name, func() error {
		defer Forget(name)
		return os.RemoveAll(name)
	}, nil
}

// A folder is closed by removing everything in it.
type folder string

func (f folder) Close() error { return os.RemoveAll(string(f)) }
