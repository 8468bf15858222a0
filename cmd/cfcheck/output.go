package main

import (
	"os"
	"path/filepath"
	"sync"
)

// temporaries are the files that are being written, for removal on a signal.
var temporaries struct {
	sync.Mutex
	names map[string]bool
}

func removeTemporaries() {
	temporaries.Lock()
	defer temporaries.Unlock()
	for name := range temporaries.names {
		os.Remove(name)
	}
}

// writeFile writes a file so that there is either all of it or none, and an
// older one stays until then: to another name in the same folder, which is
// flushed to the disk and renamed.
func writeFile(name string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.tmp")
	if err != nil {
		return err
	}
	track(f.Name(), true)
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
		track(f.Name(), false)
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

func track(name string, add bool) {
	temporaries.Lock()
	defer temporaries.Unlock()
	if temporaries.names == nil {
		temporaries.names = map[string]bool{}
	}
	if add {
		temporaries.names[name] = true
	} else {
		delete(temporaries.names, name)
	}
}

// syncFolder flushes a folder's entries, so that a rename survives a crash.
// Not every system can; the file itself is whole either way.
func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}
