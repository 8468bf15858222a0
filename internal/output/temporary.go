package output

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// temporaries are the temporary files of this process.
var temporaries struct {
	sync.Mutex
	names map[string]bool
	files []io.Closer // of Scratch, with a name
	ended bool
}

// errEnding is the error of a process that has been told to end.
var errEnding = errors.New("the process is ending")

// CreateTemporary creates a file in a folder, under a hidden name that base is
// part of. [RemoveTemporaries] removes it unless [Remove] has.
func CreateTemporary(folder, base string, mode fs.FileMode) (*os.File, error) {
	temporaries.Lock()
	defer temporaries.Unlock()
	if temporaries.ended {
		return nil, errEnding
	}
	for {
		name := filepath.Join(folder, "."+plainName(base)+"."+rand.Text()[:10]+".tmp")
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if temporaries.names == nil {
			temporaries.names = map[string]bool{}
		}
		temporaries.names[name] = true
		return f, nil
	}
}

// Scratch calls create, which creates a file that Close removes. If the file has
// a name, [RemoveTemporaries] closes it: not every system removes open files.
func Scratch[F io.Closer](create func() (file F, name string, err error)) (F, error) {
	temporaries.Lock()
	defer temporaries.Unlock()
	if temporaries.ended {
		var none F
		return none, errEnding
	}
	f, name, err := create()
	if err == nil && name != "" {
		temporaries.files = append(temporaries.files, f)
	}
	return f, err
}

// discard removes a temporary file.
func discard(name string) error {
	defer forget(name)
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// forget takes a temporary file from the list: its name is gone.
func forget(name string) {
	temporaries.Lock()
	defer temporaries.Unlock()
	delete(temporaries.names, name)
}

// RemoveTemporaries removes the temporary files of this process, which is about
// to end: it can create no others afterwards.
func RemoveTemporaries() {
	temporaries.Lock()
	defer temporaries.Unlock()
	temporaries.ended = true
	for name := range temporaries.names {
		os.Remove(name)
	}
	for _, f := range temporaries.files {
		f.Close()
	}
}
