package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// temporaries are the files that are being written, for removal on a signal.
var temporaries struct {
	sync.Mutex
	names map[string]bool
}

// removeTemporaries is for a process that is about to end: it keeps the lock,
// so that nothing is begun any more.
func removeTemporaries() {
	temporaries.Lock()
	for name := range temporaries.names {
		os.Remove(name)
	}
}

// A newFile is a file to be written.
type newFile struct {
	name string
	data []byte
}

// writeFiles writes files so that each is there whole or not at all, and an
// older one stays until then: under another name in the same folder, flushed
// to the disk and renamed. None is renamed before all are written.
func writeFiles(files ...newFile) (err error) {
	var temporary []string
	defer func() {
		for _, name := range temporary {
			if err != nil {
				os.Remove(name) // of those renamed there is nothing to remove
			}
			forget(name)
		}
	}()
	for _, f := range files {
		name, err := writeTemporary(f)
		if name != "" {
			temporary = append(temporary, name)
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", f.name, err)
		}
	}
	for i, f := range files {
		if err := os.Rename(temporary[i], f.name); err != nil {
			return fmt.Errorf("writing %s: %w", f.name, err)
		}
		if err := syncFolder(filepath.Dir(f.name)); err != nil {
			return fmt.Errorf("writing %s: %w", f.name, err)
		}
	}
	return nil
}

// writeTemporary writes a file under another name, which it returns; empty if
// there is none.
func writeTemporary(file newFile) (name string, err error) {
	f, err := createTemporary(file.name)
	if err != nil {
		return "", err
	}
	_, err = f.Write(file.data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return f.Name(), err
}

// createTemporary opens a new file beside the one of that name.
func createTemporary(name string) (*os.File, error) {
	temporaries.Lock()
	defer temporaries.Unlock()
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.tmp")
	if err != nil {
		return nil, err
	}
	if temporaries.names == nil {
		temporaries.names = map[string]bool{}
	}
	temporaries.names[f.Name()] = true
	return f, nil
}

// forget says that a file of that name is there no more, or is meant to stay.
func forget(name string) {
	temporaries.Lock()
	defer temporaries.Unlock()
	delete(temporaries.names, name)
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
