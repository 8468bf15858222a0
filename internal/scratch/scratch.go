// Package scratch creates temporary files that leave nothing behind.
package scratch

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// A File is written once, from its start, and then read. Close deletes it.
type File interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// Create creates a file in the folder for temporary files, $TMPDIR or the
// system's. Where the system allows it, the file has no name from the start, so
// that nothing is left of it however the process ends; elsewhere Close removes
// it. Name is "" if the file has no name.
func Create() (file File, name string, err error) {
	f, err := os.CreateTemp("", "cfcheck-*.tmp")
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", os.TempDir(), Cause(err))
	}
	if os.Remove(f.Name()) == nil {
		return f, "", nil
	}
	return named{f}, f.Name(), nil
}

// Cause returns an error without the name of the temporary file, which is
// another at each run and soon gone.
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

// named is a file that has to be closed before it can be removed.
type named struct{ *os.File }

func (f named) Close() error { return errors.Join(f.File.Close(), os.Remove(f.Name())) }
