package conform

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cfcheck/cfcheck/corpus"
)

// Write writes files below a folder, each at its path in the corpus.
func Write(folder string, files []File) error {
	for i := range files {
		name := filepath.Join(folder, filepath.FromSlash(files[i].Path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, files[i].Data, 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// Export writes the whole corpus to a folder that does not exist yet, or is empty: the cases
// with their texts, index.json, fleets, types and the vectors of meaning.
func Export(folder string) error {
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case len(entries) > 0:
		return &fs.PathError{Op: "export", Path: folder, Err: errors.New("the folder is not empty; name another one")}
	}
	return errors.Join(os.CopyFS(folder, corpus.FS), os.CopyFS(folder, corpus.VectorsFS))
}
